// One client's connection, whatever it speaks.
#pragma once

#include "http/session_context.hpp"
#include "http/timed.hpp"
#include "net/byte_stream.hpp"
#include "net/loop.hpp"

#include <memory>

namespace carillon::http {

/// Owns itself from `start` until it is closed, or until its connection has become a
/// `response_body`. Confined to its loop's thread.
class session : public timed, public net::io_handler {
public:
    /// Watches the stream and speaks HTTP/1.1 on it.
    static void start(session_context& context, std::unique_ptr<net::byte_stream> stream,
                      const net::ip_address& peer);
};

}  // namespace carillon::http
