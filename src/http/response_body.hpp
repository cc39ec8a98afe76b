// A response whose body is written as it comes to be, such as an event stream.
#pragma once

#include "http/message.hpp"
#include "net/address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

namespace carillon::http {

/// The beginning of such a response. Headers without Content-Length, Connection, Transfer-Encoding
/// and Date, which the protocol adds.
struct stream_head {
    int status = 200;
    std::vector<header> headers;
};

/// What `response_body::write` is to be given.
enum class body_layout : std::uint8_t {
    raw,     ///< the bytes as they are: HTTP/1.0, HTTP/2
    chunked  ///< whole chunks (RFC 9112, section 7.1), so that many bodies share one chunk's bytes
};

/// What becomes of the connection when a body is complete, if one is all that the protocol carries
/// at a time. The client may have asked for its end, whatever is said here.
enum class after_body : std::uint8_t {
    next_request,
    close,  ///< for a client that is to come back by another connection, or not soon
};

/// Gets what becomes of a body, on its loop's thread and never inside a call of the body's own.
/// May destroy the body in any of these calls.
class body_listener {
public:
    /// The body takes bytes again, after a write that was not taken whole.
    virtual void on_writable() = 0;
    /// The peer sends no more. Whether it still reads, or has gone altogether, only a write can
    /// tell: somebody who has gone answers it with a reset, and `on_gone` follows.
    virtual void on_peer_ended() = 0;
    /// Nothing can be written any more.
    virtual void on_gone() = 0;

protected:
    ~body_listener() = default;
};

/// Confined to its loop's thread. Destroyed without `finish`, it breaks off: the client sees that
/// something is missing.
class response_body {
public:
    static constexpr std::ptrdiff_t broken = -1;

    virtual ~response_body() = default;

    /// Before the first write; `l` must outlive the body.
    virtual void listen(body_listener& l) noexcept = 0;
    virtual body_layout layout() const noexcept = 0;
    /// The head, which goes out with the first write and may be changed until then; null
    /// afterwards.
    virtual stream_head* head() noexcept = 0;

    /// Writes what fits without blocking. Returns the bytes taken, which the body sends, or
    /// `broken`; of what was not taken, other bytes may be offered next time. No slices at all send
    /// what there is of the head.
    virtual std::ptrdiff_t write(std::span<const iovec> slices) = 0;
    /// The body is complete, if the last write was taken whole; else it breaks off. What was taken
    /// is still sent, also when the body is destroyed meanwhile. Nothing more is told.
    virtual void finish(after_body then) = 0;

    /// True if something was sent and the peer has acknowledged nothing for at least `limit`.
    virtual bool peer_silent_for(std::chrono::milliseconds limit) const = 0;
    virtual net::ip_address peer() const = 0;
};

}  // namespace carillon::http
