// Between HTTP and the handlers: finds out who calls, and lets in who may.
#pragma once

#include "auth/authenticator.hpp"
#include "http/server.hpp"
#include "transport/rate_limits.hpp"
#include "transport/route.hpp"

#include <vector>

namespace carillon::transport {

/// What the server is: it decides which side of an `access_rule` holds.
struct access_policy {
    bool asks = true;             ///< false: everybody may call everything, whatever the routes say
    bool local_defaults = false;  ///< `access_rule::locally` holds for local calls
    rate_limits* rates = nullptr;  ///< null: callers come as often as they like
};

/// From this machine, under a loopback name, and not passed on by a proxy: a developer's own. What
/// `Forwarded` and its kin say does not count, only that they are there. A local proxy that adds
/// none of them and speaks HTTP/1.1 is not seen: a server behind one needs keys.
bool is_local(const http::request& r);

/// Errors: `unauthenticated` (nobody, where somebody has to be), `forbidden`.
result<> permits(access needed, const principal& who);

/// Adds the routes. A request whose caller takes time to be found out is kept meanwhile, and
/// handled on its loop; an upload is not read before. `who` outlives the router, and calls back no
/// more when the loops have ended.
void mount(http::router& on, std::vector<route> routes, auth::authenticator& who,
           access_policy policy);

}  // namespace carillon::transport
