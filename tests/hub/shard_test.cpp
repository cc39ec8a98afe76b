#include "support/hub_fixture.hpp"

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(hub_fixture, tells_a_new_stream_the_position_before_its_first_event) {
    const auto before = publish("news", "old");
    fake_connection c;
    open(c, {"news"});
    EXPECT_EQ(c.opening().type, "carillon.open");
    EXPECT_EQ(c.opening().id, before[0].id);
    EXPECT_NE(c.opening().data.find(R"("resume":"fresh")"), std::string::npos);
    publish("news", "new");
    executor_.run_until_idle();
    EXPECT_EQ(c.data(), strings{"new"});
}

TEST_F(hub_fixture, delivers_in_order_to_the_matching_streams_only) {
    fake_connection news, all, other;
    open(news, {"news"});
    open(all, {"**"});
    open(other, {"sports/*"});
    publish("news", "1");
    publish("sports/tennis", "2");
    publish("news", "3");
    executor_.run_until_idle();
    EXPECT_EQ(news.data(), (strings{"1", "3"}));
    EXPECT_EQ(all.data(), (strings{"1", "2", "3"}));
    EXPECT_EQ(other.data(), strings{"2"});
}

TEST_F(hub_fixture, delivers_an_event_once_whatever_matches_it) {
    fake_connection live;
    open(live, {"a", "b", "*", "**"});
    publish("a", "x", [](event& e) { e.topics.push_back(*topic::parse("b")); });
    executor_.run_until_idle();
    EXPECT_EQ(live.data(), strings{"x"});
    fake_connection resumed;
    open(resumed, {"a", "b", "*"}, live.opening().id);
    EXPECT_EQ(resumed.data(), strings{"x"});
}

TEST_F(hub_fixture, replays_only_what_came_after_the_cursor) {
    publish("news", "1");
    const auto second = publish("news", "2");
    publish("sports", "no");
    publish("news", "3");
    fake_connection c;
    open(c, {"news"}, second[0].id);
    EXPECT_EQ(c.opening().id, second[0].id);
    EXPECT_NE(c.opening().data.find(R"("resume":"resumed")"), std::string::npos);
    EXPECT_EQ(c.data(), strings{"3"});
    publish("news", "4");
    executor_.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"3", "4"}));
}

TEST_F(hub_fixture, a_drop_after_the_opening_event_loses_nothing) {
    fake_connection first;
    subscriber* s = open(first, {"news"});
    const std::string cursor = first.opening().id;
    shard_->remove(*s);
    publish("news", "missed");
    fake_connection second;
    open(second, {"news"}, cursor);
    EXPECT_EQ(second.data(), strings{"missed"});
}

TEST_F(hub_fixture, resumes_from_a_publishers_own_id) {
    const auto set = [](event& e) { e.id = *wire::event_id::parse("mine-1"); };
    publish("news", "1", set);
    publish("news", "2");
    fake_connection c;
    open(c, {"news"}, "mine-1");
    EXPECT_EQ(c.data(), strings{"2"});
}

TEST_F(hub_fixture, replays_what_is_kept_for_an_unknown_cursor) {
    publish("news", "1");
    publish("news", "2");
    fake_connection c;
    open(c, {"news"}, "aaaaaaaa.7");
    EXPECT_NE(c.opening().data.find(R"("resume":"reset")"), std::string::npos);
    EXPECT_EQ(c.data(), (strings{"1", "2"}));
}

TEST_F(hub_fixture, tells_a_gap_when_retention_took_what_was_missed) {
    memory_journal_options kept;
    kept.retention_of = [](std::string_view) { return retention{.max_events = 2}; };
    rebuild({}, std::move(kept));
    const auto first = publish("news", "1");
    for (const char* data : {"2", "3", "4", "5"}) publish("news", data);
    fake_connection c;
    open(c, {"news"}, first[0].id);
    EXPECT_NE(c.opening().data.find(R"("resume":"gap")"), std::string::npos);
    EXPECT_NE(c.opening().data.find(R"("reason":"retention")"), std::string::npos);
    EXPECT_EQ(c.data(), (strings{"4", "5"}));
    EXPECT_EQ(c.opening().id, events_->id_of(position{3}));
}

