// What a verified token says.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/identity.hpp>

#include "auth/role_grants.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::auth {

/// When a token is valid.
struct token_times {
    using time_point = std::chrono::system_clock::time_point;

    std::optional<time_point> expires;     ///< `exp`
    std::optional<time_point> not_before;  ///< `nbf`
    std::optional<time_point> issued_at;   ///< `iat`
};

/// A value.
struct token_claims : token_times {
    std::string issuer;   ///< `iss`, or empty
    std::string subject;  ///< the user id
    std::string session;  ///< the session id, or empty
    std::vector<std::string> roles;
    std::string token_id;  ///< `jti`, or empty
    std::string text;      ///< all claims, a JSON object's text
    /// Claims that are a text, a number or a boolean, and each role as (`role`, it); without those
    /// that are about the token itself. At most `max_attributes`, none longer than an audience can
    /// name.
    std::vector<attribute> attributes;
    /// What its bearer may publish under and listen to; null: nothing.
    std::shared_ptr<const grant_set> grants;  // shared with the callers
};

inline constexpr std::size_t max_attributes = 32;
/// Whether a claim is about the token itself or about what it grants, and says nothing of its
/// bearer that streams could be found by.
bool is_token_claim(std::string_view name) noexcept;
/// Adds a pair that can be an attribute; others are left out.
void add_attribute(std::vector<attribute>& to, std::string_view name, std::string_view value);

/// What an issuer's tokens must say, and which claims mean what.
struct claim_rules {
    std::string issuer = {};  ///< `iss` must be this; empty: it is not looked at
    std::vector<std::string> audiences =
        {};                           ///< `aud` must have one of these; empty: no `aud` allowed
    std::chrono::seconds leeway{30};  ///< how far clocks may be apart
    bool expiry_required = true;      ///< a token without `exp` is refused
    std::string user_claim = "sub";   ///< a string or a whole number
    std::string session_claim = "sid";
    std::string roles_claim =
        "roles";  ///< an array of strings, or one string with blanks or commas
    /// An object with `publish` and `subscribe`, arrays of topic patterns. Where it is missing,
    /// `mercure` is read, which has the same form (Mercure, section 5).
    std::string grants_claim = "carillon";
    /// Whether that claim is read at all; otherwise only roles grant something.
    bool grants_believed = true;
    role_grants roles = {};
    /// In front of each user's name, so that none has the name of another issuer's user.
    std::string user_prefix = {};
    /// Roles that these tokens may give, others are left out; nothing: all.
    std::optional<std::vector<std::string>> allowed_roles = {};
};

/// Reads the payload of a token whose signature is known to be right. Errors `unauthenticated`:
/// no JSON object, a claim of a wrong type, another issuer or audience, no user. The times are
/// not compared: see `check_times`.
result<token_claims> read_claims(std::string_view payload, const claim_rules& rules);

/// Error `unauthenticated`: expired, not valid or not issued yet, or without an end where one is
/// required.
result<> check_times(const token_times& times, const claim_rules& rules,
                     token_times::time_point now);

/// `iss` of a payload that nobody has verified: only for choosing the keys to verify it with.
std::string claimed_issuer(std::string_view payload);

}  // namespace carillon::auth
