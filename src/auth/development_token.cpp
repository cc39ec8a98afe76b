#include "auth/development_token.hpp"

#include "base/base64url.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace carillon::auth {

namespace {

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(by);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::string> parse_base64(std::string_view text) {
    std::string url(text.substr(0, text.find_last_not_of('=') + 1));
    std::ranges::replace(url, '+', '-');
    std::ranges::replace(url, '/', '_');
    return parse_base64url(url);
}

}  // namespace

result<token_claims> parse_development_token(std::string_view text, const role_grants& by_role) {
    const auto refused = [] {
        return fail(errc::unauthenticated,
                    "a development token is Base64 of userId:username:email:roles");
    };
    const auto decoded = parse_base64(text);
    if (!decoded || !is_utf8(*decoded)) return refused();
    const auto parts = split(*decoded, ':');
    if (parts.size() != 4 || parts[0].empty()) return refused();
    token_claims claims;
    claims.subject = parts[0];
    for (const std::string_view role : split(parts[3], ',')) {
        if (!role.empty()) claims.roles.emplace_back(role);
    }
    constexpr std::array<std::string_view, 3> names{"sub", "username", "email"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        claims.text += i == 0 ? '{' : ',';
        append_json_string(claims.text, names[i]);
        claims.text += ':';
        append_json_string(claims.text, parts[i]);
    }
    for (const std::string& role : claims.roles) add_attribute(claims.attributes, "role", role);
    for (std::size_t i = 1; i < names.size(); ++i)
        add_attribute(claims.attributes, names[i], parts[i]);
    claims.text += R"(,"roles":[)";
    for (std::size_t i = 0; i < claims.roles.size(); ++i) {
        if (i != 0) claims.text += ',';
        append_json_string(claims.text, claims.roles[i]);
    }
    claims.text += "]}";
    auto grants = grants_of({claims.subject, claims.roles, {}, {}}, by_role);
    if (!grants) return std::unexpected(grants.error());
    claims.grants = std::move(*grants);
    return claims;
}

}  // namespace carillon::auth
