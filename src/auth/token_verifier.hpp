// From a token's text to what it says, or to why it is not believed.
#pragma once

#include "auth/key_source.hpp"
#include "auth/token_cache.hpp"
#include "auth/token_claims.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace carillon::auth {

/// Whose tokens are believed.
struct trusted_issuer {
    claim_rules rules;
    std::shared_ptr<key_source> keys;  ///< shared: several issuers may have the same keys
};

struct verifier_options {
    std::vector<trusted_issuer> issuers;
    std::size_t remembered = 100'000;  ///< verified tokens that need no second signature check
};

/// Thread-safe. A token goes to the issuer that it names; an issuer without a name takes those that
/// no other does. A token that was verified is remembered by its hash, and only its times are
/// compared again.
class token_verifier {
public:
    explicit token_verifier(verifier_options options);

    using callback = std::function<void(result<token_claims>)>;
    /// `done` runs once, on the caller's thread before this returns or, if keys have to be
    /// fetched, later on another. The verifier must outlive it. Errors: `unauthenticated` with the
    /// reason, `unavailable` if the issuer's keys cannot be had.
    void check(std::string_view token, token_claims::time_point now, callback done);

    /// Forgets what was verified; for the moment when keys or rules have changed.
    void forget();

    /// How far the clock of an issuer was seen to be ahead of this machine's, at most the leeway: a
    /// token came before the moment that it says it was issued at.
    std::chrono::seconds clocks_ahead() const noexcept { return std::chrono::seconds(ahead_); }

private:
    const trusted_issuer* issuer_of(const compact_token& token) const;
    result<token_claims> decide(const compact_token& token, const trusted_issuer& issuer,
                                const std::vector<key_ptr>& keys, token_claims::time_point now);
    void note_clock(const token_claims& claims, token_claims::time_point now) noexcept;

    const verifier_options options_;
    token_cache cache_;
    std::atomic<std::chrono::seconds::rep> ahead_{0};
};

}  // namespace carillon::auth
