#include "base/timer_wheel.hpp"

#include <random>

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using wheel = timer_wheel<int>;

TEST(timer_wheel, announces_nothing_before_its_time_and_everything_within_one_tick_after) {
    const wheel::clock::time_point start{};
    wheel w(start, 10ms);
    std::minstd_rand random(1);
    std::vector<wheel::clock::duration> due;
    for (int i = 0; i < 1000; ++i) {
        due.push_back(std::chrono::microseconds(random() % 5'000'000));
        w.add(w.tick_for(start + due.back()), i);
    }
    int announced = 0;
    wheel::clock::time_point last = start;
    for (auto now = start; now < start + 6s; now += std::chrono::microseconds(random() % 30'000)) {
        w.advance(now, [&](std::uint64_t, int i) {
            const auto at = due[static_cast<std::size_t>(i)];
            EXPECT_GE(now - start, at) << "too early";
            EXPECT_GT(at + 20ms, last - start) << "too late";
            ++announced;
        });
        last = now;
    }
    EXPECT_EQ(announced, 1000);
}

TEST(timer_wheel, tells_of_what_is_beyond_its_reach_early_so_that_it_can_be_added_again) {
    wheel w({}, 1ms);
    const auto due = wheel::clock::time_point{} + 1h;
    w.add(w.tick_for(due), 7);
    int told = 0;
    for (auto now = wheel::clock::time_point{}; now <= due + 2ms; now += 500ms) {
        w.advance(now, [&](std::uint64_t, int value) {
            ++told;
            if (now < due) w.add(w.tick_for(due), value);
        });
    }
    EXPECT_GT(told, 3000);
}

TEST(timer_wheel, a_callback_may_add_timers_of_the_past) {
    wheel w({}, 10ms);
    w.add(w.tick_for({}), 3);
    int calls = 0;
    w.advance(wheel::clock::time_point{} + 100ms, [&](std::uint64_t, int left) {
        ++calls;
        if (left > 0) w.add(w.tick_for({}), left - 1);
    });
    EXPECT_EQ(calls, 4);
}

TEST(timer_wheel, a_time_without_timers_costs_nothing_however_long_it_was) {
    const wheel::clock::time_point start{};
    wheel w(start, std::chrono::nanoseconds(1));
    const auto later = start + std::chrono::hours(24 * 365 * 100);  // some 3e18 ticks
    w.advance(later, [](std::uint64_t, int) { FAIL(); });
    int fired = 0;
    w.add(w.tick_for(later + std::chrono::nanoseconds(5)), 1);
    w.advance(later + std::chrono::nanoseconds(4), [&](std::uint64_t, int) { ++fired; });
    EXPECT_EQ(fired, 0);
    w.advance(later + std::chrono::nanoseconds(5), [&](std::uint64_t, int) { ++fired; });
    EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace carillon
