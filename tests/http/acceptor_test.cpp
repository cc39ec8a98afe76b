#include "http/server.hpp"
#include "http/test_server.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;

constexpr const char* get_root = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

void add_routes(router& routes) {
    routes.add("GET", "/", [](request&, responder r) { r.send(json_response(200, "{}")); });
}

// UBSan opens pipes to look at memory, and takes a failure for a bad pointer.
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
constexpr bool checker_needs_descriptors = true;
#else
constexpr bool checker_needs_descriptors = false;
#endif
#else
constexpr bool checker_needs_descriptors = false;
#endif

/// Allows the process `spare` more descriptors than it has, until it goes out of scope.
class scarce_descriptors {
public:
    explicit scarce_descriptors(int spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const net::unique_fd next(::dup(0));
        const rlimit scarce{static_cast<rlim_t>(next.get() + spare), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &scarce);
    }
    ~scarce_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST(acceptor, waits_for_descriptors_and_goes_on) {
    if (checker_needs_descriptors) GTEST_SKIP() << "the checker needs them";
    test_server server(add_routes);
    constexpr int count = 6;
    std::vector<net::unique_fd> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    }
    std::vector<test_client> clients;
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_port = htons(server.port());
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    {
        const scarce_descriptors scarce(2);
        for (net::unique_fd& fd : sockets) {
            ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa), 0);
            clients.emplace_back(std::move(fd));
        }
        EXPECT_EQ(clients[0].send(get_root).read().status, 200);
        EXPECT_EQ(clients[1].send(get_root).read().status, 200);
        std::this_thread::sleep_for(20ms);
        EXPECT_EQ(server.counters().accepted, 2U);
    }
    for (test_client& c : clients) EXPECT_EQ(c.send(get_root).read().status, 200);
    EXPECT_EQ(server.counters().accepted, 6U);
}

TEST(acceptor, may_end_while_it_waits_for_descriptors) {
    if (checker_needs_descriptors) GTEST_SKIP() << "the checker needs them";
    auto server = std::make_unique<test_server>(add_routes);
    net::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_port = htons(server->port());
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const scarce_descriptors scarce(0);
    ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa), 0);
    server->on_loop([] {});
    server.reset();
}

TEST(acceptor, takes_bursts) {
    test_server server(add_routes);
    std::vector<std::unique_ptr<test_client>> clients;
    for (int i = 0; i < 300; ++i) {
        clients.push_back(std::make_unique<test_client>(server));
        clients.back()->send(get_root);
    }
    for (auto& c : clients) EXPECT_EQ(c->read().status, 200);
    EXPECT_EQ(server.counters().accepted, 300U);
    clients.clear();
    EXPECT_TRUE(server.reaches_open(0));
}

TEST(acceptor, shares_a_listener_with_other_loops) {
    auto sockets = net::listen({"127.0.0.1", 0, ""}, {});
    ASSERT_TRUE(sockets);
    const int listener = sockets->front().fd.get();
    test_server first(add_routes);
    test_server second(add_routes);
    for (test_server* s : {&first, &second}) {
        s->on_loop([&] { EXPECT_TRUE(s->server().accept_on(listener)); });
    }
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_port = htons(sockets->front().bound.port);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 50; ++i) {
        net::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa), 0);
        test_client c(std::move(fd));
        EXPECT_EQ(c.send(get_root).read().status, 200);
    }
    EXPECT_EQ(first.counters().accepted + second.counters().accepted, 50U);
    for (test_server* s : {&first, &second}) {
        s->on_loop([&] { s->server().stop_accepting(); });
    }
}

}  // namespace
}  // namespace carillon::http
