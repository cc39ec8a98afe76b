#include "http/test_server.hpp"

#include "http/text.hpp"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::http {

using namespace std::chrono_literals;

response text(std::string body) {
    response r;
    r.headers.emplace_back("Content-Type", "text/plain");
    r.body = std::move(body);
    return r;
}

std::string get(std::string_view path, std::string_view fields) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
           "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view fields) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

server_options test_server::defaults() {
    server_options options;
    options.access.allowed_hosts = {"localhost", "127.0.0.1"};
    return options;
}

test_server::test_server(const std::function<void(router&)>& add_routes, server_options options)
    : loop_(std::make_unique<net::loop>()) {
    add_routes(routes_);
    auto sockets = net::listen({"127.0.0.1", 0, ""}, {});
    EXPECT_TRUE(sockets);
    port_ = sockets->front().bound.port;
    listener_ = std::move(sockets->front().fd);
    server_ = std::make_unique<http::server>(
        *loop_, routes_, std::make_shared<const server_options>(std::move(options)));
    EXPECT_TRUE(server_->accept_on(listener_.get()));
    thread_ = std::thread([this] { loop_->run(); });
}

test_server::~test_server() {
    on_loop([this] { server_.reset(); });
    loop_->stop();
    thread_.join();
}

void test_server::on_loop(const std::function<void()>& task) {
    std::promise<void> done;
    loop_->post([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

bool test_server::reaches_open(std::uint64_t count) const {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (counters().open.load() != count) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

test_client::test_client(const test_server& s, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{5, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_port = htons(s.port());
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa), 0);
}

test_client::test_client(net::unique_fd fd) : fd_(std::move(fd)) {
    const timeval patience{5, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

test_client& test_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
}

test_client& test_client::send_slowly(std::string_view bytes) {
    for (const char c : bytes) send({&c, 1});
    return *this;
}

bool test_client::receive() {
    char room[4096];
    const auto got = ::recv(fd_.get(), room, sizeof room, 0);
    if (got <= 0) return false;
    input_.append(room, static_cast<std::size_t>(got));
    return true;
}

std::string test_client::reply::header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && iequals(line.substr(0, colon), name)) {
            return std::string(trim(line.substr(colon + 1)));
        }
    }
    return "-";
}

test_client::reply test_client::read(bool to_head) {
    reply r;
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
        if (!receive()) return r;
    }
    r.head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    r.status = std::stoi(r.head.substr(9, 3));
    const std::string length = r.header("Content-Length");
    const std::size_t size = length == "-" || to_head ? 0 : std::stoul(length);
    while (input_.size() < size) {
        if (!receive()) return reply();
    }
    r.body = input_.substr(0, size);
    input_.erase(0, size);
    return r;
}

std::size_t test_client::receive_some() { return receive_text().size(); }

std::string test_client::receive_text() {
    if (input_.empty()) receive();
    return std::exchange(input_, {});
}

std::string test_client::read_to_end() {
    while (receive()) {
    }
    return std::exchange(input_, {});
}

bool test_client::ended() {
    if (!input_.empty()) return false;
    char c = 0;
    return ::recv(fd_.get(), &c, 1, 0) == 0;
}

void test_client::shut_down() { ::shutdown(fd_.get(), SHUT_WR); }

void test_client::reset() {
    const linger abort{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    fd_.reset();
}

}  // namespace carillon::http
