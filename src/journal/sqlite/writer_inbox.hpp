// What any thread asks of the journal's writer: events to append, and what it does between groups.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/turn.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon::sqlite {

class store;

struct append_request {
    journal::group events;
    std::optional<idempotency_key> key;
    journal::commit_callback done;
    result<journal::appended> outcome = journal::appended::stored;
    std::size_t bytes = 0;
    std::vector<std::uint64_t> released = {};  ///< scheduled events that these are
};

/// Groups appends without a timer. What an event loop appends in one turn is handed over at the
/// turn's end, or when there is enough of it; under load the writer yields to those who are about
/// to append. Thread-safe. Owned by shared_ptr: a turn may end when the journal is gone.
class writer_inbox : public std::enable_shared_from_this<writer_inbox> {
public:
    using task = std::function<result<>(store&)>;

    writer_inbox(std::size_t max_events, std::size_t max_bytes) noexcept
        : max_events_(max_events), max_bytes_(max_bytes) {}

    /// False, with `r` as it was, if too much waits.
    bool append(append_request& r);
    void run(task t);
    void want_upkeep();
    /// What waits is still handed out.
    void stop();

    // For the writer.

    /// The appends of one transaction. None if there is something else to do, or if `wait` is false
    /// and nobody waits for one.
    std::vector<append_request> next_group(bool wait);
    std::vector<task> take_tasks();
    /// Whether it was asked for since the last call.
    bool take_upkeep();
    bool finished() const;

private:
    bool has_group() const;
    void hold(turn& during);
    void let_go(const turn& during);

    const std::size_t max_events_;
    const std::size_t max_bytes_;

    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<append_request> appends_;
    std::size_t events_ = 0;  ///< in `appends_`
    std::size_t bytes_ = 0;
    std::vector<const turn*> holds_;  ///< turns under way that have appended
    std::vector<task> tasks_;
    bool upkeep_ = false;
    bool stopping_ = false;
    std::size_t last_requests_ = 0;  ///< in the last `groups_of_average` groups, or so
};

}  // namespace carillon::sqlite
