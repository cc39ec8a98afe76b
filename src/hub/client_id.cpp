#include "hub/client_id.hpp"

#include <carillon/hub/stream.hpp>

#include "base/random.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t packed_size = 21;
constexpr std::size_t text_size = 28;

int digit(char c) noexcept {
    const std::size_t at = base64url_alphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string client_id::str() const {
    std::array<std::uint8_t, packed_size> packed{};
    std::ranges::copy(key, packed.begin());
    for (std::size_t i = 0; i < 4; ++i) packed[16 + i] = static_cast<std::uint8_t>(slot >> (8 * i));
    packed[20] = shard;
    std::string text;
    text.reserve(text_size);
    for (std::size_t i = 0; i < packed_size; i += 3) {
        const std::uint32_t group = packed[i] << 16 | packed[i + 1] << 8 | packed[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            text += base64url_alphabet[group >> shift & 63u];
    }
    return text;
}

std::optional<client_id> client_id::parse(std::string_view text) noexcept {
    if (text.size() != text_size) return std::nullopt;
    std::array<std::uint8_t, packed_size> packed{};
    for (std::size_t i = 0; i < packed_size / 3; ++i) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const int d = digit(text[4 * i + k]);
            if (d < 0) return std::nullopt;
            group = group << 6 | static_cast<std::uint32_t>(d);
        }
        packed[3 * i] = static_cast<std::uint8_t>(group >> 16);
        packed[3 * i + 1] = static_cast<std::uint8_t>(group >> 8);
        packed[3 * i + 2] = static_cast<std::uint8_t>(group);
    }
    client_id id;
    std::copy_n(packed.begin(), 16, id.key.begin());
    for (std::size_t i = 0; i < 4; ++i) id.slot |= std::uint32_t{packed[16 + i]} << (8 * i);
    id.shard = packed[20];
    return id;
}

bool is_client_token(std::string_view text) noexcept {
    return text.size() >= 22 && text.size() <= 128 &&
           text.find_first_not_of(base64url_alphabet) == std::string_view::npos;
}

}  // namespace carillon
