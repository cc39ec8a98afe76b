// A client of event streams: HTTP, then the event-stream format.
#pragma once

#include <carillon/wire/parser.hpp>

#include "support/running_server.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::testing {

/// As a browser's MessageEvent would show it.
struct received {
    std::string type;
    std::string data;
    std::string id;  ///< the last one that the stream gave
};

struct reader_options {
    int receive_buffer = 0;         ///< SO_RCVBUF; 0: the system's choice
    std::size_t piece = 64u << 10;  ///< bytes that one read takes at most
    std::string_view version = "HTTP/1.1";
    bool whole_path = false;  ///< the target is not below `/events/subscribe`
};

/// Confined to one thread. Every read gives up after `patience`.
class event_reader final : wire::parser_listener {
public:
    /// Asks for `/events/subscribe` and `target`, such as `/news?last=2`.
    event_reader(const running_server& s, std::string_view target, std::string_view fields = {},
                 reader_options options = {})
        : event_reader(s.port(), target, fields, options) {}
    event_reader(std::uint16_t port, std::string_view target, std::string_view fields = {},
                 reader_options options = {});

    /// The head of the response, once it has come.
    const answer& head();
    int status() { return head().status; }

    /// The next event, the hub's own included; nothing at the end of the stream.
    std::optional<received> poll();
    /// The test fails if none comes.
    received next();
    /// The opening event; the test fails if another comes.
    received open();
    /// The data of the next events, in order.
    strings data(std::size_t count);
    /// The data of all events up to the one with this data, which is left out.
    strings data_until(std::string_view last);
    /// Reads to the end; true if the server ended the stream as HTTP demands, and the connection
    /// with it.
    bool ends_well();
    /// The same, but the connection may stay for the next request, as that of a finite stream does.
    bool is_complete();
    /// Reads until so many comments have come.
    bool reads_comments(std::size_t count);

    /// The stream's bytes until now, without the framing of HTTP.
    const std::string& bytes() const noexcept { return bytes_; }
    const strings& comments() const noexcept { return comments_; }
    std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }
    const std::string& last_event_id() const noexcept { return parser_.last_event_id(); }
    raw_client& connection() noexcept { return connection_; }
    void close() { connection_.close(); }

private:
    void on_event(const wire::message& m) override;
    void on_retry(std::chrono::milliseconds after) override { retry_ = after; }
    void on_comment(std::string_view text) override { comments_.emplace_back(text); }

    bool read_more();
    bool take_raw();
    void take_chunks();
    void take(std::string_view piece);

    raw_client connection_;
    const reader_options options_;
    answer head_;
    bool chunked_ = false;
    bool begun_ = false;
    bool last_chunk_ = false;
    std::string raw_;  ///< not decoded yet
    std::string bytes_;
    wire::parser parser_{*this};
    std::deque<received> events_;
    strings comments_;
    std::optional<std::chrono::milliseconds> retry_;
};

/// `Last-Event-ID` as a field line.
std::string after(std::string_view id);
/// What the opening event says of the cursor.
std::string verdict(const received& opening);

}  // namespace carillon::testing
