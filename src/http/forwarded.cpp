#include "http/access.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace carillon::http {

namespace {

/// The address of one hop: bare, with a port, or in brackets. Nothing for "unknown" and obfuscated
/// names.
std::optional<net::ip_address> parse_hop(std::string_view text) {
    text = trim(text);
    if (text.starts_with('[')) {
        text = text.substr(0, std::min(text.find(']'), text.size() - 1) + 1);
    } else if (std::ranges::count(text, ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    const auto address = net::ip_address::parse(text);
    if (!address) return std::nullopt;
    return *address;
}

std::string unquote(std::string_view text) {
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::string(text);
    std::string plain;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\\' && i + 2 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

/// `for` of one element such as `for="[2001:db8::1]:4711";proto=https`.
std::optional<net::ip_address> parse_forwarded_element(std::string_view element) {
    while (!element.empty()) {
        const std::string_view pair = trim(next_part(element, ';'));
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || !iequals(pair.substr(0, equals), "for")) continue;
        return parse_hop(unquote(trim(pair.substr(equals + 1))));
    }
    return std::nullopt;
}

using hops = std::vector<std::optional<net::ip_address>>;

/// From the farthest to the nearest, over all lines of that name.
hops read_hops(const request& r, std::string_view name,
               std::optional<net::ip_address> (*parse)(std::string_view)) {
    hops found;
    for (const header& h : r.headers) {
        if (!iequals(h.first, name)) continue;
        std::string_view rest = h.second;
        while (!rest.empty()) found.push_back(parse(next_part(rest, ',')));
    }
    return found;
}

/// Each hop was written by the one after it, so it is believed as long as that one is trusted.
net::ip_address walk(const access_rules& rules, const hops& reported, net::ip_address nearest) {
    const auto trusted = [&](const net::ip_address& a) {
        return std::ranges::any_of(rules.trusted_proxies,
                                   [&](const net::ip_network& n) { return n.contains(a); });
    };
    for (auto hop = reported.rbegin(); hop != reported.rend() && trusted(nearest); ++hop) {
        if (!*hop) break;
        nearest = **hop;
    }
    return nearest;
}

}  // namespace

net::ip_address client_of(const access_rules& rules, const request& r,
                          const net::ip_address& peer) {
    if (!r.forwarded || rules.trusted_proxies.empty()) return peer;
    const hops standard = read_hops(r, "Forwarded", parse_forwarded_element);
    const hops customary = read_hops(r, "X-Forwarded-For", parse_hop);
    if (customary.empty()) return walk(rules, standard, peer);
    const net::ip_address client = walk(rules, customary, peer);
    if (standard.empty()) return client;
    // A proxy writes one of the two and passes the other on as the client sent it, so only
    // agreement counts.
    return walk(rules, standard, peer) == client ? client : peer;
}

}  // namespace carillon::http
