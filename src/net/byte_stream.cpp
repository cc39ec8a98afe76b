#include "net/byte_stream.hpp"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace carillon::net {

namespace {

constexpr auto starved_pause = std::chrono::milliseconds(50);

io_state why_not_written(int cause) noexcept {
    if (cause == EAGAIN) return io_state::blocked;
    return cause == ENOBUFS || cause == ENOMEM ? io_state::starved : io_state::broken;
}

class plain_stream final : public byte_stream {
public:
    explicit plain_stream(unique_fd socket) noexcept : socket_(std::move(socket)) {}

    io_result read(std::span<char> room) noexcept override { return socket_.read(room); }
    io_result write(std::span<const iovec> slices) noexcept override {
        return socket_.write(slices);
    }
    void end_writing() noexcept override { socket_.end_writing(); }
    void set_send_buffer(std::size_t bytes) noexcept override { socket_.set_send_buffer(bytes); }
    void close(loop& l) noexcept override { socket_.close(l); }
    bool silent_for(std::chrono::milliseconds limit) const noexcept override {
        return socket_.silent_for(limit);
    }
    ip_address peer() const noexcept override { return socket_.peer(); }
    int fd() const noexcept override { return socket_.fd(); }
    unique_fd release() noexcept override { return socket_.release(); }

private:
    plain_socket socket_;
};

}  // namespace

io_result plain_socket::read(std::span<char> room) noexcept {
    ssize_t got = 0;
    do {
        got = ::recv(socket_.get(), room.data(), room.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return {errno == EAGAIN ? io_state::blocked : io_state::broken, 0, true};
    if (got == 0) return {io_state::ended, 0, true};
    const auto bytes = static_cast<std::size_t>(got);
    // A stream socket that gave less than was asked for is empty.
    return {io_state::done, bytes, bytes < room.size()};
}

io_result plain_socket::write(std::span<const iovec> slices) noexcept {
    if (slices.empty()) return {io_state::done, 0, false};
    ssize_t sent = 0;
    do {
        if (slices.size() == 1) {
            sent = ::send(socket_.get(), slices[0].iov_base, slices[0].iov_len, MSG_NOSIGNAL);
        } else {
            msghdr message{};
            message.msg_iov = const_cast<iovec*>(slices.data());
            message.msg_iovlen = slices.size();
            sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return {why_not_written(errno), 0, false};
    return {io_state::done, static_cast<std::size_t>(sent), false};
}

void plain_socket::end_writing() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

void plain_socket::set_send_buffer(std::size_t bytes) noexcept {
    const int size = static_cast<int>(std::min<std::size_t>(bytes, 1u << 30));
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    // What is not sent yet stays little, so that a slow peer's progress shows soon; it is more than
    // the loopback device's segment of 64 KiB. Nothing to set on a Unix socket.
    const int unsent = std::min(size, 128 << 10);
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

bool plain_socket::silent_for(std::chrono::milliseconds limit) const noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return false;  // a Unix socket
    return info.tcpi_unacked > 0 && std::chrono::milliseconds(info.tcpi_last_ack_recv) >= limit;
}

ip_address plain_socket::peer() const noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto& sa = reinterpret_cast<sockaddr&>(storage);
    if (::getpeername(socket_.get(), &sa, &size) < 0) return {};
    return ip_address::from(sa);
}

std::unique_ptr<byte_stream> make_plain_stream(unique_fd socket) {
    return std::make_unique<plain_stream>(std::move(socket));
}

void retry_write_later(loop& l, int fd) {
    l.call_after(starved_pause, [&l, fd] { l.poke(fd, EPOLLOUT); });
}

}  // namespace carillon::net
