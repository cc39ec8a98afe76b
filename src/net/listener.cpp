#include "net/listener.hpp"

#include "base/time_text.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace carillon::net {

namespace {

std::string reason(int cause) { return std::generic_category().message(cause); }

result<std::uint16_t> parse_port(std::string_view digits) {
    const auto port = parse_whole_number(digits);
    if (!port || *port > 65535) {
        return fail(errc::invalid_request,
                    "\"" + std::string(digits) + "\" is not a port (0 to 65535)");
    }
    return static_cast<std::uint16_t>(*port);
}

void set_option(int fd, int level, int name, int value) noexcept {
    // An option that this kernel or this kind of socket lacks costs speed, not correctness.
    ::setsockopt(fd, level, name, &value, sizeof value);
}

void apply_inherited_options(int fd, const socket_options& options, bool tcp) noexcept {
    if (options.send_buffer > 0) set_option(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
    if (!tcp) return;
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.notsent_low_watermark > 0) {
        set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.notsent_low_watermark);
    }
}

/// What a listening socket is bound to, as the kernel says.
listening_socket describe(unique_fd fd) {
    listening_socket socket{std::move(fd), {}, false};
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto& sa = reinterpret_cast<sockaddr&>(storage);
    if (::getsockname(socket.fd.get(), &sa, &size) < 0) return socket;
    if (sa.sa_family == AF_UNIX) {
        const auto& local = reinterpret_cast<const sockaddr_un&>(storage);
        const std::size_t room = size - offsetof(sockaddr_un, sun_path);
        socket.bound.path.assign(local.sun_path, ::strnlen(local.sun_path, room));
        socket.loopback_only = true;
        return socket;
    }
    const ip_address address = ip_address::from(sa);
    const bool any_v6 = sa.sa_family == AF_INET6 && address.is_local_socket();
    socket.bound.host = any_v6 ? "::" : address.str();
    socket.bound.port =
        ntohs(sa.sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                       : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
    socket.loopback_only = !any_v6 && address.is_loopback();
    return socket;
}

struct bind_failure {
    int cause = 0;
};

std::expected<unique_fd, bind_failure> bind_and_listen(const sockaddr& sa, socklen_t size,
                                                       bool dual_stack,
                                                       const socket_options& options) {
    unique_fd fd(::socket(sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return std::unexpected(bind_failure{errno});
    if (sa.sa_family != AF_UNIX) {
        // Lets a restart bind while old connections are in TIME_WAIT; it never allows two
        // listeners.
        set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (sa.sa_family == AF_INET6)
        set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1);
    apply_inherited_options(fd.get(), options, sa.sa_family != AF_UNIX);
    if (::bind(fd.get(), &sa, size) < 0 || ::listen(fd.get(), options.backlog) < 0) {
        return std::unexpected(bind_failure{errno});
    }
    return fd;
}

std::unexpected<error> cannot_listen(const endpoint& where, int cause) {
    if (cause == EADDRINUSE) {
        return fail(errc::conflict, where.str() + " is in use by another program");
    }
    return fail(errc::io_error, "cannot listen on " + where.str() + ": " + reason(cause));
}

bool somebody_listens(const sockaddr_un& sa) {
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0) return true;
    return errno != ECONNREFUSED;
}

result<std::vector<listening_socket>> listen_unix(const endpoint& where,
                                                  const socket_options& options) {
    sockaddr_un sa{};
    sa.sun_family = AF_UNIX;
    if (where.path.size() >= sizeof sa.sun_path) {
        return fail(errc::invalid_request, "the path of " + where.str() + " is longer than " +
                                               std::to_string(sizeof sa.sun_path - 1) + " bytes");
    }
    std::memcpy(sa.sun_path, where.path.data(), where.path.size());
    const auto bind_it = [&] {
        return bind_and_listen(reinterpret_cast<const sockaddr&>(sa), sizeof sa, false, options);
    };
    auto fd = bind_it();
    if (!fd && fd.error().cause == EADDRINUSE) {
        struct stat file{};
        const bool is_socket = ::lstat(sa.sun_path, &file) == 0 && S_ISSOCK(file.st_mode);
        if (is_socket && !somebody_listens(sa) && ::unlink(sa.sun_path) == 0) fd = bind_it();
    }
    if (!fd) return cannot_listen(where, fd.error().cause);
    std::vector<listening_socket> sockets;
    sockets.push_back(describe(std::move(*fd)));
    sockets.back().file.reset(new std::string(where.path));
    return sockets;
}

void set_port(sockaddr& sa, std::uint16_t port) noexcept {
    if (sa.sa_family == AF_INET) reinterpret_cast<sockaddr_in&>(sa).sin_port = htons(port);
    if (sa.sa_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(sa).sin6_port = htons(port);
}

/// All addresses: one socket for both families, or IPv4 alone where the kernel has no IPv6.
result<std::vector<listening_socket>> listen_everywhere(const endpoint& where,
                                                        const socket_options& options) {
    sockaddr_in6 any6{};
    any6.sin6_family = AF_INET6;
    any6.sin6_port = htons(where.port);
    auto fd = bind_and_listen(reinterpret_cast<const sockaddr&>(any6), sizeof any6, true, options);
    if (!fd && (fd.error().cause == EAFNOSUPPORT || fd.error().cause == EADDRNOTAVAIL)) {
        sockaddr_in any4{};
        any4.sin_family = AF_INET;
        any4.sin_port = htons(where.port);
        fd = bind_and_listen(reinterpret_cast<const sockaddr&>(any4), sizeof any4, false, options);
    }
    if (!fd) return cannot_listen(where, fd.error().cause);
    std::vector<listening_socket> sockets;
    sockets.push_back(describe(std::move(*fd)));
    return sockets;
}

/// One socket per address, all on one port. Addresses that this machine does not have are left out.
std::expected<std::vector<listening_socket>, bind_failure> listen_on_all(
    const addrinfo* addresses, const endpoint& where, const socket_options& options) {
    std::vector<listening_socket> sockets;
    std::uint16_t port = where.port;
    bind_failure last{EADDRNOTAVAIL};
    for (const addrinfo* each = addresses; each != nullptr; each = each->ai_next) {
        set_port(*each->ai_addr, port);
        auto fd = bind_and_listen(*each->ai_addr, each->ai_addrlen, false, options);
        if (!fd) {
            last = fd.error();
            if (last.cause == EADDRNOTAVAIL || last.cause == EAFNOSUPPORT) continue;
            return std::unexpected(last);
        }
        sockets.push_back(describe(std::move(*fd)));
        port = sockets.back().bound.port;
    }
    if (sockets.empty()) return std::unexpected(last);
    return sockets;
}

}  // namespace

result<endpoint> endpoint::parse(std::string_view text) {
    endpoint parsed;
    const auto bad = [&](const char* why) {
        return fail(errc::invalid_request,
                    "cannot listen on \"" + std::string(text) + "\": " + why +
                        "; write HOST:PORT, [V6]:PORT, :PORT, PORT or unix:/path");
    };
    if (text.starts_with("unix:")) {
        parsed.path = text.substr(5);
        if (parsed.path.empty() || parsed.path.contains('\0')) return bad("the path is missing");
        return parsed;
    }
    const std::size_t colon = text.rfind(':');
    const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!port) return bad("the port is missing or no number from 0 to 65535");
    parsed.port = *port;
    if (colon == std::string_view::npos) {
        parsed.host = "localhost";
        return parsed;
    }
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') || host.ends_with(']')) {
        if (!host.starts_with('[') || !host.ends_with(']') || host.size() < 4) {
            return bad("the brackets around the IPv6 address are not closed");
        }
        host = host.substr(1, host.size() - 2);
        if (!host.contains(':')) return bad("only IPv6 addresses stand in brackets");
    } else if (host.contains(':')) {
        return bad("an IPv6 address needs brackets");
    }
    if (host.find_first_of(std::string_view(" /\0", 3)) != std::string_view::npos) {
        return bad("that is no host name");
    }
    parsed.host = host;
    return parsed;
}

