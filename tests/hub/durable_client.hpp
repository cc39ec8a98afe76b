// A subscriber of the durable model, and what it was told.
#pragma once

#include <carillon/hub/shard.hpp>

#include "hub/durable_record.hpp"
#include "support/fake_connection.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace carillon::testing {

inline constexpr const char* added_topic = "added";
inline constexpr std::uint64_t forever = ~std::uint64_t{0};

/// A gap that a client was told, (from, to].
struct told_gap {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::string reason;
};

/// While a client listened to a topic that was added to those that it asks for: (after, upto].
struct added_listening {
    std::uint64_t after = 0;
    std::uint64_t upto = forever;
};

/// One client over all its connections.
struct client {
    std::vector<std::string> topics;
    std::string token;  ///< empty: not durable
    std::unique_ptr<fake_connection> out;
    subscriber* stream = nullptr;  ///< null: away
    bool known = false;            ///< durable, and the hub of now has seen it
    std::string cursor;
    std::string came_with;        ///< its cursor when it connected
    std::uint64_t reached = 0;    ///< position of the last id
    std::uint64_t first = 0;      ///< position of its very first opening
    std::uint64_t reset_at = 0;   ///< the head when its cursor was last found to be unknown
    std::set<std::uint64_t> got;  ///< as events
    std::set<std::uint64_t> values;
    std::multiset<std::uint64_t> values_here;  ///< of this connection
    std::vector<told_gap> told;
    std::vector<added_listening> added;
    std::size_t read = 0;  ///< of the connection's events

    bool has_asked_for(const std::string& topic) const {
        return std::ranges::any_of(
            topics, [&](const std::string& p) { return topic_pattern::parse(p)->matches(topic); });
    }
    std::string own_topic() const { return token.empty() ? "" : "$client/" + token; }
    /// Whether it listens to the topic now.
    bool listens(const std::string& topic) const {
        return has_asked_for(topic) || topic == own_topic() ||
               (topic == added_topic && !added.empty() && added.back().upto == forever);
    }
    /// Whether it must have been shown, or been told about, the topic's event.
    bool had_to_see(const std::string& topic, std::uint64_t pos) const {
        if (has_asked_for(topic) || topic == own_topic()) return true;
        return topic == added_topic && std::ranges::any_of(added, [&](const auto& l) {
                   return l.after < pos && pos <= l.upto;
               });
    }
    bool may_be_shown(const answered_event& e) const {
        return std::ranges::any_of(e.topics, [&](const std::string& t) {
            return listens(t) || (t == added_topic && !added.empty());
        });
    }
    bool has_wildcard() const {
        return std::ranges::any_of(topics, [](const auto& p) { return p.contains('*'); });
    }
};

}  // namespace carillon::testing
