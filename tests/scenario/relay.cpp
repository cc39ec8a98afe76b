#include "support/relay.hpp"

#include <array>
#include <deque>
#include <string_view>
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

using steady_clock = std::chrono::steady_clock;

struct piece_on_its_way {
    int to = -1;
    std::string bytes;
    steady_clock::time_point due;
};

struct pair_of_ends {
    int client = -1;
    int server = -1;
    bool stalled = false;
    std::deque<piece_on_its_way> delayed;  ///< in the order in which they are due
};

bool send_all(int to, std::string_view bytes) {
    return ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

/// False at the end, or on a failure.
bool pass_on(pair_of_ends& p, int from, int to, std::chrono::milliseconds delay) {
    std::array<char, 64u << 10> piece;
    const auto n = ::recv(from, piece.data(), piece.size(), 0);
    if (n <= 0) return false;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(n));
    if (delay.count() == 0) return send_all(to, bytes);
    p.delayed.push_back({to, std::string(bytes), steady_clock::now() + delay});
    return true;
}

/// False on a failure.
bool send_what_is_due(pair_of_ends& p) {
    const auto now = steady_clock::now();
    for (; !p.delayed.empty() && p.delayed.front().due <= now; p.delayed.pop_front()) {
        if (!send_all(p.delayed.front().to, p.delayed.front().bytes)) return false;
    }
    return true;
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
            pair_of_ends& p = pairs[i];
            const std::chrono::milliseconds delay(delay_ms_.load());
            bool open = send_what_is_due(p);
            if (open && polled[2 * i + 1].revents != 0)
                open = pass_on(p, p.client, p.server, delay);
            if (open && polled[2 * i + 2].revents != 0)
                open = !lose_answers_ && pass_on(p, p.server, p.client, delay);
            if (!open) close_both(p);
        }
        if (polled[0].revents != 0) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            ++connections_;
            const int server = connect_to(to_);
            pairs.emplace_back();
            pairs.back().client = client;
            pairs.back().server = server;
            if (server < 0) close_both(pairs.back());
        }
        std::erase_if(pairs, [](const auto& p) { return p.client < 0; });
    }
    for (auto& p : pairs) close_both(p);
}

}  // namespace carillon::testing
