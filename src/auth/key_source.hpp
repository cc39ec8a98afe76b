// Where the keys of an issuer come from.
#pragma once

#include "auth/key.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace carillon::auth {

/// Thread-safe.
class key_source {
public:
    virtual ~key_source() = default;

    using callback = std::function<void(result<std::vector<key_ptr>>)>;
    /// The keys that may have signed a token with this key id (empty: none is named) and
    /// algorithm. `done` runs once, on any thread, perhaps before this returns. Error
    /// `unavailable`: the keys are elsewhere and cannot be had now.
    virtual void find(std::string_view key_id, algorithm alg, callback done) = 0;
};

/// Of `all`, the keys that a token may have been signed with: those of its algorithm whose id is
/// the token's, or that have none; all of its algorithm if the token names no key.
std::vector<key_ptr> matching_keys(const std::vector<key_ptr>& all, std::string_view key_id,
                                   algorithm alg);

/// Keys that stay the same.
class fixed_keys final : public key_source {
public:
    explicit fixed_keys(std::vector<key_ptr> all) : all_(std::move(all)) {}
    void find(std::string_view key_id, algorithm alg, callback done) override {
        done(matching_keys(all_, key_id, alg));
    }

private:
    const std::vector<key_ptr> all_;
};

}  // namespace carillon::auth
