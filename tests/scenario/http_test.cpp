// HTTP/1.1 and 1.0 as honest clients speak it, the odd and the slow ones included.
#include "support/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string publish_one =
    "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 10\r\n\r\n{\"data\":1}";

std::string history(const running_server& s) {
    return s.get("/events/history?topic=a&since=earliest").body;
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

TEST(http, a_response_may_be_read_in_single_bytes) {
    running_server s;
    const std::string text(20'000, 'x');
    s.publish("a", '"' + text + '"');
    raw_client c(s.port(), 1024);
    for (int i = 0; i < 2; ++i) {
        c.send("GET /events/history?topic=a&since=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string got;
        while (!got.ends_with(text + '"')) {
            const std::string byte = c.receive(1);
            ASSERT_EQ(byte.size(), 1u) << got.size();
            got += byte;
        }
        EXPECT_TRUE(got.starts_with("HTTP/1.1 200"));
        while (got.substr(got.find("\r\n\r\n") + 4).size() <
               std::stoul(answer{200, got, {}}.header("Content-Length")))
            got += c.receive(1);
    }
}

TEST(http, a_client_that_has_sent_all_may_close_its_half_and_read_the_answer) {
    running_server s;
    raw_client whole(s.port());
    whole.send(publish_one + publish_one).end_sending();
    EXPECT_EQ(whole.read_answer().status, 200);
    EXPECT_EQ(whole.read_answer().status, 200);
    EXPECT_EQ(whole.read_all(), "");
    EXPECT_TRUE(whole.ended());
}

TEST(http, a_client_of_http_1_0_says_whether_the_connection_stays) {
    running_server s;
    raw_client c(s.port());
    c.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const answer kept = c.read_answer();
    EXPECT_EQ(kept.status, 200);
    EXPECT_EQ(kept.header("Connection"), "keep-alive");
    c.send(
        "POST /events/publish/a HTTP/1.0\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{\"data\":1}");
    const answer last = c.read_answer();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_EQ(c.read_all(), "");
    EXPECT_TRUE(c.ended());
}

TEST(http, a_client_of_http_1_1_may_ask_for_the_end) {
    running_server s;
    raw_client c(s.port());
    c.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + publish_one);
    EXPECT_EQ(c.read_answer().header("Connection"), "close");
    EXPECT_EQ(c.read_all(), "");
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(http, head_and_options_tell_of_a_resource_and_change_nothing) {
    running_server s;
    raw_client c(s.port());
    for (const std::string path : {"/health", "/nothing"}) {
        c.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer full = c.read_answer();
        c.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer head = c.read_answer(true);
        EXPECT_EQ(head.status, full.status);
        EXPECT_EQ(head.header("Content-Type"), full.header("Content-Type"));
        EXPECT_EQ(head.header("Content-Length"), std::to_string(full.body.size()));
    }
    for (const auto& [path, allow] : std::vector<std::pair<std::string, std::string>>{
             {"/health", "GET, HEAD, OPTIONS"},
             {"/events/publish/a", "POST, OPTIONS"},
             {"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"}}) {
        c.send("OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer options = c.read_answer();
        EXPECT_EQ(options.status, 204) << path;
        EXPECT_EQ(options.header("Allow"), allow) << path;
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
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

TEST(http, refusals_are_problem_documents_with_their_code) {
    running_server s({"--http.max_body_size", "1KiB", "--http.max_target_size", "100",
                      "--http.max_head_size", "1KiB", "--http.head_timeout", "200ms",
                      "--stream.max_clients", "1"});
    const auto refused = [&](const answer& got, int status, std::string_view code) {
        EXPECT_EQ(got.status, status) << got.head;
        EXPECT_EQ(json_value(got.body, "code"), code) << got.body;
        EXPECT_EQ(json_value(got.body, "status"), std::to_string(status));
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
    raw_client late(s.port());
    refused(late.send("GET /health HTTP/1.1\r\n").read_answer(), 408, "REQUEST_TIMEOUT");
    event_reader only(s, "/a");
    only.open();
    const answer full = s.get("/events/subscribe/a");
    refused(full, 503, "MAX_CLIENTS");
    EXPECT_NE(full.header("Retry-After"), "");
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
    EXPECT_THAT(friendly.header("Access-Control-Allow-Methods"), HasSubstr("POST"));
    EXPECT_THAT(friendly.header("Access-Control-Allow-Headers"), HasSubstr("content-type"));
    for (const char* foreign : {"https://evil.example", "https://www.example.com.evil.example",
                                "http://www.example.com", "https://www.example.com:8443", "null"}) {
        EXPECT_THAT(preflight(foreign).head, Not(HasSubstr("Access-Control-Allow"))) << foreign;
        // A browser lets the page listen only if the stream itself says so.
        event_reader c(s, "/a", "Origin: " + std::string(foreign) + "\r\n");
        EXPECT_EQ(c.head().header("Access-Control-Allow-Origin"), "") << foreign;
    }
    event_reader c(s, "/a", "Origin: https://www.example.com\r\n");
    EXPECT_EQ(c.head().header("Access-Control-Allow-Origin"), "https://www.example.com");
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
    EXPECT_EQ(streams_of(s, "Forwarded: for=203.0.113.2\r\n"), 503);
}

}  // namespace
}  // namespace carillon::testing
