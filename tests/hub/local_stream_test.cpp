// A program reads a stream without HTTP.
#include <carillon/hub/local_stream.hpp>

#include "support/strand_executor.hpp"
#include "support/test_hub.hpp"

#include <future>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

stream_request of_user(std::string name) {
    auto who = std::make_shared<identity>();
    who->user = std::move(name);
    stream_request r;
    r.who = std::move(who);
    r.spaces.user = true;
    return r;
}

// As a team would test its own service: a stream of a user, an event to that user, and the event.
TEST(local_stream, a_service_is_tested_without_a_server) {
    strand_executor loop;
    hub h({}, make_memory_journal({}));
    h.add_shard(loop);
    {
        const auto stream = local_stream::open(h, of_user("ann"));
        const auto opening = stream->next(10s);
        ASSERT_TRUE(opening);
        EXPECT_EQ(opening->type, "carillon.open");
        event e;
        e.name = wire::event_name::parse("greeting").value();
        e.data = "hello";
        h.publish({e}, {.users = {"ann"}}, std::nullopt, [](const auto&) {});
        const auto greeting = stream->next(10s);
        ASSERT_TRUE(greeting);
        EXPECT_EQ(greeting->type, "greeting");
        EXPECT_EQ(greeting->data, "hello");
        EXPECT_EQ(h.connections_of("ann"), 1u);
        EXPECT_FALSE(stream->next(1ms));
        EXPECT_FALSE(stream->ended());
    }
    std::promise<void> closed;
    h.close([&] { closed.set_value(); });
    closed.get_future().wait();
    EXPECT_EQ(h.connections_of("ann"), 0u);
}

TEST(local_stream, one_that_is_full_goes_on_from_the_journal) {
    test_hub t;
    stream_request r = t.request(*std::make_unique<fake_connection>(), {"a"});
    auto stream = local_stream::open(t.h, std::move(r), {.max_messages = 4});
    t.on.run_until_idle();
    for (int i = 0; i < 50; ++i) t.publish("a", std::to_string(i));
    std::vector<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        if (const auto m = stream->next(); m && m->type == "message") seen.push_back(m->data);
        t.on.run_until_idle();
    }
    ASSERT_EQ(seen.size(), 50u);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::to_string(i));
    stream.reset();
    t.on.run_until_idle();
}

TEST(local_stream, says_what_it_was_refused_for_and_why_it_ended) {
    test_hub t;
    const auto refused = local_stream::open(t.h, stream_request{});
    const auto ended = local_stream::open(t.h, of_user("ann"));
    int calls = 0;
    ended->on_ready([&] { ++calls; });
    t.on.run_until_idle();
    EXPECT_EQ(refused->opened().error().code, errc::invalid_request);
    EXPECT_FALSE(refused->next());
    EXPECT_TRUE(ended->opened());
    EXPECT_EQ(calls, 1);
    t.h.end_streams({.users = {"ann"}}, close_reason::revoked, [](const auto&) {});
    t.on.run_until_idle();
    EXPECT_EQ(calls, 3) << "the last block and the end";
    EXPECT_FALSE(ended->ended()) << "there is something to read";
    EXPECT_EQ(ended->next()->type, "carillon.open");
    EXPECT_EQ(ended->next()->type, "carillon.close");
    EXPECT_EQ(ended->ended(), close_reason::revoked);
    t.h.close([] {});
    t.on.run_until_idle();
    const auto late = local_stream::open(t.h, of_user("ann"));
    t.on.run_until_idle();
    EXPECT_EQ(late->opened().error().code, errc::unavailable);
}

TEST(local_stream, one_that_goes_before_it_opened_leaves_nothing) {
    test_hub t;
    local_stream::open(t.h, of_user("ann")).reset();
    t.on.run_until_idle();
    EXPECT_EQ(t.h.subscribers(), 0u);
}

}  // namespace
}  // namespace carillon::testing
