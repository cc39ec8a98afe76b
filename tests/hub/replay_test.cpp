// Streams that are not live: how they begin, what is true before what happened, and how they get
// level with the tail.
#include "hub/shard_impl.hpp"
#include "support/late_journal.hpp"
#include "support/test_hub.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

event value_of(std::string_view topic, std::string_view data) {
    event e = make_event({topic}, data);
    e.retain = true;
    return e;
}

memory_journal_options keeping(std::uint64_t events) {
    memory_journal_options o;
    o.retention_of = [events](std::string_view) { return retention{.max_events = events}; };
    return o;
}

std::string numbered(int n) { return std::to_string(1000 + n); }

/// 1000 topics with a last value, and nothing else.
class many_values : public ::testing::Test {
protected:
    many_values() {
        for (int i = 0; i < count; ++i) t_.publish_only(value_of("r/" + numbered(i), numbered(i)));
        t_.on.run_until_idle();
        t_.on.advance(1s);
    }
    static constexpr int count = 1000;
    test_hub t_;
};

TEST_F(many_values, come_in_pages_while_other_streams_have_their_turn) {
    fake_connection c;
    ASSERT_TRUE(t_.s.open(t_.request(c, {"r/*"})));
    EXPECT_LE(c.events.size(), 1u + 2 * 128u);
    t_.on.run_until_idle();
    ASSERT_EQ(c.data().size(), std::size_t{count});
    EXPECT_TRUE(std::ranges::is_sorted(c.data()));
    for (const received& e : c.events) EXPECT_EQ(e.id, c.opening().id);
    t_.publish("r/new", "live");
    EXPECT_EQ(c.data().back(), "live");
}

TEST_F(many_values, cost_a_stream_that_reads_nothing_one_block) {
    fake_connection c;
    c.room = 0;
    const auto s = t_.s.open(t_.request(c, {"r/*"}));
    ASSERT_TRUE(s);
    t_.on.run_until_idle();
    ASSERT_TRUE((*s)->behind && (*s)->behind->pinned);
    EXPECT_LT((*s)->behind->pinned->bytes.size(), 300u);
    // A few at a time: each once, in order, whatever is cut in the middle.
    while (c.data().size() < std::size_t{count}) {
        c.room = 777;
        if (std::exchange(c.blocked, false)) t_.s.writable(**s);
        t_.on.run_until_idle();
    }
    EXPECT_TRUE(std::ranges::is_sorted(c.data()));
    EXPECT_EQ(c.data().size(), std::size_t{count});
}

TEST_F(many_values, are_encoded_once_for_all_streams_and_forgotten_beyond_the_limit) {
    auto options = *t_.h.options();
    options.encode_cache_bytes = 64u << 10;
    t_.h.reload(options);
    t_.on.run_until_idle();
    fake_connection c;
    fake_connection d;
    ASSERT_TRUE(t_.s.open(t_.request(c, {"r/*"})));
    ASSERT_TRUE(t_.s.open(t_.request(d, {"r/*"})));
    t_.on.run_until_idle();
    EXPECT_EQ(c.data(), d.data());
    EXPECT_GT(t_.s.inside().cache().bytes(), 32u << 10);
    EXPECT_LE(t_.s.inside().cache().bytes(), 65u << 10);  // one encoding may be beyond it
}

TEST(last_values, are_what_is_true_where_the_stream_begins_and_events_follow) {
    test_hub t({}, keeping(3));
    t.on.advance(1s);
    t.publish(value_of("state", "old"));
    for (const char* data : {"1", "2", "3"}) t.publish("state", data);
    t.publish(value_of("other", "set"));
    fake_connection c;
    auto r = t.request(c, {"state", "other"});
    r.from = rewind_last{2};
    ASSERT_TRUE(t.s.open(std::move(r)));
    t.on.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"old", "3", "set"}));
    EXPECT_EQ(c.events.at(1).id, c.opening().id);
    EXPECT_NE(c.events.at(3).id, c.opening().id);
}

