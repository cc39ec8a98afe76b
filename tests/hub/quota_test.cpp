// How many streams a profile may have, beside the limit of the hub.
#include "support/hub_fixture.hpp"

namespace carillon::testing {
namespace {

TEST_F(hub_fixture, profiles_that_share_a_quota_count_together) {
    rebuild({}, {});
    stream_profile one{.name = "one"}, two{.name = "two"};
    one.quota = two.quota = std::make_shared<stream_quota>("the house", 2);
    fake_connection a, b, c, elsewhere;
    const auto asked = [&](fake_connection& by, const stream_profile& of) {
        stream_request r = asking(by, {"a"});
        r.profile = &of;
        return r;
    };
    subscriber* first = shard_->open(asked(a, one)).value();
    ASSERT_TRUE(shard_->open(asked(b, two)));
    EXPECT_EQ(one.quota->taken(), 2u);
    const auto past = shard_->open(asked(c, one));
    ASSERT_FALSE(past);
    EXPECT_EQ(past.error().code, errc::max_clients);
    EXPECT_EQ(past.error().detail, "the house has as many streams as it may (2)");
    EXPECT_EQ(shard_->admits(asked(c, two)).error().code, errc::max_clients);
    open(elsewhere, {"a"});
    shard_->remove(*first);
    EXPECT_EQ(one.quota->taken(), 1u);
    EXPECT_TRUE(shard_->open(asked(c, two)));
}

TEST_F(hub_fixture, streams_beyond_the_limit_of_the_hub_have_places_of_their_own) {
    rebuild({.max_clients = 1}, {});
    stream_profile watching{.name = "watching"};
    watching.quota = std::make_shared<stream_quota>("the console", 2);
    watching.beyond_max_clients = true;
    fake_connection a, b, c, usual, late;
    const auto watch = [&](fake_connection& by) {
        stream_request r = asking(by, {"a"});
        r.profile = &watching;
        return shard_->open(std::move(r));
    };
    ASSERT_TRUE(watch(a));
    subscriber* const within = open(usual, {"a"});
    EXPECT_EQ(shard_->open(asking(late, {"a"})).error().code, errc::max_clients);
    EXPECT_EQ(shard_->admits(asking(late, {"a"})).error().code, errc::max_clients);
    const auto second = watch(b);
    ASSERT_TRUE(second) << "though the house is full";
    EXPECT_EQ(watch(c).error().detail, "the console has as many streams as it may (2)");
    EXPECT_EQ(shard_->open(asking(late, {"a"})).error().code, errc::max_clients);
    shard_->remove(**second);
    EXPECT_EQ(shard_->open(asking(late, {"a"})).error().code, errc::max_clients)
        << "a place of the console is nobody else's";
    shard_->remove(*within);
    EXPECT_TRUE(shard_->open(asking(late, {"a"})));
    EXPECT_TRUE(watch(c));
    EXPECT_EQ(events_->subscribers(), 3U);
}

TEST_F(hub_fixture, a_quota_of_zero_is_no_limit) {
    stream_quota none("the house", 0);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(none.take());
    EXPECT_FALSE(none.full());
    EXPECT_EQ(none.taken(), 3u);
}

}  // namespace
}  // namespace carillon::testing
