// The ordered record of events: append, index, read.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/journal/event.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

/// What a reader listens to. Immutable, and shared with whatever still reads for it; not null.
using matcher_set = std::shared_ptr<const std::vector<topic_pattern>>;

inline matcher_set make_matchers(std::vector<topic_pattern> patterns) {
    return std::make_shared<const std::vector<topic_pattern>>(std::move(patterns));
}

/// What a reader wants: events of any matching topic, each once, in order of position.
struct read_query {
    matcher_set patterns;
    position after = {};  ///< exclusive
    position upto = {};   ///< inclusive
    std::size_t max_events = 256;
    std::size_t max_bytes = 256u << 10;  ///< at least one event is returned if any matches
    /// Those of `patterns` for which an event is left out if a newer one of the topic that is in
    /// memory has its key. One that another pattern matches too stays. Null: none.
    matcher_set conflate = nullptr;
    bool erased_too = false;  ///< gives the places of erased and expired events as well
    /// Gives the last value of a topic also where retention has taken it as an event: a reader that
    /// follows the topic gets to know its state, whatever else is lost.
    bool last_values_too = false;
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
    std::optional<gap>
        damaged;  ///< events of this page that the disk gave back damaged lie in it; left out
    std::uint64_t trims = 0;  ///< grows whenever a matching topic is trimmed, over all pages
};

/// What is true of some topics: the last retained event of each that matches, by position, each
/// event once. Read in pages, so that nobody holds many values at once.
struct snapshot_query {
    matcher_set patterns;
    position after;  ///< exclusive; the last page's `through`, 0 for the first
    position upto;   ///< inclusive: newer values are left out, a reader gets those as events
    std::size_t max_events = 256;
    std::size_t max_bytes = 256u << 10;  ///< at least one value is returned if any matches
};

struct snapshot_page {
    std::vector<event_ptr> values;
    position through;  ///< every value up to here is in this page or before it; `upto` at the end
};

/// A publisher's own id among the events of some topics.
struct found_cursor {
    position pos;
    bool repeated =
        false;  ///< a publisher's id that was used more than once: `pos` is the earliest
};

/// How far back a reader without a cursor begins.
struct rewind_last {
    std::uint64_t count = 0;                             ///< events
    std::uint64_t bytes = ~std::uint64_t{0};             ///< of all of them, about `event::size()`
    std::chrono::system_clock::time_point not_before{};  ///< when the oldest was stored
};
struct rewind_since {
    std::chrono::system_clock::time_point time;
};
using rewind = std::variant<std::monostate, rewind_last, rewind_since>;

/// Where a reader wants to begin.
struct start_query {
    matcher_set patterns;
    std::string last_event_id = {};  ///< the hub's own cursor or a publisher's id; empty: none
    rewind from = {};                ///< if there is no cursor; nothing: at all that is kept
    /// Events that may follow the start. With a limit they are counted too.
    std::uint64_t budget = ~std::uint64_t{0};
    position upto{~std::uint64_t{0}};  ///< events beyond it are not counted
};

/// Why events between a cursor and the first event that a reader gets are missing.
enum class loss_reason : std::uint8_t {
    retention,  ///< they were kept as long as their topic says
    lost,       ///< the journal has lost its end: a power failure, or an older backup
    budget,     ///< more than one reader may be given
};

struct start_point {
    position at;            ///< every matching event after it follows
    bool unknown = false;   ///< nobody knows the cursor: `at` is before all that is kept
    bool repeated = false;  ///< a publisher's id that stands for several events: the earliest
    /// What lies between the cursor and `at`. Of a reader without a cursor: what it asks for and is
    /// gone, up to the newest event that retention took.
    std::optional<gap> lost;
    loss_reason why = loss_reason::retention;
    /// How many stored events follow, with those that were erased or have expired since.
    std::optional<std::uint64_t> events;
};

/// An event counts once for each of its topics.
struct journal_stats {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;  ///< of `event::size()`
    std::uint64_t topics = 0;
    std::uint64_t trimmed = 0;       ///< events that retention took since the start
    std::uint64_t memory_bytes = 0;  ///< that topics, and events in memory, take
    std::uint64_t scheduled = 0;     ///< events that wait for their time
    std::uint64_t scheduled_bytes = 0;
    std::uint64_t retained_bytes = 0;  ///< of last values, each counted once for each topic
    std::uint64_t keys = 0;            ///< idempotency keys that are remembered
    std::uint64_t keys_forgotten = 0;  ///< before their time, since the start: they were too many
};

/// A publisher's word that two requests are the same one, sent twice.
struct idempotency_key {
    std::string key;                           ///< with the scope that it is unique in
    std::array<std::uint64_t, 2> body_hash{};  ///< of all that the request says
    /// Remembered until `forget_keys`, whatever the window and the limit are: whoever repeats the
    /// request says when it does so no more. Not for `schedule`.
    bool held = false;
};

/// Which retention applies to a topic; asked when a topic is first seen, and for all topics after a
/// reload. Runs with a lock held.
using retention_lookup = std::function<retention(std::string_view topic)>;

/// An event that waits for its time.
struct scheduled_event {
    std::uint64_t id = 0;  ///< unique in the journal
    std::chrono::system_clock::time_point due;
    event content;
};

/// Which of the events that wait are asked for: those behind one of them, soonest first.
struct scheduled_query {
    std::chrono::system_clock::time_point after_due = {};  ///< of the last page's last event
    std::uint64_t after_id = 0;
    std::uint64_t only = 0;  ///< the event with this id, and nothing else; 0: all
    std::size_t max_events = 1000;
    std::size_t max_bytes = 8u << 20;  ///< at least one event is given if any waits
};
struct scheduled_page {
    std::vector<scheduled_event> events;
    bool more = false;  ///< others wait behind the last one
};

