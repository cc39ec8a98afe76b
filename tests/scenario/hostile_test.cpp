// Clients that break off, stall, or mean harm; and the limits that hold them.
#include "support/event_reader.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using std::chrono::steady_clock;
using ::testing::HasSubstr;

const std::string post_head =
    "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const std::string publish_one = post_head + "Content-Length: 10\r\n\r\n{\"data\":1}";
const std::string publish_in_chunks =
    post_head + "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"da\r\n6\r\nta\":1}\r\n0\r\n\r\n";
const std::string subscribe = "GET /events/subscribe/b HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string history(const running_server& s) {
    return s.get("/events/history?topic=a&since=earliest").body;
}

/// As soon as the server has its listening socket and no other, with no connection left; false if
/// `patience` ends before.
bool holds_no_connection(const running_server& s) {
    const std::filesystem::path folder = "/proc/" + std::to_string(s.pid()) + "/fd";
    const auto sockets = [&] {
        return std::ranges::count_if(std::filesystem::directory_iterator(folder), [](auto& entry) {
            std::error_code closed_meanwhile;
            const auto target = std::filesystem::read_symlink(entry.path(), closed_meanwhile);
            return target.string().starts_with("socket:");
        });
    };
    const auto end = steady_clock::now() + patience;
    while (sockets() > 1 && steady_clock::now() < end) ::poll(nullptr, 0, 5);
    return sockets() == 1;
}

TEST(hostile, a_request_that_is_cut_at_any_byte_does_nothing_and_costs_nothing) {
    running_server s;
    for (const std::string& whole : {publish_one, publish_in_chunks, subscribe}) {
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            const std::string_view part = std::string_view(whole).substr(0, cut);
            raw_client(s.port()).send(part).close();
            raw_client(s.port()).send(part).reset();
            raw_client half(s.port());
            half.send(part).end_sending();
            EXPECT_EQ(half.read_answer().status, cut == 0 ? 0 : 400) << part;
        }
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
    EXPECT_TRUE(s.shows("/metrics", "carillon_connections_total 0\n"));
    EXPECT_TRUE(holds_no_connection(s));

    // With the last byte they count, though nobody waits for the answer.
    raw_client(s.port()).send(publish_one).close();
    raw_client(s.port()).send(publish_in_chunks).close();
    raw_client(s.port()).send(subscribe).close();
    EXPECT_TRUE(s.shows("/metrics", "carillon_connections_total 1\n"));
    EXPECT_TRUE(s.shows("/events/history?topic=a&since=earliest", "\"position\":2"));
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 0\n"));
    EXPECT_TRUE(holds_no_connection(s));
}

TEST(hostile, a_connection_that_is_cut_in_its_second_request_keeps_the_first) {
    running_server s;
    for (std::size_t cut = 0; cut < publish_one.size(); cut += 7) {
        raw_client c(s.port());
        c.send(publish_one);
        EXPECT_EQ(c.read_answer().status, 200);
        c.send(std::string_view(publish_one).substr(0, cut)).reset();
    }
    const std::size_t whole = (publish_one.size() + 6) / 7;
    EXPECT_EQ(s.publish("a", "2").substr(9), std::to_string(whole + 1));
}

