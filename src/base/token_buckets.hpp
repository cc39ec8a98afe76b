// Token buckets: how often something may happen, counted for each key.
#pragma once

#include "base/string_map.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

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

    /// Takes `count`; if there are fewer, takes none and returns how long until there are. Of more
    /// than the rate's own count there never are.
    std::optional<std::chrono::milliseconds> take(std::string_view key, const rate& at,
                                                  clock::time_point now, std::uint64_t count = 1);
    /// Of what was taken and not used.
    void give_back(std::string_view key, const rate& at, std::uint64_t count);
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

}  // namespace carillon
