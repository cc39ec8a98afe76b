// The users that are there, in all and on each topic, with grace.
#include "hub/own_topic.hpp"
#include "hub/presence_directory.hpp"
#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

class presence : public ::testing::Test {
protected:
    presence() : t_(options()), second_(t_.h.add_shard(t_.on)) {
        t_.profile.heartbeat_interval = 10min;
        t_.h.on_presence([this](const presence_change& c) {
            seen_.push_back(c.user + (c.present ? "+" : "-") + c.topic);
        });
    }
    static hub_options options() {
        hub_options o;
        o.presence_grace = 10s;
        o.max_presence_names = 3;
        o.room_presence = presence_rule::users;
        o.options_of = [](std::string_view name) {
            topic_options options;
            if (name == "open" || name == "open/*") options.presence = presence_rule::everyone;
            if (name == "users") options.presence = presence_rule::users;
            if (name == "hidden") options.presence = presence_rule::hidden;
            return options;
        };
        return o;
    }

    subscriber* open(shard& home, fake_connection& out, std::string user,
                     std::initializer_list<std::string_view> topics, std::string_view cursor = {},
                     std::vector<topic> rooms = {}) {
        stream_request r = t_.request(out, topics, cursor);
        if (!user.empty()) {
            auto who = std::make_shared<identity>();
            who->user = std::move(user);
            r.who = std::move(who);
        }
        r.rooms = std::move(rooms);
        auto opened = home.open(std::move(r));
        t_.on.run_until_idle();
        return opened ? *opened : nullptr;
    }
    static strings told(const fake_connection& out) {
        strings all;
        for (const received& e : out.own("carillon.presence")) all.push_back(e.data);
        return all;
    }
    static std::string list(std::string_view topic, std::string_view users, int count,
                            bool complete = false) {
        return "{\"topic\":\"" + std::string(topic) + "\",\"users\":[" + std::string(users) +
               "],\"count\":" + std::to_string(count) +
               ",\"complete\":" + (complete ? "true" : "false") + "}";
    }
    static std::string change(std::string_view topic, std::string_view user, bool joined,
                              int count) {
        return "{\"topic\":\"" + std::string(topic) + "\",\"user\":\"" + std::string(user) +
               "\",\"state\":\"" + (joined ? "joined" : "left") +
               "\",\"count\":" + std::to_string(count) + "}";
    }
    std::size_t count(std::string_view name) const { return t_.h.present_in(*topic::parse(name)); }

    test_hub t_;
    shard& second_;
    strings seen_;
};

TEST_F(presence, a_stream_is_told_who_is_there_and_who_comes_and_goes) {
    fake_connection ann, bob, nobody;
    open(t_.s, ann, "ann", {"open"});
    EXPECT_EQ(told(ann), strings{list("open", "\"ann\"", 1)});
    EXPECT_EQ(ann.events.at(0).type, "carillon.open");
    EXPECT_EQ(ann.last_event_id(), ann.opening().id);
    subscriber* b = open(second_, bob, "bob", {"open"});
    open(second_, nobody, "", {"open"});
    EXPECT_EQ(told(ann).back(), change("open", "bob", true, 2));
    EXPECT_EQ(told(bob), strings{list("open", "\"ann\",\"bob\"", 2)});
    EXPECT_EQ(told(nobody), strings{list("open", "\"ann\",\"bob\"", 2)});
    EXPECT_EQ(count("open"), 2u);
    second_.remove(*b);
    t_.on.advance(5s);
    EXPECT_EQ(count("open"), 2u) << "in grace";
    t_.on.advance(8s);
    EXPECT_EQ(count("open"), 1u);
    EXPECT_EQ(told(ann).back(), change("open", "bob", false, 1));
    EXPECT_EQ(told(nobody).back(), change("open", "bob", false, 1));
}

TEST_F(presence, a_reconnection_is_no_leave_and_join) {
    fake_connection ann, one, two, three;
    open(t_.s, ann, "ann", {"open"});
    subscriber* first = open(second_, one, "bob", {"open"});
    subscriber* second = open(t_.s, two, "bob", {"open"});
    const std::size_t before = told(ann).size();
    t_.s.remove(*second);
    t_.on.advance(30s);
    second_.remove(*first);
    t_.on.advance(9s);
    open(second_, three, "bob", {"open"});
    t_.on.advance(60s);
    strings later = told(ann);
    later.erase(later.begin(), later.begin() + static_cast<std::ptrdiff_t>(before));
    std::erase_if(later, [](const std::string& d) { return d.find("complete") != d.npos; });
    EXPECT_TRUE(later.empty());
    EXPECT_EQ(seen_, (strings{"ann+", "ann+open", "bob+", "bob+open"}));
}

