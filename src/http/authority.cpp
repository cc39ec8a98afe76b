#include "http/authority.hpp"

#include "http/text.hpp"

#include <algorithm>

namespace carillon::http {

namespace {

bool is_name_char(char c) noexcept {
    return is_token_char(c) && c != '|' && c != '`' && c != '^' && c != '#';
}

bool is_ipv6_char(char c) noexcept { return hex_value(c) >= 0 || c == ':' || c == '.'; }

}  // namespace

std::optional<authority> parse_authority(std::string_view text) noexcept {
    authority parsed;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end < 3) return std::nullopt;
        parsed.host = text.substr(1, end - 1);
        if (!std::ranges::all_of(parsed.host, is_ipv6_char)) return std::nullopt;
        text.remove_prefix(end + 1);
    } else {
        parsed.host = text.substr(0, text.find(':'));
        if (!std::ranges::all_of(parsed.host, is_name_char)) return std::nullopt;
        text.remove_prefix(parsed.host.size());
        if (parsed.host.ends_with('.')) parsed.host.remove_suffix(1);
    }
    if (text.empty()) return parsed;
    parsed.port = text.substr(1);
    if (text.front() != ':' || parsed.port.size() > 5) return std::nullopt;
    if (!std::ranges::all_of(parsed.port, is_digit)) return std::nullopt;
    return parsed;
}

}  // namespace carillon::http
