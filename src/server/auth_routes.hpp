// What the server answers about identity itself: who a caller is, sessions, tokens.
#pragma once

#include "server/identity.hpp"
#include "transport/route.hpp"

#include <chrono>
#include <vector>

namespace carillon::server {

/// `GET /auth/me`, `POST` and `DELETE /auth/session`, `POST /auth/token`. They refer to `callers`.
std::vector<transport::route> auth_routes(const identity_check& callers,
                                          std::chrono::seconds token_lifetime);

/// What a request for a token says.
struct token_request {
    std::string user;
    std::string session;
    std::vector<std::string> roles;
    std::chrono::seconds lifetime{0};  ///< at most what the settings say
};
/// Of `{"userId", "sessionId"?, "roles"?, "expiresIn"?}`, the last in seconds. Error
/// `invalid_request`, naming the field.
result<token_request> parse_token_request(std::string_view body, std::chrono::seconds longest);
/// The claims of such a token, a JSON object's text.
std::string claims_of(const token_request& asked, std::string_view issuer,
                      const std::vector<std::string>& audience,
                      std::chrono::system_clock::time_point now);

}  // namespace carillon::server