TEST(hostile, a_head_that_never_ends_and_a_body_that_never_comes_time_out) {
    running_server s({"--http.head_timeout", "200ms", "--http.body_timeout", "200ms",
                      "--http.idle_timeout", "300ms"});
    raw_client head(s.port());
    raw_client body(s.port());
    raw_client chunks(s.port());
    raw_client idle(s.port());
    raw_client silent(s.port());
    head.send("GET /health HTTP/1.1\r\nHost: loc");
    body.send(publish_one.substr(0, publish_one.size() - 3));
    chunks.send(publish_in_chunks.substr(0, publish_in_chunks.size() - 3));
    idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(idle.read_answer().status, 200);
    for (raw_client* c : {&head, &body, &chunks}) {
        const answer got = c->read_answer();
        EXPECT_EQ(got.status, 408);
        EXPECT_EQ(got.header("Connection"), "close");
    }
    for (raw_client* c : {&head, &body, &chunks, &idle, &silent}) {
        EXPECT_EQ(c->read_all(), "");
        EXPECT_TRUE(c->ended());
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(hostile, a_slow_head_may_not_be_fed_a_byte_at_a_time_for_ever) {
    running_server s({"--http.head_timeout", "300ms"});
    raw_client c(s.port());
    c.send("GET /health HTTP/1.1\r\n");
    const auto end = steady_clock::now() + patience;
    while (c.receive(1, std::chrono::milliseconds(20)).empty() && !c.ended() &&
           steady_clock::now() < end)
        c.send("x");
    EXPECT_LT(steady_clock::now(), end);
}

TEST(hostile, a_response_that_nobody_takes_is_given_up_and_one_that_is_taken_slowly_is_not) {
    running_server s({"--http.write_timeout", "500ms", "--log.level", "info"});
    // More than the kernel keeps in a reader's stead.
    const std::string big = "{\"data\":\"" + std::string(1'000'000, 'x') + "\"}";
    for (int i = 0; i < 2; ++i) EXPECT_EQ(s.post("a", big).status, 200);
    const std::string ask =
        "GET /events/history?topic=a&since=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n";
    raw_client stalled(s.port(), 4 << 10);
    stalled.send(ask);
    raw_client slow(s.port(), 64 << 10);
    slow.send(ask);
    std::size_t got = 0;
    const auto begin = steady_clock::now();
    for (std::string piece; got < 2'000'000; got += piece.size()) {
        // It takes longer than the limit altogether, and never that long for a piece.
        ::poll(nullptr, 0, 40);
        piece = slow.receive(64u << 10);
        ASSERT_FALSE(piece.empty()) << "given up after " << got << " bytes";
    }
    EXPECT_GT(steady_clock::now() - begin, std::chrono::milliseconds(1000));
    slow.close();
    EXPECT_TRUE(s.logs("the response was not taken in time"));
    EXPECT_TRUE(holds_no_connection(s));
}

TEST(hostile, connections_that_do_not_go_on_do_not_hold_up_the_end) {
    running_server s;
    raw_client silent(s.port());
    raw_client head(s.port());
    raw_client body(s.port());
    head.send("GET /health HTTP/1.1\r\nHost: loc");
    body.send(publish_one.substr(0, publish_one.size() - 3));
    s.signal(SIGTERM);
    EXPECT_EQ(s.wait(), 0);
    for (raw_client* c : {&silent, &head, &body}) {
        EXPECT_EQ(c->read_all(), "");
        EXPECT_TRUE(c->ended());
    }
}

TEST(hostile, heads_that_two_servers_could_read_differently_are_refused) {
    running_server s;
    const std::string smuggled =
        "GET /events/subscribe/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n" + publish_one;
    const auto post = [](std::string_view fields) {
        return post_head + std::string(fields) + "\r\n";
    };
    const auto chunked = [&](std::string_view body) {
        return post("Transfer-Encoding: chunked\r\n") + std::string(body);
    };
    const std::string nul(1, '\0');
    const strings malformed{
        // How long the body is.
        post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n",
        post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
        post("Transfer-Encoding: xchunked\r\n"), post("Transfer-Encoding: identity\r\n"),
        post("Transfer-Encoding: chunked, identity\r\n"),
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        post("Transfer-Encoding : chunked\r\n"), post("Transfer-Encoding: \vchunked\r\n"),
        post("Transfer-Encoding:\r\n"),
        "POST /events/publish/a HTTP/1.0\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post("Content-Length: 5\r\nContent-Length: 6\r\n"),
        post("Content-Length: 5\r\nContent-Length: 5\r\n"), post("Content-Length: 5, 5\r\n"),
        post("Content-Length: -1\r\n"), post("Content-Length: +5\r\n"),
        post("Content-Length: 0x5\r\n"), post("Content-Length: 5 \t5\r\n"),
        post("Content-Length:\r\n"), post("Content-Length: 99999999999999999999\r\n"),
        // Where a chunk ends.
        chunked("5\n{\"da\r\n"), chunked("5 \r\n"), chunked("-1\r\n"), chunked("0x1\r\n"),
        chunked("1\r\n1X\r\n"), chunked("fffffffffffffffff\r\n"), chunked("0\n\n"),
        // Where a field ends.
        post("X: a\r\n folded: b\r\n"), post("X: a" + nul + "b\r\n"), post("X: a\rb\r\n"),
        post("X: a\nb: c\r\n"), post("X : a\r\n"), post(": a\r\n"), post("no colon\r\n"),
        " " + post(""), "GET /health HTTP/1.1\nHost: localhost\n\n",
        // Whom it is for.
        post("Host: other\r\n"), post("Host: localhost\r\n"), "GET /health HTTP/1.1\r\n\r\n",
        "GET http://[/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET http://other/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        // What it asks for.
        "GET  /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET\t/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /health HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        "GET /hea" + nul + "lth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET health HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /health\r\n\r\n",
        "\x16\x03\x01\x02" + nul + "\x01",  // TLS
    };
    const auto refused = [&](const std::string& head, int status) {
        raw_client c(s.port());
        c.send(head + smuggled);
        const answer got = c.read_answer();
        EXPECT_EQ(got.status, status) << head;
        EXPECT_EQ(got.header("Connection"), "close") << head;
        EXPECT_EQ(c.read_all(), "") << "a second answer to " << head;
        EXPECT_TRUE(c.ended()) << head;
    };
    for (const std::string& head : malformed) refused(head, 400);
    refused(post("Content-Length: 18446744073709551615\r\n"), 400);
    refused(post("Content-Length: 999999999999\r\n"), 413);
    refused(post("Transfer-Encoding: gzip, chunked\r\n"), 501);
    refused("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 501);
    refused("GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n", 505);
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    EXPECT_TRUE(s.shows("/metrics", "carillon_connections_total 0\n"));
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(limits, hold_for_target_head_and_chunked_body_to_the_byte) {
    running_server s({"--http.max_target_size", "100", "--http.max_head_size", "512",
                      "--http.max_body_size", "100"});
    const auto status_of = [&](const std::string& request) {
        return raw_client(s.port()).send(request).read_answer().status;
    };
    const auto target_of = [](std::size_t size) {
        return "GET /health?" + std::string(size - 8, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    };
    EXPECT_EQ(status_of(target_of(100)), 200);
    EXPECT_EQ(status_of(target_of(101)), 414);
    const auto head_of = [](std::size_t size) {
        const std::string head = "GET /health HTTP/1.1\r\nHost: localhost\r\nX: ";
        return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(status_of(head_of(512)), 200);
    EXPECT_EQ(status_of(head_of(513)), 431);
    const auto body_of = [](std::size_t size) {
        std::string all = post_head + "Transfer-Encoding: chunked\r\n\r\n";
        const std::string body = "{\"data\":\"" + std::string(size - 11, 'x') + "\"}";
        for (const char byte : body) all += "1\r\n" + std::string(1, byte) + "\r\n";
        return all + "0\r\n\r\n";
    };
    EXPECT_EQ(status_of(body_of(100)), 200);
    EXPECT_EQ(status_of(body_of(101)), 413);
}

TEST(limits, hold_for_the_topics_of_a_stream_whichever_way_they_come) {
    running_server s({"--stream.max_topics_per_client", "3"});
    EXPECT_EQ(event_reader(s, "?topic=a&topic=b&topic=c").status(), 200);
    const answer refused = s.get("/events/subscribe?topic=a&topic=b&topic=c&topic=d");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(json_value(refused.body, "code"), "INVALID_REQUEST");

    event_reader c(s, "?topic=a&topic=b");
    const std::string topics =
        "/events/clients/" + json_value(c.open().data, "client") + "/topics/";
    EXPECT_EQ(s.request("PUT", topics + "c").status, 204);
    EXPECT_EQ(s.request("PUT", topics + "c").status, 204) << "it has that one";
    EXPECT_EQ(s.request("PUT", topics + "d").status, 400);
    s.publish("d", "1");
    s.publish("c", "2");
    EXPECT_EQ(c.next().data, "2");
}

TEST(limits, hold_for_the_number_of_streams_and_free_a_place_with_each_end) {
    running_server s({"--stream.max_clients", "3", "--shards", "2"});
    std::vector<std::unique_ptr<event_reader>> house;
    for (int i = 0; i < 3; ++i) {
        house.push_back(std::make_unique<event_reader>(s, "/a"));
        house.back()->open();
    }
    EXPECT_EQ(s.get("/events/subscribe/a").status, 503);
    house[1]->connection().reset();
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 2\n"));
    event_reader fourth(s, "/a");
    fourth.open();
    EXPECT_EQ(s.get("/events/subscribe/a").status, 503);
}

}  // namespace
}  // namespace carillon::testing
