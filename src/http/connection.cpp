#include "http/connection.hpp"

#include <carillon/base/log.hpp>

#include "http/access.hpp"
#include "http/admission.hpp"
#include "http/problem.hpp"
#include "http/response_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace carillon::http {

namespace {

// What one connection may do before others get their turn.
constexpr int max_reads_per_turn = 8;
constexpr int max_steps_per_turn = 256;

constexpr std::size_t kept_body_capacity = 256u << 10;  ///< of the shared request, between requests

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
    // One writer: a plain store is enough, and spares a locked instruction per request.
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

/// Runs code of the embedder's. What it throws is a bug there and no reason for anyone else's
/// connection to end.
template <class Call>
bool guarded(Call&& call) noexcept {
    try {
        call();
        return true;
    } catch (const std::exception& e) {
        log::error("a request handler threw", {{"what", std::string_view(e.what())}});
    } catch (...) {
        log::error("a request handler threw");
    }
    return false;
}

}  // namespace

void connection::start(connection_context& context, net::unique_fd fd,
                       const net::ip_address& peer) {
    const int number = fd.get();
    const auto c = std::make_shared<connection>(context, std::move(fd), peer);
    if (const auto added = context.loop.add(number, *c); !added) {
        log::warning("connection dropped", {{"reason", added.error().detail}});
        return;
    }
    c->self_ = c;
    add(context.counters.accepted, 1);
    add(context.counters.open, 1);
    context.wait(*c, wait_for::first_request);
    if (log::enabled(log::level::debug))
        log::debug("connection accepted", {{"address", peer.str()}});
}

void connection::close() noexcept {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    context_.leave(*this);
    context_.loop.close(std::move(fd_));
    add(context_.counters.open, std::uint64_t{0} - 1);
    const auto last = std::move(self_);
}

std::optional<responder::taken> connection::hand_over() {
    if (!unanswered_ || phase_ == phase::closed) return std::nullopt;
    if (outgoing_) {
        // An interim answer is stuck in front of whatever the taker would write.
        close();
        return std::nullopt;
    }
    struct ignorer final : net::io_handler {
        void on_io(std::uint32_t) override {}
    };
    static ignorer nobody;
    const int number = fd_.get();
    context_.loop.replace(number, nobody);
    if (readable_ || peer_ended_ || broken_) {
        // These edges were told to this connection; the taker must hear of them too.
        context_.loop.poke(number,
                           EPOLLIN | (peer_ended_ ? EPOLLRDHUP : 0U) | (broken_ ? EPOLLHUP : 0U));
    }
    phase_ = phase::closed;
    context_.leave(*this);
    add(context_.counters.open, std::uint64_t{0} - 1);
    add(context_.counters.responses_2xx, 1);
    common_lines_.insert(0, context_.date_line());
    common_lines_ += sniffing_line;
    responder::taken taken{std::move(fd_), std::move(common_lines_)};
    keep_upload_for_now();
    const auto last = std::move(self_);
    return taken;
}

/// The caller may be a method of the upload, which must not be destroyed before it returns.
void connection::keep_upload_for_now() {
    if (in_io_ || !upload_) return;
    context_.loop.at_end_of_turn([kept = std::shared_ptr<upload>(std::move(upload_))] {});
}

void connection::on_io(std::uint32_t events) {
    const auto guard = self_;
    in_io_ = true;
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) readable_ = true;
    if ((events & EPOLLRDHUP) != 0) peer_ended_ = true;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
    if (outgoing_) flush();
    // Nobody is left to read the answer. Whoever works on it learns so when they are done.
    if (broken_ && (phase_ == phase::answering || paused_)) close();
    if (phase_ != phase::closed) advance();
    in_io_ = false;
}

bool connection::wants_input() const noexcept {
    return phase_ == phase::head || phase_ == phase::lingering ||
           (phase_ == phase::body && !paused_);
}

void connection::advance() {
    if (!wants_input()) return;
    const std::string held = std::exchange(pending_, {});
    context_.input_left = held;
    int reads = 0;
    for (int steps = 0; wants_input(); ++steps) {
        const bool dry = context_.input_left.empty() && !body_end_due_;
        if (dry && !readable_) break;
        if (steps == max_steps_per_turn || (dry && ++reads > max_reads_per_turn)) {
            context_.loop.poke(fd_.get(), EPOLLIN);
            break;
        }
        if (dry && !receive()) continue;
        consume();
    }
    if (phase_ != phase::closed) keep_input();
    context_.input_left = {};
}

/// What the next turns need beyond this one's shared buffers.
void connection::keep_input() {
    if (phase_ != phase::lingering) pending_.assign(context_.input_left);
    if (phase_ == phase::head || phase_ == phase::lingering) upload_.reset();
    if (phase_ == phase::body && !upload_ && !request_) {
        request_ = std::make_unique<request>(std::move(context_.request));
    }
}

bool connection::receive() {
    auto& room = context_.input();
    const ssize_t got = ::recv(fd_.get(), room.data(), room.size(), 0);
    if (got > 0) {
        // A stream socket that gave less than was asked for is empty: the next read would only say
        // so.
        if (static_cast<std::size_t>(got) < room.size() && !peer_ended_) readable_ = false;
        context_.input_left = {room.data(), static_cast<std::size_t>(got)};
        return true;
    }
    if (got == 0) {
        readable_ = false;
        on_end_of_input();
    } else if (errno == EAGAIN) {
        readable_ = false;
    } else if (errno != EINTR) {
        close();
    }
    return false;
}