TEST(last_values, come_again_to_a_client_that_left_before_it_had_them_all) {
    test_hub t;
    t.on.advance(1s);
    strings all;
    for (int i = 0; i < 300; ++i) {
        all.push_back(std::to_string(i) + std::string(1000, 'x'));
        t.publish(value_of("state/" + std::to_string(i), all.back()));
    }
    fake_connection first;
    first.room = 2000;
    const auto s = t.s.open(t.request(first, {"state/*"}));
    t.on.run_until_idle();
    ASSERT_LT(first.data().size(), all.size());
    t.s.remove(**s);
    t.publish("state/0", "missed");
    fake_connection again;
    auto r = t.request(again, {"state/*"});
    r.last_event_id = first.opening().id;
    const auto back = t.s.open(std::move(r));
    t.on.run_until_idle();
    all.push_back("missed");
    EXPECT_EQ(again.data(), all);
    EXPECT_NE(again.opening().data.find(R"("resume":"resumed")"), std::string::npos);
    t.s.remove(**back);
    // It has them now.
    fake_connection third;
    r = t.request(third, {"state/*"});
    r.last_event_id = again.events.back().id;
    ASSERT_TRUE(t.s.open(std::move(r)));
    t.on.run_until_idle();
    EXPECT_EQ(third.data(), strings{});
}

// With a durable client a topic stays that was added; its last values may have got lost on the way,
// or it was added while the client was away.
TEST(last_values, of_a_topic_that_is_added_come_to_a_durable_client_when_it_is_back) {
    const std::string token(32, 't');
    for (const bool away : {false, true}) {
        test_hub t;
        t.on.advance(1s);
        t.publish(value_of("a", "known"));
        t.publish(value_of("added", "value"));
        fake_connection c;
        const auto asking = [&](fake_connection& out) {
            auto r = t.request(out, {"a"}, c.last_event_id());
            r.client = token;
            return r;
        };
        const auto s = t.s.open(asking(c));
        t.publish("a", "live");
        const auto add = [&] {
            bool added = false;
            t.h.subscribe(token, *topic_pattern::parse("added"),
                          [&](const result<>& done) { added = done.has_value(); });
            t.on.run_until_idle();
            EXPECT_TRUE(added);
        };
        if (!away) {
            c.room = 0;
            add();
        }
        EXPECT_EQ(c.data(), (strings{"known", "live"}));
        t.s.remove(**s);
        if (away) add();
        fake_connection again;
        const auto back = t.s.open(asking(again));
        t.on.run_until_idle();
        EXPECT_EQ(again.begun->verdict, resume_verdict::resumed);
        EXPECT_TRUE(std::ranges::count(again.data(), "value") == 1) << away;
        EXPECT_TRUE(again.opening().id.ends_with('~'));
        t.publish("added", "later");
        t.s.remove(**back);
        fake_connection third;
        auto r = t.request(third, {"a"}, again.last_event_id());
        r.client = token;
        ASSERT_TRUE(t.s.open(std::move(r)));
        t.on.run_until_idle();
        EXPECT_EQ(third.data(), strings{}) << "it has them now";
    }
}

TEST(last_values, reach_a_slow_stream_though_their_event_is_gone) {
    test_hub t({}, keeping(2));
    t.on.advance(1s);
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"state"}));
    c.room = 0;
    t.publish("state", "blocks");
    t.publish(value_of("state", "true"));
    for (const char* data : {"1", "2", "3"}) t.publish("state", data);
    c.room = fake_connection::unlimited;
    t.s.writable(**s);
    t.on.run_until_idle();
    EXPECT_EQ(c.own("carillon.gap").size(), 1u);
    EXPECT_EQ(c.data(), (strings{"true", "2", "3"}));
}

TEST(last_values, reach_a_slow_stream_though_their_event_was_dropped) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::drop_oldest, .max_lag = {.events = 2}};
    };
    test_hub t(std::move(options));
    t.on.advance(1s);
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"state", "news"}));
    c.room = 0;
    t.publish("news", "blocks");
    t.publish(value_of("state", "true"));
    for (const char* data : {"1", "2", "3"}) t.publish("news", data);
    c.room = fake_connection::unlimited;
    t.s.writable(**s);
    t.on.run_until_idle();
    EXPECT_EQ(c.own("carillon.gap").size(), 1u);
    EXPECT_EQ(c.data(), (strings{"true", "2", "3"}));
}

class slow_streams : public ::testing::TestWithParam<slow_policy> {};