TEST_F(hub_fixture, reports_no_gap_for_trimmed_events_of_other_topics) {
    memory_journal_options kept;
    kept.retention_of = [](std::string_view) { return retention{.max_events = 1}; };
    rebuild({}, std::move(kept));
    const auto first = publish("news", "1");
    for (int i = 0; i < 5; ++i) publish("sports", "x");
    publish("weather", "y");
    fake_connection c;
    open(c, {"news"}, first[0].id);
    EXPECT_NE(c.opening().data.find(R"("resume":"resumed")"), std::string::npos);
}

TEST_F(hub_fixture, bounds_the_replay_of_one_connection) {
    rebuild({.max_replay_events = 3}, {});
    const auto first = publish("news", "0");
    for (const char* data : {"1", "2", "3"}) publish("news", data);
    fake_connection exact, beyond;
    open(exact, {"news"}, first[0].id);
    EXPECT_NE(exact.opening().data.find(R"("resume":"resumed")"), std::string::npos);
    EXPECT_EQ(exact.data(), (strings{"1", "2", "3"}));
    publish("news", "4");
    open(beyond, {"news"}, first[0].id);
    EXPECT_NE(beyond.opening().data.find(R"("reason":"budget")"), std::string::npos);
    EXPECT_EQ(beyond.data(), (strings{"2", "3", "4"}));
}

TEST_F(hub_fixture, keeps_the_bytes_of_a_partly_written_event_and_catches_up_in_order) {
    fake_connection c;
    subscriber* s = open(c, {"news"});
    c.room = 7;
    strings expected;
    for (int i = 0; i < 400; ++i) {
        expected.push_back(std::to_string(i));
        publish("news", expected.back());
        executor_.run_until_idle();
    }
    EXPECT_LT(c.data().size(), 2u);
    for (int i = 0; i < 4000 && c.data() != expected; ++i) {
        c.room = 13;
        shard_->writable(*s);
        executor_.run_until_idle();
    }
    EXPECT_EQ(c.data(), expected);
    c.room = 1000;
    shard_->writable(*s);
    publish("news", "live again");
    executor_.run_until_idle();
    EXPECT_EQ(c.data().back(), "live again");
}

TEST_F(hub_fixture, drops_ephemeral_events_for_whoever_is_behind) {
    fake_connection quick, slow;
    open(quick, {"news"});
    subscriber* s = open(slow, {"news"});
    slow.room = 3;
    publish("news", "stored");
    executor_.run_until_idle();
    const auto answer = publish("news", "typing", [](event& e) { e.ephemeral = true; });
    EXPECT_EQ(answer[0].pos, position{});
    EXPECT_TRUE(answer[0].id.empty());
    executor_.run_until_idle();
    slow.room = 10'000;
    shard_->writable(*s);
    executor_.run_until_idle();
    EXPECT_EQ(quick.data(), (strings{"stored", "typing"}));
    EXPECT_EQ(slow.data(), strings{"stored"});
}

TEST_F(hub_fixture, a_broken_connection_in_a_fan_out_harms_nobody) {
    std::vector<std::unique_ptr<fake_connection>> all;
    for (int i = 0; i < 600; ++i) {
        all.push_back(std::make_unique<fake_connection>());
        open(*all.back(), {"news"});
        if (i % 3 == 0) all.back()->fail_at = 2;
    }
    publish("news", "1");
    publish("news", "2");
    executor_.run_until_idle();
    publish("news", "3");
    executor_.run_until_idle();
    for (int i = 0; i < 600; ++i) {
        const auto& c = *all[static_cast<std::size_t>(i)];
        if (i % 3 == 0) {
            EXPECT_EQ(c.closed, close_reason::broken);
        } else {
            EXPECT_EQ(c.data(), (strings{"1", "2", "3"})) << i;
        }
    }
    EXPECT_EQ(events_->subscribers(), 400u);
}

