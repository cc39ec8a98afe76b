// Bytes -> events: an incremental parser of `text/event-stream` that accepts any cut of the bytes.
#pragma once

#include <carillon/base/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::wire {

/// What the stream dispatched, as a browser's MessageEvent would show it. Views live until the
/// callback returns.
struct message {
    std::string_view type;           ///< the `event:` field, "message" if none was given
    std::string_view data;           ///< lines joined by LF
    std::string_view last_event_id;  ///< sticky: the last id seen in the stream
};

/// Receives what the parser finds, in order, on the caller's thread.
class parser_listener {
public:
    virtual void on_event(const message& m) = 0;
    virtual void on_retry(std::chrono::milliseconds) {}
    /// The text after the colon, unchanged.
    virtual void on_comment(std::string_view) {}

protected:
    ~parser_listener() = default;
};

/// Confined to one thread. Holds at most one unfinished line and one unfinished event.
/// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream". Bytes that are not UTF-8 are
/// passed on as they are: decoding is the reader's (a browser would put U+FFFD).
class parser {
public:
    struct limits {
        std::size_t max_event_size = 64u << 20;  ///< bytes of one unfinished line plus event
    };

    explicit parser(parser_listener& listener) : parser(listener, limits{}) {}
    parser(parser_listener& listener, limits l);

    /// Fails with `event_too_large` once an event passes the limit; the parser then ignores
    /// everything until `reset`.
    result<> feed(std::string_view bytes);

    /// Forgets an unterminated event, as the end of the stream does; keeps the last event id
    /// (reconnection).
    void reset();

    const std::string& last_event_id() const noexcept { return last_event_id_; }

private:
    void line(std::string_view text);
    void field(std::string_view name, std::string_view value);
    void dispatch();

    parser_listener& listener_;
    limits limits_;
    std::string line_;
    std::string data_;
    std::string type_;
    std::string id_;
    std::string last_event_id_;
    std::uint8_t bom_matched_ =
        0;  ///< how many bytes of a leading BOM were seen; 4 = past the start
    bool after_cr_ = false;
    bool failed_ = false;
};

}  // namespace carillon::wire
