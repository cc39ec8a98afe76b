// When events were stored, by a clock that is wrong now and then.
#pragma once

#include <carillon/base/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace carillon {

/// The stamps of events grow with their positions, but where the clock went back: there a turn is
/// noted. Which side of it was right nobody knows. So an event that either side makes young is
/// young: it is not deleted for its age, and a reader that asks for what came after a time gets it.
/// But what lies in the future is not believed.
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
        /// When the clock was at `before` again, as far as this process knows; `max`: it was not.
        time_point passed = time_point::max();
        friend bool operator==(const turn&, const turn&) = default;
    };
    /// An event, as far as its time matters.
    struct stamped {
        std::uint64_t pos = 0;
        time_point stamp;
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
            for (turn& t : turns_) {
                if (t.before <= newest_) t.passed = std::min(t.passed, newest_);
            }
            return false;
        }
        // A clock that goes back in steps while nothing is stored adds no turn for each.
        const auto here = std::ranges::count(turns_, head, &turn::pos);
        if (here > 1 && turns_.back().passed == time_point::max()) {
            turns_.back().after = std::min(turns_.back().after, now);
        } else {
            turns_.push_back({head, newest_, now});
        }
        if (turns_.size() > max_turns) turns_.erase(turns_.begin());
        newest_ = now;
        return true;
    }

    /// The latest that an event may have been stored: what was stored after a turn, while the clock
    /// was not back at where it had been, may have come until it was. Never in the future, unless
    /// no later event is known. Grows with the position.
    time_point counts_from(std::uint64_t pos, time_point stamp, time_point now) const noexcept {
        if (turns_.empty()) return stamp;
        const time_point said = stamp;
        for (const turn& t : turns_) {
            if (pos <= t.pos) {
                if (stamp > now + max_lead) stamp = std::min(stamp, t.after);
            } else if (said < t.before && t.before <= now) {
                stamp = std::max(stamp, std::min(t.passed, now));
            }
        }
        return stamp;
    }

    /// The position just before the first event up to `upto` that may have been stored at or after
    /// `t`, as it looks at `now`; nothing if there is none. `first_since(time, from, to)` gives a
    /// `result<std::optional<stamped>>`: the first event beyond `from`, and up to `to`, that is not
    /// stamped before `time`. In such a stretch stamps do not fall.
    template <class Find>
    result<std::optional<std::uint64_t>> before(time_point t, time_point now, std::uint64_t upto,
                                                Find&& first_since) const {
        std::uint64_t from = 0;
        bool may_be_late = false;  // what a turn before this stretch makes young
        for (std::size_t i = 0; i <= turns_.size() && from < upto; ++i) {
            const turn* const end = i < turns_.size() ? &turns_[i] : nullptr;
            const std::uint64_t to = end != nullptr ? std::min(end->pos, upto) : upto;
            for (const time_point since : {time_point::min(), t}) {
                // Nothing in the stretch is stamped later than its end says.
                const bool sought = since == t ? end == nullptr || end->before >= t : may_be_late;
                if (!sought || to <= from) continue;
                const result<std::optional<stamped>> found = first_since(since, from, to);
                if (!found) return std::unexpected(found.error());
                if (*found && counts_from((*found)->pos, (*found)->stamp, now) >= t)
                    return (*found)->pos - 1;
            }
            if (end == nullptr) break;
            from = std::max(from, end->pos);
            may_be_late = may_be_late || (end->before <= now && std::min(end->passed, now) >= t);
        }
        return std::nullopt;
    }

private:
    std::vector<turn> turns_;  ///< by position
    time_point newest_{};
};

}  // namespace carillon
