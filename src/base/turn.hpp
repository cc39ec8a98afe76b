// The turn of the event loop on this thread, for work that is done better once than many times.
#pragma once

#include <functional>
#include <utility>

namespace carillon {

/// What an event loop offers to the code that it calls. Confined to the loop's thread.
class turn {
public:
    /// The one under way on the calling thread; null if no loop runs there.
    static turn* here() noexcept { return current; }

    /// Runs `t` when this turn's I/O, tasks and timers are done; one added by such a task waits for
    /// the end of the next turn, which does not sleep, so that a long job can let I/O in between
    /// its slices. Dropped, with its captures, if the loop ends first.
    virtual void at_end_of_turn(std::function<void()> t) = 0;

protected:
    ~turn() = default;
    /// Gives the one before.
    static turn* enter(turn* t) noexcept { return std::exchange(current, t); }

private:
    static inline thread_local turn* current = nullptr;
};

}  // namespace carillon
