#include "hub/client_directory.hpp"

#include <carillon/hub/caller_rules.hpp>

#include "hub/shard_impl.hpp"
#include "support/test_hub.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

const std::string token = "AAAAAAAAAAAAAAAAAAAAAA";

topic_pattern numbered(int n) { return *topic_pattern::parse("t/" + std::to_string(n)); }

strings names_of(const std::vector<topic_pattern>& topics) {
    strings all;
    for (const topic_pattern& t : topics) all.push_back(t.str());
    return all;
}

TEST(client_topics, what_was_given_up_stays_so_and_what_was_added_stays) {
    client_topics t;
    t.request(patterns({"a", "b", "a"}), 10);
    EXPECT_EQ(t.size(), 2u);
    EXPECT_TRUE(t.remove(patterns({"a"})[0]));
    EXPECT_TRUE(t.add(patterns({"c"})[0], 10));
    EXPECT_EQ(t.remove(patterns({"x"})[0]).error().code, errc::not_found);
    EXPECT_EQ(names_of(t.all()), (strings{"b", "c"}));
    t.request(patterns({"a", "b"}), 10);
    EXPECT_EQ(names_of(t.all()), (strings{"b", "c"}));
    t.request(patterns({"c", "d"}), 10);  // another page, which asks for what was added
    EXPECT_EQ(names_of(t.all()), (strings{"c", "d"}));
    EXPECT_TRUE(t.remove(patterns({"c"})[0]));
    EXPECT_TRUE(t.add(patterns({"c"})[0], 10));
    EXPECT_EQ(names_of(t.all()), (strings{"c", "d"}));
}

TEST(client_topics, the_limit_holds_for_what_is_in_force) {
    client_topics t;
    t.request(patterns({"a", "b"}), 3);
    EXPECT_TRUE(t.add(patterns({"c"})[0], 3));
    EXPECT_EQ(t.add(patterns({"d"})[0], 3).error().code, errc::invalid_request);
    EXPECT_TRUE(t.add(patterns({"c"})[0], 3)) << "it has this one";
    EXPECT_TRUE(t.remove(patterns({"a"})[0]));
    EXPECT_TRUE(t.add(patterns({"d"})[0], 3));
    EXPECT_EQ(t.add(patterns({"a"})[0], 3).error().code, errc::invalid_request);
    t.request(patterns({"x", "y"}), 3);
    EXPECT_EQ(t.size(), 3u);
    EXPECT_EQ(names_of(t.all()), (strings{"x", "y", "c"}));
}

// A page that joins and leaves rooms for days leaves nothing behind.
TEST(client_topics, comings_and_goings_pile_up_nowhere) {
    client_topics t;
    t.request(patterns({"a"}), 10);
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_TRUE(t.add(numbered(i), 10));
        ASSERT_TRUE(t.remove(numbered(i)));
        ASSERT_EQ(t.remove(numbered(i)).error().code, errc::not_found);
    }
    t.request(patterns({"a"}), 10);
    EXPECT_EQ(names_of(t.all()), strings{"a"});
}

TEST(session_directory, a_key_may_have_so_many_connections_and_the_oldest_give_way) {
    session_directory<int> d;
    const auto claim = [&](std::uint32_t slot) {
        return d.claim("ann", {0, slot}, 2, 10, [](int&) {})->replaced;
    };
    EXPECT_TRUE(claim(1).empty());
    EXPECT_TRUE(claim(2).empty());
    EXPECT_EQ(claim(3), (std::vector<stream_place>{{0, 1}}));
    EXPECT_EQ(d.count("ann"), 2u);
    EXPECT_FALSE(d.release("ann", {0, 1}, {})) << "it was replaced";
    EXPECT_FALSE(d.release("ann", {0, 2}, {}));
    EXPECT_TRUE(d.release("ann", {0, 3}, {})) << "the last one";
    EXPECT_EQ(d.count("ann"), 0u);
    EXPECT_EQ(d.count("bob"), 0u);
}

