#include "http/server.hpp"
#include "http/test_server.hpp"

#include <atomic>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What every test here finds on its server.
void add_routes(router& routes) {
    routes.add("GET", "/hello", [](request&, responder r) { r.send(text("hello")); });
    routes.add("POST", "/echo", [](request& q, responder r) { r.send(text(std::move(q.body))); });
    routes.add("GET", "/echo", [](request& q, responder r) { r.send(text("got " + q.body)); });
    routes.add("GET", "/query", [](request& q, responder r) {
        r.send(text(q.method + (q.head ? "+head " : " ") + q.path + " " + q.query + " " +
                    q.client.str() + (q.http10 ? " 1.0" : "")));
    });
    routes.add("GET", "/later", [](request&, responder r) {
        net::loop& l = r.loop();
        auto held = std::make_shared<responder>(std::move(r));
        l.call_after(5ms, [held] { held->send(text("later")); });
    });
    routes.add("GET", "/nothing", [](request&, responder r) {
        response none;
        none.status = 204;
        r.send(std::move(none));
    });
    routes.add("GET", "/close", [](request&, responder r) {
        response last = text("bye");
        last.close = true;
        r.send(std::move(last));
    });
    routes.add("GET", "/forgotten", [](request&, responder) {});
    routes.add("GET", "/throws", [](request&, responder) { throw std::runtime_error("no"); });
    routes.add("GET", "/big",
               [](request&, responder r) { r.send(text(std::string(3u << 20, 'x'))); });
    routes.add("GET", "/split", [](request&, responder r) {
        response bad = text("ok");
        bad.headers.emplace_back("X-A", "1\r\nX-Injected: 2");
        bad.headers.emplace_back("X B", "3");
        r.send(std::move(bad));
    });
    routes.add("GET", "/items/{id}", [](request& q, responder r) { r.send(text(q.path_rest[0])); });
}

constexpr const char* get_hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

class connection_of : public ::testing::Test {
protected:
    test_server server_{add_routes};
};

TEST_F(connection_of, answers_and_stays_open) {
    test_client c(server_);
    for (int i = 0; i < 3; ++i) {
        const auto reply = c.send(get_hello).read();
        EXPECT_EQ(reply.status, 200);
        EXPECT_THAT(reply.head, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(reply.body, "hello");
        EXPECT_EQ(reply.header("Content-Type"), "text/plain");
        EXPECT_EQ(reply.header("Connection"), "-");
        EXPECT_THAT(reply.header("Date"), HasSubstr(" GMT"));
        EXPECT_EQ(reply.header("Date").size(), std::strlen("Sun, 06 Nov 1994 08:49:37 GMT"));
    }
    EXPECT_EQ(server_.counters().accepted, 1U);
    EXPECT_EQ(server_.counters().requests, 3U);
    EXPECT_EQ(server_.counters().responses_2xx, 3U);
}

TEST_F(connection_of, answers_pipelined_requests_in_order) {
    test_client c(server_);
    c.send(get("/later") + get("/hello") + post("/echo", "one") + get("/later") + get("/items/7"));
    EXPECT_EQ(c.read().body, "later");
    EXPECT_EQ(c.read().body, "hello");
    EXPECT_EQ(c.read().body, "one");
    EXPECT_EQ(c.read().body, "later");
    EXPECT_EQ(c.read().body, "7");
}

TEST_F(connection_of, answers_more_pipelined_requests_than_one_turn_takes) {
    test_client c(server_);
    std::string many;
    for (int i = 0; i < 2000; ++i) many += get("/items/" + std::to_string(i));
    std::thread sender([&] { c.send(many); });
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(c.read().body, std::to_string(i));
    sender.join();
}

TEST_F(connection_of, reads_requests_cut_at_every_byte) {
    const std::string whole =
        get_hello + post("/echo", "body") +
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4;x\r\nchun\r\n3\r\nked\r\n0\r\nA: b\r\n\r\n" +
        get("/items/1");
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        test_client c(server_);
        c.send(whole.substr(0, cut));
        std::this_thread::yield();
        c.send(whole.substr(cut));
        ASSERT_EQ(c.read().body, "hello") << cut;
        ASSERT_EQ(c.read().body, "body") << cut;
        ASSERT_EQ(c.read().body, "chunked") << cut;
        ASSERT_EQ(c.read().body, "1") << cut;
    }
}

