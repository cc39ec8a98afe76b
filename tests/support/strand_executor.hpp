// An executor of the kind that a program with a pool of threads gives: its tasks run one at a time,
// each on whichever thread is free, and it goes on when the hub has gone.
#pragma once

#include <carillon/hub/executor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::testing {

class strand_executor final : public executor {
public:
    explicit strand_executor(std::size_t threads = 2) {
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    }
    /// Runs everything that is left first, timers too.
    ~strand_executor() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        for (std::thread& t : threads_) t.join();
    }

    void post(task t) override {
        {
            const std::lock_guard lock(mutex_);
            ready_.push_back(std::move(t));
        }
        changed_.notify_one();
    }
    void defer(task t) override { post(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        {
            const std::lock_guard lock(mutex_);
            timers_.emplace(clock::now() + delay, std::move(t));
        }
        changed_.notify_one();
    }
    bool is_here() const override { return running == this; }
    clock::time_point now() const override { return clock::now(); }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            while (!timers_.empty() && (ending_ || timers_.begin()->first <= clock::now()))
                ready_.push_back(std::move(timers_.extract(timers_.begin()).mapped()));
            if (!busy_ && !ready_.empty()) {
                run_one(lock);
            } else if (ending_ && ready_.empty() && !busy_) {
                return;
            } else if (timers_.empty()) {
                changed_.wait(lock);
            } else {
                // A copy: another thread may take the timer out meanwhile.
                const clock::time_point due = timers_.begin()->first;
                changed_.wait_until(lock, due);
            }
        }
    }
    void run_one(std::unique_lock<std::mutex>& lock) {
        busy_ = true;
        task t = std::move(ready_.front());
        ready_.pop_front();
        lock.unlock();
        running = this;
        t();
        t = nullptr;
        running = nullptr;
        lock.lock();
        busy_ = false;
        changed_.notify_all();  // so that mostly another thread takes the next one
    }

    static inline thread_local const strand_executor* running = nullptr;
    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<task> ready_;
    std::multimap<clock::time_point, task> timers_;
    bool busy_ = false;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace carillon::testing
