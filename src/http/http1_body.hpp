// A connection of HTTP/1 that has become the body of one response.
#pragma once

#include "http/response_body.hpp"
#include "http/session_context.hpp"
#include "net/byte_stream.hpp"

#include <memory>
#include <string>

namespace carillon::http {

/// `stream` is watched by the context's loop, which tells the body from now on. `lines` are headers
/// beside those of `head`, each with its CRLF. `then` is what the client was promised; the
/// connection ends all the same with a body that breaks off, or if the client sent something
/// meanwhile. The body must not outlive the server.
std::unique_ptr<response_body> make_http1_body(session_context& context,
                                               std::unique_ptr<net::byte_stream> stream,
                                               stream_head head, std::string lines,
                                               body_layout layout, after_body then);

}  // namespace carillon::http