std::string endpoint::str() const {
    if (!path.empty()) return "unix:" + path;
    const std::string suffix = ":" + std::to_string(port);
    return host.contains(':') ? "[" + host + "]" + suffix : host + suffix;
}

result<std::vector<listening_socket>> listen(const endpoint& where, const socket_options& options) {
    if (!where.path.empty()) return listen_unix(where, options);
    if (where.host.empty()) return listen_everywhere(where, options);

    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int failed = ::getaddrinfo(where.host.c_str(), nullptr, &hints, &found)) {
        return fail(errc::invalid_request,
                    "cannot find the address of \"" + where.host + "\": " + ::gai_strerror(failed));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
    // The port that the system chose for the first address may be taken on the second: then another
    // is tried.
    for (int attempts = where.port == 0 ? 8 : 1;; --attempts) {
        auto sockets = listen_on_all(addresses.get(), where, options);
        if (sockets) return std::move(*sockets);
        if (attempts <= 1) return cannot_listen(where, sockets.error().cause);
    }
}

result<std::vector<listening_socket>> inherited_listeners(const socket_options& options) {
    std::vector<listening_socket> sockets;
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    const bool ours = pid != nullptr && count != nullptr && std::atol(pid) == ::getpid();
    const long passed = ours ? std::strtol(count, nullptr, 10) : 0;
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);

    constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
    for (int fd = first_passed; fd < first_passed + passed; ++fd) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || listening == 0) {
            return fail(errc::invalid_request,
                        "descriptor " + std::to_string(fd) +
                            " from LISTEN_FDS is no listening stream socket");
        }
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        listening_socket socket = describe(unique_fd(fd));
        apply_inherited_options(fd, options, socket.bound.path.empty());
        sockets.push_back(std::move(socket));
    }
    return sockets;
}

void remove_file::operator()(const std::string* path) const noexcept {
    ::unlink(path->c_str());
    delete path;
}

std::uint64_t raise_file_limit() noexcept {
    constexpr rlim_t wanted = 1U << 20;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    if (limit.rlim_max < wanted) {
        // Only root may go beyond the hard limit; for others this does nothing.
        const rlimit beyond{wanted, wanted};
        if (::setrlimit(RLIMIT_NOFILE, &beyond) == 0) return wanted;
    }
    const rlimit most{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &most) == 0) return most.rlim_cur;
    return limit.rlim_cur;
}

}  // namespace carillon::net
