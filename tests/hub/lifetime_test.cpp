// A hub ends before its executors do, as in a program that stops it and goes on.
#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include "support/fake_connection.hpp"
#include "support/strand_executor.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_hub.hpp"

#include <array>
#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

TEST(hub_lifetime, executors_may_outlive_the_hub_with_all_that_they_hold) {
    manual_executor on;
    fake_connection out;
    stream_profile profile;
    {
        hub_options options;
        options.replay_rate = 1;
        options.options_of = [](std::string_view) {
            topic_options o;
            o.coalesce_window = 1s;
            return o;
        };
        hub h(std::move(options), make_memory_journal({}));
        shard& s = h.add_shard(on);
        const auto publish = [&](std::string_view topic) {
            std::vector<event> one;
            one.push_back(make_event({topic}, "x"));
            h.publish(std::move(one), [](const auto&) {});
        };
        publish("a");
        stream_request fresh;
        fresh.out = &out;
        fresh.profile = &profile;
        fresh.topics = patterns({"a"});
        ASSERT_TRUE(s.open(std::move(fresh)));  // its tick is a timer
        on.run_until_idle();
        publish("a");
        on.run_one();  // the window is a timer
        publish("a");  // the wake-up is posted
        h.subscribe("AAAAAAAAAAAAAAAAAAAAAAAAAAAA", *topic_pattern::parse("b"), [](auto) {});
        h.list_clients({}, [](auto) {});
        h.reload({});
    }
    const std::size_t writes = out.writes;
    on.advance(1h);
    EXPECT_EQ(out.writes, writes);
}

TEST(hub_lifetime, close_ends_all_streams_and_refuses_what_comes_later) {
    test_hub t;
    fake_connection out;
    ASSERT_NE(t.open(out, {"a"}), nullptr);
    bool done = false;
    t.h.close([&] { done = true; });
    EXPECT_FALSE(done);
    t.on.run_until_idle();
    EXPECT_TRUE(done);
    EXPECT_EQ(out.closed, close_reason::drained);
    ASSERT_EQ(out.own("carillon.close").size(), 1u);

    fake_connection late;
    EXPECT_EQ(t.s.open(t.request(late, {"a"})).error().code, errc::unavailable);
    std::vector<errc> refused;
    const auto note = [&](const auto& r) {
        refused.push_back(r ? errc::internal : r.error().code);
    };
    std::vector<event> one;
    one.push_back(make_event({"a"}, "x"));
    t.h.publish(std::move(one), note);
    t.h.schedule(make_event({"a"}, "x"), {}, std::nullopt, note);
    t.h.publish_own({make_event({"$a"}, "x")}, std::nullopt, note);
    t.h.heartbeat("AAAAAAAAAAAAAAAAAAAAAAAAAAAA", note);
    std::size_t listed = 1;
    t.h.list_clients({}, [&](const auto& page) { listed = page->clients.size(); });
    bool drained = false;
    t.h.drain(1s, [&] { drained = true; });
    bool again = false;
    t.h.close([&] { again = true; });
    t.on.advance(1min);
    EXPECT_EQ(refused, std::vector(4, errc::unavailable));
    EXPECT_EQ(listed, 0u);
    EXPECT_TRUE(drained);
    EXPECT_TRUE(again);
}

TEST(hub_lifetime, close_answers_a_drain_that_is_under_way) {
    test_hub t;
    fake_connection out;
    t.open(out, {"a"});
    bool drained = false;
    t.h.drain(1h, [&] { drained = true; });
    t.on.run_until_idle();
    EXPECT_FALSE(drained);
    t.h.close([] {});
    t.on.run_until_idle();
    EXPECT_TRUE(drained);
}

// A reader's thread answers while the shard's tasks hop between threads; then the program stops the
// hub, destroys it inside the callback, and its loops go on. Sanitizers see what is wrong.
TEST(hub_lifetime, a_program_stops_its_hub_and_goes_on) {
    for (int round = 0; round < 20; ++round) {
        const temporary_folder folder;
        std::array<strand_executor, 2> on;
        std::array<fake_connection, 2> out;
        stream_profile profile;
        profile.heartbeat_interval = 1ms;
        sqlite_journal_options kept;
        kept.path = folder.path_of("journal.db");
        kept.recent_events = 0;
        auto record = open_sqlite_journal(std::move(kept));
        ASSERT_TRUE(record);
        auto h = std::make_unique<hub>(hub_options{}, std::move(*record));
        std::atomic<int> opened{0};
        for (std::size_t i = 0; i < 2; ++i) h->add_shard(on[i]);
        for (std::size_t i = 0; i < 2; ++i) {
            on[i].post([&, i, home = h->shards()[i].get()] {
                stream_request r;
                r.out = &out[i];
                r.profile = &profile;
                r.topics = patterns({"a"});
                r.from = rewind_since{};
                EXPECT_TRUE(home->open(std::move(r)));
                ++opened;
            });
        }
        for (int n = 0; n < 50; ++n) {
            std::vector<event> one;
            one.push_back(make_event({"a"}, std::to_string(n)));
            h->publish(std::move(one), [](const auto&) {});
        }
        while (opened < 2) std::this_thread::yield();
        std::promise<void> gone;
        h->close([&] {
            h.reset();
            gone.set_value();
        });
        gone.get_future().get();
        for (fake_connection& c : out) EXPECT_EQ(c.closed, close_reason::drained);
    }
}

TEST(hub_lifetime, answers_of_the_journal_go_on_where_the_executor_says) {
    test_hub t;
    t.publish("a", "1");
    fake_connection out;
    t.on.here = false;  // another strand has this thread
    ASSERT_TRUE(t.s.open(t.request(out, {"a"}, t.id(0))));
    EXPECT_TRUE(out.events.empty());
    t.on.run_until_idle();
    EXPECT_EQ(out.data(), std::vector<std::string>{"1"});
}

}  // namespace
}  // namespace carillon::testing
