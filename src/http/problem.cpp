#include "http/problem.hpp"

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace carillon::http {

namespace {

struct phrase {
    int status;
    std::string_view text;
};

/// By status.
constexpr phrase phrases[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

}  // namespace

std::string_view phrase_of(int status) noexcept {
    const auto* const found = std::ranges::lower_bound(phrases, status, {}, &phrase::status);
    return found != std::end(phrases) && found->status == status ? found->text : "Unknown";
}

response problem_document(int status, std::string_view code, std::string_view detail) {
    response r;
    r.status = status;
    r.headers.emplace_back("Content-Type", "application/problem+json");
    r.body = R"({"type":"about:blank","title":)";
    append_json_string(r.body, phrase_of(status));
    r.body += R"(,"status":)";
    r.body += std::to_string(status);
    r.body += R"(,"detail":)";
    append_json_string(r.body, as_utf8(detail));  // may quote what a client sent
    r.body += R"(,"code":)";
    append_json_string(r.body, code);
    r.body += '}';
    return r;
}

response problem(const error& e, std::chrono::milliseconds retry_after) {
    return problem_as(status_of(e.code), e, retry_after);
}

response problem_as(int status, const error& e, std::chrono::milliseconds retry_after) {
    response r = problem_document(status, to_string(e.code), e.detail);
    if (r.status == 401) r.headers.emplace_back("WWW-Authenticate", "Bearer");  // RFC 9110, 11.6.1
    if (r.status == 503 || r.status == 429) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(spread_beyond(retry_after));
        r.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    }
    return r;
}

int status_of(errc code) noexcept {
    switch (code) {
        case errc::invalid_request:
            return 400;
        case errc::unauthenticated:
            return 401;
        case errc::forbidden:
            return 403;
        case errc::not_found:
        case errc::client_not_found:
        case errc::disabled:
            return 404;
        case errc::method_not_allowed:
            return 405;
        case errc::not_acceptable:
            return 406;
        case errc::request_timeout:
            return 408;
        case errc::conflict:
        case errc::send_error:
            return 409;
        case errc::length_required:
            return 411;
        case errc::payload_too_large:
        case errc::event_too_large:
            return 413;
        case errc::uri_too_long:
            return 414;
        case errc::unsupported_media_type:
            return 415;
        case errc::expectation_failed:
            return 417;
        case errc::rate_limited:
            return 429;
        case errc::headers_too_large:
            return 431;
        case errc::not_implemented:
            return 501;
        case errc::version_not_supported:
            return 505;
        case errc::max_clients:
        case errc::unavailable:
            return 503;
        case errc::io_error:
        case errc::internal:
            return 500;
    }
    return 500;
}

}  // namespace carillon::http