TEST_F(connection_of, reads_requests_that_come_byte_by_byte) {
    test_client c(server_);
    c.send_slowly(get_hello);
    EXPECT_EQ(c.read().body, "hello");
    c.send_slowly(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(c.read().body, "abc");
}

TEST_F(connection_of, answers_clients_that_take_the_answer_slowly) {
    test_client c(server_, 2048);
    c.send(get("/big") + get("/hello"));
    const auto big = c.read();
    EXPECT_EQ(big.status, 200);
    EXPECT_EQ(big.body, std::string(3u << 20, 'x'));
    EXPECT_EQ(c.read().body, "hello");
}

TEST_F(connection_of, answers_clients_that_have_shut_down_their_half) {
    for (const char* path : {"/hello", "/later"}) {
        test_client c(server_);
        c.send(get(path));
        c.shut_down();
        EXPECT_EQ(c.read().status, 200) << path;
        EXPECT_TRUE(c.ended());
    }
    test_client cut(server_);
    cut.send("GET /hello HT");
    cut.shut_down();
    EXPECT_EQ(cut.read().status, 400);
    test_client half_body(server_);
    half_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf");
    half_body.shut_down();
    EXPECT_EQ(half_body.read().status, 400);
}

TEST_F(connection_of, survives_resets_at_any_moment) {
    const std::string whole = post("/echo", "body") + get("/later") + get("/big");
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        test_client c(server_);
        c.send(whole.substr(0, cut));
        c.reset();
    }
    EXPECT_TRUE(server_.reaches_open(0));
    test_client c(server_);
    EXPECT_EQ(c.send(get_hello).read().body, "hello");
}

TEST_F(connection_of, serves_http10_clients) {
    test_client once(server_);
    const auto reply = once.send("GET /query HTTP/1.0\r\n\r\n").read();
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.body, HasSubstr(" 1.0"));
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(once.ended());

    test_client twice(server_);
    for (int i = 0; i < 2; ++i) {
        const auto kept =
            twice.send("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
                .read();
        EXPECT_EQ(kept.header("Connection"), "keep-alive");
        EXPECT_EQ(kept.body, "hello");
    }
}

TEST_F(connection_of, closes_when_either_side_wants_to) {
    test_client asked(server_);
    const auto reply = asked.send(get("/hello", "Connection: close\r\n")).read();
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(asked.ended());
    test_client told(server_);
    EXPECT_EQ(told.send(get("/close") + get_hello).read().body, "bye");
    EXPECT_TRUE(told.ended()) << "what was pipelined after it is not answered";
}

TEST_F(connection_of, ignores_upgrades) {
    test_client c(server_);
    const char* fields = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    EXPECT_EQ(c.send(get("/hello", fields)).read().body, "hello");
    EXPECT_EQ(c.send(get("/hello", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"))
                  .read()
                  .status,
              200);
}

TEST_F(connection_of, answers_head_with_the_length_of_get) {
    test_client c(server_);
    const auto reply = c.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").read(true);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Length"), "5");
    EXPECT_EQ(c.send(get_hello).read().body, "hello") << "no body stood between the answers";
    EXPECT_EQ(c.send("HEAD /query HTTP/1.1\r\nHost: localhost\r\n\r\n").read(true).status, 200);
    const auto missing = c.send("HEAD /missing HTTP/1.1\r\nHost: localhost\r\n\r\n").read(true);
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(c.send(get_hello).read().body, "hello");
}

TEST_F(connection_of, sends_no_length_without_a_body) {
    test_client c(server_);
    const auto reply = c.send(get("/nothing")).read();
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.header("Content-Length"), "-");
    EXPECT_EQ(c.send(get_hello).read().body, "hello");
}

TEST_F(connection_of, asks_for_bodies_that_wait) {
    test_client c(server_);
    c.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
        "4\r\n\r\n");
    const auto interim = c.read();
    EXPECT_EQ(interim.head, "HTTP/1.1 100 Continue\r\n");
    EXPECT_EQ(c.send("body").read().body, "body");
    EXPECT_EQ(c.send(get("/hello", "Expect: 100-continue\r\n")).read().status, 200)
        << "no body to ask for";
}

TEST_F(connection_of, refuses_waiting_bodies_at_once) {
    for (const char* line : {"POST /missing HTTP/1.1\r\nContent-Length: 4\r\n",
                             "POST /hello HTTP/1.1\r\nContent-Length: 4\r\n",
                             "POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n"}) {
        test_client c(server_);
        c.send(std::string(line) + "Host: localhost\r\nExpect: 100-continue\r\n\r\n");
        const auto reply = c.read();
        EXPECT_GE(reply.status, 400) << line;
        EXPECT_EQ(reply.header("Connection"), "close");
        EXPECT_TRUE(c.ended());
    }
}

