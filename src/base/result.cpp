#include <carillon/base/result.hpp>

namespace carillon {

std::string_view to_string(errc code) noexcept {
    switch (code) {
        case errc::invalid_request:
            return "INVALID_REQUEST";
        case errc::unauthenticated:
            return "UNAUTHENTICATED";
        case errc::forbidden:
            return "FORBIDDEN";
        case errc::not_found:
            return "NOT_FOUND";
        case errc::method_not_allowed:
            return "METHOD_NOT_ALLOWED";
        case errc::not_acceptable:
            return "NOT_ACCEPTABLE";
        case errc::request_timeout:
            return "REQUEST_TIMEOUT";
        case errc::conflict:
            return "CONFLICT";
        case errc::length_required:
            return "LENGTH_REQUIRED";
        case errc::payload_too_large:
            return "PAYLOAD_TOO_LARGE";
        case errc::uri_too_long:
            return "URI_TOO_LONG";
        case errc::unsupported_media_type:
            return "UNSUPPORTED_MEDIA_TYPE";
        case errc::headers_too_large:
            return "HEADERS_TOO_LARGE";
        case errc::expectation_failed:
            return "EXPECTATION_FAILED";
        case errc::event_too_large:
            return "EVENT_TOO_LARGE";
        case errc::client_not_found:
            return "CLIENT_NOT_FOUND";
        case errc::send_error:
            return "SEND_ERROR";
        case errc::max_clients:
            return "MAX_CLIENTS";
        case errc::rate_limited:
            return "RATE_LIMITED";
        case errc::disabled:
            return "DISABLED";
        case errc::not_implemented:
            return "NOT_IMPLEMENTED";
        case errc::version_not_supported:
            return "HTTP_VERSION_NOT_SUPPORTED";
        case errc::unavailable:
            return "UNAVAILABLE";
        case errc::io_error:
            return "IO_ERROR";
        case errc::internal:
            return "INTERNAL";
    }
    return "INTERNAL";
}

}  // namespace carillon