TEST_F(presence, the_topics_rule_says_who_sees_it) {
    fake_connection user, nobody, hidden;
    open(t_.s, user, "ann", {"users"});
    open(t_.s, nobody, "", {"users"});
    open(t_.s, hidden, "ann", {"hidden", "off"});
    EXPECT_EQ(told(user).size(), 1u);
    EXPECT_TRUE(told(nobody).empty());
    EXPECT_TRUE(told(hidden).empty());
    EXPECT_EQ(count("users"), 1u);
    EXPECT_EQ(count("hidden"), 1u);
    EXPECT_EQ(count("off"), 0u);
    EXPECT_EQ(t_.h.presence_of(*topic::parse("hidden")).users, strings{"ann"});
}

TEST_F(presence, a_pattern_makes_nobody_present_and_reaches_no_changes) {
    fake_connection out, other;
    open(t_.s, out, "ann", {"open/*", "**"});
    open(t_.s, other, "bob", {"open"});
    EXPECT_TRUE(told(out).empty());
    EXPECT_EQ(count("open"), 1u);
}

TEST_F(presence, a_list_has_so_many_names_and_the_count_of_all) {
    std::vector<std::unique_ptr<fake_connection>> out;
    for (int i = 0; i < 5; ++i)
        open(t_.s, *out.emplace_back(std::make_unique<fake_connection>()), "u" + std::to_string(i),
             {"open"});
    const presence_list all = t_.h.presence_of(*topic::parse("open"), 3);
    EXPECT_EQ(all.users.size(), 3u);
    EXPECT_EQ(all.count, 5u);
    EXPECT_NE(told(*out.back()).at(0).find("\"count\":5"), std::string::npos);
}

TEST_F(presence, who_stops_listening_is_told_no_more_and_leaves) {
    fake_connection ann, bob;
    open(t_.s, ann, "ann", {"open"});
    subscriber* b = open(t_.s, bob, "bob", {"a"});
    ASSERT_TRUE(t_.s.subscribe(*b, patterns({"open"})[0]));
    t_.on.run_until_idle();
    EXPECT_EQ(count("open"), 2u);
    EXPECT_EQ(told(bob),
              (strings{list("open", "\"ann\",\"bob\"", 2), change("open", "bob", true, 2)}));
    ASSERT_TRUE(t_.s.unsubscribe(*b, patterns({"open"})[0]));
    t_.on.advance(12s);
    EXPECT_EQ(count("open"), 1u);
    EXPECT_EQ(told(ann).back(), change("open", "bob", false, 1));
    const std::size_t before = told(bob).size();
    fake_connection carl;
    open(t_.s, carl, "carl", {"open"});
    EXPECT_EQ(told(bob).size(), before);
    EXPECT_EQ(t_.s.describe(*b).topics, strings{"a"});
}

TEST_F(presence, a_stream_that_resumes_is_told_when_it_is_live) {
    t_.publish("open", "1");
    fake_connection ann, bob;
    open(t_.s, ann, "ann", {"open"});
    open(t_.s, bob, "bob", {"open"}, t_.id(0));
    ASSERT_EQ(told(bob), strings{list("open", "\"ann\",\"bob\"", 2)});
    EXPECT_EQ(bob.data(), strings{"1"});
    EXPECT_EQ(bob.events.back().type, "carillon.presence");
    EXPECT_EQ(bob.last_event_id(), t_.id(1));
}

TEST_F(presence, nobody_has_left_before_the_hub_has_run_for_a_while) {
    fake_connection ann;
    open(t_.s, ann, "ann", {"open"});
    EXPECT_FALSE(t_.h.presence_of(*topic::parse("open")).complete);
    t_.on.advance(9s);
    EXPECT_EQ(told(ann).size(), 1u);
    t_.on.advance(2s);
    EXPECT_TRUE(t_.h.presence_of(*topic::parse("open")).complete);
    EXPECT_EQ(told(ann).back(), list("open", "\"ann\"", 1, true));
    EXPECT_EQ(told(ann).size(), 2u) << "once, whichever shards there are";
}

TEST_F(presence, rooms_have_it_by_the_hubs_rule) {
    fake_connection ann, bob;
    open(t_.s, ann, "ann", {"a"}, {}, {room_topic("red")});
    open(second_, bob, "bob", {"a"}, {}, {room_topic("red")});
    EXPECT_EQ(told(ann), (strings{R"({"room":"red","users":["ann"],"count":1,"complete":false})",
                                  R"({"room":"red","user":"bob","state":"joined","count":2})"}));
    EXPECT_EQ(t_.h.present_in(room_topic("red")), 2u);
}

