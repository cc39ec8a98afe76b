// What the parameters of a stream of system D say, and what of it is believed.
#pragma once

#include <carillon/hub/identity.hpp>
#include <carillon/hub/principal.hpp>

#include "surfaces/support/surface.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::surfaces {

/// Whose stream it is.
struct described_client {
    std::shared_ptr<const identity> who;
    std::string metadata;           ///< what the query said, a JSON object's text; or empty
    bool session_is_known = false;  ///< somebody has vouched for the session
};

/// `userId`, `sessionId` and whatever else the query says. Where callers are asked who they are,
/// `userId` is the caller's own, or the caller is an admin; and names that tokens use come from
/// tokens alone, since `?role=admin` would get what is meant for admins. Errors: `forbidden`,
/// `invalid_request`.
result<described_client> described_by(const http::request& r, const principal& who,
                                      const client_options& options);

}  // namespace carillon::surfaces
