// Ends that are known before, and the renewal that puts one off.
#include <carillon/hub/caller_rules.hpp>

#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

class deadlines : public ::testing::Test {
protected:
    deadlines() : t_(options()) { t_.profile.heartbeat_interval = 30s; }
    static hub_options options() {
        hub_options o;
        o.expiry_warning = 10s;
        return o;
    }

    static std::shared_ptr<identity> person(std::string user, std::chrono::seconds valid = 0s) {
        auto who = std::make_shared<identity>();
        who->user = std::move(user);
        if (valid != 0s) who->expires = std::chrono::system_clock::now() + valid;
        return who;
    }
    subscriber* open(fake_connection& out, std::shared_ptr<const identity> who,
                     std::initializer_list<std::string_view> topics = {"a"},
                     std::string_view cursor = {}) {
        stream_request r = t_.request(out, topics, cursor);
        r.who = std::move(who);
        r.spaces = {.user = true, .session = true, .attributes = true};
        auto opened = t_.s.open(std::move(r));
        t_.on.run_until_idle();
        return opened ? *opened : nullptr;
    }
    result<strings> renew(const std::string& client, std::shared_ptr<const identity> who,
                          std::function<bool(const topic_pattern&)> may_listen = {}) {
        result<strings> got = fail(errc::internal, "no answer");
        t_.h.renew(client, std::move(who), std::move(may_listen),
                   [&](result<strings> done) { got = std::move(done); });
        t_.on.run_until_idle();
        return got;
    }
    void send(audience to, std::string data) {
        std::vector<event> one(1);
        one[0].data = std::move(data);
        t_.h.publish(std::move(one), std::move(to), std::nullopt, [](const auto&) {});
        t_.on.run_until_idle();
    }

    test_hub t_;
};