TEST_P(slow_streams, are_not_further_behind_for_what_a_topic_had_before_it_was_added) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = GetParam(), .cut_after = 1h, .max_lag = {.events = 3}};
    };
    test_hub t(std::move(options));
    t.on.advance(1s);
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"a"}));
    c.room = 0;
    for (const char* data : {"1", "2", "3"}) t.publish("a", data);
    for (int i = 0; i < 5; ++i) t.publish("b", "before");
    ASSERT_TRUE(t.s.subscribe(**s, *topic_pattern::parse("b")));
    t.on.advance(3s);
    ASSERT_FALSE(c.closed);
    c.room = fake_connection::unlimited;
    t.s.writable(**s);
    t.on.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"1", "2", "3"}));
}
TEST(slow_stream, that_filters_gets_what_another_gets_newer) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::conflate};
    };
    test_hub t(std::move(options));
    const auto price = [&](const char* region, const char* data) {
        event e = make_event({"prices"}, data);
        e.key = "k";
        e.metadata = std::string(R"({"region":")") + region + "\"}";
        t.publish(std::move(e));
    };
    fake_connection all, europe;
    subscriber* const one = t.open(all, {"prices"});
    auto r = t.request(europe, {"prices"});
    r.filter.metadata = {{"region", "eu"}};
    auto two = t.s.open(std::move(r));
    ASSERT_TRUE(two);
    all.room = europe.room = 0;
    price("eu", "blocks");
    price("eu", "of Europe");
    price("us", "of America");
    all.room = europe.room = fake_connection::unlimited;
    t.flush(*one, all);
    t.flush(**two, europe);
    EXPECT_EQ(all.data().back(), "of America");
    EXPECT_EQ(std::ranges::count(all.data(), "of Europe"), 0);
    EXPECT_EQ(europe.data().back(), "of Europe");
}
TEST(slow_stream, is_asked_about_once_until_the_answer_is_there) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::cut, .cut_after = 1h, .max_lag = {.events = 1}};
    };
    auto late = std::make_unique<late_journal>(make_memory_journal({}));
    late_journal& record = *late;
    manual_executor on;
    stream_profile profile;
    hub h(std::move(options), std::move(late));
    shard& s = h.add_shard(on);
    fake_connection c;
    stream_request r;
    r.out = &c;
    r.profile = &profile;
    r.topics = patterns({"a"});
    ASSERT_TRUE(s.open(std::move(r)));
    while (record.answer_one()) on.run_until_idle();
    c.room = 0;
    for (int i = 0; i < 3; ++i) {
        std::vector<event> one;
        one.push_back(make_event({"a"}, "x"));
        h.publish(std::move(one), [](const auto&) {});
        on.run_until_idle();
    }
    on.advance(5s);
    std::size_t questions = 0;
    for (int i = 0; i < 2; ++i) questions += record.answer_one() ? 1 : 0;
    EXPECT_EQ(questions, 2u) << "where it is, and then what it misses";
    on.run_until_idle();
    EXPECT_EQ(c.closed, close_reason::slow);
    EXPECT_FALSE(record.answer_one());
}
TEST(slow_stream, is_told_of_what_is_dropped_however_early_pages_end) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::drop_oldest, .max_lag = {.events = 1}};
    };
    auto late = std::make_unique<late_journal>(make_memory_journal({}));
    late_journal& record = *late;
    record.positions_of_page = 2;
    manual_executor on;
    stream_profile profile;
    hub h(std::move(options), std::move(late));
    shard& s = h.add_shard(on);
    on.advance(1s);
    const auto publish = [&](const char* topic) {
        std::vector<event> one;
        one.push_back(make_event({topic}, topic));
        h.publish(std::move(one), [](const auto&) {});
        on.run_until_idle();
    };
    fake_connection c;
    stream_request r;
    r.out = &c;
    r.profile = &profile;
    r.topics = patterns({"a"});
    const auto settle = [&] {
        do on.run_until_idle();
        while (record.answer_one());
    };
    const auto stream = s.open(std::move(r));
    ASSERT_TRUE(stream);
    settle();
    c.room = 0;
    for (int i = 0; i < 9; ++i) publish("b");
    publish("a");
    publish("a");
    publish("a");
    c.room = fake_connection::unlimited;
    s.writable(**stream);
    settle();
    EXPECT_EQ(c.own("carillon.gap").size(), 1u);
    EXPECT_EQ(c.data(), (strings{"a"}));
}
INSTANTIATE_TEST_SUITE_P(policies, slow_streams,
                         ::testing::Values(slow_policy::drop_oldest, slow_policy::cut));

TEST(last_values, of_a_topic_that_is_added_come_to_a_stream_that_is_behind_too) {
    test_hub t;
    t.on.advance(1s);
    t.publish(value_of("b", "b's"));
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"a"}));
    c.room = 0;
    t.publish("a", "1");
    t.publish("a", "2");
    ASSERT_TRUE(t.s.subscribe(**s, *topic_pattern::parse("b")));
    t.publish("b", "3");
    EXPECT_EQ(c.data(), strings{});
    c.room = fake_connection::unlimited;
    t.s.writable(**s);
    t.on.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"1", "2", "b's", "3"}));
}

