// base64url without padding (RFC 4648, section 5), as JSON Web Tokens use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace carillon::auth {

std::string base64url(std::string_view bytes);
/// Nothing for padding, white space, other characters or an impossible length.
std::optional<std::string> parse_base64url(std::string_view text);

}  // namespace carillon::auth