TEST_F(presence, a_room_may_have_less_than_the_hubs_rule_and_never_more) {
    const auto rule = [&](std::string_view room, presence_rule most) {
        EXPECT_TRUE(t_.h.limit_presence(room_topic(room), most));
    };
    rule("quiet", presence_rule::off);
    rule("hidden", presence_rule::hidden);
    rule("loud", presence_rule::everyone);
    EXPECT_EQ(t_.h.limit_presence(*topic::parse("open"), presence_rule::off).error().code,
              errc::invalid_request);
    fake_connection ann, bob, nobody;
    open(t_.s, ann, "ann", {"a"}, {}, {room_topic("quiet"), room_topic("hidden")});
    open(second_, bob, "bob", {"a"}, {}, {room_topic("quiet"), room_topic("hidden")});
    EXPECT_EQ(told(ann), strings{});
    EXPECT_EQ(t_.h.present_in(room_topic("quiet")), 0u);
    EXPECT_EQ(t_.h.present_in(room_topic("hidden")), 2u);
    open(t_.s, nobody, "", {"a"}, {}, {room_topic("loud")});
    EXPECT_EQ(told(nobody), strings{}) << "the hub's rule is `users`";
    EXPECT_TRUE(t_.h.limit_presence(room_topic("quiet"), std::nullopt));
    fake_connection carol;
    open(t_.s, carol, "carol", {"a"}, {}, {room_topic("loud")});
    EXPECT_EQ(told(carol).size(), 1u);
}

TEST_F(presence, of_users_counts_all_their_streams_and_has_a_grace_too) {
    fake_connection one, two;
    subscriber* first = open(t_.s, one, "ann", {"a"});
    subscriber* second = open(second_, two, "ann", {"b"});
    EXPECT_TRUE(t_.h.is_present("ann"));
    EXPECT_FALSE(t_.h.is_present("bob"));
    t_.s.remove(*first);
    second_.remove(*second);
    t_.on.advance(9s);
    EXPECT_TRUE(t_.h.is_present("ann"));
    EXPECT_EQ(t_.h.connections_of("ann"), 0u);
    t_.on.advance(3s);
    EXPECT_FALSE(t_.h.is_present("ann"));
    EXPECT_EQ(seen_, (strings{"ann+", "ann-"}));
}

// What is said of a room is remembered for a minute, for streams that are about to begin.
TEST_F(presence, of_users_ends_with_the_grace_though_a_change_of_rooms_is_still_remembered) {
    fake_connection out;
    subscriber* s = open(t_.s, out, "ann", {"a"});
    t_.h.change_room("ann", room_topic("red"), true, [](const auto&) {});
    t_.on.run_until_idle();
    t_.s.remove(*s);
    t_.on.advance(9s);
    EXPECT_TRUE(t_.h.is_present("ann"));
    t_.on.advance(3s);
    EXPECT_FALSE(t_.h.is_present("ann"));
    EXPECT_EQ(seen_, (strings{"ann+", "ann-"}));
    fake_connection again;
    s = open(t_.s, again, "ann", {"a"});
    EXPECT_TRUE(t_.h.is_present("ann"));
    EXPECT_EQ(seen_, (strings{"ann+", "ann-", "ann+"}));
    t_.h.change_room("bob", room_topic("red"), true, [](const auto&) {});
    t_.on.run_until_idle();
    EXPECT_FALSE(t_.h.is_present("bob")) << "a room makes nobody present";
}

TEST(presence_directory, whoever_leaves_twice_leaves_once) {
    presence_directory d;
    const presence_directory::clock::time_point start{};
    const auto purge = [&](auto now) {
        std::size_t gone = 0;
        for (int i = 0; i < 16; ++i) gone += d.purge(now).size();
        return gone;
    };
    EXPECT_EQ(d.enter("a", "ann")->count, 1u);
    d.leave("a", "ann", start + 10s);
    EXPECT_FALSE(d.enter("a", "ann"));
    EXPECT_EQ(purge(start + 11s), 0u) << "back again";
    d.leave("a", "ann", start + 20s);
    d.leave("a", "ann", start + 21s);
    d.leave("b", "ann", start + 21s);
    EXPECT_EQ(purge(start + 30s), 1u);
    EXPECT_EQ(purge(start + 30s), 0u);
    EXPECT_FALSE(d.awaits());
    EXPECT_TRUE(d.topics().empty());
}

TEST(presence_of_a_long_topic, is_left_out_and_costs_no_stream) {
    hub_options options;
    options.max_topic_length = topic::max_size;
    options.options_of = [](std::string_view) {
        topic_options all;
        all.presence = presence_rule::everyone;
        return all;
    };
    test_hub t(std::move(options));
    t.on.advance(1s);
    const std::string longest(topic::max_size, 'a');
    fake_connection c;
    subscriber* const s = t.open(c, {longest});
    ASSERT_NE(s, nullptr);
    EXPECT_TRUE(c.own("carillon.presence").empty());
    t.publish(longest, "1");
    EXPECT_EQ(c.data(), std::vector<std::string>{"1"});
    t.s.remove(*s);
    EXPECT_EQ(t.h.subscribers(), 0u);
}

}  // namespace
}  // namespace carillon::testing
