// An event as a publisher gives it and as the journal keeps it: fields, not wire bytes.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/journal/topic.hpp>
#include <carillon/wire/fields.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// Place of a stored event in the one order that all events share. The first event has 1; 0 is
/// before all.
struct position {
    std::uint64_t value = 0;
    friend auto operator<=>(const position&, const position&) = default;
};

/// What `data` is: text that is sent as it stands, or one JSON value in the publisher's own
/// spelling.
enum class payload_kind : std::uint8_t { text, json };

/// What a publisher gives. A value; nothing in it can break a stream.
struct event {
    std::vector<topic> topics;  ///< at least one, no topic twice
    std::optional<wire::event_id>
        id;  ///< the publisher's own; goes out as `id:` in place of the hub's
    std::optional<wire::event_name> name;  ///< absent: the browser's "message"
    std::string data;                      ///< UTF-8
    payload_kind payload = payload_kind::text;
    std::string kind;  ///< what the service that made it calls it ("notification", "chat.message");
                       ///< empty: a topic's event
    bool is_private = false;  ///< shown only to readers that may see one of its topics
    std::string key;      ///< of what the event is about: a newer one with this key replaces it for
                          ///< slow readers of topics that conflate; empty: none
    bool retain = false;  ///< the topic's last value: new streams get it first. Empty data: none
    bool ephemeral = false;  ///< no position, no id, not stored; dropped for whoever is behind
    std::optional<std::chrono::milliseconds> retry;
    std::string comment;    ///< UTF-8, may have lines
    std::string metadata;   ///< a JSON object's text, or empty
    std::string timestamp;  ///< the publisher's own, UTF-8 without line ends, or empty
    std::optional<std::chrono::system_clock::time_point>
        expires;  ///< shown to nobody who reads later; no gap. Whole milliseconds

    /// Bytes that limits and retention count: all texts together.
    std::size_t size() const noexcept;
};

/// An event in the journal and on the tail. Immutable once shared; thread-safe to read.
struct stored_event {
    event content;
    position pos;         ///< 0 for an ephemeral event
    position erases;      ///< when this one is stored, that one's content goes; 0: none
    bool erased = false;  ///< deleted, replaced or expired: only its place and topics are left
    position erased_by;   ///< if so, by the event there; 0: it has expired, or long ago
    /// A number by which whoever appends it knows it again in the feed; not stored. 0: none.
    std::uint64_t watch = 0;
    std::chrono::system_clock::time_point stored_at;
};

/// Whether a reader who comes at `now` is shown the event.
inline bool shown_at(const stored_event& e, std::chrono::system_clock::time_point now) noexcept {
    return !e.erased && (!e.content.expires || *e.content.expires > now);
}

/// Shared among the journal, the tail and all shards that still have to write it: none of them
/// alone knows when the last one is done.
using event_ptr = std::shared_ptr<const stored_event>;

/// `<epoch>.<position>`: eight characters of `[0-9a-z]`, a dot, and a decimal number without
/// leading zeros. An epoch names one opening of the journal. A `~` behind it says that the reader
/// was to get last values there, and had not got all of them yet.
struct cursor {
    std::string epoch;
    position pos;
    bool values_owed = false;

    std::string str() const;
    /// Nothing if the text does not have the hub's own form; it may then be a publisher's id.
    static std::optional<cursor> parse(std::string_view text) noexcept;
    friend bool operator==(const cursor&, const cursor&) = default;
};

}  // namespace carillon
