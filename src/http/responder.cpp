#include "http/exchange.hpp"
#include "http/server.hpp"

#include <utility>

namespace carillon::http {

responder::~responder() { answer_unused(); }

responder& responder::operator=(responder&& other) noexcept {
    if (this == &other) return *this;
    answer_unused();
    exchange_ = std::move(other.exchange_);
    loop_ = other.loop_;
    return *this;
}

void responder::answer_unused() noexcept {
    if (exchange_.expired()) return;
    try {
        send(error{errc::internal, "the request was not answered"});
    } catch (...) {
        // Out of memory for the answer; the timeouts end the connection.
    }
}

void responder::send(response r) {
    if (const auto e = std::exchange(exchange_, {}).lock()) e->answer(std::move(r));
}

std::unique_ptr<response_body> responder::begin_stream(stream_head head) {
    const auto e = std::exchange(exchange_, {}).lock();
    return e ? e->begin_stream(std::move(head)) : nullptr;
}

void upload_control::resume() {
    if (const auto e = exchange_.lock()) e->resume();
}

}  // namespace carillon::http
