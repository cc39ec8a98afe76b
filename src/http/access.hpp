// What a page in a browser may make this server do: allowed host names, origins, CORS (Fetch
// standard, section 3.2).
#pragma once

#include "http/message.hpp"
#include "http/request_head.hpp"
#include "http/server.hpp"

#include <string>
#include <string_view>

namespace carillon::http {

/// Refuses a `Host` that is not allowed (a page that rebinds its own name to this address), and
/// what another site's page sends: writes, since the page need not see their answers, and reads,
/// since its browser would hide them after we have done the work. HTTP/1.0 without `Host` passes:
/// no browser sends it.
result<> check_access(const access_rules& rules, const route_rules& route, const request& r,
                      const request_head& head);

/// Error `invalid_request`, naming the setting: an entry that is no origin or pattern, `null`, or
/// credentials for whoever asks (`*` alone).
result<> check_cors(const access_rules& rules);

/// The headers that let the page at `origin` read a response, each line with its CRLF; empty
/// without CORS origins.
std::string cors_lines(const access_rules& rules, std::optional<std::string_view> origin);

/// Answers OPTIONS: `allow` lists the path's methods. A preflight from an allowed origin learns
/// what it may send.
response options_response(const access_rules& rules, const request& r, const request_head& head,
                          std::string allow);

/// Whom a request comes from: the peer, or, if that is a trusted proxy, the last address that
/// trusted proxies vouch for in `Forwarded` (RFC 7239) or `X-Forwarded-For`.
net::ip_address client_of(const access_rules& rules, const request& r, const net::ip_address& peer);

}  // namespace carillon::http
