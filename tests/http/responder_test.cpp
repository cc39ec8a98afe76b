#include "http/server.hpp"
#include "http/test_server.hpp"

#include <atomic>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;

TEST(take_over, ends_http_and_frees_the_connection) {
    std::optional<responder::taken> taken;
    server_options options = test_server::defaults();
    options.access.cors_origins = {"http://page.example"};
    test_server server(
        [&](router& routes) {
            routes.add("GET", "/stream", [&](request&, responder r) {
                taken = r.take_over();
                ASSERT_TRUE(taken);
                EXPECT_FALSE(r.take_over()) << "only once";
                r.send(text("ignored"));
                const std::string_view line = "HTTP/1.1 200 OK\r\n\r\nstream";
                EXPECT_GT(::write(taken->fd.get(), line.data(), line.size()), 0);
            });
        },
        options);
    test_client c(server);
    c.send(get("/stream", "Origin: http://page.example\r\n"));
    EXPECT_EQ(c.read().status, 200);
    EXPECT_TRUE(server.reaches_open(0));
    EXPECT_TRUE(taken->common_headers.starts_with("Date: ")) << taken->common_headers;
    EXPECT_TRUE(taken->common_headers.ends_with(
        " GMT\r\nAccess-Control-Allow-Origin: http://page.example\r\n"
        "Access-Control-Expose-Headers: Retry-After\r\nVary: Origin\r\n"
        "X-Content-Type-Options: nosniff\r\n"))
        << taken->common_headers;
    c.send("more bytes reach nobody");
    server.on_loop([&] {
        server.loop().remove(taken->fd.get());
        taken.reset();
    });
    EXPECT_EQ(c.read_to_end(), "stream");
}

TEST(take_over, passes_on_that_the_client_has_shut_down) {
    struct stream final : net::io_handler {
        void on_io(std::uint32_t events) override { seen |= events; }
        std::atomic<std::uint32_t> seen{0};
    } stream;
    std::optional<responder::taken> taken;
    net::loop* loop = nullptr;
    std::unique_ptr<responder> held;
    test_server server([&](router& routes) {
        routes.add("GET", "/stream", [&](request&, responder r) {
            held = std::make_unique<responder>(std::move(r));
            loop = &held->loop();
            // By then the end of the input was told to the connection.
            loop->call_after(20ms, [&] {
                taken = held->take_over();
                ASSERT_TRUE(taken);
                loop->replace(taken->fd.get(), stream);
            });
        });
    });
    test_client c(server);
    c.send(get("/stream"));
    c.shut_down();
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while ((stream.seen & EPOLLRDHUP) == 0 && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    EXPECT_TRUE(stream.seen & EPOLLRDHUP);
    server.on_loop([&] {
        loop->remove(taken->fd.get());
        taken.reset();
    });
}

TEST(responder, answers_500_when_another_takes_its_place) {
    std::unique_ptr<responder> held;
    test_server server([&](router& routes) {
        routes.add("GET", "/hold", [&](request&, responder r) {
            if (held) {
                *held = std::move(r);
                held->send(text("second"));
            } else {
                held = std::make_unique<responder>(std::move(r));
            }
        });
    });
    test_client first(server);
    first.send(get("/hold"));
    while (server.counters().requests < 1) std::this_thread::yield();
    test_client second(server);
    EXPECT_EQ(second.send(get("/hold")).read().body, "second");
    EXPECT_EQ(first.read().status, 500);
}

}  // namespace
}  // namespace carillon::http
