#include "http/server.hpp"
#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

void add_routes(router& routes) {
    routes.add("GET", "/", [](request&, responder r) { r.send(json_response(200, "{}")); });
    routes.add("POST", "/", [](request& q, responder r) {
        r.send(json_response(200, std::to_string(q.body.size())));
    });
    routes.add("GET", "/big", [](request&, responder r) {
        r.send(json_response(200, std::string(16u << 20, ' ')));
    });
    routes.add("GET", "/never", [](request&, responder r) {
        static std::unique_ptr<responder> kept;
        kept = std::make_unique<responder>(std::move(r));
    });
}

server_options with(const std::function<void(limits&)>& set) {
    server_options options = test_server::defaults();
    set(options.limits);
    return options;
}

TEST(limits, hold_for_the_head_to_the_byte) {
    test_server server(add_routes, with([](limits& l) { l.max_head_size = 200; }));
    const auto head_of = [](std::size_t size) {
        std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\nA: ";
        head.append(size - head.size() - 4, 'x');
        return head + "\r\n\r\n";
    };
    test_client c(server);
    EXPECT_EQ(c.send(head_of(200)).read().status, 200);
    EXPECT_EQ(c.send(head_of(201)).read().status, 431);
    EXPECT_TRUE(c.ended());
    test_client slow(server);
    EXPECT_EQ(slow.send_slowly(head_of(200)).read().status, 200);
    EXPECT_EQ(slow.send_slowly(head_of(201)).read().status, 431);
}

TEST(limits, hold_for_the_target_to_the_byte) {
    test_server server(add_routes, with([](limits& l) { l.max_target_size = 50; }));
    const auto target_of = [](std::size_t size) {
        return "GET /?" + std::string(size - 2, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    };
    test_client c(server);
    EXPECT_EQ(c.send(target_of(50)).read().status, 200);
    EXPECT_EQ(c.send(target_of(51)).read().status, 414);
    EXPECT_TRUE(c.ended());
}

TEST(limits, hold_for_the_body_to_the_byte) {
    test_server server(add_routes, with([](limits& l) { l.max_body_size = 100000; }));
    const auto sized = [](std::size_t size) {
        return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'x');
    };
    const auto chunked = [](std::size_t size) {
        std::string all =
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (; size > 10; size -= 10) all += "a\r\n0123456789\r\n";
        return all + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n0\r\n\r\n";
    };
    test_client c(server);
    EXPECT_EQ(c.send(sized(100000)).read().body, "100000");
    EXPECT_EQ(c.send(chunked(99999)).read().body, "99999");
    const auto refused = c.send(sized(100001)).read();
    EXPECT_EQ(refused.status, 413);
    EXPECT_THAT(refused.body, HasSubstr("PAYLOAD_TOO_LARGE"));
    EXPECT_TRUE(c.ended());
    test_client other(server);
    EXPECT_EQ(other.send(chunked(100001)).read().status, 413);
    EXPECT_TRUE(other.ended());
}

TEST(timeouts, end_heads_that_do_not_arrive) {
    test_server server(add_routes, with([](limits& l) { l.head_timeout = 30ms; }));
    test_client c(server);
    c.send("GET / HTTP/1.1\r\nHo");
    const auto reply = c.read();
    EXPECT_EQ(reply.status, 408);
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(c.ended());
}

TEST(timeouts, count_from_the_first_byte_of_the_head) {
    test_server server(add_routes, with([](limits& l) { l.head_timeout = 60ms; }));
    test_client c(server);
    const auto start = std::chrono::steady_clock::now();
    std::atomic<bool> done{false};
    std::thread trickle([&] {
        // More bytes do not buy more time.
        for (int i = 0; i < 400 && !done; ++i) {
            c.send("G");
            std::this_thread::sleep_for(5ms);
        }
    });
    EXPECT_EQ(c.read().status, 408);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
    done = true;
    trickle.join();
}

TEST(timeouts, close_idle_connections_silently) {
    test_server server(add_routes, with([](limits& l) { l.idle_timeout = 30ms; }));
    test_client fresh(server);
    EXPECT_EQ(fresh.read_to_end(), "");
    test_client used(server);
    EXPECT_EQ(used.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status, 200);
    EXPECT_EQ(used.read_to_end(), "");
    test_client only_lines(server);
    EXPECT_EQ(only_lines.send("\r\n").read_to_end(), "");
    EXPECT_TRUE(server.reaches_open(0));
}

