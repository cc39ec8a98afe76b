#include "support/relay.hpp"

#include <array>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::testing {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(port);
    return where;
}

int connect_to(std::uint16_t port) {
    const sockaddr_in where = loopback(port);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) return fd;
    ::close(fd);
    return -1;
}

struct pair_of_ends {
    int client = -1;
    int server = -1;
    bool stalled = false;
};

/// False at the end, or on a failure.
bool pass_on(int from, int to) {
    std::array<char, 64u << 10> piece;
    const auto n = ::recv(from, piece.data(), piece.size(), 0);
    return n > 0 && ::send(to, piece.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
}

void close_both(pair_of_ends& p) {
    ::close(p.client);
    ::close(p.server);
    p.client = p.server = -1;
}

}  // namespace

relay::relay(std::uint16_t to) : to_(to) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where = loopback(0);
    socklen_t size = sizeof where;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&where), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
    port_ = ntohs(where.sin_port);
    thread_ = std::thread([this] { run(); });
}

relay::~relay() {
    ended_ = true;
    thread_.join();
    ::close(listener_);
}

void relay::run() {
    std::vector<pair_of_ends> pairs;
    while (!ended_) {
        if (stall_wanted_.exchange(false)) {
            for (auto& p : pairs) p.stalled = true;
        }
        std::vector<pollfd> polled{{listener_, POLLIN, 0}};
        for (const auto& p : pairs) {
            polled.push_back({p.stalled ? -1 : p.client, POLLIN, 0});
            polled.push_back({p.stalled ? -1 : p.server, POLLIN, 0});
        }
        ::poll(polled.data(), polled.size(), 5);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            bool open = true;
            if (polled[2 * i + 1].revents != 0) open = pass_on(pairs[i].client, pairs[i].server);
            if (open && polled[2 * i + 2].revents != 0)
                open = !lose_answers_ && pass_on(pairs[i].server, pairs[i].client);
            if (!open) close_both(pairs[i]);
        }
        if (polled[0].revents != 0) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            ++connections_;
            const int server = connect_to(to_);
            pairs.push_back({client, server});
            if (server < 0) close_both(pairs.back());
        }
        std::erase_if(pairs, [](const auto& p) { return p.client < 0; });
    }
    for (auto& p : pairs) close_both(p);
}

}  // namespace carillon::testing
