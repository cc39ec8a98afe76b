#include "http/server.hpp"
#include "http/test_server.hpp"

#include <atomic>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;

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
