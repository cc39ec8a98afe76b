#include "server/listeners.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

/// Whether strangers meet somebody who asks them, or are meant to come in.
bool may_be_reached(const settings& s) {
    return s.auth.mode.value == "none" || !s.auth.secret.empty() || !s.auth.keys.empty() ||
           !s.auth.issuers.empty() || !s.auth.forward_url.empty();
}

std::unexpected<error> reachable_by_all(std::string_view address) {
    return fail(
        errc::invalid_request,
        fmt::format("`listen = {}` can be reached from other machines and no key says whose "
                    "tokens are believed; set `auth.secret` or `auth.keys`, or write "
                    "`auth.mode = \"none\"` if that is meant, and name the hosts in "
                    "`http.allowed_hosts`",
                    address));
}

}  // namespace

result<> check_listen(const settings& s) {
    if (s.listen.empty()) return fail(errc::invalid_request, "`listen` is empty");
    for (const std::string& text : s.listen) {
        if (text == "systemd") continue;
        const auto where = net::endpoint::parse(text);
        if (!where) {
            return fail(errc::invalid_request,
                        fmt::format("`listen = {}`: {}", text, where.error().detail));
        }
        const auto address = net::ip_address::parse(where->host);
        const bool everywhere = where->path.empty() && where->host.empty();
        if ((everywhere || (address && !address->is_loopback()) || where->host == "0.0.0.0" ||
             where->host == "::") &&
            !may_be_reached(s))
            return reachable_by_all(text);
    }
    for (const std::string& text : s.metrics.listen) {
        if (const auto where = net::endpoint::parse(text); !where) {
            return fail(errc::invalid_request,
                        fmt::format("`metrics.listen = {}`: {}", text, where.error().detail));
        }
    }
    return {};
}

result<std::vector<net::listening_socket>> open_metric_listeners(const settings& s) {
    std::vector<net::listening_socket> all;
    for (const std::string& text : s.metrics.listen) {
        const auto where = net::endpoint::parse(text);
        auto some =
            where ? net::listen(*where, {})
                  : result<std::vector<net::listening_socket>>(std::unexpected(where.error()));
        if (!some) {
            return fail(some.error().code,
                        fmt::format("`metrics.listen = {}`: {}", text, some.error().detail));
        }
        std::ranges::move(*some, std::back_inserter(all));
    }
    return all;
}

result<std::vector<net::listening_socket>> open_listeners(const settings& s) {
    const net::socket_options options{static_cast<int>(s.http.send_buffer.value),
                                      static_cast<int>(s.http.send_buffer.value),
                                      static_cast<int>(s.http.backlog)};
    std::vector<net::listening_socket> all;
    for (const std::string& text : s.listen) {
        result<std::vector<net::listening_socket>> some;
        if (text == "systemd") {
            some = net::inherited_listeners(options);
            if (some && some->empty())
                return fail(errc::invalid_request,
                            "`listen = systemd`, but no socket was handed over");
        } else {
            const auto where = net::endpoint::parse(text);
            if (!where)
                return fail(errc::invalid_request,
                            fmt::format("`listen = {}`: {}", text, where.error().detail));
            some = net::listen(*where, options);
        }
        if (!some) return std::unexpected(some.error());
        for (auto& socket : *some) {
            if (!socket.loopback_only && !may_be_reached(s)) {
                return reachable_by_all(socket.bound.str());
            }
            all.push_back(std::move(socket));
        }
    }
    if (all.empty()) return fail(errc::invalid_request, "`listen` is empty");
    return all;
}

}  // namespace carillon::server
