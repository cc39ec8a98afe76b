#include "bench/publishers.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

namespace carillon::bench {

namespace {

constexpr int connect_limit_ms = 2000;
constexpr std::size_t max_head = 64u << 10;
// Far from the numbers of subscribers, so that both spread over the source addresses on their own.
constexpr std::size_t first_number = 1'000'003;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

publishers::publishers(poller& p, const target& where, bool stamp_arrivals)
    : poller_(p),
      target_(where),
      stamp_arrivals_(stamp_arrivals),
      reader_(stamp_arrivals),
      buffer_(64u << 10) {}

result<> publishers::open(std::size_t count) {
    publishers_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto fd = connect_to(target_, {first_number + i, stamp_arrivals_, false});
        if (!fd) return std::unexpected(fd.error());
        pollfd waiting{fd->get(), POLLOUT, 0};
        int failure = 0;
        socklen_t size = sizeof failure;
        if (::poll(&waiting, 1, connect_limit_ms) != 1 ||
            ::getsockopt(fd->get(), SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0)
            return fail(errc::io_error, "a publisher cannot connect");
        if (!poller_.add(fd->get(), *this, i, EPOLLIN))
            return fail(errc::io_error, "cannot watch a publisher's socket");
        publishers_[i].fd = std::move(*fd);
    }
    return {};
}

void publishers::post(std::size_t index, std::string_view topic, std::string_view body,
                      std::uint64_t sent_ns) {
    auto& p = publishers_[index];
    p.request.clear();
    fmt::format_to(std::back_inserter(p.request),
                   "POST /events/publish/{} HTTP/1.1\r\nHost: {}\r\n"
                   "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                   topic, target_.host, body.size());
    p.request += body;
    p.written = 0;
    p.answer.clear();
    p.sent_ns = sent_ns;
    ++waiting_;
    write(static_cast<std::uint32_t>(index));
}

void publishers::on_ready(std::uint32_t index, std::uint32_t events) {
    if (problem_) return;
    if ((events & EPOLLOUT) != 0) write(index);
    if ((events & ~EPOLLOUT) != 0) receive(index);
}

void publishers::write(std::uint32_t index) {
    auto& p = publishers_[index];
    const auto rest = std::string_view(p.request).substr(p.written);
    const auto n = ::send(p.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        return fail_with(
            {errc::io_error, fmt::format("a publisher cannot write: {}", std::strerror(errno))});
    if (n > 0) p.written += static_cast<std::size_t>(n);
    const bool wants_room = p.written < p.request.size();
    if (wants_room == p.wants_room) return;
    p.wants_room = wants_room;
    const std::uint32_t events = wants_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
    poller_.change(p.fd.get(), *this, index, events);
}

void publishers::receive(std::uint32_t index) {
    auto& p = publishers_[index];
    const auto got = reader_.read(p.fd.get(), buffer_);
    if (got.size == -1) return;
    if (got.size <= 0 || p.sent_ns == 0)
        return fail_with({errc::unavailable, "the server closed a publisher's connection"});
    p.answer.append(buffer_.data(), static_cast<std::size_t>(got.size));
    const auto size = response_size(p.answer);
    if (!size) return fail_with(size.error());
    if (*size && **size <= p.answer.size()) complete(index, got.at_ns);
}

void publishers::complete(std::uint32_t index, std::uint64_t at_ns) {
    auto& p = publishers_[index];
    if (!p.answer.starts_with("HTTP/1.1 200 "))
        return fail_with({errc::unavailable, "a publisher was answered: " + p.answer});
    if (first_answer_.empty()) first_answer_ = p.answer;
    answers_.record(at_ns > p.sent_ns ? at_ns - p.sent_ns : 0);
    p.sent_ns = 0;
    --waiting_;
    ++answer_count_;
    if (answer_handler_) answer_handler_(index);
}

void publishers::fail_with(error problem) {
    if (!problem_) problem_ = std::move(problem);
}

result<std::optional<std::size_t>> response_size(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (bytes.size() > max_head) return fail(errc::headers_too_large, "an answer does not end");
        return std::nullopt;
    }
    constexpr std::string_view name = "\r\ncontent-length:";
    const auto head = bytes.substr(0, end);
    const auto* found = std::search(head.begin(), head.end(), name.begin(), name.end(),
                                    [](char a, char b) { return lower(a) == b; });
    if (found == head.end()) return fail(errc::length_required, "an answer has no length");
    const auto* first = found + name.size();
    while (first != head.end() && *first == ' ') ++first;
    std::size_t length = 0;
    if (std::from_chars(first, head.end(), length).ec != std::errc{})
        return fail(errc::length_required, "an answer has no length");
    return end + 4 + length;
}

}  // namespace carillon::bench