TEST(timeouts, end_bodies_without_progress) {
    test_server server(add_routes, with([](limits& l) { l.body_timeout = 30ms; }));
    for (const char* rest :
         {"Content-Length: 5\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
        test_client c(server);
        c.send("POST / HTTP/1.1\r\nHost: localhost\r\n" + std::string(rest));
        EXPECT_EQ(c.read().status, 408) << rest;
        EXPECT_TRUE(c.ended());
    }
}

TEST(limits, hold_for_the_bodies_of_all_connections_together) {
    byte_budget room(1000);
    server_options options = test_server::defaults();
    options.requests = &room;
    test_server server(add_routes, options);
    const std::string head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 600\r\n\r\n";
    test_client first(server);
    first.send(head + std::string(500, 'x'));
    while (room.used() != 500) std::this_thread::yield();
    test_client second(server);
    const auto refused = second.send(head + std::string(600, 'x')).read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("http.max_request_memory"));
    EXPECT_NE(refused.header("Retry-After"), "-");
    // Room to the byte, and all of it is given back by whatever ends a request.
    test_client third(server);
    EXPECT_EQ(third
                  .send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n" +
                        std::string(500, 'x'))
                  .read()
                  .body,
              "500");
    EXPECT_EQ(first.send(std::string(100, 'x')).read().body, "600");
    first.send(head + std::string(500, 'x'));
    while (room.used() != 500) std::this_thread::yield();
    first.reset();
    while (room.used() != 0) std::this_thread::yield();
    EXPECT_EQ(room.refused(), 1);
}

TEST(limits, hold_for_what_uploads_keep) {
    struct hoarder final : upload {
        explicit hoarder(responder r) : answer(std::move(r)) {}
        flow on_data(std::string_view bytes) override {
            kept += bytes;
            return flow::more;
        }
        void on_end() override { answer.send(text("all")); }
        std::size_t held() const noexcept override { return kept.size(); }
        responder answer;
        std::string kept;
    };
    byte_budget room(1000);
    server_options options = test_server::defaults();
    options.requests = &room;
    const auto add = [](router& routes) {
        routes.add(
            "POST", "/", [](request&, responder r) { r.send(text("buffered")); },
            [](request&, responder& r, upload_control) {
                return std::make_unique<hoarder>(std::move(r));
            });
    };
    test_server server(add, options);
    const auto sized = [](std::size_t size) {
        return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'x');
    };
    test_client c(server);
    EXPECT_EQ(c.send(sized(1000)).read().body, "all");
    EXPECT_EQ(c.send(sized(1001)).read().status, 503);
    while (room.used() != 0) std::this_thread::yield();
}

TEST(limits, hold_for_answers_that_nobody_takes) {
    byte_budget room(40u << 20);
    server_options options = test_server::defaults();
    options.responses = &room;
    test_server server(add_routes, options);
    test_client slow(server, 2048);
    slow.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (room.used() == 0) std::this_thread::yield();
    test_client second(server, 2048);
    second.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (room.used() < 34u << 20) std::this_thread::yield();
    test_client third(server);
    const auto refused = third.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n").read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("http.max_response_memory"));
    EXPECT_EQ(third.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status, 200)
        << "small ones are always there";
    slow.reset();
    EXPECT_EQ(second.read().body.size(), 16u << 20);
    while (room.used() != 0) std::this_thread::yield();
    EXPECT_EQ(third.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status, 200);
}

TEST(timeouts, end_bodies_that_drip) {
    test_server server(add_routes, with([](limits& l) {
                           l.body_timeout = 400ms;
                           l.min_body_rate = 100;
                       }));
    test_client c(server);
    c.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
    std::thread drip([&] {
        for (int i = 0; i < 30; ++i) {
            std::this_thread::sleep_for(50ms);
            ::send(c.fd(), "x", 1, MSG_NOSIGNAL);
        }
    });
    EXPECT_EQ(c.read().status, 408);
    drip.join();
}

TEST(timeouts, start_anew_with_each_piece_of_a_body) {
    test_server server(add_routes, with([](limits& l) {
                           l.body_timeout = 400ms;
                           l.min_body_rate = 2;
                       }));
    test_client c(server);
    c.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n");
    for (int i = 0; i < 12; ++i) {
        std::this_thread::sleep_for(50ms);
        c.send("x");
    }
    EXPECT_EQ(c.read().body, "12");
}

TEST(timeouts, end_responses_that_nobody_takes) {
    test_server server(add_routes, with([](limits& l) { l.write_timeout = 50ms; }));
    test_client c(server, 2048);
    c.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(server.reaches_open(1));
    EXPECT_TRUE(server.reaches_open(0));
}

TEST(timeouts, do_not_hurry_handlers) {
    test_server server(add_routes, with([](limits& l) {
                           l.head_timeout = l.body_timeout = l.idle_timeout = l.write_timeout =
                               10ms;
                       }));
    test_client c(server);
    c.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (server.counters().requests < 1) std::this_thread::yield();
    std::this_thread::sleep_for(80ms);
    EXPECT_EQ(server.counters().open, 1U);
}

TEST(timeouts, follow_new_options) {
    test_server server(add_routes);
    test_client c(server);
    EXPECT_EQ(c.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status, 200);
    server.on_loop([&] {
        auto options = with([](limits& l) { l.idle_timeout = 20ms; });
        options.access.allowed_hosts = {"elsewhere"};
        server.server().reload(std::make_shared<const server_options>(std::move(options)));
    });
    test_client other(server);
    EXPECT_EQ(other.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status, 403);
    EXPECT_EQ(c.read_to_end(), "") << "idle for longer than is now allowed";
}

}  // namespace
}  // namespace carillon::http
