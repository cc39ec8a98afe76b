// A connection of HTTP/1 that has become the body of one response.
#pragma once

#include "http/response_body.hpp"
#include "net/byte_stream.hpp"
#include "net/loop.hpp"

#include <memory>
#include <string>

namespace carillon::http {

/// `stream` is watched by `l`, which tells the body from now on. `lines` are headers beside those
/// of `head`, each with its CRLF. The connection ends with the body.
std::unique_ptr<response_body> make_http1_body(net::loop& l,
                                               std::unique_ptr<net::byte_stream> stream,
                                               stream_head head, std::string lines,
                                               body_layout layout);

}  // namespace carillon::http
