// What a shard holds of one stream. Small: there may be a hundred thousand.
#pragma once

#include <carillon/hub/dialect.hpp>
#include <carillon/hub/stream.hpp>

#include "hub/encoded_event.hpp"
#include "hub/kept_identity.hpp"
#include "hub/opening.hpp"
#include "hub/visibility.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

struct topic_node;

/// One entry in a node's list of subscribers, and where it stands there.
struct subscription {
    topic_node* node = nullptr;
    std::uint32_t index = 0;
};

/// Of a durable client.
struct durable_extras {
    std::string token = {};
    std::string public_id = {};
    std::optional<bool> remembered = {};  ///< of one that came with a cursor: whether it was known
    bool values_owed = false;             ///< of a topic that it was given
};

/// What few streams need.
struct rare_extras {
    std::string metadata;
    std::unique_ptr<durable_extras> durable;  ///< null: it is none
    std::shared_ptr<const event_filter>
        filter;                           ///< shared by streams that filter alike; null: none
    std::shared_ptr<stream_lease> lease;  ///< of a ticket, which it keeps in use; null: none
};

/// What only some streams need.
struct subscriber_extras {
    std::unique_ptr<rare_extras> rare;      ///< null: nothing of it
    kept_identity who;                      ///< none: nobody in particular
    grants_ptr grants;                      ///< of `who`; null: none
    std::vector<subscription> more_topics;  ///< beyond the first
    std::size_t own_topics = 0;             ///< how many of all topics are the hub's own
    std::chrono::steady_clock::time_point expires =
        std::chrono::steady_clock::time_point::max();  ///< of `who`
    std::chrono::steady_clock::time_point warn =
        std::chrono::steady_clock::time_point::max();  ///< that it expires; `max`: it was, or never
    std::uint64_t user_number = 0;  ///< in the directory of users; 0: it is not there
};

/// A topic that was added to a stream that had begun: its events follow `after`, and its last
/// values, if they are wanted, come when the stream has got there.
struct late_topic {
    const topic_node* node = nullptr;
    position after;
    bool values = false;
};

/// Last values that are still to be sent: those up to `upto`, which is where the stream is.
struct value_walk {
    const topic_node* of = nullptr;  ///< one topic; null: all that are not late
    position upto;
    friend bool operator==(const value_walk&, const value_walk&) = default;
};

/// What a stream has that is not live: its socket takes no bytes, or events are to be read from
/// the journal first.
struct backlog {
    std::unique_ptr<opening> open;                 ///< not written yet: nothing else may be
    std::shared_ptr<const stream_snapshot> given;  ///< by a service, still to be sent
    std::optional<value_walk> values;
    std::uint64_t walked = 0;  ///< of what is given, how many were sent; of values, up to where
    bool values_owed = false;  ///< by the opening: not all of them were sent
    std::vector<late_topic> late_topics;
    /// Events that were routed since the last question. While `joining`, none is missing: with the
    /// answer and these the stream is level with the tail.
    std::vector<std::shared_ptr<encoded_event>> joined;
    std::size_t joined_bytes = 0;
    matcher_set patterns;           ///< what the journal was asked for, if it was...
    matcher_set conflating;         ///< ...and what of that may be conflated
    std::uint64_t trims_known = 0;  ///< `read_page::trims` up to here were told, or do not matter
    /// Partly written, or not to be had again: its remaining bytes must stay the same.
    std::shared_ptr<const block> pinned;
    std::size_t offset = 0;                  ///< into the pinned block's view
    std::unique_ptr<renewed_facts> renewed;  ///< to be told when the stream is live again
    std::chrono::steady_clock::time_point since;
    bool joining = false;
    bool presence_told = false;  ///< and changes since then are among `joined`
    bool blocked = false;        ///< waits for `writable`
    bool reading = false;        ///< the journal was asked
    bool queued = false;
    bool dropped = false;    ///< a moment ago: a page comes next
    bool lag_asked = false;  ///< the journal was asked how far it is behind

    /// The next answer will not be all that is missing.
    void stop_joining() noexcept {
        joining = false;
        presence_told = false;
        joined = {};
        joined_bytes = 0;
    }
};

/// Confined to its shard.
struct subscriber {
    connection* out = nullptr;
    const stream_profile* profile = nullptr;
    subscription first;
    position cursor;                  ///< every matching event up to here was handed over
    std::uint64_t seen_seq = 0;       ///< events on the tail before this one are done
    std::unique_ptr<backlog> behind;  ///< null: live
    std::unique_ptr<subscriber_extras> extras;
    std::chrono::steady_clock::time_point last_write;
    std::chrono::steady_clock::time_point last_event;  ///< its beginning, if it had none
    std::int64_t connected_ms = 0;
    std::int64_t last_heartbeat_ms = 0;  ///< 0: none
    std::uint64_t events = 0;            ///< handed over
    std::uint64_t bytes = 0;             ///< the same
    coding::text_sum sum;                ///< of all that was handed over, for gzip's trailer
    std::array<std::uint8_t, 16> key{};  ///< random part of the id
    std::uint32_t slot = 0;
    form_id form = 0;
    bool chunked = false;
    bool finite = false;
    bool finished = false;  ///< the end was handed over
    bool filters = false;   ///< it has a filter
    bool heartbeat_event = false;
    own_spaces spaces;

    const stream_dialect& dialect() const noexcept {
        return profile->dialect ? *profile->dialect : default_dialect();
    }
    subscriber_extras& more() {
        if (!extras) extras = std::make_unique<subscriber_extras>();
        return *extras;
    }
    rare_extras& rare() {
        auto& kept = more().rare;
        if (!kept) kept = std::make_unique<rare_extras>();
        return *kept;
    }
    /// Empty for what is not there.
    std::string_view token() const noexcept { return of_durable(&durable_extras::token); }
    std::string_view public_id() const noexcept { return of_durable(&durable_extras::public_id); }
    std::string_view metadata() const noexcept {
        return extras && extras->rare ? std::string_view(extras->rare->metadata)
                                      : std::string_view();
    }
    const durable_extras* durable() const noexcept {
        return extras && extras->rare ? extras->rare->durable.get() : nullptr;
    }
    const kept_identity* who() const noexcept {
        return extras && extras->who ? &extras->who : nullptr;
    }
    /// What it listens to, for the journal.
    std::vector<topic_pattern> patterns() const;
    std::size_t topic_count() const noexcept {
        return (first.node != nullptr ? 1u : 0u) + (extras ? extras->more_topics.size() : 0u);
    }
    /// Without those of the hub's own, which count against no limit.
    std::size_t named_topics() const noexcept {
        return topic_count() - (extras ? extras->own_topics : 0u);
    }
    template <class Callback>
    void each_subscription(Callback&& call) const {
        if (first.node != nullptr) call(first);
        if (extras) {
            for (const subscription& s : extras->more_topics) call(s);
        }
    }

private:
    std::string_view of_durable(std::string durable_extras::* field) const noexcept {
        return durable() != nullptr ? std::string_view(durable()->*field) : std::string_view();
    }
};

}  // namespace carillon
