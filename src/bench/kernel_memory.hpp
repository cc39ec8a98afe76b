// Memory that the kernel holds for sockets, which no process's figure shows.
#pragma once

#include <carillon/base/result.hpp>

#include <cstdint>
#include <set>

namespace carillon::bench {

/// What the machine's sockets hold now.
struct socket_memory {
    std::uint64_t structures =
        0;  ///< TCP, inode, file, dentry and epoll objects (/proc/slabinfo; 0 if not readable)
    std::uint64_t buffers = 0;  ///< "mem" of TCP in /proc/net/sockstat
};
socket_memory read_socket_memory();

/// Bytes in the buffers of the sockets bound to `local_port` (sk_meminfo by sock_diag: received,
/// sent and not yet acknowledged, set aside). IPv4. Only those whose peers are named, or all if
/// `peers` is empty. Fails where the kernel offers no sock_diag.
result<std::uint64_t> buffer_bytes_at(std::uint16_t local_port,
                                      const std::set<std::uint64_t>& peers = {});

}  // namespace carillon::bench
