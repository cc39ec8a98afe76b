// JSON as text: validated, then cut into pieces that keep the publisher's own spelling.
#pragma once

#include <carillon/base/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::transport {

/// Checks that `text` is one JSON value (RFC 8259) in UTF-8, at most 64 levels deep. Numbers may
/// have any size.
result<> check_json(std::string_view text);

/// The members of an object, in order; names are decoded, values are slices of `text`. `text` has
/// passed `check_json`. Fails if it is no object or a name stands twice.
result<std::vector<std::pair<std::string, std::string_view>>> object_members(std::string_view text);

/// The elements of an array as slices of `text`; the same conditions.
result<std::vector<std::string_view>> array_elements(std::string_view text);

/// The content of a JSON string, from its slice.
result<std::string> decode_string(std::string_view slice);

}  // namespace carillon::transport
