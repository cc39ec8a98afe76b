#include "bench/socket.hpp"

#include "bench/clock.hpp"

#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

constexpr std::size_t source_addresses = 32;
constexpr std::uint32_t first_source = (127u << 24) + 2;

void set_option(int fd, int level, int name, int value) noexcept {
    // Every one of them only changes the quality of the figures; without it the run is still
    // correct.
    (void)::setsockopt(fd, level, name, &value, sizeof value);
}

std::unexpected<error> system_failure(std::string_view what) {
    return fail(errc::io_error, fmt::format("{}: {}", what, std::strerror(errno)));
}

sockaddr_in ipv4(std::uint32_t address, std::uint16_t port) noexcept {
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_port = htons(port);
    sa.sin_addr.s_addr = htonl(address);
    return sa;
}

}  // namespace

target target::loopback(std::uint16_t port) {
    target t;
    const auto sa = ipv4(INADDR_LOOPBACK, port);
    std::memcpy(&t.address, &sa, sizeof sa);
    t.address_size = sizeof sa;
    t.host = fmt::format("127.0.0.1:{}", port);
    return t;
}

result<target> target::parse_url(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    auto authority = url;
    if (!authority.starts_with(scheme))
        return fail(errc::invalid_request, "the URL must begin with http://");
    authority.remove_prefix(scheme.size());
    if (authority.ends_with('/')) authority.remove_suffix(1);
    if (authority.empty() || authority.find('/') != std::string_view::npos)
        return fail(errc::invalid_request, "the URL must be http://host:port");
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
    std::string host(authority.substr(0, has_port ? colon : authority.size()));
    const std::string port(has_port ? authority.substr(colon + 1) : "80");
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);

    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0)
        return fail(errc::invalid_request, fmt::format("{}: {}", authority, ::gai_strerror(code)));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    target t;
    std::memcpy(&t.address, found->ai_addr, found->ai_addrlen);
    t.address_size = found->ai_addrlen;
    t.host = authority;
    return t;
}

std::uint16_t target::port() const noexcept {
    if (address.ss_family == AF_INET6)
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

bool target::is_ipv4_loopback() const noexcept {
    if (address.ss_family != AF_INET) return false;
    const auto* sa = reinterpret_cast<const sockaddr_in*>(&address);
    return (ntohl(sa->sin_addr.s_addr) >> 24) == 127;
}

result<net::unique_fd> connect_to(const target& where, const socket_kind& kind) {
    net::unique_fd fd(
        ::socket(where.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_failure("cannot open a socket");
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (kind.small_receive_buffer) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, 4096);
    if (kind.stamp_arrivals) set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (where.is_ipv4_loopback()) {
        // The port is chosen when connecting: then only address, port and peer together must be
        // unique.
        set_option(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        const auto source =
            ipv4(first_source + static_cast<std::uint32_t>(kind.number % source_addresses), 0);
        if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
            return system_failure("cannot use a loopback address");
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&where.address);
    if (::connect(fd.get(), address, where.address_size) != 0 && errno != EINPROGRESS)
        return system_failure("cannot connect");
    return fd;
}

result<net::unique_fd> listen_on_loopback(std::uint16_t& port) {
    net::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_failure("cannot open a socket");
    auto sa = ipv4(INADDR_LOOPBACK, 0);
    socklen_t size = sizeof sa;
    auto* address = reinterpret_cast<sockaddr*>(&sa);
    if (::bind(fd.get(), address, size) != 0 || ::listen(fd.get(), 4096) != 0 ||
        ::getsockname(fd.get(), address, &size) != 0)
        return system_failure("cannot listen on loopback");
    port = ntohs(sa.sin_port);
    return fd;
}

void stamped_reader::synchronise() noexcept {
    if (!kernel_stamps_) return;
    timespec wall{};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    wall_ahead_ns_ = static_cast<std::int64_t>(wall.tv_sec) * 1'000'000'000 + wall.tv_nsec -
                     static_cast<std::int64_t>(now_ns());
}

received stamped_reader::read(int fd, std::span<char> buffer) noexcept {
    if (kernel_stamps_) return read_stamped(fd, buffer);
    const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n >= 0) return {n, now_ns()};
    return {errno == EAGAIN || errno == EINTR ? -1 : -2, 0};
}

received stamped_reader::read_stamped(int fd, std::span<char> buffer) noexcept {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec)) + 64];
    iovec place{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto n = ::recvmsg(fd, &message, 0);
    if (n < 0) return {errno == EAGAIN || errno == EINTR ? -1 : -2, 0};
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec at{};
        std::memcpy(&at, CMSG_DATA(c), sizeof at);
        const auto wall = static_cast<std::int64_t>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
        return {n, static_cast<std::uint64_t>(wall - wall_ahead_ns_)};
    }
    return {n, now_ns()};
}

std::uint64_t local_name(int fd) noexcept {
    sockaddr_in sa{};
    socklen_t size = sizeof sa;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&sa), &size) != 0) return 0;
    return (std::uint64_t{ntohl(sa.sin_addr.s_addr)} << 16) | ntohs(sa.sin_port);
}

}  // namespace carillon::bench
