// The control events of a stream: what the hub says on it besides publishers' events.
#pragma once

#include <carillon/hub/presence.hpp>
#include <carillon/hub/stream_facts.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

struct heartbeat_facts {
    std::chrono::system_clock::time_point now;
    bool as_event = false;  ///< asked for by `stream_request::heartbeat_event`
};

struct closing_facts {
    close_reason why = close_reason::removed;
    std::string id;  ///< up to here the client has everything; empty: its own cursor still holds
    std::optional<std::chrono::milliseconds> retry;  ///< if it should come back later than usual
};

/// What an identity rests on holds no longer soon.
struct expiring_facts {
    std::chrono::system_clock::time_point at;  ///< when the stream ends, if nobody renews it
    std::chrono::milliseconds left{0};         ///< until then
};

/// A stream has another identity of its user.
struct renewed_facts {
    std::optional<std::chrono::system_clock::time_point> expires;
    std::vector<std::string> dropped;  ///< topics that it no longer listens to
};

/// Words for control events; here the hub's own, `carillon.*`. A system with others overrides what
/// differs and names its dialect in its `stream_profile`. Each call appends one block with its
/// blank line, or nothing: then nothing is sent. Pure functions, immutable, thread-safe.
///
/// An `id:` line moves the client's cursor, so it bears the id that the facts give or none. A
/// dialect may add a suffix that its surface takes off again before the id comes back as a cursor.
class stream_dialect {
public:
    virtual ~stream_dialect() = default;

    /// The first block. Without `facts.id` in it, a client that drops before its first event comes
    /// back as a new one.
    virtual void opening(const opening_facts& facts, std::string& out) const;
    /// Something that a client ignores; no id. A comment, or a named event where it was asked for.
    virtual void heartbeat(const heartbeat_facts& facts, std::string& out) const;
    /// Moves the cursor of a stream that had no event for long. With nothing, a heartbeat is sent
    /// and the client's cursor may fall out of retention.
    virtual void cursor(std::string_view id, std::string& out) const;
    /// Events are lost in the middle of a stream.
    virtual void gap(const lost_events& lost, std::string& out) const;
    /// The stream ends soon, because its token does; no id.
    virtual void expiring(const expiring_facts& facts, std::string& out) const;
    /// It was renewed; no id.
    virtual void renewed(const renewed_facts& facts, std::string& out) const;
    /// The users that listen to a topic; no id. `room` is empty unless the topic is a room of that
    /// id.
    virtual void presence(std::string_view topic, std::string_view room, const presence_list& who,
                          std::string& out) const;
    /// The last block.
    virtual void close(const closing_facts& facts, std::string& out) const;
};

/// Lives as long as the program.
const stream_dialect& default_dialect() noexcept;

}  // namespace carillon
