#include "surfaces/support/paging.hpp"

#include "base/time_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::surfaces {

result<std::size_t> limit_of(const http::request& r, page_rule rule) {
    const auto text = r.query_value("limit");
    if (!text) return rule.usual;
    const auto count = parse_whole_number(*text);
    if (!count || *count == 0) {
        return fail(errc::invalid_request,
                    fmt::format("`limit` is a number from 1 to {}", rule.most));
    }
    return std::min(static_cast<std::size_t>(*count), rule.most);
}

result<std::uint64_t> number_of(const http::request& r, std::string_view name,
                                std::uint64_t otherwise) {
    const auto text = r.query_value(name);
    if (!text) return otherwise;
    const auto count = parse_whole_number(*text);
    if (!count) return fail(errc::invalid_request, fmt::format("`{}` is a whole number", name));
    return static_cast<std::uint64_t>(*count);
}

result<bool> flag_of(const http::request& r, std::string_view name, bool otherwise) {
    const auto text = r.query_value(name);
    if (!text) return otherwise;
    if (*text != "true" && *text != "false")
        return fail(errc::invalid_request, fmt::format("`{}` is `true` or `false`", name));
    return *text == "true";
}

}  // namespace carillon::surfaces