TEST_F(hub_fixture, streams_that_go_while_a_fan_out_rests_leave_no_one_out) {
    std::vector<std::unique_ptr<fake_connection>> all;
    std::vector<subscriber*> streams;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(std::make_unique<fake_connection>());
        streams.push_back(open(*all.back(), {"news"}));
    }
    publish("news", "x");
    executor_.run_turn();  // at most one slice
    for (std::size_t i = 0; i < streams.size(); i += 2) shard_->remove(*streams[i]);
    executor_.run_until_idle();
    for (std::size_t i = 1; i < streams.size(); i += 2)
        EXPECT_EQ(all[i]->data(), strings{"x"}) << i;
}

TEST_F(hub_fixture, beats_only_when_the_stream_was_quiet) {
    profile_.heartbeat_interval = 1000ms;
    fake_connection c;
    open(c, {"news"});
    for (int i = 0; i < 10; ++i) {
        executor_.advance(500ms);
        publish("news", "x");
    }
    executor_.run_until_idle();
    EXPECT_EQ(c.comments.size(), 0u);
    executor_.advance(5000ms);
    EXPECT_GE(c.comments.size(), 4u);
    EXPECT_LE(c.comments.size(), 6u);
    EXPECT_TRUE(c.bytes.ends_with(":\n"));
}

TEST_F(hub_fixture, moves_a_cursor_that_lags_because_nothing_matched) {
    rebuild({.cursor_lag = 3}, {});
    profile_.heartbeat_interval = 1000ms;
    fake_connection c;
    open(c, {"quiet", "**"});
    fake_connection quiet;
    open(quiet, {"quiet"});
    std::string last;
    for (int i = 0; i < 4; ++i) last = publish("news", "x")[0].id;
    executor_.advance(1100ms);
    EXPECT_EQ(quiet.events.back(), (received{"carillon.cursor", "{}", last}));
    EXPECT_NE(c.events.back().type, "carillon.cursor");
}

TEST_F(hub_fixture, cuts_a_stalled_stream_where_the_policy_says_so) {
    hub_options options;
    options.options_of = [](std::string_view t) {
        return topic_options{.slow = t == "hard" ? slow_policy::cut : slow_policy::catch_up,
                             .cut_after = 2000ms};
    };
    rebuild(std::move(options), {});
    fake_connection hard, soft;
    open(hard, {"hard"});
    open(soft, {"soft"});
    hard.room = soft.room = 5;
    publish("hard", "x");
    publish("soft", "x");
    executor_.advance(1500ms);
    EXPECT_FALSE(hard.closed);
    executor_.advance(2000ms);
    EXPECT_EQ(hard.closed, close_reason::slow);
    EXPECT_FALSE(soft.closed);
}

hub_options cut_beyond_three_events() {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::cut, .max_lag = {.events = 3}};
    };
    return options;
}

TEST_F(hub_fixture, cuts_a_stalled_stream_that_is_too_far_behind) {
    rebuild(cut_beyond_three_events(), {});
    fake_connection far, near;
    open(far, {"far"});
    open(near, {"near"});
    far.room = near.room = 5;
    for (int i = 0; i < 5; ++i) publish("far", "x");
    for (int i = 0; i < 3; ++i) publish("near", "x");
    executor_.advance(3000ms);
    EXPECT_EQ(far.closed, close_reason::slow);
    EXPECT_FALSE(near.closed);
}

TEST_F(hub_fixture, cuts_nobody_who_reads_however_far_behind) {
    rebuild(cut_beyond_three_events(), {});
    const auto first = publish("news", "0");
    for (int i = 0; i < 500; ++i) publish("news", "x");
    fake_connection c;
    open(c, {"news"}, first[0].id);
    executor_.advance(3000ms);
    EXPECT_FALSE(c.closed);
    EXPECT_EQ(c.data().size(), 500u);
}

