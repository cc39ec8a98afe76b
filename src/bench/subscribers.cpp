#include "bench/subscribers.hpp"

#include "bench/payload.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>

namespace carillon::bench {

namespace {

constexpr std::size_t connecting_at_once = 128;
constexpr std::size_t kept_first_bytes = 8192;
constexpr std::size_t read_size = 256u << 10;
constexpr std::string_view own_events = "carillon.";
constexpr std::string_view opening_event = "carillon.open";

}  // namespace

subscribers::subscribers(poller& p, const target& where, const subscriber_options& options)
    : poller_(p),
      target_(where),
      options_(options),
      reader_(options.stamp_arrivals),
      buffer_(read_size) {}

void subscribers::open(std::size_t count, topic_of topic) {
    close();
    topic_ = std::move(topic);
    streams_.resize(count);
    ledger_ = delivery_ledger(count, options_.lanes);
    start_more();
}

void subscribers::close() {
    streams_.clear();
    started_ = 0;
    ready_ = 0;
}

void subscribers::start_more() {
    while (!problem_ && started_ < streams_.size() && started_ - ready_ < connecting_at_once) {
        const auto index = static_cast<std::uint32_t>(started_++);
        socket_kind kind;
        kind.number = connections_made_++;
        kind.stamp_arrivals = options_.stamp_arrivals;
        kind.small_receive_buffer = index < options_.stalling;
        auto fd = connect_to(target_, kind);
        if (!fd) return fail_with(fd.error());
        streams_[index].fd = std::move(*fd);
        if (!poller_.add(streams_[index].fd.get(), *this, index, EPOLLOUT))
            return fail_with({errc::io_error, "cannot watch a subscriber's socket"});
    }
}

void subscribers::stall() {
    for (std::uint32_t i = 0; i < options_.stalling && i < streams_.size(); ++i)
        poller_.change(streams_[i].fd.get(), *this, i, 0);
}

void subscribers::resume() {
    for (std::uint32_t i = 0; i < options_.stalling && i < streams_.size(); ++i)
        poller_.change(streams_[i].fd.get(), *this, i, EPOLLIN);
}

std::set<std::uint64_t> subscribers::stalling_names() const {
    std::set<std::uint64_t> names;
    for (std::size_t i = 0; i < options_.stalling && i < streams_.size(); ++i)
        names.insert(local_name(streams_[i].fd.get()));
    return names;
}

void subscribers::on_ready(std::uint32_t index, std::uint32_t) {
    auto& s = streams_[index];
    if (problem_ || !s.fd) return;
    if (s.connected)
        receive(index);
    else
        send_request(index);
}

void subscribers::send_request(std::uint32_t index) {
    auto& s = streams_[index];
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(s.fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0)
        return fail_with({errc::io_error, fmt::format("subscriber {} cannot connect: {}", index,
                                                      std::strerror(failure))});
    const auto request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{}\r\n",
        options_.stream.empty() ? "/events/subscribe/" + topic_(index) : options_.stream,
        target_.host, options_.fields ? options_.fields(index) : "");
    const auto sent = ::send(s.fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size()))
        return fail_with({errc::io_error, "a subscriber's request was not taken"});
    s.connected = true;
    poller_.change(s.fd.get(), *this, index, EPOLLIN);
}

void subscribers::receive(std::uint32_t index) {
    auto& s = streams_[index];
    const auto got = reader_.read(s.fd.get(), buffer_);
    if (got.size == -1) return;
    if (got.size <= 0)
        return fail_with({errc::unavailable,
                          fmt::format("the server ended the stream of subscriber {}", index)});
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got.size));
    if (index == 0 && first_bytes_.size() < kept_first_bytes)
        first_bytes_ += bytes.substr(0, kept_first_bytes - first_bytes_.size());
    current_ = index;
    arrived_ns_ = got.at_ns;
    if (auto fed = decoder_.feed(s.stream, bytes); !fed) return fail_with(fed.error());
    if (s.stream.at == stream_state::phase::ended)
        fail_with({errc::unavailable,
                   fmt::format("the server ended the stream of subscriber {}", index)});
}

void subscribers::on_event(const wire::message& m) {
    auto& s = streams_[current_];
    const bool foreign_opening = !options_.stream.empty() && !s.ready;
    if (m.type.starts_with(own_events) || foreign_opening) {
        if (!foreign_opening && (m.type != opening_event || s.ready)) return;
        s.ready = true;
        ++ready_;
        return start_more();
    }
    const auto stamp = read_payload(m.data);
    if (!stamp) return ledger_.record_malformed();
    ledger_.record(current_, stamp->lane, stamp->sequence);
    if (current_ < options_.stalling) return;
    // The kernel's stamp is converted from another clock, so it can seem to be a little too early.
    latency_.record(arrived_ns_ > stamp->sent_ns ? arrived_ns_ - stamp->sent_ns : 0);
}

void subscribers::fail_with(error problem) {
    if (!problem_) problem_ = std::move(problem);
}

}  // namespace carillon::bench
