// Tokens that are no longer believed although they have not expired.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/identity.hpp>
#include <carillon/hub/principal.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::auth {

/// One act of revoking: a token by its id, or all that a user was given before a moment.
struct revocation {
    using time_point = std::chrono::system_clock::time_point;

    std::string token_id;  ///< `jti`; empty: by user
    std::string user;      ///< `sub`; empty: by token id
    std::string issuer;    ///< of the token or the user; empty: any
    time_point before;     ///< by user: tokens that were issued earlier
    time_point until;      ///< after this no such token is valid any more, so it may be forgotten

    bool concerns(const principal& who) const;

    /// A JSON object, as it is kept in the journal.
    std::string text() const;
    /// Error `invalid_request`: not what `text` writes.
    static result<revocation> parse(std::string_view text);
};

/// What was revoked, until it does not matter any more. Synchronised inside.
class revocations {
public:
    using time_point = revocation::time_point;

    explicit revocations(std::size_t most) : most_(most) {}

    /// One of the same token or user is joined with what is in force: neither takes anything back
    /// of what the other revoked. Error `unavailable`: there are `most` already, and none of them
    /// has run out.
    result<> add(revocation r, time_point now);
    /// What is in force of this one's token or user, which was added; itself, if it has run out.
    revocation in_force(const revocation& r) const;
    /// Whether the token of this caller is revoked. One without `iat` counts as issued before
    /// everything.
    bool concern(const principal& who) const;
    bool concern(const identity& who) const;
    std::size_t size() const;

private:
    using key = std::pair<std::string, std::string>;  ///< issuer, then token id or user
    using table = std::map<key, revocation>;
    static key key_of(const revocation& r);
    static bool found_in(const table& t, const principal& who, const std::string& name);

    const std::size_t most_;
    mutable std::mutex mutex_;  // guards all below
    table tokens_, users_;
};

}  // namespace carillon::auth
