#include "base/careful_clock.hpp"

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;

constexpr careful_clock::wall noon{1'000'000s};
constexpr careful_clock::running start{500s};

TEST(careful_clock, follows_the_wall_clock) {
    careful_clock clock;
    EXPECT_EQ(clock.time(noon, start), noon);
    EXPECT_EQ(clock.time(noon + 10s, start + 10s), noon + 10s);
    EXPECT_EQ(clock.time(noon + 1h, start + 1h), noon + 1h);
}

TEST(careful_clock, does_not_follow_a_jump_ahead_before_it_has_lasted) {
    careful_clock clock;
    clock.time(noon, start);
    EXPECT_EQ(clock.time(noon + 8760h, start + 1s), noon + 1s);
    EXPECT_EQ(clock.time(noon + 2s, start + 2s), noon + 2s) << "it was wrong for a moment";
    EXPECT_EQ(clock.time(noon + 8760h, start + 3s), noon + 3s);
    const auto last = careful_clock::trusted_after;
    EXPECT_EQ(clock.time(noon + 8760h + last, start + 3s + last - 1ms), noon + 3s + last - 1ms);
    EXPECT_EQ(clock.time(noon + 8760h + last, start + 3s + last), noon + 8760h + last);
}

TEST(careful_clock, follows_small_steps_and_steps_back_at_once) {
    careful_clock clock;
    clock.time(noon, start);
    EXPECT_EQ(clock.time(noon + 59s, start), noon + 59s);
    EXPECT_EQ(clock.time(noon - 1000h, start), noon - 1000h);
}

}  // namespace
}  // namespace carillon
