#include "http/access.hpp"

#include "http/authority.hpp"
#include "http/text.hpp"

#include <algorithm>

namespace carillon::http {

namespace {

/// A `*` in place of a label of the pattern stands for exactly one of the host's.
bool host_matches(std::string_view pattern, std::string_view host) noexcept {
    while (true) {
        const std::size_t wanted = std::min(pattern.find('.'), pattern.size());
        const std::size_t given = std::min(host.find('.'), host.size());
        if (given == 0) return false;
        const std::string_view label = pattern.substr(0, wanted);
        if (label != "*" && !iequals(label, host.substr(0, given))) return false;
        if (wanted == pattern.size() || given == host.size())
            return wanted == pattern.size() && given == host.size();
        pattern.remove_prefix(wanted + 1);
        host.remove_prefix(given + 1);
    }
}

bool host_allowed(const access_rules& rules, std::string_view host) {
    const bool named = std::ranges::any_of(rules.allowed_hosts, [&](std::string_view pattern) {
        if (pattern == "*") return true;
        if (pattern.starts_with('[') && pattern.ends_with(']')) {
            pattern = pattern.substr(1, pattern.size() - 2);
        }
        return host_matches(pattern, host);
    });
    if (named || rules.allowed_networks.empty()) return named;
    const auto address = net::ip_address::parse(host);
    return address && std::ranges::any_of(rules.allowed_networks, [&](const net::ip_network& n) {
               return n.contains(*address);
           });
}

struct origin_parts {
    std::string_view scheme;
    authority where;
};

std::optional<origin_parts> parse_origin(std::string_view origin) noexcept {
    const std::size_t end = origin.find("://");
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const auto where = parse_authority(origin.substr(end + 3));
    if (!where || where->host.empty()) return std::nullopt;
    return origin_parts{origin.substr(0, end), *where};
}

std::string_view port_or_default(std::string_view port, std::string_view scheme) noexcept {
    if (!port.empty()) return port;
    return iequals(scheme, "https") ? "443" : "80";
}

/// The scheme is not compared: behind a proxy that ends TLS, this server cannot know its own.
bool is_same_origin(const origin_parts& origin, std::string_view host) noexcept {
    const auto own = parse_authority(host);
    return own && iequals(origin.where.host, own->host) &&
           port_or_default(origin.where.port, origin.scheme) ==
               port_or_default(own->port, origin.scheme);
}

enum class origin_match : std::uint8_t { none, any, listed };

bool origin_is(std::string_view pattern, const origin_parts& origin) noexcept {
    const std::size_t end = pattern.find("://");
    if (end == std::string_view::npos || !iequals(pattern.substr(0, end), origin.scheme)) {
        return false;
    }
    const auto where = parse_authority(pattern.substr(end + 3));
    return where && host_matches(where->host, origin.where.host) &&
           port_or_default(where->port, origin.scheme) ==
               port_or_default(origin.where.port, origin.scheme);
}

/// "null", which sandboxed frames and local files send, can only match "*".
origin_match match_origin(const access_rules& rules, std::string_view origin) noexcept {
    const auto parts = parse_origin(origin);
    auto best = origin_match::none;
    for (const std::string& pattern : rules.cors_origins) {
        if (pattern == "*") best = origin_match::any;
        if (parts && origin_is(pattern, *parts)) return origin_match::listed;
    }
    return best;
}

result<> check_origin(std::string_view pattern) {
    if (pattern == "*") return {};
    if (pattern == "null") {
        return fail(errc::invalid_request,
                    "`null` is the origin of every page that has none; it cannot be let in alone");
    }
    const auto parts = parse_origin(pattern);
    const auto is_scheme_char = [](char c) { return is_token_char(c) && c != '*'; };
    if (!parts || !std::ranges::all_of(parts->scheme, is_scheme_char)) {
        return fail(errc::invalid_request,
                    "an origin is `scheme://host` or `scheme://host:port`, and nothing after it");
    }
    for (std::string_view rest = parts->where.host; !rest.empty();) {
        const std::string_view label = rest.substr(0, rest.find('.'));
        if (label.contains('*') && label != "*")
            return fail(errc::invalid_request, "`*` stands for a whole label of the host's name");
        rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    }
    return {};
}

bool is_read(const request& r) noexcept { return r.method == "GET" || r.method == "HEAD"; }

bool is_token_list(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char c) { return is_token_char(c) || c == ',' || c == ' ' || c == '\t'; });
}

}  // namespace

