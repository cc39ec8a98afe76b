// Streams by what they have in common: listed, ended, counted.
#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

class selections : public ::testing::Test {
protected:
    selections() : second_(t_.h.add_shard(t_.on)) { t_.profile.name = "topics"; }

    struct stream {
        fake_connection out;
        subscriber* s = nullptr;
        shard* home = nullptr;
        std::string id;
    };
    stream& open(shard& home, const identity& who,
                 const std::function<void(stream_request&)>& change = {}) {
        streams_.push_back(std::make_unique<stream>());
        stream& made = *streams_.back();
        stream_request r = t_.request(made.out, {"a"});
        r.who = std::make_shared<identity>(who);
        if (change) change(r);
        made.home = &home;
        made.s = *home.open(std::move(r));
        made.id = home.public_id_of(*made.s);
        t_.on.run_until_idle();
        return made;
    }
    static identity person(std::string user, std::string session = "", std::string token = "") {
        identity who;
        who.user = std::move(user);
        who.session = std::move(session);
        who.token_id = std::move(token);
        return who;
    }
    /// -1: refused.
    int end(client_query q, close_reason why = close_reason::revoked) {
        int ended = -1;
        t_.h.end_streams(std::move(q), why, [&](result<std::size_t> n) {
            if (n) ended = static_cast<int>(*n);
        });
        t_.on.run_until_idle();
        return ended;
    }
    std::size_t listed(client_query q) {
        std::size_t n = 0;
        t_.h.list_clients(std::move(q),
                          [&](const result<client_page>& page) { n = page->clients.size(); });
        t_.on.run_until_idle();
        return n;
    }
    hub_census census(client_query q = {}, std::size_t top = 100) {
        hub_census all;
        t_.h.census(std::move(q), top, [&](result<hub_census> c) { all = std::move(*c); });
        t_.on.run_until_idle();
        return all;
    }

    test_hub t_;
    shard& second_;
    stream_profile other_{.name = "users"};
    std::vector<std::unique_ptr<stream>> streams_;
};

TEST_F(selections, streams_end_by_user_session_token_client_topic_profile_and_metadata) {
    stream& ann = open(t_.s, person("ann", "s1", "t1"));
    stream& ann2 = open(second_, person("ann", "s2", "t2"));
    stream& bob = open(second_, person("bob", "s3", "t1"), [&](stream_request& r) {
        r.profile = &other_;
        r.metadata = R"({"page":"home","n":3})";
    });
    stream& carl = open(t_.s, person("carl"), [](stream_request& r) {
        r.topics = patterns({"b/*"});
        r.metadata = R"({"page":"home"})";
    });
    EXPECT_EQ(listed({.token_ids = {"t1"}}), 2u);
    EXPECT_EQ(listed({.metadata = {{"page", "home"}}}), 2u);
    EXPECT_EQ(listed({.metadata = {{"page", "home"}, {"n", "3"}}}), 1u);
    EXPECT_EQ(listed({.profiles = {"users"}}), 1u);
    EXPECT_EQ(t_.s.describe(*ann.s).profile, "topics");

    EXPECT_EQ(end({.users = {"ann"}, .sessions = {"s2"}}), 1);
    EXPECT_EQ(ann2.out.closed, close_reason::revoked);
    EXPECT_EQ(ann2.out.own("carillon.close").at(0).data, R"({"reason":"revoked"})");
    EXPECT_FALSE(ann.out.closed);
    EXPECT_EQ(end({.token_ids = {"t1"}}), 2);
    EXPECT_TRUE(ann.out.closed && bob.out.closed);
    EXPECT_EQ(end({.topic = "b/*"}, close_reason::removed), 1);
    EXPECT_EQ(carl.out.closed, close_reason::removed);
    EXPECT_EQ(end({.users = {"ann", "nobody"}}), 0);
    stream& last = open(second_, person("ann"));
    EXPECT_EQ(end({.ids = {"nobody"}}), 0);
    EXPECT_EQ(end({.ids = {last.id}}), 1);
    EXPECT_EQ(end({.profiles = {"topics"}}), 0);
}

TEST_F(selections, a_query_that_asks_for_all_ends_nothing) {
    stream& ann = open(t_.s, person("ann"));
    EXPECT_EQ(end({}), -1);
    EXPECT_EQ(end({.limit = 3}), -1);
    EXPECT_FALSE(ann.out.closed);
}

TEST_F(selections, streams_from_before_a_moment_end_by_what_they_rest_on) {
    const auto now = std::chrono::system_clock::now();
    identity old = person("ann");
    old.issued = now - 1h;
    identity fresh = person("ann");
    fresh.issued = now;
    stream& first = open(t_.s, old);
    stream& second = open(second_, fresh);
    stream& unknown = open(second_, person("ann"));  // by its beginning
    EXPECT_EQ(end({.users = {"ann"}, .before = now - 1min}), 1);
    EXPECT_TRUE(first.out.closed);
    EXPECT_EQ(end({.users = {"ann"}, .before = now - 1ms}), 0);
    EXPECT_EQ(end({.users = {"ann"}, .before = now + 1h}), 2);
    EXPECT_TRUE(second.out.closed && unknown.out.closed);
}

TEST_F(selections, more_streams_than_one_look_takes_end_too) {
    for (int i = 0; i < 5000; ++i) open(i % 9 == 0 ? second_ : t_.s, person("u"));
    EXPECT_EQ(census().streams, 5000u);
    EXPECT_EQ(end({.profiles = {"topics"}}), 5000);
    EXPECT_EQ(census().streams, 0u);
}

TEST_F(selections, a_census_counts_by_user_topic_and_profile_the_largest_first) {
    const auto two_topics = [](stream_request& r) { r.topics = patterns({"a", "b/*"}); };
    open(t_.s, person("ann"));
    open(second_, person("ann"), two_topics);
    open(second_, person("bob"), [&](stream_request& r) { r.profile = &other_; });
    open(t_.s, person(""));
    t_.publish("a", "1");
    const hub_census all = census();
    EXPECT_EQ(all.streams, 4u);
    EXPECT_EQ(all.users, 2u);
    EXPECT_EQ(all.events, 4u);
    EXPECT_GT(all.bytes, 0u);
    EXPECT_TRUE(all.last_event_at);
    EXPECT_LT(all.average_age, 1min);
    const auto rows = [](const std::vector<census_row>& of) {
        std::string text;
        for (const census_row& r : of) text += r.name + ":" + std::to_string(r.streams) + " ";
        return text;
    };
    EXPECT_EQ(rows(all.by_user), "ann:2 bob:1 ");
    EXPECT_EQ(rows(all.by_topic), "a:4 b/*:1 ");
    EXPECT_EQ(rows(all.by_profile), "topics:3 users:1 ");
    EXPECT_EQ(rows(census({}, 1).by_user), "ann:2 ");
    EXPECT_EQ(census({}, 1).users, 2u);
    EXPECT_EQ(census({.users = {"ann"}}).streams, 2u);
    EXPECT_EQ(rows(census({.users = {"ann"}}).by_profile), "topics:2 ");
    EXPECT_EQ(census({.users = {"nobody"}}).streams, 0u);
}

}  // namespace
}  // namespace carillon::testing
