// How often callers may connect and publish: token buckets, by address and by user.
#pragma once

#include <carillon/base/result.hpp>

#include "base/string_map.hpp"
#include "net/address.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::transport {

/// So many in `per`, evenly or at once; what was not used is not saved beyond that. 0: no limit.
struct rate {
    std::uint64_t count = 0;
    std::chrono::milliseconds per = std::chrono::seconds(1);
};

/// A bucket for each key. Remembers about `max_keys` that were used last; one that is forgotten
/// begins anew. Synchronised inside. Times are the caller's, so that tests need not wait.
class token_buckets {
public:
    using clock = std::chrono::steady_clock;

    explicit token_buckets(std::size_t max_keys) : half_(std::max<std::size_t>(max_keys / 2, 1)) {}

    /// Takes one; if there is none, returns how long until there is.
    std::optional<std::chrono::milliseconds> take(std::string_view key, const rate& at,
                                                  clock::time_point now);
    std::size_t size() const;

private:
    struct bucket {
        double left;
        clock::time_point at;
    };
    bucket& find(std::string_view key, const rate& at, clock::time_point now);

    const std::size_t half_;
    mutable std::mutex mutex_;  // guards all below
    string_map<bucket> recent_, older_;
};

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
