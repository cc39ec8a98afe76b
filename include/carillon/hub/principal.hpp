// The caller of a request: the user, session and roles that it was found to have.
#pragma once

#include <carillon/hub/grants.hpp>
#include <carillon/hub/identity.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Whom a request or a stream belongs to: nobody in particular, unless somebody has vouched for
/// more. A value; what it says was verified by whoever made it.
struct principal {
    /// What it is believed for.
    enum class source : std::uint8_t {
        nothing,      ///< no credentials were given
        token,        ///< a signed token
        development,  ///< a token that anybody can make; for a developer's own machine
        ticket,       ///< a ticket, which opens one stream
        proxy,        ///< a server in front that was asked
    };

    source from = source::nothing;
    std::string user;     ///< empty: anonymous
    std::string session;  ///< empty: none is named
    std::vector<std::string> roles;
    std::string claims;    ///< all that is known, a JSON object's text; empty: nothing
    std::string token_id;  ///< `jti`, for revocations; empty: none
    std::string issuer;    ///< of the token; empty: none is named
    /// What it may publish under and listen to, its roles' grants included; null: nothing.
    std::shared_ptr<const grant_set> grants;  // shared by all that one token opens
    /// Claims and roles that streams can be found by, as (`role`, `editor`).
    std::vector<attribute> attributes;
    std::optional<std::chrono::system_clock::time_point> expires;  ///< nothing holds beyond it
    std::optional<std::chrono::system_clock::time_point> issued;
    std::shared_ptr<stream_lease> lease;  ///< of a ticket; null otherwise
    /// Nobody is asked who they are here: `auth.mode = none`, or a route that a developer's own
    /// machine may call. Whatever the route does is allowed, for whomever it does it.
    bool unrestricted = false;

    bool is_anonymous() const noexcept { return user.empty(); }
    bool has_role(std::string_view role) const noexcept {
        return std::ranges::find(roles, role) != roles.end();
    }
};

}  // namespace carillon
