// When events were stored, by a clock that is wrong now and then.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace carillon {

/// The stamps of events grow with their positions, but where the clock went back: there a turn is
/// noted. Which side of it was right nobody knows, so that each question has an answer of its own:
/// a reader that asks for what came after a time is served as if the clock is right since the turn;
/// what may be deleted for its age is kept if either side says so, but for what lies in the future.
///
/// Not synchronised. Copying is cheap: there are few turns.
class time_line {
public:
    using time_point = std::chrono::system_clock::time_point;

    /// A stamp may run ahead of the clock by this much; beyond, the clock has gone back.
    static constexpr std::chrono::seconds max_lead{10};
    /// Turns that are remembered; beyond, the oldest is left out.
    static constexpr std::size_t max_turns = 64;

    struct turn {
        std::uint64_t pos = 0;  ///< events up to here came before it
        time_point before;      ///< the last stamp until then
        time_point after;       ///< what the clock said then
        friend bool operator==(const turn&, const turn&) = default;
    };

    time_line() = default;
    time_line(std::vector<turn> turns, time_point newest)
        : turns_(std::move(turns)), newest_(newest) {}

    /// Of the newest event, or of one that would be stored now.
    time_point newest() const noexcept { return newest_; }
    std::span<const turn> turns() const noexcept { return turns_; }

    /// Moves on to `now`, while `head` is the newest position. True: the clock has gone back.
    bool move_to(time_point now, std::uint64_t head) {
        if (now + max_lead >= newest_) {
            newest_ = std::max(newest_, now);
            return false;
        }
        if (!turns_.empty() && turns_.back().pos == head) {
            turns_.back().after = std::min(turns_.back().after, now);
        } else {
            turns_.push_back({head, newest_, now});
        }
        if (turns_.size() > max_turns) turns_.erase(turns_.begin());
        newest_ = now;
        return true;
    }

    /// A stamp that never falls with the position.
    time_point ordered(std::uint64_t pos, time_point stamp) const noexcept {
        for (const turn& t : turns_) {
            if (pos <= t.pos) stamp = std::min(stamp, t.after);
        }
        return stamp;
    }

    /// From when on an event's age counts. Never earlier than it was stored if the clock was
    /// behind, and never in the future if it was ahead, unless no later event is known.
    time_point counts_from(std::uint64_t pos, time_point stamp, time_point now) const noexcept {
        if (turns_.empty()) return stamp;
        if (stamp > now + max_lead) stamp = ordered(pos, stamp);
        for (const turn& t : turns_) {
            if (pos > t.pos && t.before <= now) stamp = std::max(stamp, t.before);
        }
        return stamp;
    }

private:
    std::vector<turn> turns_;  ///< by position
    time_point newest_{};
};

}  // namespace carillon