// Events of others do not count: only its own make a stream miss some.
TEST_F(hub_fixture, drops_the_oldest_of_a_streams_own_events) {
    const auto dropped = [this](lag_limits limits) {
        hub_options options;
        options.options_of = [limits](std::string_view) {
            return topic_options{.slow = slow_policy::drop_oldest, .max_lag = limits};
        };
        rebuild(std::move(options), {});
        fake_connection c;
        subscriber* s = open(c, {"news"});
        c.room = 5;
        for (int i = 0; i < 6; ++i) {
            publish("news", std::to_string(i));
            for (int k = 0; k < 10; ++k) publish("others", std::string(1000, 'x'));
        }
        executor_.run_until_idle();
        c.room = 1 << 20;
        shard_->writable(*s);
        executor_.run_until_idle();
        return c.data();
    };
    const strings all{"0", "1", "2", "3", "4", "5"};
    constexpr std::uint64_t size_of_each = sizeof "news" - 1 + sizeof "5" - 1;
    EXPECT_EQ(dropped({.events = 0}), all);
    EXPECT_EQ(dropped({.events = 10}), all);
    EXPECT_EQ(dropped({.events = 2}), (strings{"0", "4", "5"}));
    EXPECT_EQ(dropped({.events = 0, .bytes = 3 * size_of_each}), (strings{"0", "3", "4", "5"}));
    EXPECT_EQ(dropped({.events = 0, .age = 1h}), all);
}

// What is sent to one stream alone is nobody else's, and comes once.
TEST_F(hub_fixture, drops_nothing_of_a_stream_that_has_topics_of_its_own) {
    for (const bool durable : {false, true}) {
        hub_options options;
        options.options_of = [](std::string_view topic) {
            topic_options o;
            if (!topic.starts_with('$')) o.slow = slow_policy::drop_oldest;
            o.max_lag = {.events = 2};
            return o;
        };
        rebuild(std::move(options), {});
        fake_connection c;
        stream_request r = asking(c, {"news"});
        if (durable) {
            r.client = std::string(32, 'c');
        } else {
            auto who = std::make_shared<identity>();
            who->user = "ann";
            r.who = std::move(who);
            r.spaces.user = true;
        }
        auto opened = shard_->open(std::move(r));
        ASSERT_TRUE(opened);
        c.room = 5;
        strings all;
        for (int i = 0; i < 6; ++i) {
            all.push_back(std::to_string(i));
            publish("news", all.back());
        }
        executor_.run_until_idle();
        c.room = 1 << 20;
        shard_->writable(**opened);
        executor_.run_until_idle();
        EXPECT_EQ(c.data(), all) << durable;
        EXPECT_TRUE(c.own("carillon.gap").empty());
    }
}

TEST_F(hub_fixture, drops_what_is_too_old_for_a_slow_stream) {
    hub_options options;
    options.options_of = [](std::string_view) {
        return topic_options{.slow = slow_policy::drop_oldest, .max_lag = {.events = 0, .age = 1h}};
    };
    auto now = std::chrono::system_clock::now() - 2h;
    rebuild(std::move(options), {.now = [&] { return now; }});
    fake_connection c;
    subscriber* s = open(c, {"news"});
    c.room = 5;
    for (const char* data : {"begun", "old", "older than an hour"}) publish("news", data);
    now += 2h;
    publish("news", "young");
    executor_.run_until_idle();
    c.room = 1 << 20;
    shard_->writable(*s);
    executor_.run_until_idle();
    EXPECT_EQ(c.data(), (strings{"begun", "young"}));
}

TEST_F(hub_fixture, says_how_many_events_follow_beyond_a_page) {
    const auto first = publish("news", "0");
    for (int i = 0; i < 300; ++i) publish("news", "x");
    publish("others", "x");
    fake_connection c;
    open(c, {"news"}, first[0].id);
    EXPECT_NE(c.opening().data.find(R"("events":300})"), std::string::npos) << c.opening().data;
    EXPECT_EQ(c.data().size(), 300u);
}

