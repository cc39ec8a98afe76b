// The checksum that a record bears: CRC-32C (RFC 3720, appendix B.4).
#pragma once

#include <cstdint>
#include <string_view>

namespace carillon::sqlite {

/// Of `bytes`; `before`: the checksum of what stands in front of them.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace carillon::sqlite