TEST(session_directory, keys_are_limited_and_those_in_use_are_not_refused) {
    session_directory<int> d;
    const auto claim = [&](std::string_view key) {
        return d.claim(key, {0, 1}, 1, 2, [](int& kept) { ++kept; });
    };
    EXPECT_TRUE(claim("a"));
    EXPECT_TRUE(claim("b"));
    EXPECT_FALSE(claim("c"));
    EXPECT_TRUE(claim("a")->known);
    EXPECT_EQ(d.keys(), 2u);
    d.forget("b");
    EXPECT_FALSE(claim("c")->known);
    int kept = 0;
    d.visit("a", [&](const auto&, int& k) { kept = k; });
    EXPECT_EQ(kept, 2);
}

TEST(session_directory, grace_begins_with_the_last_connections_end) {
    session_directory<int> d;
    const session_directory<int>::clock::time_point start{};
    strings gone;
    const auto purge = [&](auto now) {
        for (int i = 0; i < 16; ++i)
            d.purge(now, [&](const std::string& key, int&) { gone.push_back(key); });
    };
    for (const char* key : {"a", "b", "c"}) d.claim(key, {0, 1}, 1, 9, [](int&) {});
    d.release("a", {0, 1}, start + 10s);
    d.release("b", {0, 1}, start + 11s);
    purge(start + 10s);
    EXPECT_EQ(gone, strings{"a"});
    purge(start + 1h);
    EXPECT_EQ(gone, (strings{"a", "b"}));
    EXPECT_EQ(d.keys(), 1u);
}

TEST(session_directory, threads_agree_on_who_is_there) {
    session_directory<int> d;
    std::vector<std::thread> threads;
    std::atomic<std::size_t> replaced{0};
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint32_t i = 0; i < 2000; ++i) {
                const std::string key = "k" + std::to_string(i % 7);
                replaced += d.claim(key, {t, i}, 1, 100, [](int& n) { ++n; })->replaced.size();
            }
        });
    }
    for (std::thread& t : threads) t.join();
    int claims = 0;
    for (int k = 0; k < 7; ++k) {
        EXPECT_EQ(d.count("k" + std::to_string(k)), 1u);
        d.visit("k" + std::to_string(k), [&](const auto&, int& n) { claims += n; });
    }
    EXPECT_EQ(claims, 8000);
    EXPECT_EQ(replaced, 8000u - 7u);
}

class durable_clients : public ::testing::Test {
protected:
    durable_clients() : t_(limits()) {}
    static hub_options limits() {
        hub_options o;
        o.max_topics_per_client = 3;
        o.max_durable_clients = 2;
        return o;
    }

    subscriber* come(fake_connection& out, std::initializer_list<std::string_view> topics,
                     const std::string& as = token, std::shared_ptr<const identity> who = nullptr) {
        stream_request r = t_.request(out, topics);
        r.client = as;
        r.who = std::move(who);
        auto opened = t_.s.open(std::move(r));
        t_.on.run_until_idle();
        last_ = opened ? result<>{} : std::unexpected(opened.error());
        return opened ? *opened : nullptr;
    }
    errc change(bool add, std::string_view topic, const std::string& who = token) {
        errc code = errc::internal;
        const auto note = [&](const result<>& done) {
            code = done ? errc::internal : done.error().code;
        };
        if (add) {
            t_.h.subscribe(who, *topic_pattern::parse(topic), note);
        } else {
            t_.h.unsubscribe(who, *topic_pattern::parse(topic), note);
        }
        t_.on.run_until_idle();
        return code;
    }
    result<client_info> info(const std::string& who) {
        result<client_info> found = fail(errc::internal, "");
        t_.h.find_client(who, [&](result<client_info> i) { found = std::move(i); });
        t_.on.run_until_idle();
        return found;
    }
    client_page list(client_query q) {
        result<client_page> page = fail(errc::internal, "");
        t_.h.list_clients(std::move(q), [&](result<client_page> p) { page = std::move(p); });
        t_.on.run_until_idle();
        EXPECT_TRUE(page);
        return page.value_or(client_page{});
    }

