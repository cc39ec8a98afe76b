// Tells tasks that an executor still holds whether their shard is there.
#pragma once

#include <carillon/hub/executor.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace carillon {

/// Executors outlive hubs, and a task that was posted cannot be taken back. So each task shares the
/// flag and does nothing once the line is cut. `cut` and the destructor run on the executor's
/// thread, or while the executor runs nothing; `guarded` may be called from any thread.
class lifeline {
public:
    lifeline() = default;
    ~lifeline() { cut(); }
    lifeline(const lifeline&) = delete;
    lifeline& operator=(const lifeline&) = delete;

    /// `t`, or `otherwise` if the line is cut by the time that the task runs.
    executor::task guarded(executor::task t, executor::task otherwise = {}) const {
        return [whole = whole_, t = std::move(t), otherwise = std::move(otherwise)] {
            if (whole->load(std::memory_order_acquire)) return t();
            if (otherwise) otherwise();
        };
    }
    void cut() noexcept { whole_->store(false, std::memory_order_release); }

private:
    /// Shared with the tasks: nobody else knows when the executor drops the last one.
    const std::shared_ptr<std::atomic<bool>> whole_ = std::make_shared<std::atomic<bool>>(true);
};

}  // namespace carillon
