// A connected socket's bytes, both ways.
#pragma once

#include "net/address.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <sys/uio.h>

namespace carillon::net {

enum class io_state : std::uint8_t {
    done,     ///< bytes were moved
    blocked,  ///< none now; the loop tells when it is worth another try
    starved,  ///< none, for want of the kernel's memory, and the loop will tell nothing: try later
    ended,    ///< reads only: the peer sends no more; it may still read
    broken,   ///< gone in both directions
};

struct io_result {
    io_state state = io_state::blocked;
    std::size_t bytes = 0;
    /// Reads only: nothing more is there, so another read would only say `blocked`, or `ended` if
    /// the loop has reported the peer's end.
    bool dry = false;
};

/// A connected, non-blocking stream socket (TCP or Unix) as a value: the calls of `byte_stream`
/// below, without its cost.
class plain_socket {
public:
    explicit plain_socket(unique_fd socket) noexcept : socket_(std::move(socket)) {}

    io_result read(std::span<char> room) noexcept;
    io_result write(std::span<const iovec> slices) noexcept;
    void end_writing() noexcept;
    void set_send_buffer(std::size_t bytes) noexcept;
    void close(loop& l) noexcept { l.close(std::move(socket_)); }
    bool silent_for(std::chrono::milliseconds limit) const noexcept;
    ip_address peer() const noexcept;
    int fd() const noexcept { return socket_.get(); }
    unique_fd release() noexcept { return std::move(socket_); }

private:
    unique_fd socket_;
};

/// What plain sockets and TLS have in common. Nothing blocks. Confined to the thread of the loop
/// that watches `fd`; the owner decides what handles that descriptor's readiness.
class byte_stream {
public:
    virtual ~byte_stream() = default;

    virtual io_result read(std::span<char> room) noexcept = 0;
    /// What was taken is on its way; of what was not, other bytes may be offered next time. No
    /// slices at all is allowed.
    virtual io_result write(std::span<const iovec> slices) noexcept = 0;
    /// Nothing more is written; reading goes on.
    virtual void end_writing() noexcept = 0;
    /// How many bytes may be on their way: what a distant peer gets in a round trip. The kernel may
    /// give less.
    virtual void set_send_buffer(std::size_t bytes) noexcept { (void)bytes; }
    /// Ends both directions. `l` watches the descriptor until now. Without this call, the
    /// destructor closes, for a stream that nobody watches.
    virtual void close(loop& l) noexcept = 0;

    /// True if something was sent and the peer has acknowledged nothing for at least `limit`.
    virtual bool silent_for(std::chrono::milliseconds limit) const noexcept = 0;
    virtual ip_address peer() const noexcept = 0;
    virtual int fd() const noexcept = 0;

    /// Gives up the socket if that is all there is to this stream, which is spent then: an owner of
    /// very many keeps them as `plain_socket`. Otherwise nothing.
    virtual unique_fd release() noexcept { return {}; }
};

/// Over a connected, non-blocking stream socket.
std::unique_ptr<byte_stream> make_plain_stream(unique_fd socket);

/// Pokes `fd` with EPOLLOUT after a moment: for a write that was `starved`. A descriptor that is
/// closed meanwhile is not told; one that has its number then is told once too often.
void retry_write_later(loop& l, int fd);

}  // namespace carillon::net