TEST_F(connection_of, answers_500_for_handlers_that_fail) {
    test_client c(server_);
    for (const char* path : {"/forgotten", "/throws"}) {
        const auto reply = c.send(get(path)).read();
        EXPECT_EQ(reply.status, 500) << path;
        EXPECT_THAT(reply.body, HasSubstr("\"code\":\"INTERNAL\""));
    }
    EXPECT_EQ(c.send(get_hello).read().body, "hello");
    EXPECT_EQ(server_.counters().responses_5xx, 2U);
}

TEST_F(connection_of, leaves_out_headers_that_would_split_the_response) {
    test_client c(server_);
    const auto reply = c.send(get("/split")).read();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "ok");
    EXPECT_THAT(reply.head, Not(HasSubstr("Injected")));
    EXPECT_THAT(reply.head, Not(HasSubstr("X B")));
}

TEST_F(connection_of, refuses_with_problem_documents) {
    const struct {
        std::string sent;
        int status;
        const char* code;
    } cases[] = {
        {"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "INVALID_REQUEST"},
        {"GET / HTTP/1.1\nHost: localhost\n\n", 400, "INVALID_REQUEST"},
        {get("/items/%zz"), 400, "INVALID_REQUEST"},
        {"\x16\x03\x01\x02", 400, "INVALID_REQUEST"},
        {"GET /hello HTTP/1.1\r\nHost: evil.com\r\n\r\n", 403, "FORBIDDEN"},
        {post("/echo", "x", "Origin: http://evil.com\r\n"), 403, "FORBIDDEN"},
        {post("/echo", "x", "Sec-Fetch-Site: cross-site\r\n"), 403, "FORBIDDEN"},
        {get("/missing"), 404, "NOT_FOUND"},
        {"POST /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "METHOD_NOT_ALLOWED"},
        {post("/echo", "x", "Expect: tea\r\n"), 417, "EXPECTATION_FAILED"},
        {"BREW /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "NOT_IMPLEMENTED"},
        {"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "NOT_IMPLEMENTED"},
        {"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
         "NOT_IMPLEMENTED"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP_VERSION_NOT_SUPPORTED"},
        {"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
         "INVALID_REQUEST"},
    };
    for (const auto& [sent, status, code] : cases) {
        test_client c(server_);
        const auto reply = c.send(sent).read();
        EXPECT_EQ(reply.status, status) << sent;
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json") << sent;
        EXPECT_THAT(reply.body, HasSubstr("\"code\":\"" + std::string(code) + "\"")) << sent;
        EXPECT_THAT(reply.body, HasSubstr("\"status\":" + std::to_string(status))) << sent;
    }
}

TEST_F(connection_of, lists_the_methods_of_a_path) {
    test_client c(server_);
    const auto refused = c.send("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").read();
    EXPECT_EQ(refused.status, 405);
    EXPECT_EQ(refused.header("Allow"), "POST, GET, HEAD, OPTIONS");
    const auto options = c.send("OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").read();
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.header("Allow"), "POST, GET, HEAD, OPTIONS");
    for (const char* target : {"*", "/missing"}) {
        const auto general =
            c.send("OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .read();
        EXPECT_EQ(general.status, 204) << target;
        EXPECT_THAT(general.header("Allow"), HasSubstr("GET")) << target;
    }
}

TEST_F(connection_of, stays_open_after_refusing_a_request_without_a_body) {
    test_client c(server_);
    EXPECT_EQ(c.send(get("/missing")).read().status, 404);
    EXPECT_EQ(c.send("GET /hello HTTP/1.1\r\nHost: evil.com\r\n\r\n").read().status, 403);
    EXPECT_EQ(c.send(get_hello).read().body, "hello");
    EXPECT_EQ(server_.counters().responses_4xx, 2U);
}

TEST_F(connection_of, lets_clients_read_the_answer_while_they_still_send) {
    test_client c(server_);
    c.send("POST /missing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n");
    c.send(std::string(4000000, 'x'));
    EXPECT_EQ(c.read().status, 404);
    EXPECT_TRUE(c.ended());
}

TEST_F(connection_of, tells_the_target_and_the_client) {
    test_client c(server_);
    EXPECT_EQ(c.send(get("/query?a=b&c")).read().body, "GET /query a=b&c 127.0.0.1");
    EXPECT_EQ(
        c.send("GET http://localhost/query?x HTTP/1.1\r\nHost: localhost\r\n\r\n").read().body,
        "GET /query x 127.0.0.1");
    EXPECT_EQ(c.send(get("/query", "X-Forwarded-For: 1.2.3.4\r\n")).read().body,
              "GET /query  127.0.0.1")
        << "loopback is no trusted proxy by itself";
    EXPECT_EQ(
        c.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc").read().body,
        "got abc");
}

TEST_F(connection_of, forgets_a_client_that_has_gone) {
    std::atomic<bool> gone{false};
    std::atomic<int> asked{0};
    test_server waiting([&](router& routes) {
        routes.add("GET", "/wait", [&](request&, responder r) {
            auto held = std::make_shared<responder>(std::move(r));
            net::loop& l = held->loop();
            ++asked;
            // Checks until the client is gone, then answers to nobody.
            auto again = std::make_shared<std::function<void()>>();
            *again = [&gone, &l, held, again] {
                if (!held->client_gone()) return void(l.call_after(1ms, *again));
                held->send(text("too late"));
                EXPECT_FALSE(held->begin_stream({}));
                *again = {};
                gone = true;
            };
            l.call_after(1ms, *again);
        });
    });
    test_client c(waiting);
    c.send(get("/wait"));
    while (asked == 0) std::this_thread::yield();
    c.reset();
    EXPECT_TRUE(waiting.reaches_open(0));
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (!gone && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_TRUE(gone);
}

TEST_F(connection_of, forgets_a_client_whose_end_is_told_with_its_request) {
    std::vector<responder> held;
    test_server waiting([&](router& routes) {
        routes.add("GET", "/hello", [](request&, responder r) { r.send(text("hello")); });
        routes.add("GET", "/wait", [&](request&, responder r) { held.push_back(std::move(r)); });
        routes.add(
            "POST", "/paused", [](request&, responder) {},
            [&](request&, responder& r, upload_control) -> std::unique_ptr<upload> {
                class paused final : public upload {
                    flow on_data(std::string_view) override { return flow::pause; }
                    void on_end() override {}
                };
                held.push_back(std::move(r));
                return std::make_unique<paused>();
            });
    });
    for (const std::string& last : {get("/wait"), get("/hello") + get("/wait"),
                                    post("/paused", "x"), post("/paused", "x") + get("/wait")}) {
        test_client c(waiting);
        EXPECT_EQ(c.send(get("/hello")).read().status, 200);
        // The loop sees nothing of it until all of it is there.
        waiting.on_loop([&] { c.send(last).reset(); });
        EXPECT_TRUE(waiting.reaches_open(0)) << last;
    }
    waiting.on_loop([&] { held.clear(); });
}

TEST_F(connection_of, adopts_sockets_that_others_accepted) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    server_.on_loop([&] {
        net::unique_fd theirs(fds[0]);
        ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
        server_.server().adopt(std::move(theirs));
    });
    test_client c{net::unique_fd(fds[1])};
    EXPECT_EQ(c.send(get("/query")).read().body, "GET /query  unix");
}

TEST_F(connection_of, ends_when_idle_is_asked_for) {
    std::vector<responder> held;
    test_server server([&](router& routes) {
        add_routes(routes);
        routes.add("GET", "/hold", [&](request&, responder r) { held.push_back(std::move(r)); });
    });
    test_client idle(server);
    EXPECT_EQ(idle.send(get_hello).read().status, 200);
    test_client busy(server);
    busy.send(get("/hold"));
    test_client fresh(server);
    while (server.counters().requests < 2 || server.counters().accepted < 3)
        std::this_thread::yield();
    server.on_loop([&] { server.server().close_when_idle(); });
    EXPECT_TRUE(idle.ended());
    server.on_loop([&] { held.front().send(text("held")); });
    const auto last = busy.read();
    EXPECT_EQ(last.body, "held");
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_TRUE(busy.ended());
    EXPECT_EQ(fresh.send(get_hello).read().header("Connection"), "close");
    test_client late(server);
    EXPECT_EQ(late.send(get_hello).read().header("Connection"), "close");
}

TEST_F(connection_of, stops_accepting) {
    server_.on_loop([&] { server_.server().stop_accepting(); });
    test_client c(server_);  // the kernel takes it, the server does not
    c.send(get_hello);
    server_.on_loop([] {});
    EXPECT_EQ(server_.counters().accepted, 0U);
}

}  // namespace
}  // namespace carillon::http
