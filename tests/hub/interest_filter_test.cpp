#include "hub/interest_filter.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon {
namespace {

event for_topic(const std::string& name) {
    event e;
    e.topics.push_back(*topic::parse(name));
    return e;
}

topic_pattern user(int n) { return topic_pattern(*topic::parse("$user/" + std::to_string(n))); }

TEST(interest_filter, tells_shards_apart_with_a_hundred_thousand_users) {
    interest_filter here;
    int users = 0;
    for (const int so_many : {10, 256, 400, 2'500, 20'000, 100'000, 300'000}) {
        for (; users < so_many; ++users) here.add(user(users));
        int mistaken = 0;
        for (int n = 0; n < 10'000; ++n) {
            ASSERT_TRUE(here.wants(for_topic("$user/" + std::to_string(n * 29 % users))));
            mistaken += here.wants(for_topic("$user/" + std::to_string(users + n))) ? 1 : 0;
        }
        EXPECT_LT(mistaken, 150) << "of 10,000, with " << users;
    }
}

TEST(interest_filter, forgets_what_was_taken_away_in_whatever_order) {
    interest_filter f;
    std::vector<interest_filter::place> places;
    for (int n = 0; n < 3'000; ++n) places.push_back(f.add(user(n)));
    for (int n = 0; n < 3'000; n += 2) f.remove(user(n), places[static_cast<std::size_t>(n)]);
    for (int n = 1; n < 3'000; n += 2)
        ASSERT_TRUE(f.wants(for_topic("$user/" + std::to_string(n)))) << n;
    for (int n = 1; n < 3'000; n += 2) f.remove(user(n), places[static_cast<std::size_t>(n)]);
    for (int n = 0; n < 3'000; ++n)
        ASSERT_FALSE(f.wants(for_topic("$user/" + std::to_string(n)))) << n;
}

TEST(interest_filter, a_wildcard_wants_all_but_the_hubs_own) {
    interest_filter f;
    const auto p = *topic_pattern::parse("a/*");
    const auto place = f.add(p);
    EXPECT_TRUE(f.wants(for_topic("other")));
    EXPECT_FALSE(f.wants(for_topic("$user/1")));
    f.remove(p, place);
    EXPECT_FALSE(f.wants(for_topic("other")));
}

}  // namespace
}  // namespace carillon
