// What a gzip stream's trailer says of all that came before, kept in eight bytes (RFC 1952, 2.3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon::coding {

/// What a piece of text adds to the sum of a stream. Made once and shared by all its streams.
struct text_part {
    std::uint32_t size = 0;
    std::uint32_t crc = 0;
    std::uint32_t shift = 0;  ///< of zlib's: takes the sum over the piece's length
};
/// Only gzip asks for more than the size, which counts modulo 2^32.
text_part sized_part(std::string_view text) noexcept;
text_part summed_part(std::string_view text) noexcept;

/// Of a stream so far. Costs about 0.1 µs for each piece.
struct text_sum {
    std::uint32_t crc = 0;
    std::uint32_t size = 0;

    void add(const text_part& next) noexcept;
    friend bool operator==(const text_sum&, const text_sum&) = default;
};

}  // namespace carillon::coding
