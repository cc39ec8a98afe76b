// Bodies of publish requests -> events.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/hub.hpp>
#include <carillon/journal/event.hpp>

#include "http/server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::transport {

enum class body_format : std::uint8_t { json, lines };  ///< one JSON text; newline-delimited JSON

/// The content types of each form, for `http::route_rules`. A page of a foreign site can send a
/// form without asking, but no JSON type.
std::vector<std::string_view> json_types();
std::vector<std::string_view> line_types();
/// From a `Content-Type` that is one of these.
body_format format_of(const http::request& r);

/// What a request says of the topics of its events before its body is read.
struct body_target {
    body_target() = default;
    body_target(std::optional<topic> named) : path(std::move(named)) {}
    body_target(topic named) : path(std::move(named)) {}
    /// The request is for one place alone: the body names no topics, and the events have none yet.
    static body_target elsewhere() {
        body_target t;
        t.fixed = true;
        return t;
    }

    std::optional<topic> path;  ///< the path's; the body may name further ones beside it
    bool fixed = false;
};

/// An event as a publisher wrote it.
struct written_event {
    event content;
    std::string idempotency_key;  ///< empty: none
    std::optional<std::chrono::system_clock::time_point> deliver_at;
    std::size_t topics_named = 0;  ///< in the body, repeated ones included
};

/// `{id?, event?, data, retry?, comment?, topic?, topics?, metadata?, timestamp?, ttl?, expires?,
/// deliverAt?, key?, retain?, ephemeral?, private?, idempotencyKey?}`. A string `data` is sent as
/// it is, anything else as the publisher's own JSON text. `text` need not be valid. Takes time
/// linear in its size; reading ends where one of `limits` is passed.
result<written_event> parse_event(std::string_view text, const body_target& target,
                                  const hub_options& limits);

struct publish_body {
    std::vector<event> events;
    bool array = false;
    std::string idempotency_key;  ///< of the one event; empty: none
    std::optional<std::chrono::system_clock::time_point> deliver_at;  ///< of the one event
};
/// One event or an array of events, at most `limits.max_batch`.
result<publish_body> parse_publish_body(std::string_view text, const body_target& target,
                                        const hub_options& limits);

/// What `Idempotency-Key` says (draft-ietf-httpapi-idempotency-key-header: a string, whose quotes
/// may be left out), else `field`; nothing if neither is there. Fails if they differ, or are not 1
/// to 255 visible ASCII characters. `space` stands in front of it (`key_space_of`).
result<std::optional<std::string>> idempotency_key_of(const http::request& r, std::string field,
                                                      const std::string& space);

/// The key with a hash of all that the request says. `target`: the topic in the path, or whatever
/// else the request is for.
idempotency_key keyed(std::string key, std::string_view target, std::string_view body);

/// `{"id", "position", "topic"}`; the ids are absent for ephemeral events.
std::string publish_answer(const published& p, std::string_view topic);

/// Publishes the lines of a body as they arrive, and answers at the end with `{"published", "id"?,
/// "position"?}` or with a problem that says which line failed and how many before it were
/// published.
struct line_publisher {
    std::optional<topic> path_topic;
    std::function<result<>(const event&)> may;  ///< whether they may publish it
    std::string key_space;                      ///< of `key_space_of`
};
std::unique_ptr<http::upload> make_line_upload(hub& h, line_publisher who, http::responder answer,
                                               http::upload_control control);

}  // namespace carillon::transport
