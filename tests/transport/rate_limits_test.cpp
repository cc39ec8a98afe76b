#include "transport/rate_limits.hpp"

#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using namespace std::chrono_literals;

TEST(token_buckets, hold_so_many_and_fill_again_evenly) {
    token_buckets all(100);
    const rate three_a_second{3, 1s};
    token_buckets::clock::time_point now{1000s};
    const auto take = [&](std::string_view key) { return all.take(key, three_a_second, now); };
    for (int i = 0; i < 3; ++i) EXPECT_EQ(take("a"), std::nullopt);
    EXPECT_EQ(take("a"), 334ms);
    EXPECT_EQ(take("b"), std::nullopt) << "another's bucket";
    now += 333ms;
    EXPECT_EQ(take("a"), 1ms);
    now += 1ms;
    EXPECT_EQ(take("a"), std::nullopt);
    EXPECT_NE(take("a"), std::nullopt);
    now += 1h;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(take("a"), std::nullopt);
    EXPECT_NE(take("a"), std::nullopt) << "no more than a bucket is saved";
}

TEST(token_buckets, give_several_at_once_or_none) {
    token_buckets all(100);
    const rate ten_a_second{10, 1s};
    const token_buckets::clock::time_point now{1000s};
    EXPECT_EQ(all.take("a", ten_a_second, now, 8), std::nullopt);
    EXPECT_EQ(all.take("a", ten_a_second, now, 3), 100ms);
    EXPECT_EQ(all.take("a", ten_a_second, now, 2), std::nullopt);
    all.give_back("a", ten_a_second, 2);
    all.give_back("nobody", ten_a_second, 2);
    EXPECT_EQ(all.take("a", ten_a_second, now, 2), std::nullopt);
    all.give_back("a", ten_a_second, 100);
    EXPECT_EQ(all.take("a", ten_a_second, now, 11), 100ms) << "no more than a bucket is given back";
}

TEST(token_buckets, are_bounded) {
    token_buckets all(10);
    const rate one_an_hour{1, 1h};
    const token_buckets::clock::time_point now{1000s};
    EXPECT_EQ(all.take("first", one_an_hour, now), std::nullopt);
    for (int i = 0; i < 4; ++i) all.take(std::to_string(i), one_an_hour, now);
    EXPECT_NE(all.take("first", one_an_hour, now), std::nullopt);
    for (int i = 0; i < 1000; ++i) {
        all.take(std::to_string(i), one_an_hour, now);
        EXPECT_LE(all.size(), 10u);
    }
    EXPECT_EQ(all.take("first", one_an_hour, now), std::nullopt) << "was forgotten";
}

TEST(rate_limits, count_by_address_and_by_user) {
    rate_limits limits({.connects_of_address = {1, 1h}, .publishes_of_user = {1, 1h}});
    const auto here = *net::ip_address::parse("10.0.0.1");
    EXPECT_FALSE(limits.by_address(rated::connect, here));
    EXPECT_TRUE(limits.by_address(rated::connect, here));
    EXPECT_FALSE(limits.by_address(rated::connect, *net::ip_address::parse("10.0.0.2")));
    EXPECT_FALSE(limits.by_address(rated::publish, here)) << "has no limit";
    EXPECT_FALSE(limits.by_address(rated::nothing, here));
    EXPECT_FALSE(limits.by_user(rated::publish, "ann"));
    EXPECT_TRUE(limits.by_user(rated::publish, "ann"));
    EXPECT_FALSE(limits.by_user(rated::publish, "bob"));
    EXPECT_FALSE(limits.by_user(rated::publish, "")) << "nobody is no user";
    EXPECT_FALSE(limits.by_user(rated::connect, "ann"));
    EXPECT_EQ(limits.held_back(rated::connect), 1u);
    EXPECT_EQ(limits.held_back(rated::publish), 1u);
    limits.reload({});
    EXPECT_FALSE(limits.by_user(rated::publish, "ann"));
}

TEST(rate_limits, a_network_of_ipv6_is_one_address) {
    rate_limits limits({.connects_of_address = {1, 1h}});
    const auto connect = [&](const char* text) {
        return limits.by_address(rated::connect, *net::ip_address::parse(text)).has_value();
    };
    EXPECT_FALSE(connect("2001:db8::1"));
    EXPECT_TRUE(connect("2001:db8::ffff:1"));
    EXPECT_FALSE(connect("2001:db8:0:1::1"));
}

}  // namespace
}  // namespace carillon::transport
