// An executor whose time and turns the test decides.
#pragma once

#include <carillon/hub/executor.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace carillon::testing {

/// `post` may be called from any thread, all else only from the test's.
class manual_executor final : public executor {
public:
    void post(task t) override {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(t));
    }
    void defer(task t) override { deferred_.push_back(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        timers_.emplace(now_ + delay, std::move(t));
    }
    bool is_here() const override { return here && home_ == std::this_thread::get_id(); }
    clock::time_point now() const override { return now_; }

    /// Runs one task, posted ones first. False if there is none.
    bool run_one() {
        task t;
        {
            const std::lock_guard lock(mutex_);
            auto& from = posted_.empty() ? deferred_ : posted_;
            if (from.empty()) return false;
            t = std::move(from.front());
            from.pop_front();
        }
        t();
        return true;
    }

    /// What a loop does between two waits: all that was posted, then what was deferred until now.
    void run_turn() {
        for (auto n = posted(); n > 0; --n) run_one();
        std::deque<task> now_due;
        now_due.swap(deferred_);
        for (task& t : now_due) t();
    }

    void run_until_idle() {
        while (run_one()) continue;
    }

    /// Lets time pass; each timer fires at its own moment.
    void advance(clock::duration by) {
        const auto until = now_ + by;
        run_until_idle();
        while (!timers_.empty() && timers_.begin()->first <= until) {
            now_ = timers_.begin()->first;
            const task due = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            due();
            run_until_idle();
        }
        now_ = until;
    }

    bool here = true;  ///< false: the test's thread is not the executor's either

    bool idle() const { return posted() == 0 && deferred_.empty(); }

private:
    std::size_t posted() const {
        const std::lock_guard lock(mutex_);
        return posted_.size();
    }

    const std::thread::id home_ = std::this_thread::get_id();
    mutable std::mutex mutex_;  // guards posted_
    std::deque<task> posted_;
    std::deque<task> deferred_;
    std::multimap<clock::time_point, task> timers_;
    clock::time_point now_ = clock::time_point(std::chrono::hours(1));
};

}  // namespace carillon::testing
