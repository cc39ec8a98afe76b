#include <carillon/journal/topic.hpp>

#include "base/utf8.hpp"
#include "journal/segments.hpp"

#include <algorithm>

namespace carillon {

namespace {

result<> check_name(std::string_view text, std::size_t limit) {
    limit = std::min(limit, topic::max_size);
    if (text.empty()) return fail(errc::invalid_request, "a topic is not empty");
    if (text.size() > limit) {
        return fail(errc::invalid_request,
                    "a topic has at most " + std::to_string(limit) + " bytes");
    }
    const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20) || c == 0x7F; };
    if (std::ranges::any_of(text, control))
        return fail(errc::invalid_request, "a topic holds no control characters");
    if (!is_utf8(text)) return fail(errc::invalid_request, "a topic is UTF-8");
    return {};
}

}  // namespace

result<topic> topic::parse(std::string_view text, std::size_t limit) {
    if (auto checked = check_name(text, limit); !checked) return std::unexpected(checked.error());
    if (text.find('*') != std::string_view::npos) {
        return fail(errc::invalid_request,
                    "a published topic holds no `*`; it is the wildcard of streams");
    }
    return topic(text);
}

result<topic_pattern> topic_pattern::parse(std::string_view text, std::size_t limit) {
    if (auto checked = check_name(text, limit); !checked) return std::unexpected(checked.error());
    const std::size_t star = text.find('*');
    if (star == std::string_view::npos) return topic_pattern(text, text.size(), false);
    if (is_hidden(text)) {
        return fail(errc::forbidden,
                    "topics that begin with `$` are the hub's own: no wildcard matches them");
    }
    std::string_view rest = text;
    for (bool last = false; !last;) {
        const std::string_view segment = take_segment(rest, last);
        if (segment.find('*') == std::string_view::npos || segment == "*") continue;
        if (segment != "**")
            return fail(errc::invalid_request, "`*` stands for a whole segment: `a/*/b`, `a/**`");
        if (!last) return fail(errc::invalid_request, "`**` is the last segment of a pattern");
    }
    // `a/**` matches `a` as well: its slash is no part of what all matches begin with.
    const bool deep = text.substr(star) == "**";
    return topic_pattern(text, deep && star > 0 ? star - 1 : star, true);
}

bool topic_pattern::matches(std::string_view name) const noexcept {
    if (!wild_) return name == text_;
    std::string_view pattern = text_;
    bool first = true;
    bool pattern_last = false;
    bool name_last = false;
    for (;;) {
        const std::string_view wanted = take_segment(pattern, pattern_last);
        if (first && is_hidden(name) && wanted.starts_with('*')) return false;
        if (wanted == "**") return true;
        if (name_last) return false;
        const std::string_view segment = take_segment(name, name_last);
        if (!segment_matches(wanted, segment)) return false;
        first = false;
        if (pattern_last) return name_last;
    }
}

}  // namespace carillon
