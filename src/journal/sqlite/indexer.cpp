#include "journal/sqlite/indexer.hpp"

#include <algorithm>
#include <utility>

namespace carillon::sqlite {

namespace {

constexpr std::size_t rows_per_step = 1024;
// Batches that may wait in memory while they cannot be indexed.
constexpr std::size_t batches_in_memory = 4;
// Defer up to 4 rows per row already trimmed: deferring costs about 1/8 of indexing a row and
// trimming it later.
constexpr std::size_t worth_waiting = 4;

}  // namespace

void indexer::add(indexed_event e) {
    waiting_bytes_ += e.size;
    waiting_.push_back(std::move(e));
}

bool indexer::is_full() const noexcept {
    return waiting_.size() >= size_.rows || waiting_bytes_ >= size_.bytes;
}

bool indexer::is_overfull() const noexcept {
    const std::size_t events = waiting_.size() + rows_.size() - next_;
    return events >= batches_in_memory * size_.rows ||
           waiting_bytes_ >= batches_in_memory * size_.bytes;
}

bool indexer::begin(std::uint64_t head) {
    if (has_batch() || waiting_.empty()) return false;
    rows_ = std::exchange(waiting_, {});
    std::ranges::sort(rows_);
    waiting_bytes_ = 0;
    upto_ = complete_ = head;
    next_ = 0;
    begun_.reset();
    changed_.clear();
    return true;
}

std::size_t indexer::end_of_topic(std::size_t row) const {
    const auto end =
        std::ranges::upper_bound(rows_.begin() + static_cast<std::ptrdiff_t>(row), rows_.end(),
                                 rows_[row].topic, {}, &indexed_event::topic);
    return static_cast<std::size_t>(end - rows_.begin());
}

// Retention has just taken many of the topic's rows, and those that are kept are young: batches to
// come are likely to find that it has taken these too, and then nobody had to index them.
bool indexer::may_wait(std::size_t kept, std::size_t topic_end) const {
    const auto first =
        std::ranges::lower_bound(rows_, rows_[kept].topic, {}, &indexed_event::topic) -
        rows_.begin();
    const std::size_t left_out = kept - static_cast<std::size_t>(first);
    return left_out * worth_waiting >= topic_end - kept && rows_[kept].pos + size_.rows / 2 > upto_;
}

std::size_t indexer::end_of_step(const index_step& step) const noexcept {
    return std::min(step.next + rows_per_step, rows_.size());
}

std::uint64_t indexer::complete_with(const index_step& step) const {
    std::uint64_t complete = complete_;
    for (const auto rows : step.put_off) complete = std::min(complete, rows.front().pos - 1);
    return complete;
}

std::vector<std::int64_t> indexer::finish(const index_step& step) {
    complete_ = complete_with(step);
    for (const auto rows : step.put_off) {
        for (const indexed_event& e : rows) add(e);
    }
    next_ = step.next;
    begun_ = step.begun;
    for (const topic_change& c : step.changes) changed_.push_back(c.row.row);
    if (!is_last(step)) return {};
    rows_ = {};
    next_ = 0;
    return std::exchange(changed_, {});
}

}  // namespace carillon::sqlite
