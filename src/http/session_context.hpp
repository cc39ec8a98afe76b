// What the sessions of one server share: buffers, timeouts, settings.
#pragma once

#include <carillon/base/log.hpp>

#include "http/message.hpp"
#include "http/server.hpp"
#include "http/timed.hpp"
#include "net/loop.hpp"

#include <array>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

namespace carillon::http {

/// Confined to the server's loop. Every session of it waits for something, and ends with it.
class session_context {
public:
    static constexpr std::size_t input_size = 64u << 10;

    session_context(net::loop& l, const router& r, std::shared_ptr<const server_options> o,
                    server_counters& c);
    ~session_context();
    session_context(const session_context&) = delete;
    session_context& operator=(const session_context&) = delete;

    net::loop& loop;
    const router& routes;
    server_counters& counters;
    std::shared_ptr<const server_options> options;
    bool closing = false;                   ///< sessions end with the response that they wait for
    std::unordered_set<exchange*> uploads;  ///< that read a body piece by piece
    log::gate refusals{50};                 ///< lines of the log, each second

    // Used by one session at a time, from one readiness to the end of its handling.
    std::array<char, input_size>& input() noexcept { return *input_; }
    std::string_view input_left;  ///< what the session being handled has not consumed
    http::request request;        ///< parsed in place; its strings keep their memory
    std::string output;

    /// `Date: …` with its CRLF.
    std::string_view date_line();

    /// Starts, or starts anew, the time that `t` may take for `what`.
    void wait(timed& t, wait_for what);
    /// `t` is closed, or somebody else's now.
    void leave(timed& t) noexcept { waiting_.leave(t); }

    void reload(std::shared_ptr<const server_options> o);
    /// Closes what is between two requests. A session that is new may have its first on the way.
    void close_idle() noexcept { waiting_.close_all(wait_for::request); }
    void cut_uploads();
    /// Closes a few connections that have been silent for longest, to make room for others. False
    /// if there are none.
    bool close_silent() noexcept;

private:
    std::chrono::milliseconds duration_of(wait_for what) const noexcept;
    void sweep();
    void arm_sweep();

    std::unique_ptr<std::array<char, input_size>> input_;
    wait_lists waiting_;
    net::loop::timer_id sweep_timer_ = 0;
    std::time_t date_second_ = 0;
    std::string date_line_;
};

}  // namespace carillon::http
