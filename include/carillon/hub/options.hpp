// Numbers that a hub works with.
#pragma once

#include <carillon/hub/dialect.hpp>
#include <carillon/hub/envelope.hpp>
#include <carillon/journal/journal.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// What happens to subscribers that do not read as fast as events come.
enum class slow_policy : std::uint8_t {
    catch_up,     ///< they keep their cursor and are served from the journal as their socket drains
    drop_oldest,  ///< the same, but events beyond `max_lag` are left out, and they are told so
    conflate,     ///< the same, but of events with one key they get the newest
    cut,  ///< they are closed after `cut_after` without progress, or after a second without it and
          ///< beyond `max_lag`, and resume with their cursor
};
std::string_view to_string(slow_policy p) noexcept;
/// Nothing if there is no such policy.
std::optional<slow_policy> parse_slow_policy(std::string_view name) noexcept;

/// How far a slow stream may be behind in the events of its topics. 0: as far as it likes.
struct lag_limits {
    std::uint64_t events = 1000;
    std::uint64_t bytes = 0;  ///< about `event::size()` of each
    std::chrono::milliseconds age{0};
};

/// Whether the hub keeps which users listen to a topic, and who may see it.
enum class presence_rule : std::uint8_t {
    off,       ///< it does not
    hidden,    ///< for callers of the hub alone
    users,     ///< told to listeners that are users themselves
    everyone,  ///< told to all listeners
};
std::string_view to_string(presence_rule r) noexcept;
/// Nothing if there is no such rule.
std::optional<presence_rule> parse_presence_rule(std::string_view name) noexcept;

/// No event of the topic is compressed.
inline constexpr std::size_t no_compression = ~std::size_t{0};

/// What may differ from topic to topic.
struct topic_options {
    slow_policy slow = slow_policy::catch_up;
    std::chrono::milliseconds cut_after = std::chrono::seconds(30);
    lag_limits max_lag = {};  ///< of `drop_oldest` and `cut`
    std::chrono::milliseconds coalesce_window{
        0};  ///< how long an event may wait for others to share its write
    /// Who listens to this very topic; a pattern makes nobody present.
    presence_rule presence = presence_rule::off;
    /// Bytes from which on an event's block is compressed on streams that have a coding; a smaller
    /// one is stored. Streams get a coding if one of their topics has this below `no_compression`.
    std::size_t compress_from = no_compression;
};

using topic_options_lookup = std::function<topic_options(std::string_view topic_or_pattern)>;

/// How many streams there may be of the profiles that share it. Synchronised inside.
class stream_quota {
public:
    /// `whose` is told to clients that come too late. `most` 0: no limit of its own.
    stream_quota(std::string whose, std::size_t most) : whose_(std::move(whose)), most_(most) {}

    const std::string& whose() const noexcept { return whose_; }
    std::size_t most() const noexcept { return most_; }
    std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }
    bool full() const noexcept { return most_ != 0 && taken() >= most_; }

    /// False: it is full.
    bool take() noexcept {
        if (taken_.fetch_add(1) < most_ || most_ == 0) return true;
        taken_.fetch_sub(1);
        return false;
    }
    void give_back() noexcept { taken_.fetch_sub(1); }

private:
    const std::string whose_;
    const std::size_t most_;
    std::atomic<std::size_t> taken_{0};
};

/// Defaults of one kind of stream; each surface has its own. Shared by all its streams: must
/// outlive the hub's shards.
struct stream_profile {
    std::string name = "default";
    envelope_id envelope = 0;
    std::chrono::milliseconds heartbeat_interval = std::chrono::seconds(30);
    std::chrono::milliseconds retry = std::chrono::seconds(3);  ///< ± 20 % per connection
    std::chrono::milliseconds client_timeout = std::chrono::seconds(90);
    /// Streams of this profile that a user may have, on all shards: a new one ends the oldest. 0:
    /// no limit.
    std::size_t max_per_user = 0;
    /// A stream without an event for so long is ended, up to a tenth later. 0: never.
    std::chrono::milliseconds inactivity{0};
    /// Words of the control events; null: the hub's own.
    std::shared_ptr<const stream_dialect> dialect = {};
    /// Shared, since an application's profiles count together; null: the hub's limit alone.
    std::shared_ptr<stream_quota> quota = {};
    /// Its streams do not count against `hub_options::max_clients`; `quota` bounds them.
    bool beyond_max_clients = false;
};

struct hub_options {
    std::size_t max_clients = 100'000;          ///< over all shards; see `beyond_max_clients`
    std::size_t max_durable_clients = 100'000;  ///< connected or waited for
    std::size_t max_topics_per_client = 100;
    std::size_t max_topics_per_event = 16;
    std::size_t max_topic_length = 255;        ///< bytes
    std::size_t max_event_size = 1u << 20;     ///< bytes of `event::size()`
    std::size_t max_batch = 1000;              ///< events in one publish
    std::size_t max_recipients = 10'000;       ///< times the events of one publish to an audience
    std::size_t max_copied = 64u << 20;        ///< bytes of an audience's copies in one publish
    std::uint64_t max_replay_events = 10'000;  ///< per connection; more missed than that is a gap
    std::uint64_t replay_rate = 200'000;       ///< events a second and shard; 0: no limit
    std::size_t encode_cache_bytes =
        4u << 20;  ///< encoded events that a shard keeps for streams that come or catch up
    std::uint64_t cursor_lag = 10'000;  ///< positions behind the head that earn a `carillon.cursor`
    std::chrono::milliseconds client_grace =
        std::chrono::seconds(60);  ///< how long a durable client waits for its return
    /// How long before the end of what its identity rests on a stream is warned, at most half of
    /// the time that is left when it begins or is renewed. 0: not at all.
    std::chrono::milliseconds expiry_warning = std::chrono::seconds(60);
    presence_rule room_presence = presence_rule::off;  ///< of the topics below `$room`
    /// A user whose last stream ended has left only after this; nobody has left before the hub has
    /// run for so long.
    std::chrono::milliseconds presence_grace = std::chrono::seconds(30);
    std::size_t max_presence_names = 100;  ///< of users, in a topic's list
    std::size_t max_receipts = 100'000;    ///< events whose receipts are waited for at once
    std::chrono::milliseconds expected_downtime =
        std::chrono::seconds(5);           ///< told to streams that drain end
    topic_options_lookup options_of = {};  ///< empty: the defaults for all topics
    std::vector<std::shared_ptr<const envelope>> envelopes =
        {};  ///< 1, 2, …; number 0 is always the plain one
};

}  // namespace carillon
