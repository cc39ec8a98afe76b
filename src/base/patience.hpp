// What a thread of its own does when memory is short: it waits.
#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace carillon {

/// Calls `task` again after a while if it lacks memory; `before_again` runs in between. A task that
/// may have been half done has to begin anew each time. Gives up after some seconds: false.
template <class Task, class Again>
bool run_with_patience(Task&& task, Again&& before_again) {
    constexpr int tries = 300;
    constexpr std::chrono::milliseconds pause{10};
    for (int i = 0; i < tries; ++i) {
        try {
            task();
            return true;
        } catch (const std::bad_alloc&) {
            before_again();
        }
        std::this_thread::sleep_for(pause);
    }
    return false;
}
template <class Task>
bool run_with_patience(Task&& task) {
    return run_with_patience(task, [] {});
}

}  // namespace carillon
