// base64url without padding (RFC 4648, section 5): ids, tokens, JSON Web Tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

inline constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(std::string_view bytes);
/// Nothing for padding, white space, other characters, an impossible length, or unused bits that
/// are not 0: each text stands for bytes of its own.
std::optional<std::string> parse_base64url(std::string_view text);

}  // namespace carillon