TEST_F(deadlines, a_stream_is_warned_and_ends_with_what_its_identity_rests_on) {
    fake_connection out, other;
    open(out, person("ann", 60s));
    open(other, person("bob"));
    t_.on.advance(49s);
    EXPECT_TRUE(out.own("carillon.expiring").empty());
    t_.on.advance(2s);
    ASSERT_EQ(out.own("carillon.expiring").size(), 1u);
    EXPECT_TRUE(out.own("carillon.expiring")[0].data.starts_with(R"({"at":")"));
    t_.publish("a", "still");
    EXPECT_EQ(out.data(), strings{"still"});
    t_.on.advance(8s);
    EXPECT_FALSE(out.closed);
    t_.on.advance(2s);
    EXPECT_EQ(out.closed, close_reason::expired);
    EXPECT_EQ(out.own("carillon.expiring").size(), 1u);
    EXPECT_EQ(out.own("carillon.close").at(0).data, R"({"reason":"expired"})");
    EXPECT_FALSE(other.closed);
}

TEST_F(deadlines, beyond_the_wheels_reach_and_without_a_warning_it_is_the_same) {
    hub_options o;
    o.expiry_warning = 0ms;
    test_hub t(o);
    t.profile.heartbeat_interval = 10min;
    fake_connection out;
    stream_request r = t.request(out, {"a"});
    r.who = person("ann", 300s);
    ASSERT_TRUE(t.s.open(std::move(r)));
    t.on.advance(299s);
    EXPECT_FALSE(out.closed);
    t.on.advance(2s);
    EXPECT_EQ(out.closed, close_reason::expired);
    EXPECT_TRUE(out.own("carillon.expiring").empty());
}

TEST_F(deadlines, a_stream_that_takes_nothing_expires_too) {
    fake_connection out;
    open(out, person("ann", 60s));
    out.room = 3;
    t_.publish("a", "x");
    t_.on.advance(59s);
    EXPECT_FALSE(out.closed);
    t_.on.advance(2s);
    EXPECT_EQ(out.closed, close_reason::expired);
}

TEST_F(deadlines, renewal_swaps_the_identity_of_a_live_stream) {
    fake_connection out;
    auto first = person("ann", 60s);
    first->session = "s1";
    first->attributes = {{"team", "red"}};
    subscriber* s = open(out, first, {"a", "b"});
    auto second = person("ann", 600s);
    second->session = "s2";
    second->attributes = {{"team", "blue"}};
    t_.on.advance(55s);
    const auto dropped =
        renew(t_.s.id_of(*s), second, [](const topic_pattern& t) { return t.str() != "b"; });
    ASSERT_TRUE(dropped);
    EXPECT_EQ(*dropped, strings{"b"});
    ASSERT_EQ(out.own("carillon.renewed").size(), 1u);
    EXPECT_NE(out.own("carillon.renewed")[0].data.find(R"("dropped":["b"])"), std::string::npos);
    t_.on.advance(60s);
    EXPECT_FALSE(out.closed);
    EXPECT_EQ(out.own("carillon.expiring").size(), 1u) << "that of the first identity";
    t_.publish("a", "a");
    t_.publish("b", "b");
    send({.sessions = {"s1"}}, "old session");
    send({.sessions = {"s2"}}, "new session");
    send({.all_of = {{"team", "red"}}}, "red");
    send({.all_of = {{"team", "blue"}}}, "blue");
    send({.users = {"ann"}}, "ann");
    EXPECT_EQ(out.data(), (strings{"a", "new session", "blue", "ann"}));
    EXPECT_EQ(t_.h.connections_of("ann"), 1u);
    t_.on.advance(600s);
    EXPECT_EQ(out.closed, close_reason::expired);
    EXPECT_EQ(out.own("carillon.expiring").size(), 2u);
    EXPECT_EQ(t_.h.connections_of("ann"), 0u);
}

TEST_F(deadlines, what_lives_no_longer_than_the_warning_goes_ahead_is_not_warned_of_at_once) {
    fake_connection out;
    subscriber* s = open(out, person("ann", 8s));
    EXPECT_TRUE(out.own("carillon.expiring").empty());
    for (std::size_t times = 1; times <= 3; ++times) {
        t_.on.advance(3s);
        EXPECT_EQ(out.own("carillon.expiring").size(), times - 1);
        t_.on.advance(2s);
        EXPECT_EQ(out.own("carillon.expiring").size(), times);
        // The system's clock stands still here.
        ASSERT_TRUE(renew(t_.s.id_of(*s), person("ann", 8s)));
    }
    EXPECT_EQ(out.own("carillon.renewed").size(), 3u);
    EXPECT_FALSE(out.closed);
}

TEST_F(deadlines, a_stream_that_is_behind_is_told_of_its_renewal_when_it_has_caught_up) {
    fake_connection out;
    subscriber* s = open(out, person("ann", 60s), {"a", "b", "c"});
    out.room = 3;
    t_.publish("a", "x");
    for (const char* gone : {"b", "c"}) {
        const auto dropped = renew(t_.s.id_of(*s), person("ann", 600s),
                                   [&](const topic_pattern& t) { return t.str() != gone; });
        ASSERT_TRUE(dropped);
        EXPECT_EQ(*dropped, strings{gone});
    }
    EXPECT_TRUE(out.own("carillon.renewed").empty());
    out.room = fake_connection::unlimited;
    t_.flush(*s, out);
    EXPECT_EQ(out.data(), strings{"x"});
    ASSERT_EQ(out.own("carillon.renewed").size(), 1u);
    EXPECT_NE(out.own("carillon.renewed")[0].data.find(R"("dropped":["b","c"])"), std::string::npos)
        << out.own("carillon.renewed")[0].data;
}

TEST_F(deadlines, renewal_swaps_grants) {
    fake_connection out;
    subscriber* s = open(out, person("ann"));
    auto more = person("ann");
    auto grants = std::make_shared<grant_set>();
    grants->subscribe = patterns({"a"});
    more->grants = grants;
    const auto secret = [&](std::string data) {
        event e = make_event({"a"}, data);
        e.is_private = true;
        t_.publish(std::move(e));
    };
    secret("1");
    EXPECT_TRUE(renew(t_.s.id_of(*s), more));
    secret("2");
    EXPECT_TRUE(renew(t_.s.id_of(*s), person("ann")));
    secret("3");
    EXPECT_EQ(out.data(), strings{"2"});
}

TEST_F(deadlines, nobody_renews_anothers_stream) {
    fake_connection out, anonymous;
    subscriber* s = open(out, person("ann", 60s));
    subscriber* nobody = t_.open(anonymous, {"a"});
    EXPECT_EQ(renew(t_.s.id_of(*s), person("bob")).error().code, errc::forbidden);
    EXPECT_EQ(renew(t_.s.id_of(*s), nullptr).error().code, errc::forbidden);
    EXPECT_EQ(renew(t_.s.id_of(*nobody), person("bob")).error().code, errc::forbidden);
    EXPECT_EQ(renew("x", person("ann")).error().code, errc::client_not_found);
    t_.on.advance(61s);
    EXPECT_EQ(out.closed, close_reason::expired);
}

TEST_F(deadlines, what_was_taken_back_meanwhile_neither_opens_nor_renews_a_stream) {
    fake_connection out, late;
    bool holds = true;
    ask_of_callers(t_.h,
                   {.holds = [&](const identity& who) { return who.user != "ann" || holds; }});
    subscriber* s = open(out, person("ann", 60s));
    ASSERT_NE(s, nullptr);
    stream_request asked = t_.request(late, {"a"});
    asked.who = person("ann");
    ASSERT_TRUE(t_.s.admits(asked));
    holds = false;  // while the stream is being opened
    EXPECT_EQ(t_.s.open(std::move(asked)).error().code, errc::unauthenticated);
    EXPECT_EQ(t_.h.subscribers(), 1u);
    EXPECT_EQ(renew(t_.s.id_of(*s), person("ann")).error().code, errc::unauthenticated);
    fake_connection other, nobody;
    EXPECT_NE(open(other, person("bob")), nullptr);
    EXPECT_NE(t_.open(nobody, {"a"}), nullptr);
}

TEST_F(deadlines, a_stream_with_nothing_but_heartbeats_ends_after_a_while) {
    t_.profile.inactivity = 100s;
    fake_connection quiet, busy;
    open(quiet, person("ann"));
    open(busy, person("bob"), {"b"});
    t_.on.advance(99s);
    EXPECT_FALSE(quiet.closed);
    t_.publish("b", "x");
    t_.on.advance(12s);
    EXPECT_EQ(quiet.closed, close_reason::inactive);
    EXPECT_EQ(quiet.own("carillon.close").at(0).data, R"({"reason":"inactive"})");
    EXPECT_FALSE(quiet.comments.empty()) << "it had heartbeats";
    EXPECT_FALSE(busy.closed);
    t_.on.advance(100s);
    EXPECT_EQ(busy.closed, close_reason::inactive);
}

TEST_F(deadlines, streams_that_are_inactive_together_do_not_end_together) {
    t_.profile.inactivity = 1000s;
    std::vector<std::unique_ptr<fake_connection>> out;
    for (int i = 0; i < 100; ++i)
        t_.open(*out.emplace_back(std::make_unique<fake_connection>()), {"a"});
    std::size_t most_at_once = 0;
    for (std::size_t before = 0; t_.h.subscribers() != 0;) {
        t_.on.advance(1s);
        const std::size_t ended = 100 - t_.h.subscribers();
        most_at_once = std::max(most_at_once, ended - before);
        before = ended;
    }
    EXPECT_LT(most_at_once, 20u);
}

}  // namespace
}  // namespace carillon::testing
