// The hub: publishes into the journal and wakes the shards that have listeners.
#pragma once

#include <carillon/hub/audience.hpp>
#include <carillon/hub/executor.hpp>
#include <carillon/hub/options.hpp>
#include <carillon/hub/presence.hpp>
#include <carillon/hub/record.hpp>
#include <carillon/hub/shard.hpp>
#include <carillon/hub/stream.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What a publisher is told about one event.
struct published {
    std::string id;  ///< as it goes out; empty for ephemeral events
    position pos;    ///< 0 for ephemeral events
};

/// What became of one event at first.
struct delivery_receipt {
    std::string id;
    position pos;
    std::size_t matched = 0;  ///< connections that it is for, behind or not; 0: nobody was there
    std::size_t handed = 0;   ///< of these, whose sockets took all of it at once
    bool known = true;  ///< false: it was stored earlier, by the same key, or too many are waited
                        ///< for
};

/// Totals over all shards at one moment; each counter is exact, they need not belong to the same
/// instant.
struct hub_stats {
    std::uint64_t subscribers = 0;
    std::uint64_t connections = 0;  ///< streams opened since the start
    std::uint64_t delivered = 0;    ///< events handed to connections, live and replayed
    std::uint64_t replayed = 0;     ///< of these, from the journal
    std::uint64_t bytes = 0;
    std::uint64_t text = 0;   ///< of compressed streams: bytes that their clients decode
    std::uint64_t coded = 0;  ///< and that they were sent for them
    std::uint64_t gaps = 0;
    std::uint64_t slow = 0;  ///< subscribers that are behind now
    std::uint64_t slow_cuts = 0;
    std::uint64_t dead_peers = 0;
    std::uint64_t published = 0;
    std::uint64_t topics = 0;  ///< topics and patterns with a listener, summed over shards
    std::uint64_t fan_out_yields = 0;
    std::uint64_t durable_clients = 0;  ///< connected or waited for
    /// When an event was last handed to a connection.
    std::optional<std::chrono::system_clock::time_point> last_event_at;
    /// How long publishes took from the call until their events were stored: how many took at most
    /// as long as each of the bounds, in seconds, and longer than the one before; the last ones
    /// took longer than all.
    static constexpr std::array<double, 14> publish_bounds{
        0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0};
    std::array<std::uint64_t, publish_bounds.size() + 1> publish_times{};
    std::chrono::nanoseconds publish_time{0};  ///< the sum
};

/// Thread-safe, except where a call says otherwise. Shards are added before the first publish and
/// live as long as the hub.
class hub {
public:
    hub(hub_options options, std::unique_ptr<journal> record);
    /// Safe from any thread once `close` has called back, and without that on the executors' one
    /// thread or while the executors run nothing. Streams that are still open are forgotten without
    /// a word to their connections. Waits until the journal has stored what was appended.
    ~hub();

    /// Ends all streams at once, each told `drain`, and refuses new ones and publishes with
    /// `unavailable`. `done` runs on some shard's thread when no executor has anything to do for
    /// this hub any more, and may destroy it.
    void close(std::function<void()> done);

    /// Not thread-safe: call while nothing runs. `on` must outlive the hub and may go on after it.
    shard& add_shard(executor& on);
    std::span<const std::unique_ptr<shard>> shards() const noexcept;

    /// What a publish would refuse in the event itself.
    result<> check(const event& e) const;

