#include "transport/event_stream.hpp"

#include <carillon/base/log.hpp>

#include <fmt/format.h>

namespace carillon::transport {

std::optional<address_counts::place> address_counts::take(const net::ip_address& a,
                                                          std::size_t most) {
    const net::ip_address network = a.network();
    const std::lock_guard lock(mutex_);
    if (most != 0 && streams_of(network) >= most) return std::nullopt;
    auto& at = *entries_.try_emplace(a, entry{this}).first;
    ++at.second.count;
    if (network != a) ++networks_[network];
    return place(at);
}

std::size_t address_counts::streams_of(const net::ip_address& network) const {
    const auto of_itself = entries_.find(network);
    const auto of_others = networks_.find(network);
    return (of_itself == entries_.end() ? 0 : of_itself->second.count) +
           (of_others == networks_.end() ? 0 : of_others->second);
}

void address_counts::give_back(entries::value_type& at) {
    const std::lock_guard lock(mutex_);
    const net::ip_address a = at.first;
    const net::ip_address network = a.network();
    if (--at.second.count == 0) entries_.erase(a);
    if (network == a) return;
    if (const auto others = networks_.find(network); --others->second == 0) networks_.erase(others);
}

event_stream::event_stream(std::unique_ptr<http::response_body> body, shard& home,
                           address_counts::place client)
    : home_(home), body_(std::move(body)), client_(std::move(client)) {
    body_->listen(*this);
}

event_stream* event_stream::start(std::unique_ptr<http::response_body> body, shard& home,
                                  address_counts::place client) {
    return new event_stream(std::move(body), home, std::move(client));
}

void event_stream::give_up() noexcept {
    watched_.reset();
    body_.reset();
    delete this;
}

void event_stream::refuse(std::string_view last_block) {
    if (!body_) return finish_call();
    // What is sent already may be compressed: nothing plain can follow.
    if (begun_) {
        close(close_reason::unavailable);
        return finish_call();
    }
    // One last block is not worth a coding.
    if (http::stream_head* const head = body_->head(); head != nullptr) {
        std::erase_if(head->headers,
                      [](const http::header& h) { return h.first == "Content-Encoding"; });
    }
    write_last(last_block);
    close(close_reason::unavailable);
    finish_call();
}

/// With the head, which has not gone out.
void event_stream::write_last(std::string_view text) {
    begun_ = true;
    std::string chunk;
    if (layout() == framing::chunked) {
        chunk = fmt::format("{:x}\r\n{}\r\n", text.size(), text);
        text = chunk;
    }
    const iovec slice{const_cast<char*>(text.data()), text.size()};
    write({&slice, 1});
}

/// The problem document that a request gets which is refused before there is a stream.
void event_stream::answer_unbegun(const error& why) {
    http::stream_head* const head = body_->head();
    if (head == nullptr) return;
    http::response problem = http::problem(why);
    *head = {problem.status, std::move(problem.headers)};
    write_last(problem.body);
}

framing event_stream::layout() const noexcept {
    return body_->layout() == http::body_layout::chunked ? framing::chunked : framing::raw;
}

void event_stream::begin(const opening_facts&) { begun_ = true; }

std::ptrdiff_t event_stream::write(std::span<const iovec> slices) { return body_->write(slices); }

// A response that breaks off, without its end, tells the client that something is missing.
void event_stream::close(close_reason why) {
    subscriber_ = nullptr;
    tell_gone(why);
    // After a stream that ends for good, a client asks for the next thing; from the other ends it
    // comes back later, and perhaps to another server.
    const bool over = why == close_reason::finished;
    if (body_ && why == close_reason::unknown_cursor) {
        answer_unbegun({errc::unauthenticated,
                        "the ticket opens its stream again with a cursor of it only; ask for "
                        "another ticket"});
    }
    if (body_ && begun_)
        body_->finish(over ? http::after_body::next_request : http::after_body::close);
    body_.reset();
    if (!busy_) delete this;
}

void event_stream::attach(subscriber* s) {
    const finished_call whatever_happens{*this};
    subscriber_ = s;
    if (!watched_ || s == nullptr) return;
    const client_info c = home_.describe(*s);
    watched_->by->connected(c);
    watched_->facts = {c.id, c.user, c.session, c.profile, c.connected_at, {}};
}

void event_stream::watch(stream_watcher& w) {
    watched_ = std::make_unique<watched>(watched{&w, {}});
}

// A stream that was never attached was told to nobody.
void event_stream::tell_gone(std::optional<close_reason> why) {
    const auto told = std::exchange(watched_, nullptr);
    if (!told || told->facts.id.empty()) return;
    told->facts.why = why;
    told->by->gone(told->facts);
}

void event_stream::finish_call() {
    busy_ = false;
    if (!body_) delete this;
}

/// The hub may close this stream meanwhile.
template <class Call>
void event_stream::tell_hub(Call&& call) {
    if (subscriber_ == nullptr) return;
    const finished_call whatever_happens{*this};
    busy_ = true;
    call(*subscriber_);
}

void event_stream::on_writable() {
    tell_hub([this](subscriber& s) { home_.writable(s); });
}

// A peer that has closed altogether looks the same as one that has ended its sending half, until it
// is sent something.
void event_stream::on_peer_ended() {
    tell_hub([this](subscriber& s) { home_.heartbeat(s); });
}

void event_stream::on_gone() {
    if (log::enabled(log::level::debug))
        log::debug("stream left by its client", {{"address", client_.address().str()}});
    tell_hub([this](subscriber& s) {
        subscriber_ = nullptr;
        tell_gone(std::nullopt);
        home_.remove(s);
        body_.reset();
    });
}

bool event_stream::peer_silent_for(std::chrono::milliseconds limit) const {
    return body_->peer_silent_for(limit);
}

std::string event_stream::remote_address() const { return client_.address().str(); }

}  // namespace carillon::transport
