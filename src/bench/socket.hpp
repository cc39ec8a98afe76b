// Non-blocking loopback sockets of the client, and when their bytes arrived.
#pragma once

#include <carillon/base/result.hpp>

#include "net/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/types.h>

namespace carillon::bench {

/// Where the measured server listens.
struct target {
    sockaddr_storage address{};
    socklen_t address_size = 0;
    std::string host;  ///< the Host header

    static target loopback(std::uint16_t port);
    /// "http://host[:port]"; a path other than "/" is refused. Resolves names.
    static result<target> parse_url(std::string_view url);

    std::uint16_t port() const noexcept;
    bool is_ipv4_loopback() const noexcept;
};

struct socket_kind {
    std::size_t number = 0;       ///< of the connection; chooses a source address, see `connect_to`
    bool stamp_arrivals = false;  ///< the kernel notes when bytes arrived (SO_TIMESTAMPNS)
    bool small_receive_buffer = false;  ///< 4 KiB, for a reader that is about to stall
};

/// Begins to connect; writable means done (then see SO_ERROR). Connections to IPv4 loopback come
/// from 127.0.0.2 to 127.0.0.33 in turn, so that ports that still wait (TIME-WAIT) never run out.
result<net::unique_fd> connect_to(const target& where, const socket_kind& kind);

/// A listening socket on 127.0.0.1 at a port that the system chooses.
result<net::unique_fd> listen_on_loopback(std::uint16_t& port);

struct received {
    ssize_t size =
        0;  ///< bytes; 0: the peer closed; -1: nothing there now; -2: the connection broke
    std::uint64_t at_ns =
        0;  ///< when the last of them reached the socket, on the clock of `now_ns`
};

/// Reads with the time of arrival. With kernel stamps that time does not depend on when this
/// process came to read, so latencies are the server's, not the client's. Confined to one thread.
class stamped_reader {
public:
    explicit stamped_reader(bool kernel_stamps) noexcept : kernel_stamps_(kernel_stamps) {}

    /// Once per turn: how far the wall clock, on which the kernel stamps, is from `now_ns`.
    void synchronise() noexcept;
    received read(int fd, std::span<char> buffer) noexcept;

private:
    received read_stamped(int fd, std::span<char> buffer) noexcept;

    bool kernel_stamps_;
    std::int64_t wall_ahead_ns_ = 0;
};

/// Address and port of this end, as one number; sets of them name connections to
/// `server_side_bytes`.
std::uint64_t local_name(int fd) noexcept;

}  // namespace carillon::bench