    using publish_callback = std::function<void(result<std::vector<published>>)>;
    /// To whoever listens to the events' topics. All or nothing. `done` runs when the events are
    /// stored, on any thread, perhaps before this returns. Errors: `invalid_request` (reserved
    /// topic or name, a topic twice, id of the hub's own form, too many topics), `event_too_large`,
    /// `payload_too_large` (batch), `unavailable`.
    void publish(std::vector<event> batch, publish_callback done) {
        publish(std::move(batch), std::nullopt, std::move(done));
    }
    /// The same, once: while the journal remembers `key`, another publish with it stores nothing
    /// and is answered as the first one was. Error `conflict`: the key came with another body.
    void publish(std::vector<event> batch, std::optional<idempotency_key> key,
                 publish_callback done);
    /// To an audience; an empty one is as above. The events are stored in one group: for each event
    /// one for each recipient, users first, then sessions, clients, rooms and attributes, unless
    /// the recipients share it. Answers are in that order. Clients whose streams have ended are
    /// passed over; durable ones between two connections are not. Errors besides:
    /// `payload_too_large` (events times recipients), `client_not_found` (only clients were named
    /// and none is there).
    void publish(std::vector<event> batch, audience to, std::optional<idempotency_key> key,
                 publish_callback done);
    /// The same, and `delivered` gets for each stored event to how many connections it went: once
    /// all shards have served it live, on any thread, after `done`; not at all if the publish
    /// failed or the hub goes first. Streams that open later, or are behind, get the event too, but
    /// are not counted as handed.
    using receipt_callback = std::function<void(std::vector<delivery_receipt>)>;
    void publish(std::vector<event> batch, audience to, std::optional<idempotency_key> key,
                 publish_callback done, receipt_callback delivered);
    /// One event for one client.
    void send(std::string client, event e, std::optional<idempotency_key> key,
              publish_callback done);
    void send(std::string client, event e, publish_callback done) {
        send(std::move(client), std::move(e), std::nullopt, std::move(done));
    }
    /// For services, into the hub's own space: whatever topics the events name, and also names
    /// that begin with `carillon.`. Errors otherwise as of `publish`.
    void publish_own(std::vector<event> batch, std::optional<idempotency_key> key,
                     publish_callback done, receipt_callback delivered = {});

    /// Takes the content of a stored event. Readers that come later do not get it; streams that
    /// listen now get `carillon.deleted` under the same topics. Errors: `not_found`, `unavailable`.
    void take_back(event_reference what, publish_callback done);
    /// The same with another event in its place: its name and its data are told to who listens, in
    /// `carillon.replaced`. Errors besides: those of its content, as of `publish`.
    void replace(event_reference what, event instead, publish_callback done);

    /// Publishes an event at `due`, or soon if that is past; the id is for `cancel`. Kept through a
    /// restart as far as the journal is. `key` and errors: as of `publish`.
    void schedule(event e, std::chrono::system_clock::time_point due,
                  std::optional<idempotency_key> key,
                  std::function<void(result<std::uint64_t>)> done);
    /// Runs `done` with false if no event with this id waits any more.
    void cancel(std::uint64_t id, std::function<void(result<bool>)> done);
    /// A page of those that wait, soonest first.
    void scheduled(const scheduled_query& q, std::function<void(result<scheduled_page>)> done);

    /// Errors: `invalid_request` (no topic, too many, an unknown form of cursor), `forbidden` (a
    /// topic of the hub's own), `unavailable`.
    void history(history_query q, std::function<void(result<history_page>)> done);
    /// For services: a page of the last values of topics that begin with `prefix` and a slash;
    /// `after`: the last page's `through`, at first 0.
    void last_values_below(const topic& prefix, position after,
                           std::function<void(result<snapshot_page>)> done);
    /// For services: the newest event of a topic, private or not; null if nothing is kept.
    void last_of(const topic& where, std::function<void(result<event_ptr>)> done);
    /// The place in a topic that a cursor stands for; nothing if nobody knows it.
    void locate(const topic& where, std::string id,
                std::function<void(result<std::optional<position>>)> done);

    /// Each takes a client's id or a durable client's token, and runs `done` on the shard's thread,
    /// or at once with `client_not_found`. A durable client between two connections is found too.
    using client_callback = std::function<void(result<>)>;
    void subscribe(std::string_view client, topic_pattern topic, client_callback done);
    void unsubscribe(std::string_view client, topic_pattern topic, client_callback done);
    void remove(std::string_view client, client_callback done);
    void heartbeat(std::string_view client, client_callback done);
    void find_client(std::string_view client, std::function<void(result<client_info>)> done);
    /// A page of the clients of all shards; those between two connections are not listed. `done`
    /// runs on one of the shards' threads. Errors: `invalid_request` (an unknown `after`).
    void list_clients(client_query q, std::function<void(result<client_page>)> done);

