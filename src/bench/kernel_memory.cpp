#include "bench/kernel_memory.hpp"

#include "net/loop.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

// What one accepted and watched connection consists of. The caches of packets are left out: their
// bytes are part of the buffers' account.
constexpr std::array<std::string_view, 6> connection_caches = {"TCP",  "TCPv6",  "sock_inode_cache",
                                                               "filp", "dentry", "eventpoll_epi"};

struct socket_request {
    nlmsghdr header{};
    inet_diag_req_v2 body{};
};

bool ask_for_tcp_sockets(int netlink) {
    socket_request request;
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.sdiag_family = AF_INET;
    request.body.sdiag_protocol = IPPROTO_TCP;
    request.body.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
    request.body.idiag_states = ~0u;
    return ::send(netlink, &request, sizeof request, 0) == sizeof request;
}

std::uint64_t buffer_bytes(const inet_diag_msg& socket, std::size_t size) {
    auto left = static_cast<int>(size - sizeof socket);
    const auto* attribute = reinterpret_cast<const rtattr*>(&socket + 1);
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type != INET_DIAG_SKMEMINFO) continue;
        std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
        std::memcpy(values.data(), RTA_DATA(attribute),
                    std::min<std::size_t>(RTA_PAYLOAD(attribute), sizeof values));
        return std::uint64_t{values[SK_MEMINFO_RMEM_ALLOC]} + values[SK_MEMINFO_WMEM_QUEUED] +
               values[SK_MEMINFO_FWD_ALLOC] + values[SK_MEMINFO_OPTMEM] +
               values[SK_MEMINFO_BACKLOG];
    }
    return 0;
}

}  // namespace

socket_memory read_socket_memory() {
    socket_memory memory;
    std::ifstream slabs("/proc/slabinfo");
    for (std::string line; std::getline(slabs, line);) {
        std::istringstream fields(line);
        std::string name;
        std::uint64_t active = 0;
        std::uint64_t all = 0;
        std::uint64_t size = 0;
        if (!(fields >> name >> active >> all >> size)) continue;
        for (const auto wanted : connection_caches)
            if (name == wanted) memory.structures += active * size;
    }
    std::ifstream sockets("/proc/net/sockstat");
    for (std::string word; sockets >> word;) {
        if (word != "TCP:") continue;
        while (sockets >> word && word != "mem") {
        }
        std::uint64_t pages = 0;
        sockets >> pages;
        memory.buffers = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        break;
    }
    return memory;
}

result<std::uint64_t> buffer_bytes_at(std::uint16_t local_port,
                                      const std::set<std::uint64_t>& peers) {
    const net::unique_fd netlink(
        ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!netlink || !ask_for_tcp_sockets(netlink.get()))
        return fail(errc::io_error, "the kernel does not answer sock_diag");
    std::uint64_t sum = 0;
    alignas(nlmsghdr) std::array<char, 65536> buffer;
    while (true) {
        auto left = ::recv(netlink.get(), buffer.data(), buffer.size(), 0);
        if (left <= 0) return fail(errc::io_error, "the kernel does not answer sock_diag");
        const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
        for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_DONE) return sum;
            if (message->nlmsg_type == NLMSG_ERROR)
                return fail(errc::io_error, "the kernel refuses sock_diag");
            const auto& socket = *static_cast<const inet_diag_msg*>(NLMSG_DATA(message));
            if (ntohs(socket.id.idiag_sport) != local_port) continue;
            const auto peer =
                (std::uint64_t{ntohl(socket.id.idiag_dst[0])} << 16) | ntohs(socket.id.idiag_dport);
            if (!peers.empty() && !peers.contains(peer)) continue;
            sum += buffer_bytes(socket, NLMSG_PAYLOAD(message, 0));
        }
    }
}

}  // namespace carillon::bench
