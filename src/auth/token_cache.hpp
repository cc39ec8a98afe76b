// Tokens that were verified before, by their hash.
#pragma once

#include "auth/remembered_claims.hpp"
#include "auth/token_claims.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace carillon::auth {

/// Remembers at most `capacity` tokens, the ones that were used last among them. Synchronised
/// inside. The token itself is not kept, so that no copy of memory gives one away.
class token_cache {
public:
    /// SHA-256 of the token.
    using digest = std::array<std::uint8_t, 32>;
    struct entry {
        token_claims claims;
        std::uint32_t issuer = 0;  ///< its place in the verifier's list
    };

    explicit token_cache(std::size_t capacity) : half_(std::max<std::size_t>(capacity / 2, 1)) {}

    static digest digest_of(std::string_view token);

    /// Nothing if it is not known.
    std::optional<entry> find(const digest& d);
    void add(const digest& d, const entry& e);
    /// After a change of keys.
    void clear();

private:
    struct hash {
        std::size_t operator()(const digest& d) const noexcept {
            std::size_t h = 0;
            std::memcpy(&h, d.data(), sizeof h);
            return h;
        }
    };
    struct remembered {
        remembered_claims claims;
        std::uint32_t issuer;
    };
    using map = std::unordered_map<digest, remembered, hash>;
    remembered& put(const digest& d, remembered r);

    const std::size_t half_;
    std::mutex mutex_;    // guards all below
    map recent_, older_;  ///< when `recent_` is full it becomes `older_`, and what was that goes
};

}  // namespace carillon::auth