    /// Streams that the user has now, of all profiles. Costs the same however many there are.
    std::size_t connections_of(std::string_view user) const;

    /// The users that listen to a topic that has presence, at most `most` names; and how many.
    presence_list presence_of(const topic& where, std::size_t most = 100) const;
    std::size_t present_in(const topic& where) const;
    /// Topics where somebody is present, those with most users first, at most `most` of them whose
    /// names begin with `prefix`.
    std::vector<presence_count> present_topics(std::string_view prefix, std::size_t most) const;
    /// Whether the user has a stream, or had one within the grace.
    bool is_present(std::string_view user) const;
    /// `watch` gets each change, on any thread; it does not block. A user who comes back in
    /// the moment of going may be told as come twice. Call it before streams come.
    void on_presence(std::function<void(const presence_change&)> watch);

    /// The user's live streams that asked for their rooms begin to listen to one more, or all that
    /// listen to it cease to;
    /// `done` runs when all of them do, on any thread: each event that is published afterwards
    /// comes, or none. Errors: `invalid_request` (no id of a user, a topic that is not in the hub's
    /// own space).
    void change_room(std::string_view user, const topic& room, bool listens,
                     std::function<void(result<>)> done);

    /// The presence of a room, if that is less than `hub_options::room_presence`; nothing: as that
    /// says. For streams that begin to listen to it where none did. Error `invalid_request`: a
    /// topic that is no room.
    result<> limit_presence(const topic& room, std::optional<presence_rule> most);

    /// The client's live stream goes on with another identity of the same user: other grants,
    /// expiry, session, attributes. Topics for which `may_listen` says no are dropped; null: none
    /// are. The client is told, and `done` which topics these were. Errors: `client_not_found`,
    /// `forbidden` (another user's stream), `send_error` (between two connections).
    void renew(std::string_view client, std::shared_ptr<const identity> who,
               std::function<bool(const topic_pattern&)> may_listen,
               std::function<void(result<std::vector<std::string>>)> done);

    /// Ends the streams that the query asks for, each told why, and says how many they were. `done`
    /// runs on any thread. Error `invalid_request`: the query asks for all.
    void end_streams(client_query q, close_reason why,
                     std::function<void(result<std::size_t>)> done);
    /// Counts the streams that the query asks for. Rows: at most `top` of each kind.
    void census(client_query q, std::size_t top, std::function<void(result<hub_census>)> done);
    /// How many streams listen to each of the topics, also by a pattern. One whose patterns overlap
    /// counts once for each. `done` runs on any thread.
    void count_listeners(std::vector<topic> of,
                         std::function<void(result<std::vector<std::size_t>>)> done);

    /// Ends all streams, spread over `window`; `done` runs on some shard's thread when none is
    /// left.
    void drain(std::chrono::milliseconds window, std::function<void()> done);
    bool draining() const noexcept;

    /// Takes what can change while streams are up: limits, topic options, expected downtime. Not
    /// the envelopes.
    void reload(hub_options options);

    std::shared_ptr<const hub_options> options() const;
    /// For whoever runs the hub: trimming, health, figures. What is read here knows no grants, so
    /// surfaces and services use the calls above.
    journal& record() noexcept;
    std::string id_of(const stored_event& e) const;
    std::string id_of(position p) const;
    std::size_t subscribers() const noexcept;
    hub_stats stats() const;

    /// For the hub's own parts (src/hub/hub_core.hpp).
    struct core;
    core& inside() noexcept { return *core_; }

private:
    const std::unique_ptr<core> core_;
};

}  // namespace carillon
