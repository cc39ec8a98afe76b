// Listening sockets: TCP over IPv4 and IPv6, Unix, or handed over by systemd.
#pragma once

#include "net/address.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::net {

/// Set on the listening socket; accepted sockets inherit them, which saves a system call each per
/// connection.
struct socket_options {
    int send_buffer =
        16
        << 10;  ///< SO_SNDBUF in bytes (the kernel doubles it); bounds what a stalled reader holds
    int notsent_low_watermark = 16 << 10;  ///< TCP_NOTSENT_LOWAT in bytes
    int backlog = 4096;
};

/// "HOST:PORT", "[V6]:PORT", ":PORT" (all addresses), "PORT" (loopback), "unix:/path". A host name
/// may give several.
struct endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path;  ///< of a Unix socket; then host is empty
    static result<endpoint> parse(std::string_view text);
    std::string str() const;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

struct remove_file {
    void operator()(const std::string* path) const noexcept;
};

struct listening_socket {
    unique_fd fd;
    endpoint bound;      ///< with the port that the system chose for port 0
    bool loopback_only;  ///< no other machine can reach it (loopback addresses and Unix sockets)
    /// Path of a Unix socket that was made here; null if it was handed over. The file goes with it.
    std::unique_ptr<const std::string, remove_file> file{};
};

/// Binds without SO_REUSEPORT, so that "address in use" is an error and never a half-stolen port. A
/// stale Unix socket file (nobody listens) is replaced.
result<std::vector<listening_socket>> listen(const endpoint& where, const socket_options& options);

/// The sockets that systemd passed (LISTEN_FDS, sd_listen_fds(3)); empty if none. Clears the
/// environment variables.
result<std::vector<listening_socket>> inherited_listeners(const socket_options& options);

/// Raises RLIMIT_NOFILE as far as allowed. Returns the limit in force.
std::uint64_t raise_file_limit() noexcept;

}  // namespace carillon::net
