// The bytes of a response (RFC 9112, section 4).
#pragma once

#include "http/message.hpp"
#include "http/response_body.hpp"

#include <string>
#include <string_view>

namespace carillon::http {

/// Keeps browsers from taking a body for another type than it is said to be; every response bears
/// it.
inline constexpr std::string_view sniffing_line = "X-Content-Type-Options: nosniff\r\n";

struct response_frame {
    std::string_view date_line;     ///< with its CRLF
    std::string_view common_lines;  ///< headers that every response bears, with their CRLFs
    bool close = false;             ///< the connection ends afterwards
    bool http10 = false;            ///< keep-alive has to be said
};

/// Appends the head. A header of the handler that would break the framing is left out.
void append_head(std::string& out, const response& r, const response_frame& frame);

/// The same for a response whose body is written as it comes to be. `lines` are further headers,
/// each with its CRLF. A raw body ends with the connection (RFC 9112, 6.3), so `then` is to be
/// `close` for it.
void append_stream_head(std::string& out, const stream_head& head, std::string_view lines,
                        body_layout layout, after_body then);

/// False for the statuses that never have one (RFC 9110, 6.4.1).
constexpr bool status_has_body(int status) noexcept {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace carillon::http
