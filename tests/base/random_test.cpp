#include "base/random.hpp"

#include "base/base64url.hpp"

#include <set>

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;

TEST(random, tokens_have_the_length_that_was_asked_for_and_safe_characters) {
    std::set<std::string> seen;
    for (const std::size_t length : {0u, 1u, 22u, 5000u}) {
        const std::string token = random_token(length);
        EXPECT_EQ(token.size(), length);
        EXPECT_EQ(token.find_first_not_of(base64url_alphabet), std::string::npos);
    }
    for (int i = 0; i < 1000; ++i) seen.insert(random_token(22));
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(random, spreads_within_a_fifth_or_up_to_twice) {
    for (int i = 0; i < 1000; ++i) {
        const auto around = spread_around(1000ms);
        EXPECT_GE(around, 800ms);
        EXPECT_LE(around, 1200ms);
        const auto beyond = spread_beyond(1000ms);
        EXPECT_GE(beyond, 1000ms);
        EXPECT_LE(beyond, 2000ms);
    }
    EXPECT_EQ(spread_around(0ms), 0ms);
    EXPECT_EQ(spread_beyond(0ms), 0ms);
}

}  // namespace
}  // namespace carillon
