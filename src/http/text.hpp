// Characters and lists as RFC 9110 and RFC 3986 define them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::http {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

constexpr bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

inline std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) c = lower(c);
    return lowered;
}

/// Without optional white space (SP, HTAB) at both ends.
constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The value of a hexadecimal digit; -1 for any other character.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

namespace detail {
inline constexpr auto token_chars = [] {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<std::uint8_t>(c)] = true;
    }
    return table;
}();
}  // namespace detail

/// `tchar` of RFC 9110, 5.6.2.
constexpr bool is_token_char(char c) noexcept {
    return detail::token_chars[static_cast<std::uint8_t>(c)];
}

/// Cuts the part before the first `separator` that stands outside of quoted strings off `rest`.
/// Call while `rest` holds something.
constexpr std::string_view next_part(std::string_view& rest, char separator) noexcept {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < rest.size(); ++at) {
        const char c = rest[at];
        if (c == '"') quoted = !quoted;
        if (c == '\\' && quoted) ++at;
        if (c == separator && !quoted) break;
    }
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at < rest.size() ? at + 1 : rest.size());
    return part;
}

/// The weight among the parameters of an element of `Accept` and its like, in thousandths (RFC
/// 9110, 12.4.2); what cannot be read counts as 1.
int weight_of(std::string_view parameters) noexcept;

}  // namespace carillon::http