// Between the tail and the topic's place in the index there is no moment.
TEST(last_values, that_are_published_while_a_topic_is_added_are_not_lost) {
    test_hub t;
    t.on.advance(1s);
    t.publish(value_of("b", "before"));
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"a"}));
    t.on.run_until_idle();
    t.publish_only(make_event({"a"}, "waits"));
    c.at_next_write = [&] { t.publish_only(value_of("b", "now")); };
    ASSERT_TRUE(t.s.subscribe(**s, *topic_pattern::parse("b")));
    t.on.run_until_idle();
    ASSERT_FALSE(c.at_next_write);
    EXPECT_EQ(c.data().back(), "now");
}

TEST(replay, what_retention_took_of_a_topic_before_it_was_added_is_no_gap) {
    test_hub t({}, keeping(2));
    t.on.advance(1s);
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"a"}));
    c.room = 0;
    t.publish("a", "1");
    for (int i = 0; i < 5; ++i) t.publish("b", "before");
    ASSERT_TRUE(t.s.subscribe(**s, *topic_pattern::parse("b")));
    t.publish("b", "after");
    c.room = fake_connection::unlimited;
    t.s.writable(**s);
    t.on.run_until_idle();
    EXPECT_TRUE(c.own("carillon.gap").empty());
    EXPECT_EQ(c.data(), (strings{"1", "after"}));
}

TEST(replay, a_stream_that_rewinds_is_told_what_is_gone) {
    test_hub t({}, keeping(3));
    t.on.advance(1s);
    for (const char* data : {"1", "2", "3", "4", "5"}) t.publish("a", data);
    const auto opened = [&](rewind from) {
        fake_connection c;
        auto r = t.request(c, {"a"});
        r.from = from;
        const auto s = t.s.open(std::move(r));
        t.on.run_until_idle();
        t.s.remove(**s);
        return c.begun.value();
    };
    EXPECT_EQ(opened(rewind_last{3}).verdict, resume_verdict::fresh);
    for (const rewind from : {rewind{rewind_last{4}}, rewind{rewind_since{}}}) {
        const opening_facts facts = opened(from);
        EXPECT_EQ(facts.verdict, resume_verdict::gap);
        ASSERT_TRUE(facts.lost);
        EXPECT_EQ(facts.lost->reason, "retention");
        EXPECT_EQ(facts.lost->to, t.id(2));
        EXPECT_EQ(facts.id, t.id(2));
    }
}

TEST(replay, more_than_one_stream_may_get_is_a_gap_whatever_is_asked_for) {
    hub_options options;
    options.max_replay_events = 2;
    test_hub t(std::move(options));
    t.on.advance(1s);
    for (const char* data : {"1", "2", "3"}) t.publish("a", data);
    for (const std::uint64_t count : {std::uint64_t{2}, std::uint64_t{3}, ~std::uint64_t{0}}) {
        fake_connection c;
        auto r = t.request(c, {"a"});
        r.from = rewind_last{count};
        const auto s = t.s.open(std::move(r));
        t.on.run_until_idle();
        EXPECT_EQ(c.data(), (strings{"2", "3"}));
        EXPECT_EQ(c.begun->verdict, count == 2 ? resume_verdict::fresh : resume_verdict::gap);
        t.s.remove(**s);
    }
}

TEST(replay, a_finite_stream_is_read_whole_however_long_it_is) {
    hub_options options;
    options.max_replay_events = 2;
    test_hub t(std::move(options));
    t.on.advance(1s);
    for (const char* data : {"1", "2", "3", "4"}) t.publish("a", data);
    fake_connection c;
    auto r = t.request(c, {"a"});
    r.finite = true;
    r.from = rewind_since{};
    ASSERT_TRUE(t.s.open(std::move(r)));
    t.on.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"1", "2", "3", "4"}));
    EXPECT_EQ(c.begun->verdict, resume_verdict::fresh);
}

