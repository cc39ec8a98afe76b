#include "http/admission.hpp"

#include "http/access.hpp"
#include "http/problem.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <string>

namespace carillon::http {

namespace {

bool is_known_method(std::string_view method) noexcept {
    constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
    return std::ranges::find(known, method) != std::end(known);
}

response no(errc code, std::string why) { return problem(error{code, std::move(why)}); }

std::optional<response> path_refusal(std::string_view path) {
    if (path.contains('%') && !percent_decode(path)) {
        return no(errc::invalid_request, "a malformed %-escape in the path");
    }
    if (has_dot_segment(path)) {
        return no(errc::invalid_request,
                  "a path holds no `.` and `..`; name such a topic in the query or the body");
    }
    return std::nullopt;
}

/// For a path that no route has with this method.
response unrouted(const access_rules& rules, const request& r, const request_head& head,
                  const std::string& allow) {
    if (r.method == "OPTIONS") {
        return options_response(rules, r, head,
                                allow.empty() ? "GET, HEAD, POST, PUT, DELETE, OPTIONS" : allow);
    }
    if (!is_known_method(r.method)) {
        return no(errc::not_implemented, "this server knows no such method");
    }
    if (allow.empty()) return no(errc::not_found, "there is nothing at this path");
    response wrong_method = no(errc::method_not_allowed, "the resource has no such method");
    wrong_method.headers.emplace_back("Allow", allow);
    return wrong_method;
}

bool is_identity(std::string_view codings) noexcept {
    while (!codings.empty()) {
        const std::string_view coding = trim(next_part(codings, ','));
        if (!coding.empty() && !iequals(coding, "identity")) return false;
    }
    return true;
}

std::optional<response> body_refusal(const route_rules& rules, const request& r,
                                     const request_head& head) {
    if (!head.length && !head.chunked) {
        if (!rules.needs_body) return std::nullopt;
        response refused = no(errc::length_required,
                              "a body is expected: send Content-Length, or chunks on HTTP/1.1");
        refused.close = true;
        return refused;
    }
    if (!head.has_body() && !rules.needs_body) return std::nullopt;
    for (const header& h : r.headers) {
        if (!iequals(h.first, "Content-Encoding") || is_identity(h.second)) continue;
        response refused =
            no(errc::unsupported_media_type, "send the body without Content-Encoding");
        refused.headers.emplace_back("Accept-Encoding", "identity");
        return refused;
    }
    if (rules.media_types.empty() ||
        is_of_type(r.header_value("Content-Type").value_or(""), rules.media_types)) {
        return std::nullopt;
    }
    std::string wanted = "send the body with one of these as `Content-Type`: ";
    for (const std::string_view type : rules.media_types) {
        if (!wanted.ends_with(' ')) wanted += ", ";
        wanted += type;
    }
    return no(errc::unsupported_media_type, std::move(wanted));
}

}  // namespace

bool has_dot_segment(std::string_view path) {
    if (!path.contains('.') && !path.contains('%')) return false;
    const auto decoded = percent_decode(path);
    std::string_view left = decoded ? std::string_view(*decoded) : path;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find_first_of("/\\"), left.size());
        std::string_view segment = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        segment = segment.substr(0, segment.find(';'));
        if (segment == "." || segment == "..") return true;
    }
    return false;
}

bool is_of_type(std::string_view content_type,
                const std::vector<std::string_view>& types) noexcept {
    const std::string_view given = trim(content_type.substr(0, content_type.find(';')));
    return std::ranges::any_of(types, [&](std::string_view type) {
        const std::size_t star = type.find('*');
        if (star == std::string_view::npos) return iequals(given, type);
        const std::string_view suffix = type.substr(star + 1);
        return given.size() > star + suffix.size() && istarts_with(given, type.substr(0, star)) &&
               iequals(given.substr(given.size() - suffix.size()), suffix);
    });
}

std::optional<response> refusal_of(const access_rules& rules, const router& routes,
                                   const request& r, const request_head& head,
                                   router::match& match) {
    if (auto refused = path_refusal(r.path)) return refused;
    match = routes.find(r.method, r.path);
    static const route_rules of_no_route;
    const route_rules& asked = match.rules != nullptr ? *match.rules : of_no_route;
    if (const auto allowed = check_access(rules, asked, r, head); !allowed) {
        return problem(allowed.error());
    }
    if (head.expects == request_head::expectation::unknown) {
        return no(errc::expectation_failed, "of expectations, only 100-continue is met");
    }
    if (match.on_request == nullptr) return unrouted(rules, r, head, match.allow);
    return body_refusal(asked, r, head);
}

}  // namespace carillon::http
