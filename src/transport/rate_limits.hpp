// How often callers may connect and publish, by address and by user.
#pragma once

#include <carillon/base/result.hpp>

#include "base/token_buckets.hpp"
#include "net/address.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace carillon::transport {

using carillon::rate;
using carillon::token_buckets;

struct rate_settings {
    rate connects_of_address = {};
    rate connects_of_user = {};
    rate publishes_of_address = {};
    rate publishes_of_user = {};
};

enum class rated : std::uint8_t { nothing, connect, publish };

/// Thread-safe.
class rate_limits {
public:
    explicit rate_limits(rate_settings at);
    void reload(rate_settings at);

    /// How long the caller has to wait; nothing if it need not. By address before anybody is asked
    /// who they are, since that costs a signature check; by user afterwards.
    std::optional<std::chrono::milliseconds> by_address(rated what, const net::ip_address& a);
    std::optional<std::chrono::milliseconds> by_user(rated what, std::string_view user);

    /// What was held back since the start.
    std::uint64_t held_back(rated what) const noexcept;

private:
    static constexpr std::size_t max_keys = 100'000;

    std::optional<std::chrono::milliseconds> take(token_buckets& from, std::string_view key,
                                                  const rate& at, rated what);

    std::atomic<std::shared_ptr<const rate_settings>> at_;
    token_buckets connects_of_address_{max_keys}, connects_of_user_{max_keys};
    token_buckets publishes_of_address_{max_keys}, publishes_of_user_{max_keys};
    std::atomic<std::uint64_t> connects_{0}, publishes_{0};
};

}  // namespace carillon::transport
