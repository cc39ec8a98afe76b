// Whether a request may reach its route, as far as its head tells.
#pragma once

#include "http/message.hpp"
#include "http/request_head.hpp"
#include "http/server.hpp"

#include <optional>
#include <string_view>

namespace carillon::http {

/// The answer to a request that no handler sees; otherwise fills `match`. `close` is set in it if
/// nobody can know where the request ends. Nothing of the body has been read, and the client has
/// not been told to go on (`Expect: 100-continue`).
std::optional<response> refusal_of(const access_rules& rules, const router& routes,
                                   const request& r, const request_head& head,
                                   router::match& match);

/// True if a segment of the path, decoded, is `.` or `..`, as proxies, caches and browsers may read
/// it: they decode before or after they split, some take `\` for a slash, and some cut off what
/// follows a `;`. What they would take for another path is no path here.
bool has_dot_segment(std::string_view path);

/// True if the `Content-Type` is among `types`, which may end in `*+json`. Parameters do not count.
bool is_of_type(std::string_view content_type, const std::vector<std::string_view>& types) noexcept;

}  // namespace carillon::http
