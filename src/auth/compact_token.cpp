#include "auth/compact_token.hpp"

#include "base/base64url.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::auth {

namespace {

namespace json = boost::json;

std::unexpected<error> refused(std::string why) {
    return fail(errc::unauthenticated, std::move(why));
}

bool is_token_type(std::string_view type) {
    std::string lower(type);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower.starts_with("application/")) lower.erase(0, std::string_view("application/").size());
    return lower == "jwt" || lower == "at+jwt";
}

result<> read_header(std::string_view text, compact_token& token) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(text, failure);
    const json::object* header = failure ? nullptr : parsed.if_object();
    if (header == nullptr) return refused("the token's header is no JSON object");
    if (header->contains("crit"))
        return refused("the token has critical extensions (`crit`), and none is known here");
    const json::value* name = header->if_contains("alg");
    const json::string* alg = name != nullptr ? name->if_string() : nullptr;
    const auto known = alg != nullptr ? parse_algorithm(*alg) : std::nullopt;
    if (!known) return refused("the token's algorithm (`alg`) is not accepted");
    token.alg = *known;
    if (const json::value* type = header->if_contains("typ")) {
        if (!type->is_string() || !is_token_type(type->get_string()))
            return refused("the token's type (`typ`) is not JWT");
    }
    if (const json::value* id = header->if_contains("kid")) {
        if (!id->is_string()) return refused("the token's key id (`kid`) is no string");
        token.key_id = std::string(id->get_string());
    }
    return {};
}

}  // namespace

result<compact_token> compact_token::parse(std::string_view text) {
    if (text.size() > max_token_size)
        return refused(fmt::format("the token is longer than {} bytes", max_token_size));
    if (std::ranges::count(text, '.') != 2)
        return refused("the token is no JSON Web Token in its compact form");
    const std::size_t first = text.find('.');
    const std::size_t second = text.find('.', first + 1);
    const auto header = parse_base64url(text.substr(0, first));
    auto payload = parse_base64url(text.substr(first + 1, second - first - 1));
    const auto signature = parse_base64url(text.substr(second + 1));
    if (!header || !payload || !signature) return refused("the token is not base64url");
    if (signature->empty()) return refused("the token has no signature");
    compact_token token;
    if (auto read = read_header(*header, token); !read) return std::unexpected(read.error());
    token.text = text;
    token.payload = std::move(*payload);
    return token;
}

}  // namespace carillon::auth