    static constexpr errc ok = errc::internal;
    test_hub t_;
    result<> last_;
};

TEST_F(durable_clients, the_limit_of_topics_holds_between_two_connections) {
    fake_connection first, second;
    subscriber* s = come(first, {"a", "b"});
    t_.s.remove(*s);
    EXPECT_EQ(change(true, "c"), ok);
    EXPECT_EQ(change(true, "d"), errc::invalid_request);
    EXPECT_EQ(change(false, "a"), ok);
    EXPECT_EQ(change(false, "a"), errc::not_found);
    EXPECT_EQ(change(true, "d"), ok);
    EXPECT_EQ(change(true, "e"), errc::invalid_request);
    EXPECT_EQ(info(token)->topics, (strings{"b", "c", "d"}));
    EXPECT_FALSE(info(token)->last_event_at);
    s = come(second, {"a", "b"});
    EXPECT_EQ(t_.s.describe(*s).topics, (strings{"b", "c", "d"}));
    EXPECT_EQ(change(true, "e"), errc::invalid_request);
}

TEST_F(durable_clients, its_private_topic_counts_against_no_limit) {
    fake_connection out;
    come(out, {"a", "b"});
    EXPECT_EQ(change(true, "c"), ok);
    EXPECT_EQ(change(true, "d"), errc::invalid_request);
}

TEST_F(durable_clients, a_thousand_topics_while_it_is_away_are_refused) {
    fake_connection out, back;
    t_.s.remove(*come(out, {"a"}));
    int taken = 0;
    for (int i = 0; i < 1000; ++i) taken += change(true, "t/" + std::to_string(i)) == ok ? 1 : 0;
    EXPECT_EQ(taken, 2);
    EXPECT_EQ(t_.s.describe(*come(back, {"a"})).topics.size(), 3u);
}

TEST_F(durable_clients, so_many_are_remembered_and_no_more) {
    fake_connection a, b, c, d;
    subscriber* first = come(a, {"x"}, token);
    ASSERT_NE(first, nullptr);
    ASSERT_NE(come(b, {"x"}, token + "b"), nullptr);
    EXPECT_EQ(come(c, {"x"}, token + "c"), nullptr);
    EXPECT_EQ(last_.error().code, errc::max_clients);
    EXPECT_EQ(t_.h.subscribers(), 2u);
    EXPECT_EQ(t_.h.stats().durable_clients, 2u);
    EXPECT_NE(t_.open(d, {"x"}), nullptr) << "clients without a token are no matter of this";
    t_.s.remove(*first);
    EXPECT_EQ(come(c, {"x"}, token + "c"), nullptr) << "the one that left is waited for";
    EXPECT_NE(come(c, {"x"}, token), nullptr) << "it comes back";
}

TEST_F(durable_clients, grace_over_they_are_forgotten) {
    fake_connection out;
    const std::string id = t_.s.public_id_of(*come(out, {"a"}));
    t_.s.remove(*t_.s.inside().at(0));
    t_.on.advance(59s);
    EXPECT_TRUE(info(token));
    EXPECT_TRUE(info(id));
    t_.on.advance(3s);
    EXPECT_FALSE(info(token));
    EXPECT_FALSE(info(id));
    EXPECT_EQ(t_.h.stats().durable_clients, 0u);
}

