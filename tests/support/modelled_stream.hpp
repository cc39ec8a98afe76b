// What a model of the hub knows of its streams and of its durable clients.
#pragma once

#include <carillon/hub/shard.hpp>
#include <carillon/journal/topic.hpp>

#include "support/fake_connection.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::testing {

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
    std::string token;      ///< of a durable client; empty: none
    bool replaced = false;  ///< another stream has its token now
    std::string verdict;
    bool values_may_come = false;          ///< though nobody can tell from here
    bool values_owed = false;              ///< to it, or to the stream whose cursor it came with
    std::optional<std::uint64_t> opening;  ///< the position that the opening event must have
    std::set<std::uint64_t> gone;          ///< what a rewinding stream came too late for
    std::multiset<std::uint64_t> values;   ///< positions that were shown as last values
    std::uint64_t reset_at = 0;            ///< the head when its cursor was found to be unknown
    bool rewinds = false;
    std::uint64_t rewound_until = 0;  ///< the head when it opened, if it rewinds

    std::vector<topic_pattern> present() const {
        std::vector<topic_pattern> all;
        for (const modelled_listening& l : patterns) {
            if (l.until_number == modelled_listening::forever) all.push_back(l.pattern);
        }
        return all;
    }
};

/// What is remembered of a durable client: names of topics.
struct modelled_client {
    std::set<std::string> requested, given_up, added;
    bool was_given = false;  ///< a topic: the last values of that may be owed

    /// It connects and asks for these; the result is what it listens to.
    std::vector<topic_pattern> connect(const std::vector<topic_pattern>& asked, std::size_t most) {
        requested.clear();
        for (const topic_pattern& p : asked) requested.insert(p.str());
        std::erase_if(given_up, [&](const std::string& t) { return !requested.contains(t); });
        std::erase_if(added, [&](const std::string& t) { return requested.contains(t); });
        const std::size_t room = most - std::min(most, requested.size() - given_up.size());
        while (added.size() > room) added.erase(std::prev(added.end()));
        std::set<std::string> all = added;
        std::ranges::set_difference(requested, given_up, std::inserter(all, all.end()));
        std::vector<topic_pattern> in_force;
        for (const std::string& t : all) in_force.push_back(*topic_pattern::parse(t));
        return in_force;
    }
    void add(const std::string& t) {
        was_given = true;
        if (requested.contains(t)) {
            given_up.erase(t);
        } else {
            added.insert(t);
        }
    }
    void remove(const std::string& t) {
        if (added.erase(t) == 0) given_up.insert(t);
    }
};

}  // namespace carillon::testing
