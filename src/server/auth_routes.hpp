// What the server answers about identity itself: the caller, sessions, tokens.
#pragma once

#include <carillon/hub/hub.hpp>

#include "auth/token_claims.hpp"
#include "server/identity.hpp"
#include "server/revocation_list.hpp"
#include "transport/route.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace carillon::server {

struct auth_route_parts {
    identity_check& callers;
    hub& events;
    revocation_list& revoked;
    std::chrono::seconds token_lifetime{0};         ///< of tokens that are signed here, at most
    std::chrono::milliseconds revocations_kept{0};  ///< how long a revocation matters
    std::vector<topic_pattern> public_topics = {};  ///< what no token must grant
};

/// `GET /auth/me`, `POST` and `DELETE /auth/session`, `POST /auth/token`, `POST /auth/ticket`,
/// `POST /auth/revoke`, `POST /auth/renew`. They refer to the parts' objects.
std::vector<transport::route> auth_routes(const auth_route_parts& with);

/// What a request for a token says.
struct token_request {
    std::string user;
    std::string session;
    std::vector<std::string> roles;
    std::optional<std::vector<std::string>> publish = {}, subscribe = {};  ///< patterns
    std::chrono::seconds lifetime{0};  ///< at most what the settings say
};
/// Of `{"userId", "sessionId"?, "roles"?, "publish"?, "subscribe"?, "expiresIn"?}`, the last in
/// seconds. Error
/// `invalid_request`, naming the field.
result<token_request> parse_token_request(std::string_view body, std::chrono::seconds longest);
/// The claims of such a token, a JSON object's text, with the names, issuer and audience of `as`.
std::string claims_of(const token_request& asked, const auth::claim_rules& as,
                      std::chrono::system_clock::time_point now);

}  // namespace carillon::server
