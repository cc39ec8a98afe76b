#include "journal/sqlite/checksum.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace carillon::sqlite {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
constexpr std::size_t at_once = 8;                // bytes

using table = std::array<std::uint32_t, 256>;

// `tables[n][b]` is what the byte `b` adds with `n` zero bytes behind it, so that eight bytes are
// eight independent look-ups.
constexpr std::array<table, at_once> make_tables() {
    std::array<table, at_once> all{};
    for (std::uint32_t b = 0; b < 256; ++b) {
        std::uint32_t crc = b;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? polynomial : 0);
        all[0][b] = crc;
    }
    for (std::size_t n = 1; n < at_once; ++n) {
        for (std::size_t b = 0; b < 256; ++b)
            all[n][b] = (all[n - 1][b] >> 8) ^ all[0][all[n - 1][b] & 0xFFu];
    }
    return all;
}

constexpr std::array<table, at_once> tables = make_tables();

std::uint64_t load(const char* from) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
    std::uint32_t crc = ~before;
    for (; bytes.size() >= at_once; bytes.remove_prefix(at_once)) {
        const std::uint64_t word = load(bytes.data()) ^ crc;
        crc = 0;
        for (std::size_t i = 0; i < at_once; ++i)
            crc ^= tables[at_once - 1 - i][(word >> (8 * i)) & 0xFFu];
    }
    for (const char c : bytes)
        crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFFu];
    return ~crc;
}

}  // namespace carillon::sqlite
