// Which users listen to which topics, over all shards.
#pragma once

#include <carillon/hub/presence.hpp>

#include "base/string_map.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// `{"topic": …, "users": […], "count": …, "complete": …}`; for a room `room` in place of `topic`.
std::string presence_json(std::string_view topic, std::string_view room, const presence_list& who);

/// Synchronised inside, by stripes of topics; touched when streams of users begin and cease to
/// listen to topics that have presence.
class presence_directory {
public:
    using clock = std::chrono::steady_clock;

    /// One more stream of the user listens. A change if nobody knew of the user.
    std::optional<presence_change> enter(std::string_view topic, std::string_view user);
    /// One stream less. With the last one the user is remembered until `grace_ends`.
    void leave(std::string_view topic, std::string_view user, clock::time_point grace_ends);
    /// Those whose grace has passed; a part of the topics each time.
    std::vector<presence_change> purge(clock::time_point now);
    /// Whether somebody is in grace.
    bool awaits() const noexcept { return leaving_.load(std::memory_order_relaxed) != 0; }

    presence_list list(std::string_view topic, std::size_t most) const;
    std::size_t count(std::string_view topic) const;
    bool has(std::string_view topic, std::string_view user) const;
    std::vector<std::string> topics() const;

private:
    static constexpr std::size_t stripe_count = 16;
    struct member {
        std::uint32_t streams = 0;
        clock::time_point grace_ends{};
    };
    struct goodbye {
        clock::time_point when;
        std::string topic;
        std::string user;
    };
    struct stripe {
        mutable std::mutex mutex;  // guards all below
        string_map<string_map<member>> topics;
        std::deque<goodbye> leaving;  ///< soonest first, as the grace is the same for all
    };

    stripe& stripe_of(std::string_view topic) noexcept;
    const stripe& stripe_of(std::string_view topic) const noexcept {
        return const_cast<presence_directory*>(this)->stripe_of(topic);
    }
    static std::optional<presence_change> part(stripe& s, const goodbye& g);

    std::array<stripe, stripe_count> stripes_;
    std::atomic<std::size_t> leaving_{0};
    std::atomic<std::size_t> next_purge_{0};
};

}  // namespace carillon
