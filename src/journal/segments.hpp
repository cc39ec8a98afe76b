// The segments of topics and patterns: the one place that knows where they end.
#pragma once

#include <string_view>

namespace carillon {

/// Takes the first segment off `rest`; `last` tells whether it was the only one. Empty segments
/// count.
inline std::string_view take_segment(std::string_view& rest, bool& last) noexcept {
    const std::size_t slash = rest.find('/');
    last = slash == std::string_view::npos;
    const std::string_view segment = rest.substr(0, slash);
    rest = last ? std::string_view{} : rest.substr(slash + 1);
    return segment;
}

/// Whether a segment of a topic satisfies one of a pattern other than `**`.
inline bool segment_matches(std::string_view wanted, std::string_view segment) noexcept {
    return wanted == "*" ? !segment.empty() : wanted == segment;
}

/// The hub's own space, which a wildcard in the first segment does not reach.
inline bool is_hidden(std::string_view topic) noexcept { return topic.starts_with('$'); }

}  // namespace carillon
