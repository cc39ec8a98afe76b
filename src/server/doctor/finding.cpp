#include "server/doctor/finding.hpp"

#include <array>

#include <fmt/format.h>

namespace carillon::server {

namespace {

/// One fault's remedies; an empty one: the proxy has no such fault, or `any` says it.
struct remedies {
    std::string_view nginx, haproxy, caddy, apache;
    std::string_view any = {};  ///< whatever the proxy is
};

constexpr remedies remedies_of(fault f) {
    switch (f) {
        case fault::held_back:
            return {
                "`proxy_buffering off;` in the location, and no `proxy_ignore_headers "
                "X-Accel-Buffering`",
                "no `option http-buffer-request` and no cache or filter on the response",
                "`flush_interval -1` in reverse_proxy, and no `encode`",
                "no mod_buffer, mod_cache or output filter on these paths"};
        case fault::compressed:
            return {"`gzip off;` in the location of the streams",
                    "no `compression` filter in the backend of the streams",
                    "no `encode` on the streams' paths: it waits for 512 bytes",
                    "`SetEnv no-gzip 1` for the streams' paths"};
        case fault::delayed:
            return {"`tcp_nodelay on;`", "`option http-no-delay` in frontend and backend",
                    "`flush_interval -1` in reverse_proxy", "`ProxyPass ... flushpackets=on`"};
        case fault::cut_idle:
            return {
                "`proxy_read_timeout 90s;` (three heartbeats) and as much for proxy_send_timeout",
                "`timeout client 90s` and `timeout server 90s` (three heartbeats)",
                "no `read_timeout` or `write_timeout` below 90s, in reverse_proxy's transport "
                "and in the server's timeouts",
                "`ProxyTimeout 90` (three heartbeats)",
                "or let the hub speak more often: stream.heartbeat_interval"};
        case fault::ends_for_good:
            return {"`error_page 500 502 504 = @carillon_is_away;` as in packaging/nginx",
                    "`errorfile 502 ...`, 503 and 504 with a 200, as in packaging/haproxy",
                    "`lb_try_duration 20s` and `handle_errors` with a 200, as in packaging/caddy",
                    "a second member of the balancer that answers 200, as in packaging/apache",
                    "or socket activation, which keeps the port open (docs/operations/systemd.md)"};
        case fault::host:
            return {"`proxy_set_header Host $host;`", "no `http-request set-header Host`",
                    "no `header_up Host`", "`ProxyPreserveHost On`"};
        case fault::address:
            return {"`proxy_set_header X-Forwarded-For $remote_addr;`",
                    "`http-request set-header X-Forwarded-For %[src]`",
                    "no `header_up -X-Forwarded-For`",
                    "`RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"`",
                    "and for Carillon: http.trusted_proxies with the address that the proxy "
                    "connects from"};
        case fault::forged:
            return {
                "`proxy_set_header X-Forwarded-For $remote_addr;` (not "
                "$proxy_add_x_forwarded_for), `proxy_set_header Forwarded \"\";`",
                "`http-request set-header X-Forwarded-For %[src]`, `del-header Forwarded`",
                "no `trusted_proxies` that the client's own address is in",
                "`ProxyAddHeaders Off`, `RequestHeader set X-Forwarded-For "
                "\"expr=%{REMOTE_ADDR}\"`",
                "and in http.trusted_proxies only addresses of proxies"};
        case fault::path:
            return {"`proxy_pass http://carillon;` without a path behind the name",
                    "no `http-request set-path` or normalize-uri",
                    "no `uri` or `rewrite`; `handle` instead of `handle_path`",
                    "`AllowEncodedSlashes On` (or NoDecode), `MergeSlashes Off`, ProxyPass "
                    "with `nocanon`"};
        case fault::http10:
            return {"`proxy_http_version 1.1;` and `proxy_set_header Connection \"\";`",
                    "HAProxy 2 or later", "no `versions 1.0`",
                    "no `SetEnv force-proxy-request-1.0`"};
        case fault::cors:
            return {"no `proxy_hide_header` and no second `add_header Access-Control-Allow-Origin`",
                    "no `http-response` rule for Access-Control-*",
                    "no `header` rule for Access-Control-*",
                    "no `Header` rule for Access-Control-*",
                    "and for Carillon: http.cors_origins with this origin, and "
                    "http.cors_credentials where cookies are sent"};
    }
    return {};
}

}  // namespace

std::string_view to_string(proxy_name p) noexcept {
    constexpr std::array<std::string_view, 6> names{"unknown", "none",  "nginx",
                                                    "haproxy", "caddy", "apache"};
    return names[static_cast<std::size_t>(p)];
}

std::string_view to_string(verdict v) noexcept {
    constexpr std::array<std::string_view, 4> names{"good", "note", "bad", "unchecked"};
    return names[static_cast<std::size_t>(v)];
}

std::string remedy(fault f, proxy_name p) {
    const remedies all = remedies_of(f);
    std::string text;
    const auto add = [&](proxy_name which, std::string_view title, std::string_view what) {
        if (p != which && p != proxy_name::unknown) return;
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", title, what);
    };
    add(proxy_name::nginx, "nginx", all.nginx);
    add(proxy_name::haproxy, "HAProxy", all.haproxy);
    add(proxy_name::caddy, "Caddy", all.caddy);
    add(proxy_name::apache, "Apache", all.apache);
    if (!all.any.empty()) text += fmt::format("{}{}", text.empty() ? "" : "; ", all.any);
    return text;
}

}  // namespace carillon::server