TEST(replay, what_a_service_has_read_comes_first_and_the_stream_goes_on_from_there) {
    test_hub t;
    t.on.advance(1s);
    const position read_at = t.publish("a", "known").pos;
    t.publish("a", "meanwhile");
    auto waits = std::make_shared<stored_event>();
    waits->content = make_event({"a"}, "waits");
    auto given = std::make_shared<stream_snapshot>();
    given->events = {waits};
    given->at = read_at;
    fake_connection c;
    auto r = t.request(c, {"a"});
    r.snapshot = given;
    ASSERT_TRUE(t.s.open(std::move(r)));
    t.on.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"waits", "meanwhile"}));
    EXPECT_EQ(c.events.at(1).id, c.opening().id);
    EXPECT_EQ(c.opening().id, t.id(read_at.value) + "~");

    // One that left before it had it all gets it again.
    fake_connection left;
    left.room = c.bytes.find("data: waits");
    auto leaves = t.request(left, {"a"});
    leaves.snapshot = given;
    const auto gone = t.s.open(std::move(leaves));
    ASSERT_TRUE(gone);
    ASSERT_EQ(left.events.size(), 1u);
    EXPECT_EQ(left.opening().id, t.id(read_at.value) + "~");
    t.s.remove(**gone);
    fake_connection back;
    auto comes_back = t.request(back, {"a"}, left.last_event_id());
    comes_back.snapshot = given;
    ASSERT_TRUE(t.s.open(std::move(comes_back)));
    t.on.run_until_idle();
    EXPECT_EQ(back.data(), (strings{"waits", "meanwhile"}));

    // A client that has seen it all needs no state.
    fake_connection again;
    auto resumes = t.request(again, {"a"}, c.last_event_id());
    resumes.snapshot = given;
    ASSERT_TRUE(t.s.open(std::move(resumes)));
    t.on.run_until_idle();
    EXPECT_EQ(again.data(), strings{});
}

TEST(replay, a_heartbeat_passes_over_nothing_that_the_tail_has_dropped) {
    test_hub t({}, keeping(1'000'000));
    t.on.advance(1s);
    fake_connection c;
    const auto s = t.s.open(t.request(c, {"a"}));
    constexpr int batches = 70;  // more than the tail holds
    for (int i = 0; i < batches; ++i) {
        std::vector<event> batch(1000, make_event({"a"}, "x"));
        t.h.publish(std::move(batch), [](const auto& done) { ASSERT_TRUE(done); });
    }
    t.s.heartbeat(**s);
    t.on.advance(2s);
    EXPECT_EQ(c.data().size(), 1000u * batches);
    EXPECT_TRUE(c.own("carillon.gap").empty());
}

// Looking up patterns with wildcards among many topics takes long: a journal does it once for one
// object.
TEST(replay, asks_for_one_set_of_patterns_until_the_stream_is_level) {
    auto late = std::make_unique<late_journal>(make_memory_journal({}));
    late_journal& record = *late;
    record.positions_of_page = 2;
    manual_executor on;
    hub h({}, std::move(late));
    shard& home = h.add_shard(on);
    on.advance(1s);
    for (int i = 0; i < 10; ++i) {
        h.publish({value_of("a/" + numbered(i % 3), numbered(i))}, [](const auto&) {});
        on.run_until_idle();
    }
    stream_profile profile;
    fake_connection c;
    stream_request r;
    r.out = &c;
    r.profile = &profile;
    r.topics = patterns({"a/*", "b/*"});
    r.from = rewind_last{5};
    const auto s = home.open(std::move(r));
    ASSERT_TRUE(s);
    do on.run_until_idle();
    while (record.answer_one());
    EXPECT_EQ(c.data().back(), numbered(9));
    EXPECT_EQ(record.asked_for.size(), 1u);
    home.remove(**s);
}

TEST(replay, ends_though_each_answer_comes_after_the_next_event) {
    auto late = std::make_unique<late_journal>(make_memory_journal({}));
    late_journal& answers = *late;
    manual_executor on;
    hub h({}, std::move(late));
    shard& home = h.add_shard(on);
    on.advance(1s);
    int made = 0;
    const auto publish = [&] {
        h.publish({make_event({"a"}, std::to_string(++made))}, [](const auto&) {});
        on.run_until_idle();
    };
    publish();
    publish();
    stream_profile profile;
    fake_connection c;
    stream_request r;
    r.out = &c;
    r.profile = &profile;
    r.topics = patterns({"a"});
    r.last_event_id = h.id_of(position{1});
    const auto s = home.open(std::move(r));
    ASSERT_TRUE(s);
    for (int i = 0; i < 4; ++i) {
        publish();
        answers.answer_one();
        on.run_until_idle();
    }
    EXPECT_FALSE(home.describe(**s).behind);
    EXPECT_EQ(c.data(), (strings{"2", "3", "4", "5", "6"}));
}

}  // namespace
}  // namespace carillon::testing
