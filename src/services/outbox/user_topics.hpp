// How many users and rooms without events the calls of users may address.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/outbox_relay.hpp>

#include "base/token_buckets.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>

namespace carillon::services {

/// The journal has a topic for each user and room that has events. Names in a user's call may be
/// made up, so that without a bound one user could fill the journal for everybody. Synchronised
/// inside.
class user_topics {
public:
    user_topics(hub& h, const outbox_limits& limits) : events_(h), limits_(limits) {}

    /// Takes the room that the event of a user's call needs; how many topics these are. Errors:
    /// `rate_limited` (the user has taken enough for now), `unavailable` (users have together).
    result<std::uint64_t> take(const message& m);
    /// The journal counts them now, or never will.
    void settle(std::uint64_t count) noexcept { promised_.fetch_sub(count); }
    /// Nothing was written: the user may take as many again.
    void give_back(std::string_view by, std::uint64_t count);

    std::uint64_t refused() const noexcept { return refused_.load(); }

private:
    static constexpr std::size_t max_users = 100'000;

    rate each() const { return {limits_.new_topics_per_user, limits_.new_topics_window}; }

    hub& events_;
    const outbox_limits& limits_;
    token_buckets taken_{max_users};
    std::atomic<std::uint64_t> promised_{0};  ///< of records whose events are not stored yet
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace carillon::services