result<> check_access(const access_rules& rules, const route_rules& route, const request& r,
                      const request_head& head) {
    if (head.host && !route.any_host) {
        const auto own = parse_authority(*head.host);
        if (!own || !host_allowed(rules, own->host)) {
            return fail(errc::forbidden, "the Host \"" + std::string(*head.host) +
                                             "\" is not among http.allowed_hosts");
        }
    }
    if (r.method == "OPTIONS" || (is_read(r) && route.any_page)) return {};
    if (head.origin) {
        const auto parts = parse_origin(*head.origin);
        if (parts && head.host && is_same_origin(*parts, *head.host)) return {};
        if (match_origin(rules, *head.origin) != origin_match::none) return {};
        return fail(errc::forbidden,
                    "pages of the Origin \"" + std::string(*head.origin) +
                        "\" are not let in; http.cors_origins lists those that are");
    }
    if (head.fetch_site && iequals(*head.fetch_site, "cross-site")) {
        return fail(errc::forbidden, "asked by another site's page (Sec-Fetch-Site: cross-site)");
    }
    return {};
}

result<> check_cors(const access_rules& rules) {
    for (const std::string& pattern : rules.cors_origins) {
        if (auto fine = check_origin(pattern); !fine) {
            return fail(fine.error().code,
                        "`http.cors_origins = " + pattern + "`: " + fine.error().detail);
        }
    }
    const auto is_any = [](const std::string& pattern) { return pattern == "*"; };
    if (rules.cors_credentials && !rules.cors_origins.empty() &&
        std::ranges::all_of(rules.cors_origins, is_any)) {
        return fail(errc::invalid_request,
                    "`http.cors_credentials`: only origins that `http.cors_origins` lists may send "
                    "credentials, and `*` lists none");
    }
    return {};
}

std::string cors_lines(const access_rules& rules, std::optional<std::string_view> origin) {
    std::string lines;
    if (rules.cors_origins.empty()) return lines;
    const auto matched = origin ? match_origin(rules, *origin) : origin_match::none;
    if (matched != origin_match::none) {
        // Credentials go to listed origins only: "*" with credentials would open the server to
        // every page there is.
        const bool listed = matched == origin_match::listed;
        lines += "Access-Control-Allow-Origin: ";
        lines += listed ? *origin : "*";
        if (listed && rules.cors_credentials) {
            lines += "\r\nAccess-Control-Allow-Credentials: true";
        }
        lines +=
            "\r\nAccess-Control-Expose-Headers: Last-Event-ID, Retry-After, WWW-Authenticate\r\n";
    }
    lines += "Vary: Origin\r\n";
    return lines;
}

response options_response(const access_rules& rules, const request& r, const request_head& head,
                          std::string allow) {
    response answer;
    answer.status = 204;
    const auto method = r.header_value("Access-Control-Request-Method");
    if (method && head.origin && match_origin(rules, *head.origin) != origin_match::none) {
        answer.headers.emplace_back("Access-Control-Allow-Methods", allow);
        const auto wanted = r.header_value("Access-Control-Request-Headers");
        if (wanted && !wanted->empty() && is_token_list(*wanted)) {
            answer.headers.emplace_back("Access-Control-Allow-Headers", *wanted);
        }
        constexpr const char* seconds =
            "600";  // longer, and a change of the settings takes too long to arrive
        answer.headers.emplace_back("Access-Control-Max-Age", seconds);
        answer.headers.emplace_back(
            "Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
    }
    answer.headers.emplace_back("Allow", std::move(allow));
    return answer;
}

}  // namespace carillon::http
