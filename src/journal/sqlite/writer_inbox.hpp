// What any thread asks of the journal's writer: events to append, and what it does between groups.
// It also hands out the writer role: one thread writes at a time, the writer's own or a loop at the
// end of its turn.
#pragma once

#include <carillon/journal/open.hpp>

#include "base/turn.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon::sqlite {

/// The right to write: whoever has a reference is the one thread that writes now, and gives it on
/// to what it calls. Only the inbox hands it out; a journal that is being opened has one of its
/// own.
class write_token {
public:
    write_token(const write_token&) = delete;
    write_token& operator=(const write_token&) = delete;

private:
    friend class writer_inbox;
    friend class sqlite_journal;
    write_token() = default;
};

struct append_request {
    journal::group events;
    std::optional<idempotency_key> key;
    journal::commit_callback done;
    result<journal::appended> outcome = journal::appended::stored;
    std::size_t bytes = 0;
    std::vector<std::uint64_t> released = {};  ///< scheduled events that these are
};

/// Groups appends without a timer. What an event loop appends in one turn is stored at the turn's
/// end. While the disk is quick and the group small, the loop itself does that: two threads less to
/// wake. Otherwise the writer's thread takes it over, also before the turn's end if there is enough
/// of it; under load it yields to threads that are about to append.
///
/// Thread-safe. Owned by shared_ptr: a turn may end when the journal is gone.
class writer_inbox : public std::enable_shared_from_this<writer_inbox> {
public:
    using task = std::function<result<>(const write_token&)>;

    /// What the writer's thread is to store; the right to do so ends with the next call that waits.
    struct work {
        const write_token& right;
        std::vector<append_request> requests;
    };

    using clock_function = std::function<std::chrono::steady_clock::time_point()>;

    writer_inbox(std::size_t max_events, std::size_t max_bytes, journal_sync sync,
                 clock_function now = std::chrono::steady_clock::now);

    /// What a loop calls at the end of its turn to store what `take` gives, if it can now. Nobody
    /// else writes meanwhile. Not called once the writer's thread was told to stop and has ended.
    /// Set before use.
    void let_loops_store(std::function<void(const write_token&)> store) {
        store_ = std::move(store);
    }

    /// False, with `r` as it was, if too much waits.
    bool append(append_request& r);
    void run(task t);
    void want_upkeep();
    /// What waits is still handed out.
    void stop();

    // For the thread that has the writer role.

    /// The appends of one transaction.
    std::vector<append_request> take();
    /// How long storing them took, and whether it worked.
    void note_stored(std::chrono::steady_clock::duration took, bool worked);
    /// Has the writer's thread look for something to do between groups.
    void want_writer();

    // For the writer's thread.

    /// Returns when nobody else writes; this thread does, until it waits again. Gives the appends
    /// of one transaction. None if there is something else to do, or if `wait` is false and nobody
    /// waits for one.
    work next_group(bool wait);
    std::vector<task> take_tasks();
    /// Whether it was asked for since the last call.
    bool take_upkeep();
    bool finished() const;

private:
    struct hold;

    bool has_group() const;
    bool has_work() const;
    bool is_busy() const;
    bool may_store_here() const;
    std::vector<append_request> take_locked();
    static void wait_for_end(std::shared_ptr<hold> held);
    bool may_grow(hold& h);
    void let_go(const turn& during, bool at_its_end);

    const std::size_t max_events_;
    const std::size_t max_bytes_;
    const journal_sync sync_;
    const clock_function now_;
    std::function<void(const write_token&)> store_;
    const write_token right_;  ///< of the thread that set `writing_`

    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<append_request> appends_;
    std::size_t events_ = 0;  ///< in `appends_`
    std::size_t bytes_ = 0;
    std::vector<const turn*> holds_;  ///< turns under way that have appended
    std::vector<task> tasks_;
    bool upkeep_ = false;
    bool writer_wanted_ = false;
    bool stopping_ = false;
    bool writing_ = false;                                    ///< somebody writes
    bool writer_writes_ = false;                              ///< and it is the writer's thread
    std::chrono::steady_clock::time_point loops_rest_until_;  ///< the disk was slow
    std::size_t last_requests_ = 0;  ///< in the last `groups_of_average` groups, or so
};

}  // namespace carillon::sqlite
