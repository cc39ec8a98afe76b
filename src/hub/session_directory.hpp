// The connections of each key, over all shards.
#pragma once

#include "base/string_map.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Where a stream is.
struct stream_place {
    unsigned shard = 0;
    std::uint32_t slot = 0;
    friend bool operator==(const stream_place&, const stream_place&) = default;
};

/// All connections of a key share one limit.
inline bool counted_together(const stream_place&, const stream_place&) noexcept { return true; }
inline auto find_place(std::vector<stream_place>& places, const stream_place& where) {
    return std::ranges::find(places, where);
}

/// Connections by a key, such as a client's token or a user's id, and what is remembered of the key
/// (`Kept`, with a default) until a time of grace after its last connection has passed. Counts cost
/// nothing to ask. Synchronised inside, by stripes of keys; callbacks run with a stripe locked and
/// call nothing back. `Place` says where a connection is; `counted_together(Place, Place)` tells
/// those that share a limit, and `find_place(places, Place)` finds one.
template <class Kept, class Place = stream_place>
class session_directory {
public:
    using clock = std::chrono::steady_clock;

    struct claimed {
        std::vector<Place> replaced;  ///< connections that are one too many, oldest first
        bool known = false;           ///< the key was there before, in use or in grace
    };

    /// Adds a connection, of which a key may have `most`; the others are to end, and do not count
    /// any more. `change(Kept&)` runs at the same moment, before `where` is read. Nothing is done
    /// and nothing returned if the key is new and there are `max_keys` already, or if
    /// `admits(const Kept&)` says no of a key that is known.
    template <class Change>
    std::optional<claimed> claim(std::string_view key, const Place& where, std::size_t most,
                                 std::size_t max_keys, Change&& change) {
        return claim(
            key, where, most, max_keys, [](const Kept&) { return true; },
            std::forward<Change>(change));
    }
    template <class Admits, class Change>
    std::optional<claimed> claim(std::string_view key, const Place& where, std::size_t most,
                                 std::size_t max_keys, Admits&& admits, Change&& change) {
        stripe& s = stripe_of(key);
        const std::lock_guard lock(s.mutex);
        auto found = s.records.find(key);
        claimed c;
        c.known = found != s.records.end();
        if (!c.known) {
            if (keys_.fetch_add(1) >= max_keys) {
                keys_.fetch_sub(1);
                return std::nullopt;
            }
            try {
                found = s.records.try_emplace(std::string(key)).first;
            } catch (...) {
                keys_.fetch_sub(1);
                throw;
            }
        } else if (!admits(std::as_const(found->second.kept))) {
            return std::nullopt;
        }
        change(found->second.kept);
        auto& places = found->second.places;
        c.replaced.reserve(places.size());
        places.push_back(where);
        if (most < places.size()) take_oldest(places, most, c.replaced);
        return c;
    }

    /// What is kept of a key, also of one without connections: it is then forgotten when `expires`
    /// has passed. `change(const std::vector<Place>&, Kept&, clock::time_point)` runs with the
    /// stripe locked.
    template <class Change>
    void remember(std::string_view key, clock::time_point expires, Change&& change) {
        stripe& s = stripe_of(key);
        const std::lock_guard lock(s.mutex);
        auto found = s.records.find(key);
        if (found == s.records.end()) {
            found = s.records.try_emplace(std::string(key)).first;
            keys_.fetch_add(1);
        }
        const auto before =
            std::exchange(found->second.expires, std::max(found->second.expires, expires));
        change(std::as_const(found->second.places), found->second.kept, before);
    }

    /// A connection has ended. Does nothing if it was replaced. True if it was the key's last one:
    /// the key is forgotten when `expires` has passed.
    bool release(std::string_view key, const Place& where, clock::time_point expires) {
        return release(key, where, expires, [](Kept&) {});
    }
    /// `change(Kept&)` runs at the same moment, if the connection was there.
    template <class Change>
    bool release(std::string_view key, const Place& where, clock::time_point expires,
                 Change&& change) {
        stripe& s = stripe_of(key);
        const std::lock_guard lock(s.mutex);
        const auto found = s.records.find(key);
        if (found == s.records.end()) return false;
        auto& places = found->second.places;
        const auto at = find_place(places, where);
        if (at == places.end()) return false;
        places.erase(at);
        found->second.expires = std::max(found->second.expires, expires);
        change(found->second.kept);
        return places.empty();
    }

    void forget(std::string_view key) {
        stripe& s = stripe_of(key);
        const std::lock_guard lock(s.mutex);
        if (const auto found = s.records.find(key); found != s.records.end()) {
            s.records.erase(found);
            keys_.fetch_sub(1);
        }
    }

    /// Calls `look(const std::vector<Place>&, Kept&)`. False if the key is unknown.
    template <class Look>
    bool visit(std::string_view key, Look&& look) {
        stripe& s = stripe_of(key);
        const std::lock_guard lock(s.mutex);
        const auto found = s.records.find(key);
        if (found == s.records.end()) return false;
        look(std::as_const(found->second.places), found->second.kept);
        return true;
    }

    /// Connections of a key.
    std::size_t count(std::string_view key) {
        std::size_t n = 0;
        visit(key, [&](const auto& places, Kept&) { n = places.size(); });
        return n;
    }
    /// Keys in use or in grace.
    std::size_t keys() const noexcept { return keys_.load(std::memory_order_relaxed); }

    /// Forgets keys whose grace has passed, in one stripe: call it now and then.
    /// `forgotten(key, Kept&)` gets each.
    template <class Forgotten>
    void purge(clock::time_point now, Forgotten&& forgotten) {
        purge(now, std::forward<Forgotten>(forgotten), [](const std::string&, Kept&) {});
    }
    /// `idle(key, Kept&)` gets those without connections that are kept.
    template <class Forgotten, class Idle>
    void purge(clock::time_point now, Forgotten&& forgotten, Idle&& idle) {
        stripe& s = stripes_[next_purge_.fetch_add(1, std::memory_order_relaxed) % stripe_count];
        const std::lock_guard lock(s.mutex);
        const std::size_t gone = erase_if(s.records, [&](auto& entry) {
            if (!entry.second.places.empty()) return false;
            if (entry.second.expires > now) return idle(entry.first, entry.second.kept), false;
            forgotten(entry.first, entry.second.kept);
            return true;
        });
        keys_.fetch_sub(gone);
    }

private:
    static constexpr std::size_t stripe_count = 16;
    struct record {
        std::vector<Place> places;  ///< oldest first
        Kept kept{};
        clock::time_point expires{};
    };
    struct stripe {
        std::mutex mutex;  // guards records
        string_map<record> records;
    };

    /// Leaves `most` of those that share a limit with the newest. `taken` has room for all.
    static void take_oldest(std::vector<Place>& places, std::size_t most,
                            std::vector<Place>& taken) noexcept {
        const Place newest = places.back();
        auto over = static_cast<std::size_t>(std::ranges::count_if(
            places, [&](const Place& p) { return counted_together(p, newest); }));
        over -= std::min(over, most);
        std::erase_if(places, [&](const Place& p) {
            if (over == 0 || !counted_together(p, newest)) return false;
            --over;
            taken.push_back(p);
            return true;
        });
    }

    stripe& stripe_of(std::string_view key) noexcept {
        // The map uses the low bits.
        return stripes_[(string_hash{}(key) >> 48) % stripe_count];
    }

    std::array<stripe, stripe_count> stripes_;
    std::atomic<std::size_t> keys_{0};
    std::atomic<std::size_t> next_purge_{0};
};

}  // namespace carillon
