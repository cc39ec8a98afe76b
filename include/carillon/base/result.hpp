// Expected failures: an error code that callers can act on, and a sentence for people.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// Why an operation did not happen. The names are stable: they are the `code` of the problem
/// documents (RFC 9457) that the server sends, and what C++ callers switch on.
enum class errc : std::uint8_t {
    invalid_request,         ///< malformed input; correct it, do not repeat it
    unauthenticated,         ///< no or bad credentials
    forbidden,               ///< known caller, not allowed; also a refused Origin or Host
    not_found,               ///< no such resource
    method_not_allowed,      ///< the resource exists, not with this method
    not_acceptable,          ///< the client accepts none of what the resource can send
    request_timeout,         ///< the request did not arrive in time
    conflict,                ///< contradicts what is already there
    length_required,         ///< a body must announce its length or be chunked
    payload_too_large,       ///< the request body exceeds the limit
    uri_too_long,            ///< the request target exceeds the limit
    unsupported_media_type,  ///< the body is of a kind that is not read here
    headers_too_large,       ///< the request head exceeds the limit
    expectation_failed,      ///< an `Expect` that is not `100-continue`
    event_too_large,         ///< the event exceeds `max_event_size`
    client_not_found,        ///< no client has this id
    send_error,              ///< the client exists but is closing, or its write failed
    max_clients,             ///< the hub is full
    rate_limited,            ///< too much from this caller; try again later
    disabled,                ///< switched off in the settings
    not_implemented,         ///< a method or transfer coding this server does not know
    version_not_supported,   ///< another version of HTTP than 1.0 and 1.1
    unavailable,  ///< for the moment: draining, overloaded or out of space; try again later
    io_error,     ///< the system refused a read or write
    internal,     ///< a bug; please report it
};

/// The stable name, such as "CLIENT_NOT_FOUND". Static storage.
std::string_view to_string(errc code) noexcept;

struct error {
    errc code = errc::internal;
    std::string
        detail;  ///< one sentence for a person; never secret, may quote the caller's own input

    friend bool operator==(const error&, const error&) = default;
};

template <class T = void>
using result = std::expected<T, error>;

/// `return fail(errc::not_found, "no such topic");` from any function that returns a result.
inline std::unexpected<error> fail(errc code, std::string detail) {
    return std::unexpected(error{code, std::move(detail)});
}

}  // namespace carillon
