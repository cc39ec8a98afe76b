// What the hub tells of a stream: to its connection, and to those who word its control events.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// The verdict on a cursor, told when a stream opens.
enum class resume_verdict : std::uint8_t {
    fresh,    ///< no cursor was given
    resumed,  ///< everything since the cursor follows
    gap,      ///< some of it is gone; what is left follows
    reset,    ///< the cursor is unknown; all that is kept of the topics follows
};
std::string_view to_string(resume_verdict v) noexcept;

enum class close_reason : std::uint8_t {
    removed,      ///< by a caller
    replaced,     ///< the same client connected again, or the user has newer streams
    drained,      ///< the server is going down
    slow,         ///< the topic's slow policy cuts
    dead,         ///< the peer acknowledges nothing
    broken,       ///< a write failed
    unavailable,  ///< the journal could not be read
    finished,     ///< a finite stream has come to its end
    gap,          ///< events are lost, and the stream asked to end then
    expired,      ///< what its identity rests on holds no longer
    inactive,     ///< it had nothing but heartbeats for as long as its profile allows
    revoked,      ///< what its identity rests on was taken back
    /// It never began: its identity opens a stream again, and the cursor is none that it can have.
    unknown_cursor,
};
/// As clients are told: `drained` is "drain".
std::string_view to_string(close_reason why) noexcept;

/// Events that a stream should have had and does not get: some of (from, to]. Both are ids.
struct lost_events {
    std::string from;
    std::string to;
    std::string_view reason;  ///< "retention", "lost", "budget" or "slow"; a literal
};

/// How a stream begins.
struct opening_facts {
    /// Nothing if the stream ends before it is decided; all but `client` and `topics` is empty
    /// then.
    std::optional<resume_verdict> verdict;
    std::string id;      ///< the position just before the first event that follows
    std::string client;  ///< the client's id
    std::string user;    ///< of the stream's identity; empty: none
    /// Of a durable client that came with a cursor: whether the hub knows it. If not, topics that
    /// others had added to it, and what it had given up, are forgotten.
    std::optional<bool> remembered;
    std::chrono::system_clock::time_point now;
    std::vector<std::string> topics;      ///< what it listens to, without what is the hub's own
    std::optional<lost_events> lost;      ///< with the verdict `gap`
    std::optional<std::uint64_t> events;  ///< that follow from the journal, if that is known
    std::chrono::milliseconds retry{0};   ///< when to come back after a cut, for this stream
};

}  // namespace carillon
