// A body that is there as a whole, compressed as one.
#pragma once

#include <carillon/coding/content_coding.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::coding {

/// Nothing without memory. Takes about 20 ms for a megabyte.
std::optional<std::string> coded_body(content_coding c, std::string_view text);

}  // namespace carillon::coding
