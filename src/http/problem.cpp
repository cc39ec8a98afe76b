#include "http/problem.hpp"

#include <carillon/base/json_text.hpp>

#include <algorithm>
#include <cstdint>
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

/// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7); 0 if
/// there is none.
std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) length = 2;
    if (lead >= 0xe0 && lead <= 0xef) length = 3;
    if (lead >= 0xf0 && lead <= 0xf4) length = 4;
    if (length == 0 || text.size() < length) return 0;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

/// What clients sent may be no UTF-8 at all: each byte that is not becomes U+FFFD.
std::string as_utf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        clean += length == 0 ? "\xef\xbf\xbd" : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return clean;
}

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
    append_json_string(r.body, as_utf8(detail));
    r.body += R"(,"code":)";
    append_json_string(r.body, code);
    r.body += '}';
    return r;
}

response problem(const error& e) {
    return problem_document(status_of(e.code), to_string(e.code), e.detail);
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