TEST_F(durable_clients, listings_show_a_public_id_that_is_for_calls_and_not_for_connecting) {
    fake_connection out;
    come(out, {"a"});
    const client_page page = list({});
    ASSERT_EQ(page.clients.size(), 1u);
    const std::string id = page.clients[0].id;
    EXPECT_NE(id, token);
    EXPECT_TRUE(page.clients[0].durable);
    EXPECT_EQ(info(id)->id, id);
    EXPECT_EQ(info(token)->id, id);
    EXPECT_EQ(change(true, "b", id), ok);
    t_.h.send(id, make_event({}, "for you"), [](const auto& done) { EXPECT_TRUE(done); });
    t_.on.run_until_idle();
    EXPECT_EQ(out.data(), strings{"for you"});

    fake_connection thief;
    EXPECT_EQ(come(thief, {"a"}, id), nullptr);
    EXPECT_EQ(last_.error().code, errc::invalid_request);
    EXPECT_FALSE(out.closed);
    fake_connection again;
    EXPECT_EQ(t_.s.public_id_of(*come(again, {"a"})), id) << "it stays over a reconnection";
}

TEST_F(durable_clients, are_their_users_alone) {
    const auto user = [](const char* name, const char* issuer = "") {
        auto who = std::make_shared<identity>();
        who->user = name;
        who->issuer = issuer;
        return who;
    };
    fake_connection nobody, ann, bob, again;
    come(nobody, {"a"});
    const std::string id = info(token)->id;
    come(ann, {"a"}, token, user("ann"));
    ASSERT_EQ(info(token)->id, id) << "who was nobody may sign in";
    EXPECT_EQ(change(true, "secret"), ok);
    EXPECT_EQ(come(bob, {"a"}, token, user("bob")), nullptr);
    EXPECT_EQ(last_.error().code, errc::forbidden);
    EXPECT_EQ(come(bob, {"a"}, token, user("ann", "another issuer")), nullptr);
    EXPECT_EQ(last_.error().code, errc::forbidden);
    EXPECT_EQ(come(bob, {"a"}), nullptr) << "nor does it become nobody's";
    EXPECT_EQ(last_.error().code, errc::unauthenticated);
    EXPECT_FALSE(ann.closed);
    EXPECT_EQ(t_.h.subscribers(), 1u);
    come(again, {"a"}, token, user("ann"));
    EXPECT_EQ(info(token)->topics, (strings{"a", "secret"}));
}

TEST_F(durable_clients, keep_of_what_was_added_only_what_they_may_listen_to_now) {
    bool granted = true;
    caller_rules rules;
    rules.may_listen = [&granted](const identity*, const topic_pattern& t) {
        return granted || t.str() != "secret";
    };
    ask_of_callers(t_.h, std::move(rules));
    auto ann = std::make_shared<identity>();
    ann->user = "ann";
    fake_connection first, second, third;
    come(first, {"a"}, token, ann);
    EXPECT_EQ(change(true, "secret"), ok);
    EXPECT_EQ(change(true, "open"), ok);
    come(second, {"a"}, token, ann);
    EXPECT_EQ(info(token)->topics, (strings{"a", "open", "secret"}));
    granted = false;
    come(third, {"a"}, token, ann);
    EXPECT_EQ(info(token)->topics, (strings{"a", "open"}));
    t_.publish("secret", "not for them");
    t_.publish("open", "for them");
    EXPECT_EQ(third.data(), strings{"for them"});
}

TEST_F(durable_clients, that_come_with_a_cursor_are_told_whether_they_are_remembered) {
    const auto remembered = [&](fake_connection& out, const char* cursor) {
        stream_request r = t_.request(out, {"a"});
        r.client = token;
        r.last_event_id = cursor;
        EXPECT_TRUE(t_.s.open(std::move(r)));
        t_.on.run_until_idle();
        const std::string& text = out.bytes;
        return text.contains(R"("remembered":true)")    ? "yes"
               : text.contains(R"("remembered":false)") ? "no"
                                                        : "";
    };
    const published p = t_.publish("a", "1");
    fake_connection first, second, third, later;
    EXPECT_EQ(remembered(first, ""), std::string());
    EXPECT_EQ(remembered(second, p.id.c_str()), std::string("yes"));
    t_.h.remove(token, [](const auto&) {});
    t_.on.run_until_idle();
    EXPECT_EQ(remembered(third, p.id.c_str()), std::string("no"));
}

