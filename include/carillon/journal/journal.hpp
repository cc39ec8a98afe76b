// The ordered record of events: append, index, read.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/journal/event.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace carillon {

/// How much of one topic is kept. A topic keeps the newest events that satisfy all three.
struct retention {
    std::uint64_t max_events = 10'000;
    std::uint64_t max_bytes = 16u << 20;  ///< of `event::size()`
    std::chrono::seconds max_age = std::chrono::hours(24);
    friend bool operator==(const retention&, const retention&) = default;
};

/// Patterns stay where they are; they need to live only until the call that takes them returns.
using topic_patterns = std::span<const topic_pattern* const>;

/// What a reader wants: events of any matching topic, each once, in order of position.
struct read_query {
    topic_patterns patterns;
    position after;  ///< exclusive
    position upto;   ///< inclusive
    std::size_t max_events = 256;
    std::size_t max_bytes = 256u << 10;  ///< at least one event is returned if any matches
};

/// Events that a reader should have got and that retention took: some position in (from, to].
struct gap {
    position from;  ///< the reader's cursor
    position to;    ///< the newest trimmed position of a matching topic
    friend bool operator==(const gap&, const gap&) = default;
};

struct read_page {
    std::vector<event_ptr> events;
    position through;         ///< every matching event up to here is in this page or before it
    std::optional<gap> lost;  ///< set if a matching topic was trimmed past `after`
    std::uint64_t trims = 0;  ///< grows whenever a matching topic is trimmed, over all pages
};

/// Where a client's `Last-Event-ID` stands.
struct found_cursor {
    position pos;
    bool repeated =
        false;  ///< a publisher's id that was used more than once: `pos` is the earliest
};

struct journal_stats {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t topics = 0;
    std::uint64_t trimmed = 0;  ///< events that retention took since the start
};

/// Thread-safe. One order: `commit` callbacks of all appends run one at a time, in order of
/// position, on the thread that completes the group (for the memory journal, one of the appending
/// threads). Which retention applies to a topic; asked when a topic is first seen, and for all
/// topics after a reload.
using retention_lookup = std::function<retention(std::string_view topic)>;

class journal {
public:
    using group = std::vector<std::shared_ptr<stored_event>>;
    /// Called once, without any lock held. On success every event that is not ephemeral has its
    /// position.
    using commit_callback =
        std::function<void(result<>, std::span<const std::shared_ptr<stored_event>>)>;

    virtual ~journal() = default;

    /// Appends all or nothing; ephemeral events pass through in order and get no position.
    virtual void append(group events, commit_callback done) = 0;

    /// Completes at once (memory) or on another thread (a store that reads from disk).
    virtual void read(const read_query& q, std::function<void(result<read_page>)> done) = 0;

    /// Resolves the hub's own cursor or, per topic, a publisher's id. Nothing: unknown (verdict
    /// `reset`).
    virtual std::optional<found_cursor> find(std::string_view last_event_id,
                                             topic_patterns patterns) = 0;

    /// The position just before the newest `count` matching events; before all of them if fewer are
    /// kept, the head if none is.
    virtual position before_last(std::uint64_t count, topic_patterns patterns) = 0;
    /// The position just before the first matching event stored at or after `t`.
    virtual position before_time(std::chrono::system_clock::time_point t,
                                 topic_patterns patterns) = 0;

    virtual position head() const = 0;
    virtual std::string_view epoch() const = 0;  ///< valid as long as the journal
    virtual journal_stats stats() const = 0;

    /// Removes what is too old by now. Call it now and then, from any thread.
    virtual void trim(std::chrono::system_clock::time_point now) = 0;
    /// Replaces the rules of retention; what they no longer keep is trimmed at once.
    virtual void set_retention(retention_lookup retention_of) = 0;
};

struct memory_journal_options {
    retention_lookup retention_of = {};      ///< empty: the default `retention` for all
    std::uint64_t max_bytes = 256u << 20;    ///< over all topics; the oldest events go first
    std::size_t max_empty_topics = 100'000;  ///< topics of which only the trim mark is left
    std::function<std::chrono::system_clock::time_point()> now = {};  ///< empty: the system clock
};

/// Keeps events in memory: a restart forgets them, and a cursor from before is answered `reset`.
std::unique_ptr<journal> make_memory_journal(memory_journal_options options);

}  // namespace carillon
