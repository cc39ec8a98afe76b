// The signature algorithms of JSON Web Tokens that are accepted (RFC 7518, section 3.1; RFC 8037).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon::auth {

/// `none` is no member: an unsigned token cannot be expressed.
enum class algorithm : std::uint8_t {
    hs256,
    hs384,
    hs512,
    rs256,
    rs384,
    rs512,
    ps256,
    ps384,
    ps512,
    es256,
    es384,
    eddsa,  ///< with Ed25519
};

/// The registered name, such as "ES256". Static storage.
std::string_view to_string(algorithm a) noexcept;
/// Nothing for any other text; names are case-sensitive.
std::optional<algorithm> parse_algorithm(std::string_view name) noexcept;

/// What a key must be to be used with an algorithm.
enum class key_family : std::uint8_t { secret, rsa, p256, p384, ed25519 };
key_family family_of(algorithm a) noexcept;

}  // namespace carillon::auth
