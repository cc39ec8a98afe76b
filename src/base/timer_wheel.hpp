// Many coarse timers at a few bytes each. Time is passed in.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace carillon {

/// Confined to one thread. A timer cannot be cancelled: its owner remembers the tick it waits for
/// and ignores others, so moving a deadline costs nothing until the old one fires.
template <class T>
class timer_wheel {
public:
    using clock = std::chrono::steady_clock;
    static constexpr std::size_t slots = 1024;

    timer_wheel(clock::time_point start, clock::duration resolution)
        : start_(start), resolution_(resolution) {}

    /// The tick at which something due at `due` is announced: never before `due`, and no further
    /// away than the wheel reaches (`slots` ticks); an entry that fires too early is added again.
    std::uint64_t tick_for(clock::time_point due) const noexcept {
        const auto away = due - start_ + resolution_ - clock::duration(1);
        const std::uint64_t wanted =
            away.count() < 0 ? 0 : static_cast<std::uint64_t>(away / resolution_);
        if (wanted <= tick_) return tick_ + 1;
        return wanted - tick_ < slots ? wanted : tick_ + slots - 1;
    }

    /// `tick` comes from `tick_for` and has not passed.
    void add(std::uint64_t tick, T value) {
        wheel_[tick % slots].push_back(std::move(value));
        ++count_;
    }

    /// Announces everything due by `now`: calls `due(tick, value)`. The callback may add timers.
    template <class Callback>
    void advance(clock::time_point now, Callback&& due) {
        const std::uint64_t target =
            now < start_ ? 0 : static_cast<std::uint64_t>((now - start_) / resolution_);
        while (tick_ < target) {
            // Nothing waits, as after days without a stream: there is nothing to walk past.
            if (count_ == 0) {
                tick_ = target;
                return;
            }
            ++tick_;
            fired_.clear();
            fired_.swap(wheel_[tick_ % slots]);
            count_ -= fired_.size();
            for (T& value : fired_) due(tick_, std::move(value));
        }
    }

    clock::duration resolution() const noexcept { return resolution_; }

private:
    clock::time_point start_;
    clock::duration resolution_;
    std::uint64_t tick_ = 0;
    std::size_t count_ = 0;  ///< timers that wait
    std::array<std::vector<T>, slots> wheel_;
    std::vector<T> fired_;
};

}  // namespace carillon
