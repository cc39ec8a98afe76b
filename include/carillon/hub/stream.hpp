// What a new stream asks for, and what is known of one.
#pragma once

#include <carillon/coding/content_coding.hpp>
#include <carillon/hub/clients.hpp>
#include <carillon/hub/connection.hpp>
#include <carillon/hub/identity.hpp>
#include <carillon/hub/options.hpp>
#include <carillon/journal/event.hpp>
#include <carillon/journal/journal.hpp>
#include <carillon/journal/topic.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// What a stream does whose cursor has lost events.
enum class gap_policy : std::uint8_t {
    replay,  ///< it says so, gets what is left and goes on
    live,    ///< it says so and begins with the next event
    close,   ///< it says so and ends; its cursor stays where it was
};

/// What a service has read before it opens a stream, such as notifications that wait.
struct stream_snapshot {
    std::vector<event_ptr> events;  ///< in the order that they are sent in, without id
    position at;  ///< what they are true for: the stream goes on with what comes after it
};

struct stream_request {
    connection* out = nullptr;  ///< must stay until `close` was called or the stream was removed
    const stream_profile* profile = nullptr;
    envelope_id envelope = 0;
    std::vector<topic_pattern> topics;  ///< duplicates are ignored
    /// Who it is; null: nobody in particular. Decides with the topics what the stream is shown.
    std::shared_ptr<const identity> who;
    own_spaces spaces;  ///< of `who` and of all that it listens to besides
    /// Of the hub's own space; whoever fills this in vouches for it. What `hub::change_room` said
    /// of the user in the last minute holds against it, if `spaces` has rooms: a change meanwhile
    /// is not lost.
    std::vector<topic> rooms;
    event_filter filter;        ///< what of all this it asks to see
    std::string last_event_id;  ///< empty: none
    rewind from;                ///< ignored if there is a cursor or a snapshot
    /// Sent behind the opening event, unless the cursor resumes without a loss. Null: none.
    std::shared_ptr<const stream_snapshot> snapshot;
    std::string client;    ///< token that makes the client durable; empty: a new id
    std::string metadata;  ///< a JSON object's text, or empty
    gap_policy on_gap = gap_policy::replay;
    /// Of all the stream's bytes; its connection has told the client.
    content_coding coding = content_coding::identity;
    bool finite = false;        ///< ends behind the event `carillon.end`
    bool topics_later = false;  ///< may begin without a topic
    bool opening_event = true;
    bool heartbeat_event = false;  ///< a named event without id instead of a comment
};

/// At least 128 random bits: 22 to 128 characters of `[A-Za-z0-9_-]`.
bool is_client_token(std::string_view text) noexcept;

}  // namespace carillon
