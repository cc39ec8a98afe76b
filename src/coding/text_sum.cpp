#include "coding/text_sum.hpp"

#include <zlib.h>

namespace carillon::coding {

text_part sized_part(std::string_view text) noexcept {
    return {.size = static_cast<std::uint32_t>(text.size())};
}

text_part summed_part(std::string_view text) noexcept {
    text_part part = sized_part(text);
    part.crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
    part.shift = static_cast<std::uint32_t>(crc32_combine_gen(static_cast<z_off_t>(text.size())));
    return part;
}

void text_sum::add(const text_part& next) noexcept {
    size += next.size;
    // zlib would shift by nothing for ever; of an empty text, and where only sizes count, it is 0.
    if (next.shift == 0 || next.size == 0) return;
    crc = static_cast<std::uint32_t>(crc32_combine_op(crc, next.crc, next.shift));
}

}  // namespace carillon::coding