TEST_F(hub_fixture, replays_no_faster_than_it_may) {
    rebuild({.replay_rate = 100}, {});
    const auto first = publish("news", "0");
    for (int i = 0; i < 250; ++i) publish("news", "x");
    fake_connection c, live;
    open(live, {"others"});
    open(c, {"news"}, first[0].id);
    EXPECT_EQ(c.data().size(), 128u);
    publish("others", "now");
    executor_.run_until_idle();
    EXPECT_EQ(live.data(), strings{"now"});
    executor_.advance(1000ms);
    EXPECT_EQ(c.data().size(), 128u);
    executor_.advance(1000ms);
    EXPECT_EQ(c.data().size(), 250u);
}

TEST_F(hub_fixture, finds_peers_that_acknowledge_nothing) {
    fake_connection c;
    open(c, {"news"});
    c.silent = true;
    executor_.advance(31s);
    EXPECT_EQ(c.closed, close_reason::dead);
    EXPECT_EQ(events_->subscribers(), 0u);
}

TEST_F(hub_fixture, finds_peers_that_acknowledge_nothing_of_event_after_event) {
    fake_connection c;
    open(c, {"news"});
    c.silent = true;
    for (int i = 0; i < 31; ++i) {
        publish("news", "more");
        executor_.advance(1s);
    }
    EXPECT_EQ(c.closed, close_reason::dead);
}

TEST_F(hub_fixture, a_topic_added_live_starts_now) {
    fake_connection c;
    subscriber* s = open(c, {"a"});
    publish("b", "before");
    executor_.run_until_idle();
    ASSERT_TRUE(shard_->subscribe(*s, *topic_pattern::parse("b")));
    publish("b", "after");
    executor_.run_until_idle();
    ASSERT_TRUE(shard_->unsubscribe(*s, *topic_pattern::parse("b")));
    publish("b", "gone");
    executor_.run_until_idle();
    EXPECT_EQ(c.data(), strings{"after"});
    EXPECT_EQ(shard_->unsubscribe(*s, *topic_pattern::parse("b")).error().code, errc::not_found);
}

TEST_F(hub_fixture, sends_to_one_client_alone) {
    fake_connection c, other;
    subscriber* s = open(c, {"a"});
    open(other, {"**"});
    event e;
    e.data = "for you";
    std::optional<result<std::vector<published>>> answer;
    events_->send(shard_->id_of(*s), e, [&](auto done) { answer = std::move(done); });
    executor_.run_until_idle();
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(c.data(), strings{"for you"});
    EXPECT_TRUE(other.data().empty());
    shard_->remove(*s);
    answer.reset();
    events_->send("AAAAAAAAAAAAAAAAAAAAAAAAAAAA", e, [&](auto done) { answer = std::move(done); });
    executor_.run_until_idle();
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().code, errc::client_not_found);
}

TEST_F(hub_fixture, a_durable_client_keeps_its_topics_and_its_own_events) {
    const std::string token = "0123456789abcdefghijklmn";
    fake_connection first;
    auto request = asking(first, {"a"});
    request.client = token;
    auto opened = shard_->open(std::move(request));
    ASSERT_TRUE(opened);
    events_->subscribe(token, *topic_pattern::parse("b"), [](result<> done) { EXPECT_TRUE(done); });
    executor_.run_until_idle();
    const std::string cursor = first.opening().id;
    shard_->remove(**opened);
    event e;
    e.data = "while away";
    events_->send(token, e, [](auto done) { EXPECT_TRUE(done); });
    executor_.run_until_idle();
    publish("b", "too");
    fake_connection second;
    request = asking(second, {"a"}, cursor);
    request.client = token;
    ASSERT_TRUE(shard_->open(std::move(request)));
    executor_.run_until_idle();
    EXPECT_EQ(second.data(), (strings{"while away", "too"}));

    fake_connection third;
    request = asking(third, {"a"});
    request.client = token;
    auto last = shard_->open(std::move(request));
    ASSERT_TRUE(last);
    EXPECT_EQ(second.closed, close_reason::replaced);
    shard_->remove(**last);
    executor_.advance(61s);
    std::optional<error> why;
    events_->heartbeat(token, [&](result<> done) {
        if (!done) why = done.error();
    });
    executor_.run_until_idle();
    ASSERT_TRUE(why);
    EXPECT_EQ(why->code, errc::client_not_found);
}

