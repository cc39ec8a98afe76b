#include "transport/event_stream.hpp"

#include <carillon/base/log.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace carillon::transport {

namespace {

// What one stream's input may take of a turn.
constexpr int max_reads_per_turn = 8;
// The kernel had no memory for the bytes, and tells no edge when it has some again.
constexpr auto try_again_after = std::chrono::milliseconds(50);

}  // namespace

std::optional<address_counts::place> address_counts::take(const net::ip_address& a,
                                                          std::size_t most) {
    const std::lock_guard lock(mutex_);
    std::size_t& count = counts_[a];
    if (most != 0 && count >= most) return std::nullopt;
    ++count;
    return place(*this, a);
}

void address_counts::give_back(const net::ip_address& a) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(a);
    if (--found->second == 0) counts_.erase(found);
}

event_stream::event_stream(net::unique_fd fd, net::loop& l, shard& home,
                           address_counts::place client, framing layout, std::string head)
    : loop_(l),
      home_(home),
      fd_(std::move(fd)),
      client_(std::move(client)),
      head_(std::make_unique<std::string>(std::move(head))),
      layout_(layout) {}

event_stream* event_stream::start(net::unique_fd fd, net::loop& l, shard& home,
                                  address_counts::place client, framing layout, std::string head) {
    const int number = fd.get();
    auto* stream =
        new event_stream(std::move(fd), l, home, std::move(client), layout, std::move(head));
    l.replace(number, *stream);
    return stream;
}

void event_stream::refuse(std::string_view last_block) {
    begun_ = true;
    std::string chunk;
    if (layout_ == framing::chunked) {
        chunk = fmt::format("{:x}\r\n{}\r\n", last_block.size(), last_block);
        last_block = chunk;
    }
    const iovec slice{const_cast<char*>(last_block.data()), last_block.size()};
    write({&slice, 1});
    close(close_reason::unavailable);
    finish_call();
}

void event_stream::begin(const opening_facts&) { begun_ = true; }

std::ptrdiff_t event_stream::write(std::span<const iovec> slices) {
    std::size_t offered = 0;
    for (const iovec& slice : slices) offered += slice.iov_len;
    const std::ptrdiff_t taken = head_ ? send_after_head(slices) : send(slices);
    whole_ = taken >= 0 && static_cast<std::size_t>(taken) == offered;
    return taken;
}

std::ptrdiff_t event_stream::send_after_head(std::span<const iovec> slices) {
    std::vector<iovec> all{{head_->data(), head_->size()}};
    all.insert(all.end(), slices.begin(), slices.end());
    const std::ptrdiff_t taken = send(all);
    if (taken == broken) return broken;
    const auto of_head = std::min(static_cast<std::size_t>(taken), head_->size());
    head_->erase(0, of_head);
    if (head_->empty()) head_.reset();
    return taken - static_cast<std::ptrdiff_t>(of_head);
}

std::ptrdiff_t event_stream::send(std::span<const iovec> slices) {
    for (;;) {
        ssize_t taken = 0;
        if (slices.size() == 1) {
            taken = ::send(fd_.get(), slices[0].iov_base, slices[0].iov_len,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
        } else {
            msghdr message{};
            message.msg_iov = const_cast<iovec*>(slices.data());
            message.msg_iovlen = slices.size();
            taken = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        if (taken >= 0) return taken;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
        if (errno == ENOBUFS || errno == ENOMEM) {
            loop_.call_after(try_again_after,
                             [&l = loop_, fd = fd_.get()] { l.poke(fd, EPOLLOUT); });
            return 0;
        }
        if (errno != EINTR) return broken;
    }
}

// A response that breaks off, without the last chunk, tells the client that something is missing.
void event_stream::close(close_reason) {
    subscriber_ = nullptr;
    if (!ended_ && begun_ && whole_ && layout_ == framing::chunked) {
        static constexpr std::string_view last_chunk = "0\r\n\r\n";
        const iovec slice{const_cast<char*>(last_chunk.data()), last_chunk.size()};
        write({&slice, 1});
    }
    end();
    if (!busy_) delete this;
}

void event_stream::end() {
    if (ended_) return;
    ended_ = true;
    loop_.remove(fd_.get());
    fd_.reset();
}

void event_stream::attach(subscriber* s) {
    subscriber_ = s;
    finish_call();
}

void event_stream::finish_call() {
    busy_ = false;
    if (ended_) delete this;
}

void event_stream::on_io(std::uint32_t events) {
    busy_ = true;
    handle(events);
    finish_call();
}

void event_stream::handle(std::uint32_t events) {
    bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (!gone && (events & (EPOLLIN | EPOLLRDHUP)) != 0 && !peer_ended_) gone = !drop_input();
    if (gone) {
        if (log::enabled(log::level::debug))
            log::debug("stream left by its client", {{"address", client_.address().str()}});
        if (subscriber_ != nullptr) home_.remove(*std::exchange(subscriber_, nullptr));
        return end();
    }
    if ((events & EPOLLOUT) == 0 || subscriber_ == nullptr) return;
    if (head_ && begun_ && write({}) == broken)
        return home_.remove(*std::exchange(subscriber_, nullptr)), end();
    if (!head_) home_.writable(*subscriber_);
}

/// A stream has nothing to read; what comes is dropped, so that the end of the connection is seen.
/// False if the peer has gone.
bool event_stream::drop_input() {
    std::array<char, 16u << 10> ignored;  // NOLINT: TCP discards without filling it
    for (int reads = 0; reads < max_reads_per_turn; ++reads) {
        const ssize_t n =
            ::recv(fd_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (n > 0) continue;
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        peer_ended_ = true;
        // A peer that has closed altogether looks the same as one that has ended its sending half,
        // until it is sent something: then it answers with a reset.
        if (subscriber_ != nullptr) home_.heartbeat(*subscriber_);
        return true;
    }
    loop_.poke(fd_.get(), EPOLLIN);
    return true;
}

bool event_stream::peer_silent_for(std::chrono::milliseconds limit) const {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return false;  // a Unix socket
    return info.tcpi_unacked > 0 && std::chrono::milliseconds(info.tcpi_last_ack_recv) >= limit;
}

std::string event_stream::remote_address() const { return client_.address().str(); }

}  // namespace carillon::transport
