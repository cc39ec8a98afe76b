#include "transport/json_slices.hpp"

#include <algorithm>
#include <array>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

namespace carillon::transport {

namespace {

namespace json = boost::json;

/// Accepts every event of the parser: only the grammar matters.
struct grammar_only {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t, json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

constexpr std::string_view blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && blanks.contains(text[at])) ++at;
    return at;
}

/// The end of the string that begins at `at`, in text that is known to be valid.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
    for (std::size_t quote = at;;) {
        quote = text.find('"', quote + 1);
        // A quote behind an odd number of backslashes is a character of the string.
        std::size_t plain = quote;
        while (text[plain - 1] == '\\') --plain;
        if ((quote - plain) % 2 == 0) return quote + 1;
    }
}

/// The end of the value that begins at `at`. The text is known to be valid, so brackets match.
std::size_t end_of_value(std::string_view text, std::size_t at) noexcept {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
            if (depth == 0) return at;
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (depth == 0 && (c == ',' || blanks.find(c) != std::string_view::npos)) return at;
        ++at;
    }
    return at;
}

}  // namespace

result<> check_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = 64;
    json::basic_parser<grammar_only> parser(options);
    json::error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && skip_blanks(text, used) != text.size()) ec = json::error::extra_data;
    if (!ec) return {};
    return fail(errc::invalid_request,
                "malformed JSON at byte " + std::to_string(used) + ": " + ec.message());
}

result<std::string> decode_string(std::string_view slice) {
    if (!slice.starts_with('"')) return fail(errc::invalid_request, "a string is expected");
    if (slice.find('\\') == std::string_view::npos)
        return std::string(slice.substr(1, slice.size() - 2));
    json::error_code ec;
    const json::value value = json::parse(json::string_view(slice.data(), slice.size()), ec);
    if (ec || !value.is_string()) return fail(errc::invalid_request, "a string is expected");
    return std::string(value.get_string());
}

result<> each_member(std::string_view text, const slice_visitor& visit) {
    std::size_t at = skip_blanks(text, 0);
    if (at == text.size() || text[at] != '{')
        return fail(errc::invalid_request, "a JSON object is expected");
    at = skip_blanks(text, at + 1);
    while (text[at] != '}') {
        const std::size_t name_end = end_of_string(text, at);
        const std::string_view name = text.substr(at, name_end - at);
        at = skip_blanks(text, skip_blanks(text, name_end) + 1);
        const std::size_t value_end = end_of_value(text, at);
        const std::string_view slice = text.substr(at, value_end - at);
        result<> visited;
        if (name.find('\\') == std::string_view::npos) {
            visited = visit(name.substr(1, name.size() - 2), slice);
        } else if (const auto decoded = decode_string(name)) {
            visited = visit(*decoded, slice);
        } else {
            visited = std::unexpected(decoded.error());
        }
        if (!visited) return visited;
        at = skip_blanks(text, value_end);
        if (text[at] == ',') at = skip_blanks(text, at + 1);
    }
    return {};
}

result<> each_element(std::string_view text, const slice_visitor& visit) {
    std::size_t at = skip_blanks(text, 0);
    if (at == text.size() || text[at] != '[')
        return fail(errc::invalid_request, "a JSON array is expected");
    at = skip_blanks(text, at + 1);
    while (text[at] != ']') {
        const std::size_t end = end_of_value(text, at);
        if (auto visited = visit({}, text.substr(at, end - at)); !visited) return visited;
        at = skip_blanks(text, end);
        if (text[at] == ',') at = skip_blanks(text, at + 1);
    }
    return {};
}

result<std::vector<std::pair<std::string, std::string_view>>> object_members(
    std::string_view text) {
    std::vector<std::pair<std::string, std::string_view>> members;
    const auto walked = each_member(text, [&](std::string_view name, std::string_view slice) {
        members.emplace_back(name, slice);
        return result<>{};
    });
    if (!walked) return std::unexpected(walked.error());
    // Sorted rather than hashed: no choice of names makes this slow.
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& [name, slice] : members) names.push_back(name);
    std::ranges::sort(names);
    if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
        return fail(errc::invalid_request, "the field `" + std::string(*twice) + "` stands twice");
    return members;
}

}  // namespace carillon::transport
