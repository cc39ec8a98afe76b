// What is known of when events were stored, if the clock was wrong.
#include "journal/time_line.hpp"

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using time_point = time_line::time_point;

constexpr time_point noon{1'000'000s};

TEST(time_line, lets_stamps_run_ahead_of_the_clock_for_a_little_while_only) {
    time_line times;
    times.move_to(noon, 0);
    EXPECT_FALSE(times.move_to(noon - time_line::max_lead, 1));
    EXPECT_EQ(times.newest(), noon) << "stamps do not fall for a small step";
    EXPECT_TRUE(times.move_to(noon - time_line::max_lead - 1ms, 1));
    EXPECT_EQ(times.newest(), noon - time_line::max_lead - 1ms);
    EXPECT_EQ(times.turns().size(), 1u);
}

TEST(time_line, orders_stamps_by_position_whatever_the_clock_did) {
    time_line times;
    std::vector<time_point> stamps;
    for (const auto clock : {0s, 5s, 1000s, 1001s, 10s, 400s, 12s, 13s, -500s, 20s}) {
        times.move_to(noon + clock, stamps.size());
        stamps.push_back(times.newest());
    }
    time_point last{};
    for (std::uint64_t pos = 1; pos <= stamps.size(); ++pos) {
        const auto at = times.ordered(pos, stamps[pos - 1]);
        EXPECT_GE(at, last) << pos;
        last = at;
    }
}

TEST(time_line, counts_no_age_from_the_future_nor_from_a_clock_that_was_behind) {
    time_line ahead({}, noon + 1000h);
    ahead.move_to(noon, 1);
    EXPECT_EQ(ahead.counts_from(1, noon + 1000h, noon + 1min), noon);
    time_line behind({}, noon);
    behind.move_to(noon - 1000h, 1);
    behind.move_to(noon + 1min, 2);
    EXPECT_EQ(behind.counts_from(1, noon, noon + 1min), noon);
    EXPECT_EQ(behind.counts_from(2, noon - 1000h, noon + 1min), noon);
    EXPECT_EQ(behind.counts_from(3, noon + 1min, noon + 1min), noon + 1min);
}

TEST(time_line, remembers_a_bounded_number_of_turns) {
    time_line times;
    for (std::uint64_t pos = 0; pos < 10 * time_line::max_turns; ++pos)
        times.move_to(noon + (pos % 2 == 0 ? 1h : 0h), pos);
    EXPECT_EQ(times.turns().size(), time_line::max_turns);
}

}  // namespace
}  // namespace carillon
