// What is done about identities whose streams are open: taking them back, renewing them.
#pragma once

#include "server/auth_routes.hpp"
#include "transport/route.hpp"

#include <string_view>
#include <vector>

namespace carillon::server {

/// `POST /auth/revoke` and `POST /auth/renew`.
void add_live_routes(std::vector<transport::route>& to, const auth_route_parts& with);

/// What a request to revoke says: one of the three.
struct revocation_request {
    std::string token_id;
    std::string user;
    std::string client;
    std::string issuer;                            ///< of the token or the user; empty: any
    std::chrono::system_clock::time_point before;  ///< with a user
};
/// Of `{"tokenId" | "userId" | "client", "issuer"?, "before"?}`; `before` is an RFC 3339 time and
/// `now` if it is missing. Error `invalid_request`, naming the field.
result<revocation_request> parse_revocation_request(std::string_view body,
                                                    std::chrono::system_clock::time_point now);

}  // namespace carillon::server
