// How an HTTP/1.1 session reads.
#include "http/http1_session.hpp"

#include <carillon/base/log.hpp>

#include <utility>

#include <sys/epoll.h>

namespace carillon::http {

namespace {

// What one connection may do before others get their turn.
constexpr int max_reads_per_turn = 8;
constexpr int max_steps_per_turn = 256;

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
    // One writer: a plain store is enough, and spares a locked instruction.
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

void session::start(session_context& context, std::unique_ptr<net::byte_stream> stream,
                    const net::ip_address& peer) {
    http1_session::start(context, std::move(stream), peer);
}

void http1_session::start(session_context& context, std::unique_ptr<net::byte_stream> stream,
                          const net::ip_address& peer) {
    const int fd = stream->fd();
    const auto s = std::make_shared<http1_session>(context, std::move(stream), peer);
    if (const auto added = context.loop.add(fd, *s); !added) {
        log::warning("connection dropped", {{"reason", added.error().detail}});
        return;
    }
    s->self_ = s;
    add(context.counters.accepted, 1);
    add(context.counters.open, 1);
    context.wait(*s, wait_for::first_request);
    if (log::enabled(log::level::debug))
        log::debug("connection accepted", {{"address", s->peer_.str()}});
}

void http1_session::go_on(session_context& context, std::unique_ptr<net::byte_stream> stream) {
    const int fd = stream->fd();
    const net::ip_address peer = stream->peer();
    const auto s = std::make_shared<http1_session>(context, std::move(stream), peer);
    context.loop.replace(fd, *s);
    s->self_ = s;
    add(context.counters.open, 1);
    context.wait(*s, wait_for::request);
}

void http1_session::close() noexcept {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    context_.leave(*this);
    if (stream_) stream_->close(context_.loop);
    add(context_.counters.open, std::uint64_t{0} - 1);
    const auto last = std::move(self_);
}

std::shared_ptr<exchange> http1_session::share() noexcept {
    if (!self_) return nullptr;
    return {self_, &exchange_};
}

void http1_session::on_io(std::uint32_t events) {
    const auto guard = self_;
    in_io_ = true;
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) readable_ = true;
    if ((events & EPOLLRDHUP) != 0) peer_ended_ = true;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
    if (outgoing_) flush();
    if (phase_ != phase::closed) advance();
    // Nobody is left to read the answer. Whoever works on it learns so when they are done. The
    // request may have come with the news of the client's end, which is told once only.
    if (broken_ && waits_for_answer()) close();
    in_io_ = false;
}

/// A body that found no memory is refused, if there is enough for an answer.
void http1_session::on_failure() noexcept {
    const auto guard = self_;
    in_io_ = false;
    try {
        if (phase_ == phase::reading && exchange_.at() == exchange::stage::body) {
            return refuse({503, errc::unavailable, "the server is out of memory"});
        }
    } catch (...) {
        // Not even for that.
    }
    close();
}

bool http1_session::wants_input() const noexcept {
    if (phase_ == phase::lingering) return true;
    return phase_ == phase::reading &&
           (exchange_.at() == exchange::stage::none || exchange_.at() == exchange::stage::body);
}

bool http1_session::waits_for_answer() const noexcept {
    return phase_ == phase::reading && (exchange_.at() == exchange::stage::answering ||
                                        exchange_.at() == exchange::stage::paused);
}

void http1_session::advance() {
    if (!wants_input()) return;
    const std::string held = std::exchange(pending_, {});
    context_.input_left = held;
    int reads = 0;
    for (int steps = 0; wants_input(); ++steps) {
        const bool dry = context_.input_left.empty() && !exchange_.end_due();
        if (dry && !readable_) break;
        if (steps == max_steps_per_turn || (dry && ++reads > max_reads_per_turn)) {
            context_.loop.poke(stream_->fd(), EPOLLIN);
            break;
        }
        if (dry && !receive()) continue;
        consume();
    }
    if (phase_ != phase::closed) keep_input();
    context_.input_left = {};
}

/// What the next turns need beyond this one's shared buffers.
void http1_session::keep_input() {
    if (phase_ != phase::lingering) pending_.assign(context_.input_left);
    if (phase_ == phase::reading || phase_ == phase::lingering) exchange_.end_turn();
}

bool http1_session::receive() {
    const net::io_result got = stream_->read(context_.input());
    // Once the peer has ended, no edge tells of what is left.
    if (got.dry && (!peer_ended_ || got.state != net::io_state::done)) readable_ = false;
    switch (got.state) {
        case net::io_state::done:
            context_.input_left = {context_.input().data(), got.bytes};
            return true;
        case net::io_state::ended:
            on_end_of_input();
            return false;
        case net::io_state::broken:
            close();
            return false;
        case net::io_state::blocked:
        case net::io_state::starved:
            return false;
    }
    return false;
}

void http1_session::on_end_of_input() {
    peer_ended_ = true;
    const bool in_request =
        phase_ == phase::reading && (exchange_.at() == exchange::stage::body || reader_.in_head());
    if (!in_request) return close();
    // The client may have closed its half only, and still read.
    refuse({400, errc::invalid_request, "the connection ended before the request did"});
}

void http1_session::consume() {
    if (phase_ != phase::reading) {
        context_.input_left = {};
    } else if (exchange_.at() == exchange::stage::body) {
        consume_body();
    } else {
        consume_head();
    }
}

void http1_session::consume_head() {
    const auto head =
        reader_.next_head(context_.input_left, context_.options->limits, context_.request);
    if (!head) return refuse(head.error());
    if (!*head) {
        if (reader_.in_head() && waits_for() != wait_for::head)
            context_.wait(*this, wait_for::head);
        return;
    }
    keep_alive_ = (*head)->keep_alive;
    body_left_ = (*head)->has_body();
    exchange_.begin(**head);
    wait_for_exchange();
    const bool wants_body = phase_ == phase::reading && exchange_.at() == exchange::stage::body;
    const bool client_waits = (*head)->expects == request_head::expectation::go_ahead;
    if (wants_body && client_waits && context_.input_left.empty()) {
        transmit("HTTP/1.1 100 Continue\r\n\r\n", {});
    }
}

void http1_session::consume_body() {
    const auto piece = reader_.next_body(context_.input_left, context_.options->limits);
    if (!piece) return refuse(piece.error());
    body_left_ = !piece->end;
    exchange_.take(piece->data, piece->end);
    const bool progress = !piece->data.empty() || exchange_.at() != exchange::stage::body;
    if (progress && exchange_.earns_time()) wait_for_exchange();
}

/// The time for the body's next bytes begins anew; an answer may take as long as it wants.
void http1_session::wait_for_exchange() {
    if (phase_ != phase::reading || exchange_.at() == exchange::stage::none) return;
    const bool reads = exchange_.at() == exchange::stage::body;
    context_.wait(*this, reads ? wait_for::body : wait_for::answer);
}

void http1_session::resume_reading() {
    context_.wait(*this, wait_for::body);
    context_.loop.poke(stream_->fd(), EPOLLIN);
}

}  // namespace carillon::http
