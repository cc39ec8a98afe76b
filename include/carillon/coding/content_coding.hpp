// Content codings (RFC 9110, 8.4.1): how the bytes of a response are compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

enum class content_coding : std::uint8_t {
    identity,  ///< as they are
    gzip,      ///< RFC 1952
    br,        ///< RFC 7932
    zstd,      ///< RFC 8878; several clients stop behind its first frame
};
inline constexpr std::size_t content_coding_count = 4;

/// As `Content-Encoding` has it.
std::string_view to_string(content_coding c) noexcept;
/// Nothing if there is no such coding here. Names compare without regard to case; `x-gzip` is gzip.
std::optional<content_coding> parse_content_coding(std::string_view name) noexcept;

}  // namespace carillon
