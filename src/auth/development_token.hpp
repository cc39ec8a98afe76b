// The tokens of system C's document: Base64 of `userId:username:email:roles`.
#pragma once

#include "auth/token_claims.hpp"

#include <string_view>

namespace carillon::auth {

/// What such a token says. Anybody can make one, so it proves nothing: it is for a developer's own
/// machine. Error `unauthenticated`: not Base64 (RFC 4648, section 4, padding may be left out), not
/// four parts, no user id, or text that is not UTF-8.
result<token_claims> parse_development_token(std::string_view text,
                                             const role_grants& by_role = {});

}  // namespace carillon::auth
