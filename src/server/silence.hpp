// When an event stream that says nothing is dead.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace carillon::server {

/// A server sends a heartbeat whenever it has been silent for its interval. The interval is learnt
/// from two heartbeats in a row; a stream that then misses a few of them is dead. Takes the time
/// from its caller.
class silence_watch {
public:
    using milliseconds = std::chrono::milliseconds;
    using time_point = std::chrono::steady_clock::time_point;

    /// `fixed`: the limit that the user chose; nothing: learn it.
    explicit silence_watch(std::optional<milliseconds> fixed)
        : fixed_(fixed), limit_(fixed.value_or(before_heartbeats)) {}

    void connect(time_point now) noexcept { last_ = now; }
    /// A comment came. Call it before `byte` is called for the bytes that it came in.
    void heartbeat(time_point now) noexcept {
        const auto gap = std::chrono::ceil<milliseconds>(now - last_);
        const auto before = std::exchange(gap_, gap);
        last_ = now;
        // Comments of publishers and heartbeats that somebody asked for come at other times.
        if (fixed_ || gap > 2 * before || before > 2 * gap) return;
        limit_ = std::max(missed * std::max(gap, before), shortest);
    }
    void byte(time_point now) noexcept { last_ = now; }
    /// The stream was given up for its silence. The interval may be longer than it seemed.
    void was_cut() noexcept {
        gap_ = {};
        if (!fixed_) limit_ = std::clamp(2 * limit_, before_heartbeats, longest);
    }

    milliseconds limit() const noexcept { return limit_; }

    static constexpr int missed = 3;
    static constexpr milliseconds before_heartbeats{90'000};  ///< three of the default
    static constexpr milliseconds shortest{2'000};
    static constexpr milliseconds longest{std::chrono::hours(1)};

private:
    const std::optional<milliseconds> fixed_;
    milliseconds limit_;
    milliseconds gap_{};  ///< before the newest comment
    time_point last_{};
};

}  // namespace carillon::server
