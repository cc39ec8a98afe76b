#include "bench/coded_crowd.hpp"

#include "bench/clock.hpp"
#include "bench/corpus.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <sys/socket.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view topic = "bench-coded";
constexpr auto patience = 20s;
constexpr std::size_t kept_first_bytes = 4096;

}  // namespace

coded_crowd::coded_crowd(const target& where, content_coding coding)
    : target_(where), coding_(coding), publisher_(poller_, where, false), buffer_(256u << 10) {}

result<> coded_crowd::turn_until(const std::function<bool()>& done) {
    const auto give_up =
        now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(patience).count());
    while (!done()) {
        if (problem_) return std::unexpected(*problem_);
        if (publisher_.problem()) return std::unexpected(*publisher_.problem());
        if (now_ns() > give_up) return fail(errc::request_timeout, "compressed events are missing");
        poller_.turn(10ms);
    }
    return {};
}

result<> coded_crowd::connect(std::size_t subscribers) {
    if (auto opened = publisher_.open(1); !opened) return opened;
    const auto request = fmt::format(
        "GET /events/subscribe/{} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n"
        "Accept-Encoding: {}\r\n\r\n",
        topic, target_.host, to_string(coding_));
    streams_.resize(subscribers);
    for (std::uint32_t i = 0; i < subscribers; ++i) {
        auto fd = connect_to(target_, {.number = i});
        if (!fd) return std::unexpected(fd.error());
        stream& s = streams_[i];
        s.fd = std::move(*fd);
        if (!poller_.add(s.fd.get(), *this, i, EPOLLIN))
            return fail(errc::io_error, "cannot watch a subscriber's socket");
        const auto send = [&] {
            const auto sent = ::send(s.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
            return sent == static_cast<ssize_t>(request.size());
        };
        if (auto begun = turn_until([&] { return send(); }); !begun) return begun;
        if (auto begun = turn_until([&] { return s.bytes != 0; }); !begun) return begun;
    }
    rest(200ms);
    for (stream& s : streams_) s.at_rest = s.bytes;
    return {};
}

result<> coded_crowd::one_at_a_time(std::uint32_t events) {
    for (std::uint32_t i = 0; i < events; ++i) {
        const auto before = streams_.front().bytes;
        const std::string body =
            fmt::format(R"({{"data":{}}})", corpus()[next_event_++ % corpus_size]);
        publisher_.post(0, topic, body, now_ns());
        auto arrived = turn_until(
            [&] { return publisher_.idle(0) && streams_.front().bytes != before && all_alike(); });
        if (!arrived) return arrived;
    }
    return {};
}

void coded_crowd::rest(std::chrono::nanoseconds time) {
    const auto end = now_ns() + static_cast<std::uint64_t>(time.count());
    for (auto now = now_ns(); now < end; now = now_ns())
        poller_.turn(std::chrono::nanoseconds(end - now));
}

std::uint64_t coded_crowd::bytes() const noexcept {
    std::uint64_t all = 0;
    for (const stream& s : streams_) all += s.bytes - s.at_rest;
    return all;
}

bool coded_crowd::has_coding() const noexcept {
    return first_bytes_.contains(fmt::format("Content-Encoding: {}\r\n", to_string(coding_)));
}

bool coded_crowd::all_alike() const noexcept {
    const auto more = streams_.front().bytes - streams_.front().at_rest;
    return std::ranges::all_of(streams_,
                               [&](const stream& s) { return s.bytes - s.at_rest == more; });
}

void coded_crowd::on_ready(std::uint32_t index, std::uint32_t) {
    stream& s = streams_[index];
    const auto got = ::recv(s.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (got <= 0) {
        problem_ = error{errc::unavailable, "the server ended a compressed stream"};
        return;
    }
    s.bytes += static_cast<std::uint64_t>(got);
    if (index == 0 && first_bytes_.size() < kept_first_bytes)
        first_bytes_.append(buffer_.data(), static_cast<std::size_t>(got));
}

}  // namespace carillon::bench
