// How a connection answers, and how it ends.
#include <carillon/base/log.hpp>

#include "http/connection.hpp"
#include "http/problem.hpp"
#include "http/response_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace carillon::http {

namespace {

constexpr std::size_t copied_body_size =
    4u << 10;  ///< up to here a copy is cheaper than a second iovec

void count(server_counters& counters, int status) noexcept {
    auto& counter = status >= 500   ? counters.responses_5xx
                    : status >= 400 ? counters.responses_4xx
                                    : counters.responses_2xx;
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

void connection::on_timeout() {
    const auto guard = self_;
    switch (waits_for_) {
        case wait_for::head:
        case wait_for::body:
            return refuse_request(
                {408, errc::request_timeout, "the request did not arrive in time"});
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

void connection::refuse_request(const refusal& why) {
    if (phase_ == phase::head) {
        // What was parsed, if anything, belongs to the request before.
        common_lines_.clear();
        http10_ = head_only_ = false;
    }
    unanswered_ = false;
    body_unread_ = true;
    keep_alive_ = false;
    write(problem_document(why.status, to_string(why.code), why.detail));
}

void connection::answer(response r) {
    if (!unanswered_ || phase_ == phase::closed) return;
    unanswered_ = false;
    write(std::move(r));
    if (phase_ == phase::closed) keep_upload_for_now();
}

void connection::log_refusal(int status) const {
    if (!log::enabled(log::level::info)) return;
    const auto held_back = context_.refusals.pass();
    if (!held_back) return;
    const request* const asked = in_io_ ? context_.current : nullptr;
    log::info(status < 500 ? "request refused" : "request failed",
              {{"status", status},
               {"address", (asked ? asked->client : peer_).str()},
               {"method", asked ? asked->method : std::string()},
               {"path", asked ? asked->path : std::string()},
               {"not_logged_before", *held_back}});
}

void connection::write(response r) {
    close_after_ = r.close || !keep_alive_ || body_unread_ || context_.closing;
    paused_ = false;
    phase_ = phase::writing;
    count(context_.counters, r.status);
    if (r.status >= 400) log_refusal(r.status);
    std::string& out = context_.output;
    out.clear();
    append_head(out, r,
                {.date_line = context_.date_line(),
                 .common_lines = common_lines_,
                 .close = close_after_,
                 .http10 = http10_});
    if (head_only_ || !status_has_body(r.status)) r.body.clear();  // HEAD: its length was told
    if (r.body.size() <= copied_body_size) {
        out += r.body;
        r.body.clear();
    }
    transmit(out, std::move(r.body));
    if (phase_ == phase::writing && !outgoing_) after_response();
}

/// Sends what the socket takes now and keeps the rest. Copies `head` if it has to.
void connection::transmit(std::string_view head, std::string body) {
    if (outgoing_) {
        outgoing_->head.append(outgoing_->body).append(head);
        outgoing_->body = std::move(body);
        return;
    }
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {body.data(), body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = body.empty() ? 1 : 2;
    ssize_t sent = 0;
    do {
        sent = body.empty() ? ::send(fd_.get(), head.data(), head.size(), MSG_NOSIGNAL)
                            : ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN) return close();
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done == head.size() + body.size()) return;
    outgoing_ = std::make_unique<outgoing>(outgoing{std::string(head), std::move(body), done});
    context_.wait(*this, wait_for::writing);
}

void connection::flush() {
    outgoing& o = *outgoing_;
    while (o.sent < o.head.size() + o.body.size()) {
        const std::string_view head =
            std::string_view(o.head).substr(std::min(o.sent, o.head.size()));
        const std::string_view body =
            std::string_view(o.body).substr(o.sent - (o.head.size() - head.size()));
        iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                          {const_cast<char*>(body.data()), body.size()}};
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = 2;
        const ssize_t sent = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) return close();
        o.sent += static_cast<std::size_t>(sent);
        if (phase_ == phase::writing) context_.wait(*this, wait_for::writing);
    }
    outgoing_.reset();
    if (phase_ == phase::body && !paused_) context_.wait(*this, wait_for::body);
    if (phase_ == phase::writing) after_response();
}

void connection::after_response() {
    if (close_after_ || context_.closing) return end_gracefully();
    phase_ = phase::head;
    context_.wait(*this, wait_for::request);
    // Within on_io the next request is looked for anyway.
    if (!in_io_ && (readable_ || !pending_.empty() || upload_)) {
        context_.loop.poke(fd_.get(), EPOLLIN);
    }
}

void connection::end_gracefully() {
    const bool more_input = in_io_ ? !context_.input_left.empty() : !pending_.empty();
    if (body_unread_ || readable_ || more_input) return linger();
    close();
}

/// Closing with unread input resets the connection, and a reset takes the answer from a client that
/// is still sending.
void connection::linger() {
    pending_.clear();
    ::shutdown(fd_.get(), SHUT_WR);
    phase_ = phase::lingering;
    context_.wait(*this, wait_for::lingering);
    if (!in_io_) context_.loop.poke(fd_.get(), EPOLLIN);
}

}  // namespace carillon::http
