// What is known of when events were stored, if the clock was wrong.
#include "journal/time_line.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

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
        const auto at = times.counts_from(pos, stamps[pos - 1], noon + 20s);
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
    EXPECT_EQ(behind.counts_from(2, noon - 1000h, noon + 1min), noon + 1min)
        << "it may have come just before the clock was right again";
    EXPECT_EQ(behind.counts_from(3, noon + 1min, noon + 1min), noon + 1min);
}

// The clock is behind now and then, and ahead now and then; events come all the time.
TEST(time_line, finds_the_first_event_that_may_have_come_since_a_time) {
    for (unsigned seed = 1; seed <= 300; ++seed) {
        std::minstd_rand random(seed);
        const auto below = [&](unsigned end) { return random() % end; };
        time_line times;
        times.move_to(noon, 0);
        std::vector<time_line::stamped> events;
        std::vector<time_point> came;
        std::chrono::seconds wrong{0};
        time_point truth = noon;
        for (int i = 0; i < 60; ++i) {
            truth += std::chrono::seconds(below(30));
            if (below(15) == 0) wrong = wrong > 0s || below(2) == 0 ? 0s : -1000s;
            if (below(30) == 0 && wrong == 0s) wrong = 100'000s;
            times.move_to(truth + wrong, events.size());
            if (below(3) == 0) continue;
            events.push_back({events.size() + 1, times.newest()});
            came.push_back(truth);
        }
        times.move_to(truth, events.size());  // right again
        const auto first_since = [&](time_point t, std::uint64_t from, std::uint64_t to) {
            const auto found = std::ranges::find_if(events, [&](const time_line::stamped& e) {
                return e.pos > from && e.pos <= to && e.stamp >= t;
            });
            return result<std::optional<time_line::stamped>>(
                found == events.end() ? std::nullopt : std::optional(*found));
        };
        for (const auto ago : {10s, 60s, 200s, 500s, 900s, 2000s}) {
            const time_point t = truth - ago;
            const auto young = std::ranges::find_if(events, [&](const time_line::stamped& e) {
                return times.counts_from(e.pos, e.stamp, truth) >= t;
            });
            const auto before = times.before(t, truth, events.size(), first_since);
            ASSERT_TRUE(before);
            ASSERT_EQ(*before, young == events.end() ? std::nullopt : std::optional(young->pos - 1))
                << "seed " << seed;
            for (std::size_t i = 0; i < events.size(); ++i) {
                ASSERT_TRUE(came[i] < t || (*before && **before <= i)) << "seed " << seed;
            }
        }
    }
}

TEST(time_line, remembers_a_bounded_number_of_turns) {
    time_line times;
    for (std::uint64_t pos = 0; pos < 10 * time_line::max_turns; ++pos)
        times.move_to(noon + (pos % 2 == 0 ? 1h : 0h), pos);
    EXPECT_EQ(times.turns().size(), time_line::max_turns);
}

}  // namespace
}  // namespace carillon
