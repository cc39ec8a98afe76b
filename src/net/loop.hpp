// One event loop per core: readiness by epoll, tasks from other threads, timers.
#pragma once

#include <carillon/base/result.hpp>

#include "base/held_wakes.hpp"
#include "base/turn.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/epoll.h>

namespace carillon::net {

/// A file descriptor that is closed once. Move-only.
class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

/// Called on the loop's thread when its descriptor is ready. `events` are epoll's (EPOLLIN,
/// EPOLLOUT, …).
class io_handler {
public:
    virtual void on_io(std::uint32_t events) = 0;
    /// `on_io` threw, for want of memory as a rule. The handler closes what it was about, without
    /// allocating.
    virtual void on_failure() noexcept {}

protected:
    ~io_handler() = default;
};

/// How long a loop's turns took. Written by the loop's thread, read by any.
struct turn_times {
    /// Upper bounds of the buckets; one more holds what took longer.
    static constexpr std::array<double, 10> bounds{0.0001, 0.0005, 0.001, 0.005, 0.01,
                                                   0.02,   0.05,   0.1,   0.5,   1.0};
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts{};
    std::atomic<std::uint64_t> nanoseconds{0};  ///< the sum
    std::atomic<std::uint64_t> longest{0};      ///< in nanoseconds

    void add(std::chrono::nanoseconds took) noexcept;
};

/// Read by any thread.
struct loop_counters {
    std::atomic<std::uint64_t> failed_allocations{0};
    std::atomic<std::uint64_t> exceptions{0};  ///< others, each of them a bug
    turn_times turns;                          ///< without the wait for something to do
};

/// Confined to the thread that calls `run`, but for `post`, `stop` and the counters.
///
/// What a handler, a task or a timer throws ends it alone. A timer that found no memory is tried
/// again a little later, since what it was to set up next would be missing for ever otherwise.
///
/// Descriptors are watched edge-triggered for reading and writing from the moment they are added,
/// so a connection costs one epoll_ctl in its life. A handler reads or writes until EAGAIN, or asks
/// to be called again with `poke`.
class loop final : public turn, private wakeable {
public:
    using task = std::function<void()>;
    using clock = std::chrono::steady_clock;
    using timer_id = std::uint64_t;

    loop();
    ~loop();
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    /// Watches `fd`; `handler` must stay until `remove`. `level_triggered_reads` is for listeners:
    /// EPOLLIN only, shared between loops with EPOLLEXCLUSIVE.
    result<> add(int fd, io_handler& handler);
    result<> add_listener(int fd, io_handler& handler);
    /// Hands a watched descriptor to another handler: one store, no system call.
    void replace(int fd, io_handler& handler) noexcept;
    /// Stops watching. No event that was already fetched reaches the handler afterwards. Call
    /// before closing.
    void remove(int fd) noexcept;
    /// `remove` and close in one system call instead of two. The descriptor must have no duplicate.
    void close(unique_fd fd) noexcept;
    /// Calls the handler that `fd` then has with `events` in the next turn. A second poke before
    /// that adds its events to the same call. Forgotten when `fd` is removed or closed.
    void poke(int fd, std::uint32_t events);

    /// Runs `t` on the loop's thread, soon, and in order; if the caller holds wakes back, soon
    /// after those. From any thread. Dropped, with its captures, if the loop ends first.
    void post(task t);
    void at_end_of_turn(task t) override;
    timer_id call_after(clock::duration delay, task t);
    void cancel(timer_id id) noexcept;

    const loop_counters& counters() const noexcept { return counters_; }
    /// For code that catches its own.
    void count_failed_allocation() noexcept {
        counters_.failed_allocations.fetch_add(1, std::memory_order_relaxed);
    }

    /// The time when this turn began.
    clock::time_point now() const noexcept { return now_; }
    bool in_loop_thread() const noexcept;

    /// Until `stop`, which may be called from any thread or before. A stopped loop does not run
    /// again.
    void run();
    void stop();

private:
    void take_turn(int timeout_ms);
    int wait_ms() const;
    void dispatch(int count);
    void run_pokes();
    void run_timers();
    void run_posted();
    void run_end_of_turn();
    void wake() noexcept override;
    void forget(int fd) noexcept;
    template <class Call>
    bool guarded(Call&& call) noexcept;
    void tell(int fd, std::uint32_t events) noexcept;
    result<> watch(int fd, std::uint32_t events, io_handler& handler);

    // Own thread only.
    int epoll_ = -1;
    int wake_ = -1;
    clock::time_point now_ = clock::now();
    std::vector<io_handler*> handlers_;  ///< by descriptor
    std::vector<epoll_event> fetched_;   ///< room for one batch
    std::size_t dispatched_ = 0;         ///< of the batch, those at and beyond are still to come
    std::size_t fetched_count_ = 0;
    /// What each descriptor is poked with; 0: nothing. By descriptor, so that one which goes takes
    /// its pokes along without a search. All events that epoll reports fit into 16 bits.
    std::vector<std::uint16_t> poke_events_;
    std::vector<int> pokes_;  ///< descriptors to look at in the next turn; may name one twice
    std::vector<int> poked_;  ///< being called now; kept for its capacity
    std::vector<task> end_of_turn_;
    std::vector<task> tasks_;   ///< being run now; kept for its capacity
    std::vector<task> due_;     ///< were posted...
    std::size_t next_due_ = 0;  ///< ...and run up to here
    std::map<std::pair<clock::time_point, timer_id>, task> timers_;
    std::unordered_map<timer_id, clock::time_point> timer_times_;
    timer_id last_timer_ = 0;

    // Any thread.
    loop_counters counters_;
    std::mutex mutex_;
    std::vector<task> posted_;  // guarded by mutex_
    std::atomic<bool> wake_pending_{false};
    std::atomic<bool> stopping_{false};
};

}  // namespace carillon::net
