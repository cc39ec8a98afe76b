#include "hub/client_id.hpp"

#include <carillon/hub/stream.hpp>

#include "base/base64url.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t packed_size = 21;
constexpr std::size_t text_size = 28;

}  // namespace

std::string client_id::str() const {
    std::string packed(key.begin(), key.end());
    for (unsigned i = 0; i < 4; ++i) packed += static_cast<char>(slot >> (8 * i));
    packed += static_cast<char>(shard);
    return base64url(packed);
}

std::optional<client_id> client_id::parse(std::string_view text) {
    if (text.size() != text_size) return std::nullopt;
    const auto packed = parse_base64url(text);
    if (!packed) return std::nullopt;
    std::array<std::uint8_t, packed_size> bytes{};
    std::ranges::copy(*packed, bytes.begin());
    client_id id;
    std::copy_n(bytes.begin(), 16, id.key.begin());
    for (std::size_t i = 0; i < 4; ++i) id.slot |= std::uint32_t{bytes[16 + i]} << (8 * i);
    id.shard = bytes[20];
    return id;
}

bool is_client_token(std::string_view text) noexcept {
    return text.size() >= 22 && text.size() <= 128 &&
           text.find_first_not_of(base64url_alphabet) == std::string_view::npos;
}

}  // namespace carillon
