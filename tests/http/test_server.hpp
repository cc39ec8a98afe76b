// A server on a thread of its own, and a client that speaks raw bytes to it.
#pragma once

#include "http/server.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace carillon::http {

response text(std::string body);

/// Requests to "localhost"; `fields` are further header lines with their CRLFs.
std::string get(std::string_view path, std::string_view fields = {});
std::string post(std::string_view path, std::string_view body, std::string_view fields = {});

/// Listens on a free loopback port from construction to destruction.
class test_server {
public:
    /// `add_routes` fills the router before the loop runs.
    explicit test_server(const std::function<void(router&)>& add_routes,
                         server_options options = defaults());
    ~test_server();

    static server_options defaults();

    std::uint16_t port() const noexcept { return port_; }
    net::loop& loop() noexcept { return *loop_; }
    /// Runs on the loop's thread, and waits for it.
    void on_loop(const std::function<void()>& task);
    http::server& server() noexcept { return *server_; }
    const server_counters& counters() const noexcept { return server_->counters(); }
    /// Waits until the server holds that many connections; false if that takes longer than a few
    /// seconds.
    bool reaches_open(std::uint64_t count) const;

private:
    router routes_;
    std::unique_ptr<net::loop> loop_;
    std::unique_ptr<http::server> server_;
    net::unique_fd listener_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// A blocking loopback connection. Reads give up after a few seconds, so a test fails rather than
/// hangs.
class test_client {
public:
    explicit test_client(const test_server& s, int receive_buffer = 0);
    /// Over an already connected socket.
    explicit test_client(net::unique_fd fd);

    struct reply {
        int status = 0;
        std::string head;  ///< with the status line
        std::string body;
        /// First value; "-" if absent.
        std::string header(std::string_view name) const;
    };

    test_client& send(std::string_view bytes);
    /// One byte per segment.
    test_client& send_slowly(std::string_view bytes);
    /// The next response, by its Content-Length. `to_head`: it answers HEAD. Status 0: the
    /// connection ended before.
    reply read(bool to_head = false);
    /// Reads and forgets some bytes; how many.
    std::size_t receive_some();
    /// The next bytes, none at the end.
    std::string receive_text();
    /// Everything until the server closes.
    std::string read_to_end();
    /// The server has closed, and sent nothing more.
    bool ended();
    /// Sends nothing more, and still reads.
    void shut_down();
    /// Ends with a reset.
    void reset();
    int fd() const noexcept { return fd_.get(); }

private:
    bool receive();

    net::unique_fd fd_;
    std::string input_;
};

}  // namespace carillon::http
