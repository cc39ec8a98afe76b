// How an HTTP/1.1 session answers, and how it ends.
#include <carillon/base/log.hpp>

#include "http/http1_body.hpp"
#include "http/http1_session.hpp"
#include "http/problem.hpp"
#include "http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/epoll.h>

namespace carillon::http {

namespace {

constexpr std::size_t copied_body_size =
    4u << 10;  ///< up to here a copy is cheaper than a second iovec
constexpr std::size_t large_send_buffer = 1u << 20;  ///< bytes at most

iovec slice_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

void http1_session::on_timeout() {
    const auto guard = self_;
    switch (waits_for()) {
        case wait_for::head:
        case wait_for::body:
            return refuse({408, errc::request_timeout, "the request did not arrive in time"});
        case wait_for::writing:
            if (const auto held_back = context_.refusals.pass()) {
                log::info("connection closed", {{"reason", "the response was not taken in time"},
                                                {"address", peer_.str()},
                                                {"not_logged_before", *held_back}});
            }
            return close();
        case wait_for::first_request:
        case wait_for::request:
        case wait_for::lingering:
        case wait_for::answer:
            return close();
    }
}

/// Where the next request would begin is unknown, or not worth waiting for.
void http1_session::refuse(const refusal& why) {
    body_left_ = true;
    keep_alive_ = false;
    exchange_.refuse(why, exchange_.at() != exchange::stage::none);
    wait_for_exchange();  // for an upload that answers later
}

void http1_session::respond(response r) {
    byte_share share(context_.options->responses);
    if (r.body.size() > copied_body_size && !exchange_.head_only() &&
        !share.hold(r.body.size() + std::min(r.body.size(), large_send_buffer))) {
        r = problem({errc::unavailable,
                     "answers that clients have not taken hold as many bytes as "
                     "http.max_response_memory allows"});
    }
    body_left_ = body_left_ || exchange_.end_unknown();
    close_after_ = r.close || !keep_alive_ || body_left_ || context_.closing;
    phase_ = phase::writing;
    std::string& out = context_.output;
    out.clear();
    append_head(out, r,
                {.date_line = context_.date_line(),
                 .common_lines = exchange_.common_lines(),
                 .close = close_after_,
                 .http10 = exchange_.http10()});
    // Of an answer to HEAD, the length was told.
    if (exchange_.head_only() || !status_has_body(r.status)) r.body.clear();
    if (r.body.size() <= copied_body_size) {
        out += r.body;
        r.body.clear();
    }
    transmit(out, std::move(r.body), std::move(share));
    if (phase_ == phase::writing && !outgoing_) after_response();
}

/// Sends what the connection takes now and keeps the rest. Copies `head` if it has to.
void http1_session::transmit(std::string_view head, std::string body, byte_share share) {
    if (outgoing_) {
        outgoing_->head.append(outgoing_->body).append(head);
        outgoing_->body = std::move(body);
        outgoing_->share = std::move(share);
        return;
    }
    if (body.size() > context_.options->limits.send_buffer) widen(body.size());
    const std::array<iovec, 2> parts{slice_of(head), slice_of(body)};
    const net::io_result sent = stream_->write({parts.data(), body.empty() ? 1U : 2U});
    if (sent.state == net::io_state::broken) return close();
    if (sent.bytes == head.size() + body.size()) return narrow();
    if (sent.state == net::io_state::starved) net::retry_write_later(context_.loop, stream_->fd());
    outgoing_ = std::make_unique<outgoing>(
        outgoing{std::string(head), std::move(body), sent.bytes, std::move(share)});
    context_.wait(*this, wait_for::writing);
}

/// The buffer of a socket is small, since there are many. For a long answer it is larger than what
/// a segment of the loopback device holds, or of a distant peer's round trip.
void http1_session::widen(std::size_t answer) noexcept {
    large_buffer_ = true;
    stream_->set_send_buffer(std::min(answer, large_send_buffer));
}

void http1_session::narrow() noexcept {
    if (!large_buffer_) return;
    large_buffer_ = false;
    stream_->set_send_buffer(context_.options->limits.send_buffer);
}

void http1_session::flush() {
    outgoing& o = *outgoing_;
    while (o.sent < o.head.size() + o.body.size()) {
        const std::string_view head =
            std::string_view(o.head).substr(std::min(o.sent, o.head.size()));
        const std::string_view body =
            std::string_view(o.body).substr(o.sent - (o.head.size() - head.size()));
        const std::array<iovec, 2> parts{slice_of(head), slice_of(body)};
        const net::io_result sent = stream_->write(parts);
        switch (sent.state) {
            case net::io_state::done:
                break;
            case net::io_state::starved:
                return net::retry_write_later(context_.loop, stream_->fd());
            case net::io_state::blocked:
                return;
            case net::io_state::ended:
            case net::io_state::broken:
                return close();
        }
        o.sent += sent.bytes;
        if (phase_ == phase::writing) context_.wait(*this, wait_for::writing);
    }
    outgoing_.reset();
    narrow();
    if (phase_ == phase::writing) return after_response();
    wait_for_exchange();
}

void http1_session::after_response() {
    if (close_after_ || context_.closing) return end_gracefully();
    phase_ = phase::reading;
    context_.wait(*this, wait_for::request);
    // Within on_io the next request is looked for anyway.
    if (!in_io_ && (readable_ || !pending_.empty() || exchange_.has_upload())) {
        context_.loop.poke(stream_->fd(), EPOLLIN);
    }
}

void http1_session::end_gracefully() {
    const bool more_input = in_io_ ? !context_.input_left.empty() : !pending_.empty();
    if (body_left_ || readable_ || more_input) return linger();
    close();
}

/// Closing with unread input resets the connection, and a reset takes the answer from a client that
/// is still sending.
void http1_session::linger() {
    pending_.clear();
    stream_->end_writing();
    phase_ = phase::lingering;
    context_.wait(*this, wait_for::lingering);
    if (!in_io_) context_.loop.poke(stream_->fd(), EPOLLIN);
}

std::unique_ptr<response_body> http1_session::begin_stream(stream_head head) {
    if (outgoing_) {
        // An interim answer is stuck in front of whatever would be written.
        close();
        return nullptr;
    }
    std::string lines(context_.date_line());
    lines += exchange_.common_lines();
    lines += sniffing_line;
    const auto layout = exchange_.http10() ? body_layout::raw : body_layout::chunked;
    // What has come of the next request would be lost with this session.
    const bool more_input = in_io_ ? !context_.input_left.empty() : !pending_.empty();
    const bool closes = layout == body_layout::raw || !keep_alive_ || body_left_ || more_input;
    const int fd = stream_->fd();
    auto body = make_http1_body(context_, std::move(stream_), std::move(head), std::move(lines),
                                layout, closes ? after_body::close : after_body::next_request);
    if (readable_ || peer_ended_ || broken_) {
        // These edges were told to this session; the body must hear of them too.
        context_.loop.poke(fd,
                           EPOLLIN | (peer_ended_ ? EPOLLRDHUP : 0U) | (broken_ ? EPOLLHUP : 0U));
    }
    close();
    return body;
}

}  // namespace carillon::http
