// A thread for what would take an event loop too long. It begins with its first task.
#pragma once

#include "base/patience.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace carillon {

/// Synchronised inside. A task that lacks memory is called again. What has not begun when it goes
/// is never called.
class side_thread {
public:
    side_thread() = default;
    ~side_thread() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        filled_.notify_one();
        if (thread_.joinable()) thread_.join();
    }
    side_thread(const side_thread&) = delete;
    side_thread& operator=(const side_thread&) = delete;

    void run(std::function<void()> task) {
        {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(std::move(task));
            if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        }
        filled_.notify_one();
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            filled_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (stopping_) return;
            const auto task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            run_with_patience(task);
            lock.lock();
        }
    }

    std::mutex mutex_;  // guards all below
    std::condition_variable filled_;
    std::deque<std::function<void()>> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace carillon
