#include "auth/algorithm.hpp"

#include <algorithm>
#include <array>

namespace carillon::auth {

namespace {

struct entry {
    std::string_view name;
    key_family family;
};

constexpr std::array<entry, 12> entries{{{"HS256", key_family::secret},
                                         {"HS384", key_family::secret},
                                         {"HS512", key_family::secret},
                                         {"RS256", key_family::rsa},
                                         {"RS384", key_family::rsa},
                                         {"RS512", key_family::rsa},
                                         {"PS256", key_family::rsa},
                                         {"PS384", key_family::rsa},
                                         {"PS512", key_family::rsa},
                                         {"ES256", key_family::p256},
                                         {"ES384", key_family::p384},
                                         {"EdDSA", key_family::ed25519}}};

}  // namespace

std::string_view to_string(algorithm a) noexcept {
    return entries[static_cast<std::size_t>(a)].name;
}

std::optional<algorithm> parse_algorithm(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(entries, name, &entry::name);
    if (found == entries.end()) return std::nullopt;
    return static_cast<algorithm>(found - entries.begin());
}

key_family family_of(algorithm a) noexcept { return entries[static_cast<std::size_t>(a)].family; }

}  // namespace carillon::auth
