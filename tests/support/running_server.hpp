// The real binary in a process of its own, and a plain client for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {

/// A blocking socket on loopback whose reads give up at a deadline.
class raw_client {
public:
    explicit raw_client(std::uint16_t port);
    ~raw_client();
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    void send(std::string_view bytes);
    /// Reads until what has arrived contains `text`; false after five seconds or at the end of the
    /// connection.
    bool read_until(std::string_view text);
    /// Everything until the server closes, or five seconds.
    std::string read_all();
    const std::string& seen() const noexcept { return seen_; }
    /// Reads exactly until `count` occurrences of `text` have arrived.
    bool read_count(std::string_view text, std::size_t count);
    void limit_receive_buffer(int bytes);

private:
    bool more(std::chrono::steady_clock::time_point deadline);
    int fd_ = -1;
    std::string seen_;
};

class running_server {
public:
    /// Starts `carillon serve --listen 127.0.0.1:PORT arguments…` and waits until it is ready.
    explicit running_server(std::vector<std::string> arguments = {}, std::uint16_t port = 0);
    ~running_server();
    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    void signal(int number) const;
    /// The exit status; -1 if it did not end within ten seconds.
    int wait();

    /// One request on a connection of its own; returns the whole answer.
    std::string request(std::string_view method, std::string_view path, std::string_view body = {},
                        std::string_view headers = {}) const;
    std::string publish(std::string_view topic, std::string_view data) const;
    /// Asks for a stream; the caller reads.
    void subscribe(raw_client& c, std::string_view target, std::string_view headers = {}) const;

private:
    int pid_ = -1;
    std::uint16_t port_ = 0;
};

std::uint16_t free_port();
/// Runs the binary and returns its status and all that it printed.
std::pair<int, std::string> run_carillon(const std::string& arguments);

}  // namespace carillon::testing
