// Wake-ups of other threads, collected and sent together.
#pragma once

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace carillon {

/// A thread that sleeps until it is woken.
class wakeable {
public:
    virtual void wake() noexcept = 0;

protected:
    ~wakeable() = default;
};

/// Batches wake-ups: while one lives, code on this thread that would wake another thread adds it
/// here, and each is woken once, at the end. Without it the first thread would wake, find one item
/// and go back to sleep before the rest arrive. Confined to its thread and a scope.
class held_wakes {
public:
    held_wakes() noexcept : outer_(std::exchange(current, this)) {}
    ~held_wakes() {
        current = outer_;
        for (wakeable* w : owed_) w->wake();
    }
    held_wakes(const held_wakes&) = delete;
    held_wakes& operator=(const held_wakes&) = delete;

    /// The innermost on the calling thread; null if there is none.
    static held_wakes* here() noexcept { return current; }

    /// `w` must stay until the end. It is woken now if there is no memory to remember it.
    void owe(wakeable& w) noexcept {
        if (std::ranges::find(owed_, &w) != owed_.end()) return;
        try {
            owed_.push_back(&w);
        } catch (const std::bad_alloc&) {
            w.wake();
        }
    }

private:
    held_wakes* outer_;
    std::vector<wakeable*> owed_;

    static inline thread_local held_wakes* current = nullptr;
};

}  // namespace carillon