/// Which topics are listed: those that begin with `prefix`, in the order of their names. Those of
/// the hub's own space are left out unless `prefix` names it.
struct topic_query {
    std::string prefix = {};
    std::string after = {};  ///< of the last page's last topic; empty: from the first one on
    std::size_t limit = 100;
};

/// What is known of one topic.
struct topic_figures {
    /// The last minute in stretches of five seconds, the oldest first.
    static constexpr std::size_t stretches = 12;
    static constexpr std::chrono::seconds stretch{5};

    std::string name;
    std::uint64_t events = 0;                           ///< kept
    std::uint64_t bytes = 0;                            ///< of `event::size()`
    position newest;                                    ///< 0: none is in memory
    std::chrono::system_clock::time_point newest_at{};  ///< if there is one
    bool has_value = false;                             ///< a last value is retained
    std::array<std::uint32_t, stretches> recent{};      ///< events stored, as far as in memory
};

/// Whether topics fit in. A topic of which nothing is kept any more counts as one that is new.
struct topic_room {
    std::uint64_t kept = 0;    ///< topics that the journal has
    std::uint64_t most = 0;    ///< that it may have
    std::uint64_t needed = 0;  ///< of those that were asked about: how many would be more
};

/// Thread-safe. One order: the feed and the callbacks of all appends run one at a time, in order of
/// position, on the thread that completes the group, which may be an event loop's: they do not
/// block. What a reader finds may be ahead of the feed.
class journal {
public:
    using group = std::vector<std::shared_ptr<stored_event>>;
    /// How an append that did not fail ended.
    enum class appended : std::uint8_t {
        stored,
        repeated,  ///< an earlier append had this key: the events have the positions from then
    };
    /// Called once, without any lock held. On success every event that is not ephemeral has its
    /// position. Errors: `unavailable` (no room in the queue or on the disk, or a limit of
    /// `journal_limits`, which the text names: nothing was stored, try again), `conflict` (the key
    /// was used with another body).
    using commit_callback =
        std::function<void(result<appended>, std::span<const std::shared_ptr<stored_event>>)>;

    virtual ~journal() = default;

    /// The feed: gets every event, each once, in the one order: appended ones, also ephemeral,
    /// and those whose time has come. One call at a time, without any lock held, before the
    /// callbacks of the appends that they are from and on their thread; it does not block. Set it
    /// before anything else is called.
    virtual void on_stored(std::function<void(std::span<const event_ptr>)> feed) = 0;

    /// Appends all or nothing; ephemeral events pass through in order and get no position.
    virtual void append(group events, std::optional<idempotency_key> key, commit_callback done) = 0;
    void append(group events, commit_callback done) {
        append(std::move(events), std::nullopt, std::move(done));
    }

    /// Forgets the held keys from `first` up to `end`, that one not included, in the order of their
    /// bytes. Soon: a key that is still there does no harm.
    virtual void forget_keys(std::string first, std::string end) = 0;

    /// Keeps an event until `due`, when it is appended as if it came then. A key that is known
    /// gives the id from then. Errors as of `append`.
    virtual void schedule(event e, std::chrono::system_clock::time_point due,
                          std::optional<idempotency_key> key,
                          std::function<void(result<std::uint64_t>)> done) = 0;
    /// Runs `done` with false if there is none with this id any more. Its key is free again.
    virtual void cancel(std::uint64_t id, std::function<void(result<bool>)> done) = 0;
    /// A page of those that wait. Completes as `read` does.
    virtual void list_scheduled(const scheduled_query& q,
                                std::function<void(result<scheduled_page>)> done) = 0;

    /// Completes before it returns if all that is asked for is in memory, else on another thread;
    /// there too if patterns with wildcards are to be held against thousands of names.
    /// The newest events are in memory (of a durable journal as many as `recent_events` and
    /// `recent_bytes` say), so that a reader who has kept up with the feed catches up with it: its
    /// reads do not take longer than new events come.
    virtual void read(const read_query& q, std::function<void(result<read_page>)> done) = 0;
    /// The same for the place where a reader begins.
    virtual void locate(const start_query& q, std::function<void(result<start_point>)> done) = 0;

    /// The same for a page of last values.
    virtual void snapshot(const snapshot_query& q,
                          std::function<void(result<snapshot_page>)> done) = 0;

    virtual position head() const = 0;
    /// The hub's own id of the event at `p`: the same for ever, whenever the journal is opened. Not
    /// for the future: `p` is at most the head. 0 is before all.
    virtual std::string id_of(position p) const = 0;
    virtual journal_stats stats() const = 0;
    /// A page of topics, from memory. Publishers wait a few times for a fraction of a millisecond.
    virtual std::vector<topic_figures> topics(const topic_query& q) const = 0;
    /// From memory. Names that are given twice count twice.
    virtual topic_room room_for(std::span<const topic> topics) const = 0;
    /// Whether events can be stored now; else why not. An error goes away by itself.
    virtual result<> health() const = 0;

    /// Removes what is too old by now and appends what is due. Call it periodically (the
    /// server: every 250 ms), from any thread. Scheduled events are released, and idempotency keys
    /// forgotten for their age, only by this call: give it a clock that follows no jump
    /// (the server: base/careful_clock.hpp).
    virtual void trim(std::chrono::system_clock::time_point now) = 0;
    /// Replaces the rules of retention; what they no longer keep is trimmed soon.
    virtual void set_retention(retention_lookup retention_of) = 0;
};

}  // namespace carillon