TEST_F(hub_fixture, refuses_at_its_limits_and_takes_what_is_within) {
    rebuild({.max_clients = 1, .max_topics_per_client = 2}, {});
    fake_connection c, d;
    EXPECT_EQ(shard_->open(asking(c, {})).error().code, errc::invalid_request);
    EXPECT_EQ(shard_->open(asking(c, {"a", "b", "c"})).error().code, errc::invalid_request);
    auto bad = asking(c, {"a"});
    bad.client = "too short";
    EXPECT_EQ(shard_->open(std::move(bad)).error().code, errc::invalid_request);
    subscriber* s = open(c, {"a", "b"});
    EXPECT_EQ(shard_->open(asking(d, {"a"})).error().code, errc::max_clients);
    EXPECT_EQ(shard_->subscribe(*s, *topic_pattern::parse("c")).error().code,
              errc::invalid_request);
    shard_->remove(*s);
    open(d, {"a"});
}

TEST_F(hub_fixture, drains_everyone_within_the_window_and_says_so) {
    std::vector<std::unique_ptr<fake_connection>> all;
    for (int i = 0; i < 100; ++i) {
        all.push_back(std::make_unique<fake_connection>());
        open(*all.back(), {"news"});
    }
    bool done = false;
    events_->drain(2000ms, [&] { done = true; });
    executor_.advance(1000ms);
    EXPECT_GT(events_->subscribers(), 20u);
    EXPECT_LT(events_->subscribers(), 80u);
    publish("news", "still");
    executor_.advance(1500ms);
    EXPECT_TRUE(done);
    EXPECT_EQ(events_->subscribers(), 0u);
    for (const auto& c : all) {
        EXPECT_EQ(c->closed, close_reason::drained);
        EXPECT_EQ(c->events.back().type, "carillon.close");
    }
    fake_connection late;
    EXPECT_EQ(shard_->open(asking(late, {"news"})).error().code, errc::unavailable);
}

TEST_F(hub_fixture, writes_valid_chunks) {
    fake_connection c(framing::chunked);
    ASSERT_TRUE(shard_->open(asking(c, {"news"})));
    publish("news", "x");
    executor_.run_until_idle();
    std::string_view rest = c.bytes;
    std::size_t chunks = 0;
    while (!rest.empty()) {
        const std::size_t size = std::stoul(std::string(rest), nullptr, 16);
        rest.remove_prefix(rest.find("\r\n") + 2);
        ASSERT_EQ(rest.substr(size, 2), "\r\n");
        rest.remove_prefix(size + 2);
        ++chunks;
    }
    EXPECT_EQ(chunks, 2u);
}

TEST_F(hub_fixture, refuses_events_that_are_not_a_publishers_to_send) {
    const auto refused = [&](const std::function<void(event&)>& change) {
        event e;
        e.topics.push_back(*topic::parse("news"));
        change(e);
        std::optional<errc> code;
        events_->publish({e}, [&](auto done) {
            if (!done) code = done.error().code;
        });
        return code;
    };
    EXPECT_EQ(refused([](event&) {}), std::nullopt);
    EXPECT_EQ(refused([](event& e) { e.topics.clear(); }), errc::invalid_request);
    EXPECT_EQ(refused([](event& e) { e.topics[0] = *topic::parse("$x"); }), errc::forbidden);
    EXPECT_EQ(refused([](event& e) { e.topics[0] = *topic::parse("carillon.x"); }),
              errc::forbidden);
    EXPECT_EQ(refused([](event& e) { e.name = *wire::event_name::parse("carillon.open"); }),
              errc::invalid_request);
    EXPECT_EQ(refused([](event& e) { e.id = *wire::event_id::parse("abcdefgh.1"); }),
              errc::invalid_request);
    const std::size_t limit = events_->options()->max_event_size;
    EXPECT_EQ(refused([&](event& e) { e.data.assign(limit - 4, 'x'); }), std::nullopt);
    EXPECT_EQ(refused([&](event& e) { e.data.assign(limit - 3, 'x'); }), errc::event_too_large);
}

}  // namespace
}  // namespace carillon::testing
