#include "support/running_server.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::testing {

using std::chrono::steady_clock;

std::uint16_t free_port() {
    static std::minstd_rand generator{std::random_device{}()};
    for (;;) {
        const auto port = static_cast<std::uint16_t>(10'000 + generator() % 20'000);
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        where.sin_port = htons(port);
        const bool is_free =
            ::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
        ::close(fd);
        if (is_free) return port;
    }
}

running_server::running_server(strings arguments, std::uint16_t port, strings environment,
                               strings wrapper)
    : arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      wrapper_(std::move(wrapper)),
      port_(port) {
    if (std::ranges::find(arguments_, "--data-dir") == arguments_.end())
        arguments_.insert(arguments_.end(), {"--data-dir", data_.path_of("data")});
    if (std::ranges::find(arguments_, "--log.level") == arguments_.end())
        arguments_.insert(arguments_.end(), {"--log.level", "error"});
    // Between the choice of a port and its use, another test may take it.
    constexpr int attempts = 3;
    for (int i = 0; i < attempts; ++i) {
        if (port == 0) port_ = free_port();
        if (start()) return;
    }
    ADD_FAILURE() << "the server does not start: " << process_->output();
}

bool running_server::start(std::string_view path) {
    strings all{"serve", "--listen", "127.0.0.1:" + std::to_string(port_)};
    all.insert(all.end(), arguments_.begin(), arguments_.end());
    strings command = wrapper_;
    std::ranges::move(carillon(std::move(all)), std::back_inserter(command));
    process_ = std::make_unique<process>(std::move(command), environment_);
    const auto deadline = steady_clock::now() + patience;
    while (process_->running() && steady_clock::now() < deadline) {
        // Another server on this port would be ready too, while this one has found it taken.
        if (get(path).status == 200 && process_->running()) return true;
        ::poll(nullptr, 0, 2);
    }
    process_->wait();
    return false;
}

running_server::~running_server() {
    if (process_->running()) {
        // Different signals, so that none is merged with the other: the second one ends it at once.
        signal(SIGTERM);
        signal(SIGINT);
        EXPECT_EQ(wait(), 0) << "the server does not end well: " << process_->output();
    }
    if (::testing::Test::HasFailure() && !process_->output().empty())
        std::fprintf(stderr, "The server's log:\n%s", process_->output().c_str());
}

void running_server::kill() {
    signal(SIGKILL);
    EXPECT_EQ(wait(), 128 + SIGKILL);
}

void running_server::restart(std::string_view path) {
    if (!start(path)) ADD_FAILURE() << "the server does not start again: " << process_->output();
}

answer running_server::request(std::string_view method, std::string_view path,
                               std::string_view body, std::string_view fields) const {
    raw_client c(port_);
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    text.append(fields);
    const bool of_clients = path.starts_with("/events/clients");
    if (of_clients && fields.find("Authorization:") == std::string_view::npos) text += as_admin;
    if (!body.empty() || method == "POST" || method == "PUT")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    c.send(text.append("\r\n").append(body));
    answer got = c.read_answer(method == "HEAD");
    if (got.header("Content-Length").empty()) got.body = c.read_all();
    return got;
}

answer running_server::post(std::string_view topic, std::string_view body,
                            std::string_view fields) const {
    return request("POST", "/events/publish/" + std::string(topic), body, fields);
}

std::string running_server::publish(std::string_view topic, std::string_view data,
                                    std::string_view more) const {
    std::string body = "{\"data\":" + std::string(data);
    if (!more.empty()) body.append(",").append(more);
    const answer got = post(topic, body + "}");
    EXPECT_EQ(got.status, 200) << got.body;
    return json_value(got.body, "id");
}

bool running_server::shows(std::string_view path, std::string_view text) const {
    const auto deadline = steady_clock::now() + patience;
    while (steady_clock::now() < deadline) {
        if (get(path).body.find(text) != std::string::npos) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

}  // namespace carillon::testing
