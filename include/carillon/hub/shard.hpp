// One thread's share of the streams.
#pragma once

#include <carillon/hub/executor.hpp>
#include <carillon/hub/stream.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace carillon {

class hub;
struct subscriber;

/// Counters of one shard: written by its thread only, read by any with relaxed loads.
struct shard_counters {
    std::atomic<std::uint64_t> connections{0}, delivered{0}, replayed{0}, bytes{0}, gaps{0},
        slow_cuts{0}, dead_peers{0}, yields{0}, subscribers{0}, behind{0}, topics{0};
    /// Of coded streams: bytes that clients decode, and that they were sent.
    std::atomic<std::uint64_t> text{0}, coded{0};
    /// Of the shard's clock, when an event was last handed over; 0: never.
    std::atomic<std::chrono::steady_clock::rep> last_event{0};
};

/// Made by `hub::add_shard`. Confined to its executor's thread, but for the counters.
class shard {
public:
    shard(hub& owner, executor& on, unsigned number);
    ~shard();
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    /// Whether `open` would take this stream now: the errors are its own.
    result<> admits(const stream_request& request) const;

    /// Registers a stream, tells its connection how it begins, and writes its opening event and
    /// whatever it has missed, in that order. Errors, with nothing written: `invalid_request` (no
    /// topic, too many, bad client token), `forbidden` (a topic of the hub's own), `max_clients`,
    /// `unavailable` (draining; or no memory: then a beginning may be written). On success the
    /// subscriber stays until `remove` or `connection::close`; a connection that breaks while
    /// opening is told by `close` before this returns, with a null subscriber.
    result<subscriber*> open(stream_request request);

    /// The connection takes bytes again.
    void writable(subscriber& s);
    /// The connection is gone. It is not called any more.
    void remove(subscriber& s);
    /// Tells the client why, if it can be told, and closes.
    void end(subscriber& s, close_reason why);
    /// Sends an event that is nobody else's: no position, no id, dropped if the client is behind.
    void heartbeat(subscriber& s);
    /// Errors: `invalid_request` (too many topics), `send_error` (the client has just gone).
    result<> subscribe(subscriber& s, const topic_pattern& topic);
    /// Error `not_found`: the stream does not listen to it.
    result<> unsubscribe(subscriber& s, const topic_pattern& topic);
    client_info describe(const subscriber& s) const;
    /// What the client itself is told: its token, if it is durable.
    std::string id_of(const subscriber& s) const;
    /// What others are told.
    std::string public_id_of(const subscriber& s) const;

    unsigned number() const noexcept;
    executor& on() const noexcept;
    const shard_counters& counters() const noexcept;

    /// For the hub's own parts (src/hub/shard_impl.hpp).
    class impl;
    impl& inside() noexcept { return *impl_; }

private:
    const std::unique_ptr<impl> impl_;
};

}  // namespace carillon
