// What the connections of one server share: buffers, timeouts, settings.
#pragma once

#include <carillon/base/log.hpp>

#include "http/message.hpp"
#include "http/server.hpp"
#include "net/loop.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// What a connection waits for. Each has one duration, so the connections that wait for it are kept
/// in the order in which they began to, and only the oldest need a look.
enum class wait_for : std::uint8_t {
    first_request,
    request,
    head,
    body,
    writing,
    lingering,
    answer
};

inline constexpr std::size_t wait_kinds = 7;

/// The connections that wait for one thing, oldest first.
struct wait_list {
    connection* first = nullptr;
    connection* last = nullptr;
};

/// Confined to the server's loop. Holds every connection in exactly one wait_list.
class connection_context {
public:
    static constexpr std::size_t input_size = 64u << 10;

    connection_context(net::loop& l, const router& r, std::shared_ptr<const server_options> o,
                       server_counters& c);
    ~connection_context();
    connection_context(const connection_context&) = delete;
    connection_context& operator=(const connection_context&) = delete;

    net::loop& loop;
    const router& routes;
    server_counters& counters;
    std::shared_ptr<const server_options> options;
    bool closing = false;    ///< connections end with the response that they wait for
    log::gate refusals{50};  ///< lines of the log, each second

    // Used by one connection at a time, from one readiness to the end of its handling.
    std::array<char, input_size>& input() noexcept { return *input_; }
    std::string_view input_left;             ///< what the connection being handled has not consumed
    http::request request;                   ///< parsed in place; its strings keep their memory
    const http::request* current = nullptr;  ///< being handled, for the log
    std::string output;

    /// `Date: …` with its CRLF.
    std::string_view date_line();

    /// Starts, or starts anew, the time that `c` may take for `what`.
    void wait(connection& c, wait_for what);
    /// `c` is closed or handed over.
    void leave(connection& c) noexcept;

    void reload(std::shared_ptr<const server_options> o);
    /// Closes the connections between two requests. One that is new may have its first on the way.
    void close_idle();

private:
    std::chrono::milliseconds duration_of(wait_for what) const noexcept;
    void unlink(connection& c) noexcept;
    void sweep();
    void arm_sweep();

    std::unique_ptr<std::array<char, input_size>> input_;
    std::array<wait_list, wait_kinds> lists_;
    net::loop::timer_id sweep_timer_ = 0;
    std::time_t date_second_ = 0;
    std::string date_line_;
};

}  // namespace carillon::http
