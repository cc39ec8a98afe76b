#include "server/settings_check.hpp"

#include "http/access.hpp"
#include "server/listeners.hpp"
#include "server/web_client.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::server {

namespace {

result<> check_codings(const settings& s) {
    for (const std::string& name : s.http.codings) {
        if (parse_content_coding(name)) continue;
        return fail(errc::invalid_request,
                    fmt::format("`http.codings = {}`: `br`, `gzip` and `zstd` are known", name));
    }
    return {};
}

result<> read_networks(const strings& texts, std::string_view setting,
                       std::vector<net::ip_network>& into) {
    for (const std::string& text : texts) {
        auto network = net::ip_network::parse(text);
        if (!network) {
            return fail(errc::invalid_request,
                        fmt::format("`{} = {}`: {}", setting, text, network.error().detail));
        }
        into.push_back(*network);
    }
    return {};
}

result<std::shared_ptr<http::server_options>> http_options_of(const settings& s) {
    if (auto known = check_codings(s); !known) return std::unexpected(known.error());
    auto o = std::make_shared<http::server_options>();
    o->compression.codings = codings_of(s);
    o->compression.min_size = s.http.compression.from;
    auto& credentials = o->compression.credentials;
    credentials.insert(credentials.end(), s.auth.forward_headers.begin(),
                       s.auth.forward_headers.end());
    o->limits = {
        s.http.max_target_size.value, s.http.max_head_size.value, s.http.max_body_size.value,
        s.http.head_timeout,          s.http.body_timeout,        s.http.idle_timeout,
        s.http.write_timeout,         s.http.min_body_rate.value, s.http.send_buffer.value};
    strings networks;
    for (const std::string& host : s.http.allowed_hosts)
        (host.contains('/') ? networks : o->access.allowed_hosts).push_back(host);
    if (auto read = read_networks(networks, "http.allowed_hosts", o->access.allowed_networks);
        !read)
        return std::unexpected(read.error());
    o->access.cors_origins = s.http.cors_origins;
    o->access.cors_credentials = s.http.cors_credentials;
    if (auto fine = http::check_cors(o->access); !fine) return std::unexpected(fine.error());
    if (auto read = read_networks(s.http.trusted_proxies, "http.trusted_proxies",
                                  o->access.trusted_proxies);
        !read)
        return std::unexpected(read.error());
    return o;
}

result<> check_files(const settings& s) {
    if (s.journal.kind.value == "memory") return {};
    if (s.data_dir.empty())
        return fail(errc::invalid_request,
                    "`data_dir` is empty; name a folder, or write `journal.kind = \"memory\"`");
    if (s.records.path.empty())
        return fail(errc::invalid_request, "`records.path` is empty; name a file");
    return {};
}

/// A path that a request can ask for as it stands: `/`, or segments of plain characters.
bool is_path(std::string_view prefix) {
    if (prefix == "/") return true;
    if (!prefix.starts_with('/') || prefix.ends_with('/')) return false;
    for (const auto part : std::views::split(prefix.substr(1), '/')) {
        const std::string_view segment(part.begin(), part.end());
        const bool plain = std::ranges::all_of(segment, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view("-._~").contains(c);
        });
        if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
    }
    return true;
}

result<> check_prefixes(const settings& s) {
    // Of the topic service, the root is the empty text.
    if (s.topic_service.prefix == "/")
        return fail(errc::invalid_request,
                    "`topic_service.prefix = /`: leave it empty for the root");
    const strings topics{s.topic_service.prefix.empty() ? "/" : s.topic_service.prefix};
    const std::pair<std::string_view, const strings*> all[] = {
        {"topic_service", &topics},
        {"users", &s.users.prefix},
        {"notifications", &s.notifications.prefix},
        {"domains", &s.domains.prefix},
        {"metadata", &s.metadata.prefix}};
    for (const auto& [section, prefixes] : all) {
        const auto wrong =
            std::ranges::find_if_not(*prefixes, [](const auto& p) { return is_path(p); });
        if (wrong == prefixes->end()) continue;
        return fail(errc::invalid_request,
                    fmt::format("`{}.prefix = {}`: a path is expected: it begins with a slash and "
                                "has letters, digits and `-._~` between slashes",
                                section, *wrong));
    }
    return {};
}

result<> check_webhook(const settings& s) {
    if (s.webhook.url.empty()) return {};
    auto fine = check_web_url(s.webhook.url, s.auth.plain_http);
    if (fine) return {};
    return fail(errc::invalid_request, "`webhook.url`: " + fine.error().detail);
}

/// What is wrong begins with the setting's name; in front of it goes where its value comes from.
std::string at_place(const origins& from, const std::string& detail) {
    const auto name = std::string_view(detail).substr(detail.starts_with('`') ? 1 : 0);
    const auto found = from.find(name.substr(0, name.find_first_of("` =")));
    if (found == from.end() || found->second == "default") return detail;
    return found->second + ": " + detail;
}

}  // namespace

std::vector<content_coding> codings_of(const settings& s) {
    std::vector<content_coding> codings;
    for (const std::string& name : s.http.codings) {
        if (const auto c = parse_content_coding(name)) codings.push_back(*c);
    }
    return codings;
}

result<checked_settings> check(const loaded_settings& loaded) {
    const settings& s = loaded.values;
    strings mistakes;
    const auto note = [&](const auto& checked) {
        if (!checked) mistakes.push_back(at_place(loaded.from, checked.error().detail));
    };
    auto http = http_options_of(s);
    auto callers = identity_check::make(s);
    note(check_listen(s));
    note(http);
    note(callers);
    note(check_webhook(s));
    note(check_prefixes(s));
    note(check_files(s));
    if (!mistakes.empty())
        return fail(errc::invalid_request, fmt::format("{}", fmt::join(mistakes, "\n")));
    return checked_settings{std::move(*http), std::move(*callers)};
}

}  // namespace carillon::server
