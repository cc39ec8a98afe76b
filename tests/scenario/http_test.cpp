// HTTP/1.1 as odd, slow and hostile clients speak it.
#include "support/event_reader.hpp"

#include <filesystem>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string publish_one =
    "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 10\r\n\r\n{\"data\":1}";

std::string history(const running_server& s) {
    return s.get("/events/history?topic=a&since=earliest").body;
}

std::size_t descriptors(const running_server& s) {
    const std::filesystem::path folder = "/proc/" + std::to_string(s.pid()) + "/fd";
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(http, a_request_that_is_cut_at_any_byte_publishes_nothing_and_costs_nothing) {
    running_server s;
    const std::string subscribe = "GET /events/subscribe/b HTTP/1.1\r\nHost: localhost\r\n\r\n";
    s.get("/health");
    const std::size_t before = descriptors(s);
    for (const std::string& whole : {publish_one, subscribe}) {
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            raw_client ended(s.port());
            ended.send(whole.substr(0, cut)).close();
            raw_client reset(s.port());
            reset.send(whole.substr(0, cut)).reset();
        }
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
    for (int i = 0; i < 1000 && descriptors(s) > before; ++i) ::poll(nullptr, 0, 5);
    EXPECT_LE(descriptors(s), before);
}

TEST(http, single_bytes_make_whole_requests) {
    running_server s;
    raw_client c(s.port());
    c.send_slowly(publish_one);
    EXPECT_EQ(c.read_answer().status, 200);
    c.send_slowly(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    for (const char byte : std::string("{\"data\":2}"))
        c.send_slowly("1\r\n" + std::string(1, byte) + "\r\n");
    c.send_slowly("0\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 200);
    EXPECT_THAT(history(s), HasSubstr("\"data\":2"));
}

TEST(http, pipelined_requests_are_answered_in_order) {
    running_server s;
    raw_client c(s.port());
    std::string all;
    for (int i = 0; i < 50; ++i) all += publish_one;
    c.send(all + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (int i = 1; i <= 50; ++i) {
        const answer got = c.read_answer();
        EXPECT_EQ(got.status, 200);
        EXPECT_EQ(json_value(got.body, "position"), std::to_string(i));
    }
    EXPECT_THAT(c.read_answer().body, HasSubstr("\"ok\""));
}

TEST(http, a_body_may_wait_for_100_continue) {
    running_server s;
    raw_client c(s.port());
    c.send(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 100);
    c.send("{\"data\":1}");
    EXPECT_EQ(c.read_answer().status, 200);
    // What is too large is refused before it is sent.
    c.send(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 413);
}

TEST(http, a_head_that_never_ends_and_a_body_that_never_comes_time_out) {
    running_server s({"--http.head_timeout", "200ms", "--http.body_timeout", "200ms",
                      "--http.idle_timeout", "300ms"});
    raw_client head(s.port());
    raw_client body(s.port());
    raw_client idle(s.port());
    head.send("GET /health HTTP/1.1\r\nHost: loc");
    body.send(publish_one.substr(0, publish_one.size() - 3));
    idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(idle.read_answer().status, 200);
    EXPECT_EQ(head.read_answer().status, 408);
    EXPECT_EQ(body.read_answer().status, 408);
    for (raw_client* c : {&head, &body, &idle}) {
        c->read_all();
        EXPECT_TRUE(c->ended());
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(http, a_slow_head_may_not_be_fed_a_byte_at_a_time_for_ever) {
    running_server s({"--http.head_timeout", "300ms"});
    raw_client c(s.port());
    c.send("GET /health HTTP/1.1\r\n");
    const auto end = std::chrono::steady_clock::now() + patience;
    while (c.receive(1, std::chrono::milliseconds(20)).empty() && !c.ended() &&
           std::chrono::steady_clock::now() < end)
        c.send("x");
    EXPECT_LT(std::chrono::steady_clock::now(), end);
}

TEST(http, heads_that_two_servers_could_read_differently_are_refused) {
    running_server s;
    const std::string smuggled =
        "GET /events/subscribe/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const auto post = [](std::string_view fields) {
        return "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
               "application/json\r\n" +
               std::string(fields) + "\r\n";
    };
    const strings heads{
        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n",
        post("Transfer-Encoding: xchunked\r\n"),
        post("Transfer-Encoding: chunked, identity\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        post("Transfer-Encoding : chunked\r\n"),
        post("Content-Length: 5\r\nContent-Length: 6\r\n"),
        post("Content-Length: -1\r\n"),
        post("Content-Length: +5\r\n"),
        post("Content-Length: 0x5\r\n"),
        post("Content-Length: 99999999999999999999\r\n"),
        post("X: a\r\n folded: b\r\n"),
        post(std::string("X: a") + '\0' + "b\r\n"),
        post("X: a\rb\r\n"),
        post("Host: other\r\n"),
        "GET /health HTTP/1.1\r\n\r\n",
        "GET /health HTTP/1.1\nHost: localhost\n\n",
        "GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "GET http://[/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    for (const std::string& head : heads) {
        raw_client c(s.port());
        c.send(head + smuggled);
        const answer got = c.read_answer();
        EXPECT_GE(got.status, 400) << head;
        EXPECT_EQ(got.header("Connection"), "close") << head;
        EXPECT_EQ(c.read_all(), "") << "a second answer to " << head;
    }
    EXPECT_TRUE(s.shows("/metrics", "carillon_connections_total 0\n"));
}

TEST(http, refusals_are_problem_documents_with_their_code) {
    running_server s({"--http.max_body_size", "1KiB", "--http.max_target_size", "100",
                      "--http.max_head_size", "1KiB"});
    const auto refused = [&](const answer& got, int status, std::string_view code) {
        EXPECT_EQ(got.status, status) << got.head;
        EXPECT_EQ(json_value(got.body, "code"), code) << got.body;
        EXPECT_THAT(got.header("Content-Type"), StartsWith("application/problem+json"));
    };
    refused(s.post("a", "{"), 400, "INVALID_REQUEST");
    refused(s.get("/nothing"), 404, "NOT_FOUND");
    const answer method = s.request("DELETE", "/events/subscribe/a");
    refused(method, 405, "METHOD_NOT_ALLOWED");
    EXPECT_THAT(method.header("Allow"), HasSubstr("GET"));
    refused(s.request("GET", "/events/subscribe/a", {}, "Accept: text/html\r\n"), 406,
            "NOT_ACCEPTABLE");
    refused(s.post("a", "{\"data\":\"" + std::string(2048, 'x') + "\"}"), 413, "PAYLOAD_TOO_LARGE");
    refused(s.get("/" + std::string(200, 'x')), 414, "URI_TOO_LONG");
    refused(s.post("a", "1", "Content-Type: text/plain\r\n"), 415, "UNSUPPORTED_MEDIA_TYPE");
    refused(s.request("GET", "/health", {}, "X: " + std::string(2048, 'x') + "\r\n"), 431,
            "HEADERS_TOO_LARGE");
}

TEST(http, pages_of_configured_origins_may_ask_and_others_may_not) {
    running_server s({"--http.cors_origins", "https://www.example.com"});
    const auto preflight = [&](std::string_view origin) {
        return s.request("OPTIONS", "/events/publish/a", {},
                         "Origin: " + std::string(origin) +
                             "\r\nAccess-Control-Request-Method: POST\r\n"
                             "Access-Control-Request-Headers: content-type\r\n");
    };
    const answer friendly = preflight("https://www.example.com");
    EXPECT_EQ(friendly.status, 204);
    EXPECT_EQ(friendly.header("Access-Control-Allow-Origin"), "https://www.example.com");
    EXPECT_EQ(preflight("https://evil.example").header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(
        preflight("https://www.example.com.evil.example").header("Access-Control-Allow-Origin"),
        "");
}

TEST(http, a_client_address_is_believed_from_trusted_proxies_alone) {
    const auto streams_of = [](const running_server& s, std::string_view fields) {
        raw_client c(s.port());
        c.send("GET /events/subscribe/a HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
               "\r\n");
        return c.read_answer().status;
    };
    {
        running_server s(
            {"--stream.max_clients_per_address", "1", "--http.trusted_proxies", "127.0.0.1"});
        event_reader one(s, "/a", "X-Forwarded-For: 203.0.113.1\r\n");
        one.open();
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.1\r\n"), 503);
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.2\r\n"), 200);
        EXPECT_EQ(streams_of(s, "Forwarded: for=203.0.113.1\r\n"), 503);
        // What a client claimed before the proxy wrote the last one counts for nothing.
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.9, 203.0.113.1\r\n"), 503);
    }
    running_server s({"--stream.max_clients_per_address", "1"});
    event_reader one(s, "/a", "X-Forwarded-For: 203.0.113.1\r\n");
    one.open();
    EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.2\r\n"), 503);
}

}  // namespace
}  // namespace carillon::testing
