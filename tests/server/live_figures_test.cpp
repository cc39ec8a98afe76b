#include "server/live_figures.hpp"

#include <array>

#include <gtest/gtest.h>

namespace carillon::server {
namespace {

constexpr std::array<double, 3> bounds{0.001, 0.01, 0.1};

TEST(percentile, lies_within_the_bucket_that_holds_it) {
    EXPECT_DOUBLE_EQ(percentile(bounds, {10, 0, 0, 0}, 0.5), 0.0005);
    EXPECT_DOUBLE_EQ(percentile(bounds, {0, 10, 0, 0}, 1.0), 0.01);
    EXPECT_DOUBLE_EQ(percentile(bounds, {90, 10, 0, 0}, 0.9), 0.001);
    EXPECT_DOUBLE_EQ(percentile(bounds, {90, 10, 0, 0}, 0.95), 0.0055);
}

TEST(percentile, of_nothing_is_none_and_beyond_all_bounds_is_the_last) {
    EXPECT_LT(percentile(bounds, {0, 0, 0, 0}, 0.5), 0);
    EXPECT_DOUBLE_EQ(percentile(bounds, {0, 0, 0, 5}, 0.5), 0.1);
}

TEST(sample_history, keeps_the_newest_at_its_limit_and_one_past_it) {
    sample_history kept(3);
    EXPECT_EQ(kept.json(), "[]");
    for (const char* sample : {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}) kept.add(sample);
    EXPECT_EQ(kept.json(), R"([{"n":1},{"n":2},{"n":3}])");
    kept.add(R"({"n":4})");
    EXPECT_EQ(kept.json(), R"([{"n":2},{"n":3},{"n":4}])");
}

}  // namespace
}  // namespace carillon::server