void connection::on_end_of_input() {
    peer_ended_ = true;
    const bool in_request = phase_ == phase::body || (phase_ == phase::head && reader_.in_head());
    if (!in_request) return close();
    // The client may have closed its half only, and still read.
    refuse_request({400, errc::invalid_request, "the connection ended before the request did"});
}

void connection::consume() {
    switch (phase_) {
        case phase::head:
            return consume_head();
        case phase::body:
            return consume_body();
        default:
            context_.input_left = {};
    }
}

void connection::consume_head() {
    const auto head =
        reader_.next_head(context_.input_left, context_.options->limits, context_.request);
    if (!head) return refuse_request(head.error());
    if (*head) return begin_request(**head);
    if (reader_.in_head() && waits_for_ != wait_for::head) context_.wait(*this, wait_for::head);
}

void connection::consume_body() {
    body_end_due_ = false;
    const auto piece = reader_.next_body(context_.input_left, context_.options->limits);
    if (!piece) return refuse_request(piece.error());
    if (!piece->data.empty()) context_.wait(*this, wait_for::body);
    if (upload_) return feed_upload(*piece);
    buffer(*piece);
}

void connection::begin_request(const request_head& head) {
    add(context_.counters.requests, 1);
    upload_.reset();
    request& r = context_.request;
    const access_rules& rules = context_.options->access;
    r.client = client_of(rules, r, peer_);
    common_lines_ = cors_lines(rules, head.origin);
    http10_ = r.http10;
    head_only_ = r.method == "HEAD";
    keep_alive_ = head.keep_alive;
    body_unread_ = head.has_body();
    context_.current = &r;

    router::match match;
    if (auto refused = refusal_of(rules, context_.routes, r, head, match)) {
        // A request that has to end the connection may have a body that it did not announce.
        body_unread_ = body_unread_ || refused->close;
        write(std::move(*refused));
    } else {
        r.path_rest = std::move(match.values);
        r.body.clear();
        if (head_only_) {
            r.head = true;
            r.method = "GET";
        }
        if (head.has_body()) {
            begin_body(head, match);
        } else {
            dispatch(*match.on_request);
        }
    }
    context_.current = nullptr;
}

void connection::begin_body(const request_head& head, const router::match& match) {
    max_body_size_ = context_.options->limits.max_body_size;
    handler_ = match.on_request;
    phase_ = phase::body;
    context_.wait(*this, wait_for::body);
    if (match.on_upload != nullptr && begin_upload(*match.on_upload)) {
        if (phase_ != phase::body) return;
    } else if (head.length.value_or(0) > max_body_size_) {
        return write(
            problem({errc::payload_too_large, "the body is longer than http.max_body_size"}));
    }
    const bool waits = head.expects == request_head::expectation::go_ahead;
    if (waits && context_.input_left.empty()) transmit("HTTP/1.1 100 Continue\r\n\r\n", {});
}

/// False if the body is to be buffered after all.
bool connection::begin_upload(const upload_handler& begin) {
    unanswered_ = true;
    responder r(self_, context_.loop);
    const bool returned =
        guarded([&] { upload_ = begin(context_.request, r, upload_control(self_)); });
    if (!returned || upload_ || !unanswered_) return true;
    r.connection_.reset();
    unanswered_ = false;
    return false;
}

void connection::feed_upload(const request_reader::piece& piece) {
    if (!piece.data.empty()) {
        auto flow = upload::flow::more;
        resumed_ = false;
        const bool returned = guarded([&] { flow = upload_->on_data(piece.data); });
        if (phase_ != phase::body) return;
        if (!returned) return refuse_request({500, errc::internal, "the upload failed"});
        if (flow == upload::flow::pause && !resumed_) {
            paused_ = true;
            body_end_due_ = piece.end;
            context_.wait(*this, wait_for::answer);
            return;
        }
    }
    if (!piece.end) return;
    body_unread_ = false;
    phase_ = phase::answering;
    context_.wait(*this, wait_for::answer);
    if (!guarded([&] { upload_->on_end(); }) && unanswered_) {
        unanswered_ = false;
        write(problem({errc::internal, "the upload failed"}));
    }
}

void connection::resume_upload() {
    resumed_ = true;
    if (!paused_ || phase_ != phase::body) return;
    paused_ = false;
    context_.wait(*this, wait_for::body);
    context_.loop.poke(fd_.get(), EPOLLIN);
}

void connection::buffer(const request_reader::piece& piece) {
    request& r = current_request();
    if (piece.data.size() > max_body_size_ - r.body.size()) {
        return refuse_request(
            {413, errc::payload_too_large, "the body is longer than http.max_body_size"});
    }
    r.body += piece.data;
    if (!piece.end) return;
    body_unread_ = false;
    dispatch(*handler_);
}

void connection::dispatch(const handler& h) {
    phase_ = phase::answering;
    unanswered_ = true;
    context_.wait(*this, wait_for::answer);
    const auto own = std::move(request_);
    request& r = own ? *own : context_.request;
    context_.current = &r;
    guarded([&] { h(r, responder(self_, context_.loop)); });
    context_.current = nullptr;
    if (r.body.capacity() > kept_body_capacity) std::string().swap(r.body);
}

}  // namespace carillon::http
