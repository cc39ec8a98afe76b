// JSON as text: validated, then cut into pieces that keep the publisher's own spelling.
#pragma once

#include <carillon/base/result.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::transport {

/// Checks that `text` is one JSON value (RFC 8259) in UTF-8, at most 64 levels deep. Numbers may
/// have any size.
result<> check_json(std::string_view text);

/// Called with one member or element: its decoded name (empty for elements) and its slice of the
/// text. An error ends the walk.
using slice_visitor = std::function<result<>(std::string_view name, std::string_view slice)>;

/// Calls `visit` for each member of an object, in order; a name may come twice. `text` has passed
/// `check_json`. Fails if it is no object, or with the visitor's first error.
result<> each_member(std::string_view text, const slice_visitor& visit);
/// The same for the elements of an array.
result<> each_element(std::string_view text, const slice_visitor& visit);

/// The members of an object, in order; names are decoded, values are slices of `text`. `text` has
/// passed `check_json`. Fails if it is no object or a name stands twice. Takes n log n time.
result<std::vector<std::pair<std::string, std::string_view>>> object_members(std::string_view text);

/// The content of a JSON string, from its slice.
result<std::string> decode_string(std::string_view slice);

}  // namespace carillon::transport
