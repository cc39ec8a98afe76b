#include "auth/role_grants.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::auth {

namespace {

constexpr std::string_view placeholder = "{user}";

/// The pattern for this user; nothing if it stands for a user whose id would be read as more than a
/// segment's text.
std::optional<topic_pattern> pattern_for(std::string_view user, std::string text) {
    std::size_t at = text.find(placeholder);
    if (at != std::string::npos && (user.empty() || user.find_first_of("/*") != user.npos))
        return std::nullopt;
    for (; at != std::string::npos; at = text.find(placeholder, at + user.size()))
        text.replace(at, placeholder.size(), user);
    auto parsed = topic_pattern::parse(text);
    if (!parsed || parsed->str().starts_with('$')) return std::nullopt;
    return std::move(*parsed);
}

result<std::vector<topic_pattern>> patterns_of(const std::vector<std::string>& said) {
    if (said.size() > max_patterns) {
        return fail(errc::unauthenticated,
                    fmt::format("the token grants more than {} patterns", max_patterns));
    }
    std::vector<topic_pattern> all;
    for (const std::string& text : said) {
        auto parsed = topic_pattern::parse(text == "*" ? "**" : std::string_view(text));
        if (!parsed) {
            return fail(errc::unauthenticated,
                        fmt::format("the token grants `{}`: {}", text, parsed.error().detail));
        }
        all.push_back(std::move(*parsed));
    }
    return all;
}

result<std::vector<topic_pattern>> side_of(const grant_claims& said,
                                           const std::optional<std::vector<std::string>>& list,
                                           const std::vector<role_grant>& rows) {
    const auto has = [&](std::string_view role) {
        return std::ranges::find(said.roles, role) != said.roles.end();
    };
    if (has("admin")) return std::vector{topic_pattern::parse("**").value()};
    if (list) return patterns_of(*list);
    std::vector<topic_pattern> all;
    for (const role_grant& row : rows) {
        if (!has(row.role)) continue;
        if (auto pattern = pattern_for(said.user, row.pattern)) all.push_back(std::move(*pattern));
    }
    return all;
}

}  // namespace

result<role_grant> role_grant::parse(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return fail(errc::invalid_request,
                    fmt::format("`{}`: `role=pattern` is expected, as `editor=news/**`", text));
    }
    role_grant row{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
    if (!pattern_for("u", row.pattern)) {
        return fail(errc::invalid_request,
                    fmt::format("`{}` is no pattern of topics", row.pattern));
    }
    return row;
}

result<std::shared_ptr<const grant_set>> grants_of(const grant_claims& said,
                                                   const role_grants& by_role) {
    auto publish = side_of(said, said.publish, by_role.publish);
    if (!publish) return std::unexpected(publish.error());
    auto subscribe = side_of(said, said.subscribe, by_role.subscribe);
    if (!subscribe) return std::unexpected(subscribe.error());
    if (publish->empty() && subscribe->empty()) return nullptr;
    grant_set all{std::move(*publish), std::move(*subscribe)};
    all.normalise();
    return std::make_shared<const grant_set>(std::move(all));
}

}  // namespace carillon::auth
