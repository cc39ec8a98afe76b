// What a shard holds of one stream. Small: there may be a hundred thousand.
#pragma once

#include <carillon/hub/stream.hpp>

#include "hub/encoded_event.hpp"
#include "hub/opening.hpp"
#include "hub/visibility.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

struct topic_node;

/// One entry in a node's list of subscribers, and where it stands there.
struct subscription {
    topic_node* node = nullptr;
    std::uint32_t index = 0;
};

/// A topic that was added while the stream was behind: it begins there, not at the cursor.
struct late_topic {
    const topic_node* node = nullptr;
    position after;
};

/// What only some streams need.
struct subscriber_extras {
    std::string metadata;
    std::string token;                    ///< of a durable client
    std::string public_id;                ///< of a durable client
    std::shared_ptr<const identity> who;  ///< null: nobody in particular
    grants_ptr grants;                    ///< of `who`; null: none
    event_filter filter;
    std::vector<subscription> more_topics;  ///< beyond the first
    std::vector<late_topic> late_topics;    ///< until the stream has caught up
    std::size_t own_topics = 0;             ///< how many of all topics are the hub's own
    std::chrono::steady_clock::time_point expires =
        std::chrono::steady_clock::time_point::max();  ///< of `who`
    std::uint64_t user_number = 0;  ///< in the directory of users; 0: it is not there
    std::uint64_t trims_known = 0;  ///< `read_page::trims` up to here were told, or do not matter
};

/// A stream that does not take bytes, or has events to read from the journal.
struct lag {
    std::unique_ptr<opening> open;  ///< not written yet: nothing else may be
    std::shared_ptr<const block>
        pinned;              ///< partly written; its remaining bytes must stay the same
    std::size_t offset = 0;  ///< into the pinned block's view
    std::chrono::steady_clock::time_point since;
    bool blocked = false;  ///< waits for `writable`
    bool reading = false;  ///< the journal was asked
    bool queued = false;
    bool dropped = false;  ///< a moment ago: a page comes next
};

/// Confined to its shard.
struct subscriber {
    connection* out = nullptr;
    const stream_profile* profile = nullptr;
    subscription first;
    position cursor;              ///< every matching event up to here was handed over
    std::uint64_t seen_seq = 0;   ///< events on the tail before this one are done
    std::unique_ptr<lag> behind;  ///< null: live
    std::unique_ptr<subscriber_extras> extras;
    std::chrono::steady_clock::time_point last_write;
    std::chrono::steady_clock::time_point last_event;  ///< its beginning, if it had none
    std::int64_t connected_ms = 0;
    std::int64_t last_heartbeat_ms = 0;  ///< 0: none
    std::uint64_t events = 0;            ///< handed over
    std::uint64_t bytes = 0;             ///< the same
    std::array<std::uint8_t, 16> key{};  ///< random part of the id
    std::uint32_t slot = 0;
    envelope_id envelope = 0;
    bool chunked = false;
    bool finite = false;
    bool finished = false;  ///< the end was handed over
    bool filters = false;   ///< `extras->filter` is not empty
    bool heartbeat_event = false;
    bool warned = false;  ///< that it expires
    own_spaces spaces;

    const stream_dialect& dialect() const noexcept {
        return profile->dialect ? *profile->dialect : default_dialect();
    }
    subscriber_extras& more() {
        if (!extras) extras = std::make_unique<subscriber_extras>();
        return *extras;
    }
    const identity* who() const noexcept { return extras ? extras->who.get() : nullptr; }
    /// What it listens to, for the journal.
    matcher_set patterns() const;
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
};

}  // namespace carillon
