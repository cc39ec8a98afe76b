// Which events wait to be indexed, and how far the batch of them is that is being indexed.
#pragma once

#include "journal/sqlite/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace carillon::sqlite {

/// What indexing or trimming does to a topic.
struct topic_change {
    topic_row row;
    std::size_t left_out = 0;  ///< events that retention takes before they are indexed
    std::uint64_t left_out_bytes = 0;
};

/// A part of a batch that is indexed in one transaction.
struct index_step {
    std::size_t next = 0;              ///< row of the batch
    std::optional<std::size_t> begun;  ///< first row of the topic at `next`, if indexed
    std::vector<topic_change> changes = {};
    std::vector<const indexed_event*> to_index = {};
    std::vector<std::span<const indexed_event>> put_off = {};  ///< to the next batch
};

/// Plans; the journal stores what it says. Belongs to the thread that may write.
class indexer {
public:
    /// By number, so that indexing is worth its while, or by size: until then all are in memory.
    struct batch_size {
        std::size_t rows = 0;
        std::size_t bytes = 0;
    };

    explicit indexer(batch_size batch) : size_(batch) {}

    void add(indexed_event e);
    /// Enough for a batch waits.
    bool is_full() const noexcept;
    /// More waits than memory should have, since it cannot be indexed.
    bool is_overfull() const noexcept;
    /// A batch is under way.
    bool has_batch() const noexcept { return next_ < rows_.size(); }

    /// Makes a batch of all that waits, up to `head`. False if there is one, or nothing waits.
    bool begin(std::uint64_t head);
    /// The batch, by topic and position.
    std::span<const indexed_event> rows() const noexcept { return rows_; }
    std::uint64_t upto() const noexcept { return upto_; }
    std::size_t end_of_topic(std::size_t row) const;
    /// Whether the topic's rows from `kept` on are better left to the next batch.
    bool may_wait(std::size_t kept, std::size_t topic_end) const;

    index_step next_step() const { return {.next = next_, .begun = begun_}; }
    /// Row that a step goes to at most.
    std::size_t end_of_step(const index_step& step) const noexcept;
    bool is_last(const index_step& step) const noexcept { return step.next == rows_.size(); }
    /// The index has all events up to here once the step, the last one, is stored.
    std::uint64_t complete_with(const index_step& step) const;
    /// The step is stored. Gives the topics that the batch has changed, if it was the last one.
    std::vector<std::int64_t> finish(const index_step& step);

private:
    const batch_size size_;
    std::vector<indexed_event> waiting_;
    std::size_t waiting_bytes_ = 0;
    // The batch.
    std::vector<indexed_event> rows_;
    std::uint64_t upto_ = 0;
    std::uint64_t complete_ = 0;  ///< up to here no row was put off
    std::size_t next_ = 0;
    std::optional<std::size_t> begun_;
    std::vector<std::int64_t> changed_;
};

}  // namespace carillon::sqlite
