// What a model of the hub knows of events and of who listens to them.
#pragma once

#include <carillon/hub/shard.hpp>
#include <carillon/journal/topic.hpp>

#include "support/fake_connection.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::testing {

/// One published event. `number` counts all of them, `pos` only the stored ones.
struct modelled_event {
    std::vector<topic> topics;
    std::uint64_t pos = 0;
    bool retained = false;
    bool matches(const topic_pattern& p) const {
        return std::ranges::any_of(topics, [&](const topic& t) { return p.matches(t.str()); });
    }
};

/// While a stream listened to a pattern.
struct modelled_listening {
    static constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();
    topic_pattern pattern;
    std::uint64_t may_after = 0;   ///< positions that the stream may show...
    std::uint64_t must_after = 0;  ///< ...and those that it must
    std::uint64_t must_until = forever;
    std::uint64_t from_number = 0;  ///< the same for events without position
    std::uint64_t until_number = forever;
    bool added = false;  ///< to a stream that was there
};

struct modelled_stream {
    explicit modelled_stream(framing f) : out(f) {}
    fake_connection out;
    shard* home = nullptr;
    subscriber* s = nullptr;
    std::vector<modelled_listening> patterns;
    std::string verdict;
    std::optional<std::uint64_t> opening;  ///< the position that the opening event must have
    std::set<std::uint64_t> gone;          ///< what a rewinding stream came too late for
    std::multiset<std::uint64_t> values;   ///< positions that were shown as last values
    std::uint64_t reset_at = 0;            ///< the head when its cursor was found to be unknown
    bool rewinds = false;
    std::uint64_t rewound_until = 0;  ///< the head when it opened, if it rewinds
};

}  // namespace carillon::testing
