// A wall clock for what cannot be undone.
#pragma once

#include <chrono>
#include <optional>

namespace carillon {

/// Follows the wall clock, but a jump ahead only once it has lasted: what a clock that is wrong for
/// a moment would delete for its age, or let out before its time, stays. A step back and a small
/// one ahead are followed at once.
///
/// Confined to one thread.
class careful_clock {
public:
    using wall = std::chrono::system_clock::time_point;
    using running = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::minutes small_step{1};
    static constexpr std::chrono::minutes trusted_after{5};

    /// What the time is, if the wall clock says `now` when the machine has run for `up`.
    wall time(wall now, running up) {
        const auto ahead = now.time_since_epoch() - up.time_since_epoch();
        if (!believed_ || ahead < *believed_ + small_step) {
            believed_ = ahead;
            jumped_.reset();
            return now;
        }
        if (!jumped_) jumped_ = up;
        if (up - *jumped_ < trusted_after)
            return wall(
                std::chrono::duration_cast<wall::duration>(up.time_since_epoch() + *believed_));
        believed_ = ahead;
        jumped_.reset();
        return now;
    }

private:
    std::optional<std::chrono::nanoseconds> believed_;  ///< wall clock less running time
    std::optional<running> jumped_;                     ///< when it was ahead first
};

}  // namespace carillon
