#include "auth/token_verifier.hpp"

#include "base/base64url.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace carillon::auth {

namespace {

// A token without a key id is tried with so many keys of its algorithm: each costs a signature
// check, and strangers may send tokens.
constexpr std::size_t max_tries = 8;

/// Names a token that has no `jti`, so that it can be taken back. Of what is signed: a signature
/// may be written in another way by its bearer.
std::string own_id_of(const compact_token& token) {
    constexpr std::size_t bytes = 16;
    const auto digest = token_cache::digest_of(token.signed_part());
    return '~' + base64url({reinterpret_cast<const char*>(digest.data()), bytes});
}

}  // namespace

std::vector<key_ptr> matching_keys(const std::vector<key_ptr>& all, std::string_view key_id,
                                   algorithm alg) {
    std::vector<key_ptr> found;
    for (const key_ptr& k : all) {
        const bool named = key_id.empty() || k->id().empty() || k->id() == key_id;
        if (k->alg() == alg && named) found.push_back(k);
    }
    return found;
}

token_verifier::token_verifier(verifier_options options)
    : options_(std::move(options)), cache_(options_.remembered) {}

const trusted_issuer* token_verifier::issuer_of(const compact_token& token) const {
    const auto& all = options_.issuers;
    if (all.size() == 1 && all.front().rules.issuer.empty()) return &all.front();
    const std::string name = claimed_issuer(token.payload);
    const trusted_issuer* unnamed = nullptr;
    for (const trusted_issuer& issuer : options_.issuers) {
        if (issuer.rules.issuer.empty()) {
            unnamed = &issuer;
        } else if (issuer.rules.issuer == name) {
            return &issuer;
        }
    }
    return unnamed;
}

void token_verifier::check(std::string_view token, token_claims::time_point now, callback done) {
    const auto digest = token_cache::digest_of(token);
    if (auto known = cache_.find(digest)) {
        const auto& rules = options_.issuers[known->issuer].rules;
        if (auto valid = check_times(known->claims, rules, now); !valid)
            return done(std::unexpected(valid.error()));
        return done(std::move(known->claims));
    }
    auto parsed = compact_token::parse(token);
    if (!parsed) return done(std::unexpected(parsed.error()));
    const trusted_issuer* issuer = issuer_of(*parsed);
    if (issuer == nullptr)
        return done(fail(errc::unauthenticated, "the token is of an issuer that is not trusted"));
    // Beside the token's move into the callback these would be read before or after it.
    const std::string key_id = parsed->key_id;
    const algorithm alg = parsed->alg;
    issuer->keys->find(key_id, alg,
                       [this, issuer, now, digest, token = std::move(*parsed),
                        done = std::move(done)](result<std::vector<key_ptr>> keys) {
                           if (!keys) return done(std::unexpected(keys.error()));
                           auto claims = decide(token, *issuer, *keys, now);
                           if (claims) {
                               const auto place =
                                   static_cast<std::uint32_t>(issuer - options_.issuers.data());
                               cache_.add(digest, {*claims, place});
                           }
                           done(std::move(claims));
                       });
}

result<token_claims> token_verifier::decide(const compact_token& token,
                                            const trusted_issuer& issuer,
                                            const std::vector<key_ptr>& keys,
                                            token_claims::time_point now) {
    if (keys.empty())
        return fail(errc::unauthenticated, "no key that is trusted has the token's id and kind");
    const auto tried = std::span(keys).first(std::min(keys.size(), max_tries));
    if (std::ranges::none_of(tried, [&](const key_ptr& k) { return k->verify(token); }))
        return fail(errc::unauthenticated, "the token's signature is wrong");
    auto claims = read_claims(token.payload, issuer.rules);
    if (!claims) return std::unexpected(claims.error());
    if (auto valid = check_times(*claims, issuer.rules, now); !valid)
        return std::unexpected(valid.error());
    note_clock(*claims, now);
    if (claims->token_id.empty()) claims->token_id = own_id_of(token);
    return claims;
}

void token_verifier::note_clock(const token_claims& claims, token_claims::time_point now) noexcept {
    if (!claims.issued_at || *claims.issued_at <= now) return;
    const auto ahead = std::chrono::ceil<std::chrono::seconds>(*claims.issued_at - now).count();
    auto known = ahead_.load();
    while (known < ahead && !ahead_.compare_exchange_weak(known, ahead)) {
    }
}

void token_verifier::forget() { cache_.clear(); }

}  // namespace carillon::auth