TEST_F(durable_clients, the_stream_that_took_a_replaced_ones_slot_is_left_alone) {
    fake_connection first, second, third;
    come(first, {"a"});
    come(second, {"a"});
    EXPECT_EQ(first.closed, close_reason::replaced);
    come(third, {"a"});
    EXPECT_EQ(second.closed, close_reason::replaced);
    EXPECT_FALSE(third.closed);
}

TEST(client_listing, pages_have_each_client_once_whoever_comes_and_goes) {
    hub_options options;
    test_hub t(std::move(options));
    t.h.add_shard(t.on);
    std::vector<std::unique_ptr<fake_connection>> out;
    std::vector<subscriber*> streams;
    std::vector<std::string> ids;
    const auto open = [&](int n) {
        out.push_back(std::make_unique<fake_connection>());
        auto who = std::make_shared<identity>();
        who->user = "u" + std::to_string(n % 3);
        shard& home = *t.h.shards()[static_cast<std::size_t>(n % 2)];
        stream_request r = t.request(*out.back(), {"a"});
        if (n % 5 == 0) r.topics = patterns({"b/*"});
        r.who = who;
        streams.push_back(*home.open(std::move(r)));
        ids.push_back(home.id_of(*streams.back()));
    };
    for (int n = 0; n < 25; ++n) open(n);
    t.on.run_until_idle();
    const auto pages = [&](client_query q, auto&& between) {
        std::vector<std::string> seen;
        for (int page = 0; page < 50; ++page) {
            result<client_page> got = fail(errc::internal, "");
            t.h.list_clients(q, [&](result<client_page> p) { got = std::move(p); });
            t.on.run_until_idle();
            EXPECT_LE(got->clients.size(), q.limit);
            for (const client_info& c : got->clients) seen.push_back(c.id);
            between();
            q.after = got->next;
            if (q.after.empty()) break;
        }
        return seen;
    };
    const auto nothing = [] {};
    EXPECT_EQ(pages({.limit = 4}, nothing).size(), 25u);
    EXPECT_EQ(pages({.limit = 25}, nothing).size(), 25u);
    EXPECT_EQ(pages({.users = {"u1"}, .limit = 3}, nothing).size(), 8u);
    EXPECT_EQ(pages({.topic = "b/*"}, nothing).size(), 5u);
    EXPECT_EQ(pages({.ids = {ids[3], ids[4], "nobody"}}, nothing), (strings{ids[4], ids[3]}));
    int rounds = 0;
    const auto seen = pages({.limit = 4}, [&] {
        open(100 + ++rounds);
        t.h.shards()[0]->remove(*streams[static_cast<std::size_t>(2 * rounds)]);
    });
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size());
    for (std::size_t n = 1; n < 25; n += 2)
        EXPECT_TRUE(std::ranges::find(seen, ids[n]) != seen.end()) << n;
}

TEST(client_listing, a_place_that_no_listing_gave_is_refused) {
    test_hub t;
    for (const char* bad : {"x", "1", "1.", ".1", "1.2x", "-1.0", "1.99999999999"}) {
        errc code = errc::internal;
        t.h.list_clients({.after = bad}, [&](const auto& page) {
            code = page ? errc::internal : page.error().code;
        });
        EXPECT_EQ(code, errc::invalid_request) << bad;
    }
    bool empty = false;
    t.h.list_clients({.after = "77.0"}, [&](const auto& page) { empty = page->clients.empty(); });
    EXPECT_TRUE(empty);
}

TEST(client_listing, tells_what_each_stream_was_handed) {
    test_hub t;
    fake_connection out;
    subscriber* s = t.open(out, {"a"});
    t.publish("a", "1");
    t.publish("a", "2");
    EXPECT_EQ(t.s.describe(*s).events, 2u);
    EXPECT_EQ(t.s.describe(*s).bytes, out.bytes.size());
}

}  // namespace
}  // namespace carillon::testing
