// What roles may publish under and listen to, where a token does not say it itself.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/grants.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::auth {

/// Patterns of one token, for publishing and for listening each.
inline constexpr std::size_t max_patterns = 100;

/// One row: callers with the role may use the topics that the pattern matches. `{user}` in a
/// pattern stands for the id of the caller.
struct role_grant {
    std::string role;
    std::string pattern;

    /// Of `role=pattern`. Error `invalid_request`: no such row, or no pattern.
    static result<role_grant> parse(std::string_view text);
};

struct role_grants {
    std::vector<role_grant> publish = {{"publisher", "**"}};
    std::vector<role_grant> subscribe = {};
};

/// What a caller is granted: by the lists of its token where there are some (`*` alone stands for
/// everything there), else by its roles. The role `admin` has everything. Null: nothing. Error
/// `unauthenticated`: a list holds a text that cannot be a pattern, or is longer than
/// `max_patterns`.
struct grant_claims {
    std::string_view user;
    const std::vector<std::string>& roles;
    const std::optional<std::vector<std::string>>& publish;
    const std::optional<std::vector<std::string>>& subscribe;
};
result<std::shared_ptr<const grant_set>> grants_of(const grant_claims& said,
                                                   const role_grants& by_role);

}  // namespace carillon::auth
