// A stream that a thread of its own reads, with the time of everything that comes.
#pragma once

#include <carillon/wire/parser.hpp>

#include "server/http_client.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

namespace carillon::server {

/// Begins with its construction and ends with its destruction, within a second. All calls are for
/// the thread that made it.
class watched_stream final : private wire::parser_listener {
public:
    using clock = std::chrono::steady_clock;

    /// `c` has the URL and headers.
    explicit watched_stream(http_call c);
    ~watched_stream();
    watched_stream(const watched_stream&) = delete;
    watched_stream& operator=(const watched_stream&) = delete;

    /// Status and headers, once they are there; nothing if they do not come until then.
    std::optional<http_answer> head(clock::time_point until);
    /// True once `carillon.open` has come, or any other event.
    bool opened(clock::time_point until);
    /// When the event with this data came; nothing if it does not until then.
    std::optional<clock::time_point> arrival(const std::string& data, clock::time_point until);
    /// The bytes that have come; waits until they are more than `than`.
    std::size_t bytes_beyond(std::size_t than, clock::time_point until);
    /// When the stream ended; nothing if it did not until then.
    std::optional<clock::time_point> ended(clock::time_point until);
    std::string why_ended();
    /// Heartbeats and other comments so far.
    std::size_t comments();

private:
    void on_event(const wire::message& m) override;
    void on_comment(std::string_view text) override;
    void read(http_call c);
    template <class Condition>
    bool wait(clock::time_point until, Condition holds);

    std::mutex mutex_;
    std::condition_variable changed_;
    // All guarded by mutex_.
    std::optional<http_answer> head_;
    std::unordered_map<std::string, clock::time_point> arrivals_;  // of data: at most max_arrivals
    std::size_t events_ = 0, comments_ = 0, bytes_ = 0;
    std::optional<clock::time_point> end_;
    std::string why_;
    bool stopped_ = false;

    wire::parser parser_{*this};
    std::thread reader_;  // last: it uses the rest
};

}  // namespace carillon::server
