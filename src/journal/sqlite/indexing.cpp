// Indexing: what the indexer plans is stored, and memory follows.
#include "journal/sqlite/sqlite_journal.hpp"

#include <algorithm>

namespace carillon::sqlite {

// They stay in memory until they are indexed, which may not be possible for a while.
result<> sqlite_journal::check_unindexed() const {
    if (!upkeep_trouble_ || !indexer_.is_overfull()) return {};
    return fail(errc::unavailable,
                "too many events wait to be indexed: " + upkeep_trouble_->detail);
}

void sqlite_journal::begin_indexing() {
    if (!indexer_.begin(head_)) return;
    const auto rows = indexer_.rows();
    for (std::size_t i = 0; i < rows.size(); i = indexer_.end_of_topic(i)) {
        topic_log& log = *log_of(rows[i].topic);
        if (log.indexed.events != 0 && log.over_limits()) want_trim(log);
    }
}

// A step through the batch. A topic's numbers change with the last of its rows, so that they and
// the index belong together whenever the process ends.
result<> sqlite_journal::index_some(const write_token& w) {
    index_step step = indexer_.next_step();
    const std::size_t last = indexer_.end_of_step(step);
    const std::lock_guard writing(transaction_mutex_);
    transaction all(store_by(w).on());
    if (auto done = all.begin(); !done) return done;
    while (step.next < last) {
        if (auto done = index_topic(w, step, last); !done) return done;
    }
    if (auto done = store_by(w).add_index(step.to_index); !done) return done;
    const std::uint64_t complete = indexer_.complete_with(step);
    const bool ends = indexer_.is_last(step);
    if (ends) {
        if (auto done = store_by(w).set("indexed", complete); !done) return done;
    }
    auto done = publish_upkeep(all, [&] {
        for (const topic_change& c : step.changes) publish_change(c);
        if (ends) indexed_ = complete;
    });
    if (!done) return done;
    // Not before the last step: what is trimmed stands in a part of the index that is complete.
    for (const std::int64_t row : indexer_.finish(step)) {
        topic_log* const log = log_of(row);
        if (log != nullptr && log->over_limits()) want_trim(*log);
    }
    return {};
}

// The rows of one topic, as far as the step goes.
result<> sqlite_journal::index_topic(const write_token& w, index_step& step, std::size_t last) {
    const auto rows = indexer_.rows();
    const std::size_t topic_end = indexer_.end_of_topic(step.next);
    std::size_t end = std::min(topic_end, last);
    topic_change change{row_of(*log_of(rows[step.next].topic))};
    std::size_t kept = step.next;
    if (!step.begun) {
        if (auto done = leave_out(w, rows.first(end).subspan(kept), change); !done) return done;
        kept += change.left_out;
    }
    if (!step.begun && kept < end && indexer_.may_wait(kept, topic_end)) {
        end = topic_end;
        step.put_off.push_back(rows.first(end).subspan(kept));
    } else {
        if (!step.begun && kept < end) step.begun = kept;
        for (const indexed_event& e : rows.first(end).subspan(kept)) step.to_index.push_back(&e);
        if (end == topic_end) {
            for (std::size_t i = step.begun.value_or(end); i < end; ++i) {
                change.row.events += 1;
                change.row.bytes += rows[i].size;
            }
            change.row.counted = indexer_.upto();
            step.begun.reset();
        }
    }
    if (change.left_out != 0 || !step.begun) {
        if (auto done = save(w, change.row); !done) return done;
        step.changes.push_back(std::move(change));
    }
    step.next = end;
    return {};
}

// A busy topic is over its limit before its events are indexed. Those at the front of `rows` that
// retention takes anyway leave the disk without an entry; older ones than these must be gone.
result<> sqlite_journal::leave_out(const write_token& w, std::span<const indexed_event> rows,
                                   topic_change& change) {
    const topic_log& log = *log_of(change.row.row);
    if (change.row.events != 0) return {};
    std::uint64_t kept = log.kept;
    std::uint64_t bytes = log.kept_bytes;
    std::size_t count = 0;
    for (; count < rows.size() && log.is_over(kept, bytes); ++count) {
        if (!rows[count].plain()) break;
        kept -= 1;
        bytes -= rows[count].size;
    }
    if (count == 0) return {};
    change.left_out = count;
    change.left_out_bytes = log.kept_bytes - bytes;
    change.row.trimmed = rows[count - 1].pos;
    return store_by(w).remove_events(rows.first(count));
}

result<> sqlite_journal::save(const write_token& w, const topic_row& row) {
    if (auto done = store_by(w).save_topic(row); !done) return done;
    // Else a restart would find the head in none of the tables.
    return row.trimmed == head_ ? store_by(w).set("head", head_) : result<>{};
}

// With mutex_ held.
void sqlite_journal::publish_change(const topic_change& c) {
    topic_log& log = *log_of(c.row.row);
    log.indexed = {c.row.events, c.row.bytes, c.row.counted};
    if (c.left_out == 0) return;
    forget_until(log, c.row.trimmed);
    logs_.note_trimmed(log, c.row.trimmed, c.left_out, c.left_out_bytes);
}

}  // namespace carillon::sqlite
