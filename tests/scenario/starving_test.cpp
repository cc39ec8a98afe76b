// A server that is short of descriptors or of memory.
#include "support/event_reader.hpp"

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

strings limited_to(const std::string& option) { return {"/usr/bin/prlimit", option}; }

TEST(starving, a_house_without_descriptors_is_full_and_says_so) {
    // The reserve of 64 descriptors is 32, so that 32 streams are taken.
    running_server s({}, 0, {}, limited_to("--nofile=64"));
    std::vector<std::unique_ptr<event_reader>> streams;
    for (int i = 0; i < 32; ++i) {
        streams.push_back(
            std::make_unique<event_reader>(s.port(), "/a", "Accept: text/event-stream\r\n"));
        ASSERT_EQ(streams.back()->open().type, "carillon.open") << i;
    }
    event_reader full(s.port(), "/a", "Accept: text/event-stream\r\n");
    EXPECT_EQ(full.status(), 200);
    EXPECT_EQ(full.next().type, "carillon.unavailable");
    EXPECT_EQ(s.get("/events/subscribe/a").status, 503);
    EXPECT_EQ(s.get("/health").status, 200);
    EXPECT_EQ(s.get("/metrics").status, 200);
    s.publish("a", "1");
    for (const auto& c : streams) EXPECT_EQ(c->next().data, "1");
}

TEST(starving, silent_connections_make_room_for_others) {
    running_server s({"--log.level", "warning"}, 0, {}, limited_to("--nofile=64"));
    event_reader listener(s.port(), "/a");
    listener.open();
    std::vector<std::unique_ptr<raw_client>> silent;
    for (int i = 0; i < 300; ++i) silent.push_back(std::make_unique<raw_client>(s.port()));
    // None of them is ended by a timeout meanwhile: the first would be after 75 s.
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(s.get("/health").status, 200);
        s.publish("a", std::to_string(i));
        EXPECT_EQ(listener.next().data, std::to_string(i));
    }
    s.signal(SIGTERM);
    EXPECT_EQ(s.wait(), 0);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = s.log().find("not accepting", at)) != std::string::npos; ++at)
        ++lines;
    EXPECT_LE(lines, 20U) << s.log();
}

TEST(starving, a_server_that_could_serve_nobody_does_not_start) {
    for (const char* few : {"--nofile=12", "--nofile=16", "--nofile=63"}) {
        strings command = limited_to(few);
        std::ranges::move(
            carillon({"serve", "--listen", "127.0.0.1:0", "--journal.kind", "memory"}),
            std::back_inserter(command));
        process p(std::move(command));
        EXPECT_EQ(p.wait(), 1) << few;
        EXPECT_THAT(p.output(), HasSubstr("at least 64")) << few;
    }
}

TEST(starving, bodies_that_find_no_memory_cost_their_own_requests) {
    constexpr std::size_t body_size = 7u << 20;
    running_server s({"--http.max_request_memory", "100000000000"}, 0, {},
                     limited_to("--as=500000000"));
    event_reader listener(s.port(), "/a");
    listener.open();
    const std::string body(body_size - 1, ' ');
    const std::string head =
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body_size) + "\r\n\r\n";
    std::vector<std::unique_ptr<raw_client>> open;
    for (int i = 0; i < 100; ++i) {
        open.push_back(std::make_unique<raw_client>(s.port()));
        try {
            open.back()->send(head + body);
        } catch (const std::exception&) {
            // Refused before it was sent.
        }
    }
    open.clear();
    const std::string metrics = s.get("/metrics").body;
    EXPECT_THAT(metrics, HasSubstr("carillon_failed_allocations_total"));
    EXPECT_THAT(metrics, ::testing::Not(HasSubstr("carillon_failed_allocations_total 0\n")))
        << "the limit was too generous to show anything";
    s.publish("a", "1");
    EXPECT_EQ(listener.next().data, "1");
}

TEST(starving, bodies_share_what_requests_may_hold) {
    running_server s({"--http.max_request_memory", "20000000"});
    const std::string body(7u << 20, ' ');
    const std::string head =
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size() + 1) + "\r\n\r\n";
    std::vector<std::unique_ptr<raw_client>> open;
    for (int i = 0; i < 2; ++i) {
        open.push_back(std::make_unique<raw_client>(s.port()));
        open.back()->send(head + body);
    }
    EXPECT_TRUE(s.shows("/metrics", "carillon_http_memory_bytes{of=\"requests\"} 14680064\n"));
    raw_client third(s.port());
    third.send(head + body);
    const answer refused = third.read_answer();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("http.max_request_memory"));
    s.publish("a", "1");
    open.clear();
    EXPECT_TRUE(s.shows("/metrics", "carillon_http_memory_bytes{of=\"requests\"} 0\n"));
}

}  // namespace
}  // namespace carillon::testing
