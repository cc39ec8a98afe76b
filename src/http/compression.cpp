#include "http/compression.hpp"

#include "coding/whole_body.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::http {

namespace {

constexpr std::array<std::string_view, 3> credentials_in_query{"token", "ticket", "access_token"};
constexpr std::array<std::string_view, 4> unfit_headers{"Content-Encoding", "Content-Range", "ETag",
                                                        "Set-Cookie"};

/// Text in one of the forms that the server itself sends.
bool is_text(std::string_view type) noexcept {
    const std::string_view name = trim(type.substr(0, type.find(';')));
    return istarts_with(name, "text/") || name.ends_with("json") || name.ends_with("javascript") ||
           name.ends_with("xml") || name.ends_with("yaml");
}

std::string_view value_of(const response& r, std::string_view name) noexcept {
    for (const header& h : r.headers) {
        if (iequals(h.first, name)) return h.second;
    }
    return {};
}

bool is_fit(const response& r, const compression_rules& rules) noexcept {
    if (r.of_stream || r.body.size() < rules.min_size || r.body.size() > max_compressed_answer)
        return false;
    const auto has = [&](std::string_view name) { return !value_of(r, name).empty(); };
    if (std::ranges::any_of(unfit_headers, has)) return false;
    const std::string_view cache = value_of(r, "Cache-Control");
    if (cache.contains("no-store") || cache.contains("no-transform")) return false;
    return is_text(value_of(r, "Content-Type"));
}

}  // namespace

bool has_credentials(const compression_rules& rules, const request& r) noexcept {
    for (const header& h : r.headers) {
        const auto same = [&](const std::string& name) { return iequals(h.first, name); };
        if (std::ranges::any_of(rules.credentials, same)) return true;
    }
    return std::ranges::any_of(credentials_in_query, [&](std::string_view name) {
        return r.query.contains(name);  // more than it need be, and never less
    });
}

void compress(response& r, content_coding accepted, const compression_rules& rules) {
    if (!is_fit(r, rules)) return;
    r.headers.emplace_back("Vary", "Accept-Encoding");
    if (accepted == content_coding::identity) return;
    auto coded = coding::coded_body(accepted, r.body);
    if (!coded || coded->size() >= r.body.size()) return;
    r.headers.emplace_back("Content-Encoding", to_string(accepted));
    r.body = std::move(*coded);
}

}  // namespace carillon::http
