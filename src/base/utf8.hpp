// UTF-8 (RFC 3629): no overlong forms, surrogates, or values past U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace carillon {

bool is_utf8(std::string_view text) noexcept;

/// `text` with U+FFFD for each byte that is part of no well-formed sequence.
std::string as_utf8(std::string_view text);

}  // namespace carillon
