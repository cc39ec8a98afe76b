// Ids of clients that are not durable: unguessable, and telling where the client is without a
// table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// 128 random bits, the slot and the shard, in 28 characters of base64url (RFC 4648, section 5).
struct client_id {
    std::array<std::uint8_t, 16> key{};
    std::uint32_t slot = 0;
    std::uint8_t shard = 0;

    std::string str() const;
    static std::optional<client_id> parse(std::string_view text);
};

}  // namespace carillon
