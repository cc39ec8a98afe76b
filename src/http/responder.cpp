#include "http/connection.hpp"
#include "http/server.hpp"

#include <utility>

namespace carillon::http {

responder::~responder() { answer_unused(); }

responder& responder::operator=(responder&& other) noexcept {
    if (this == &other) return *this;
    answer_unused();
    connection_ = std::move(other.connection_);
    loop_ = other.loop_;
    return *this;
}

void responder::answer_unused() noexcept {
    if (connection_.expired()) return;
    try {
        send(error{errc::internal, "the request was not answered"});
    } catch (...) {
        // Out of memory for the answer; the timeouts end the connection.
    }
}

void responder::send(response r) {
    if (const auto c = std::exchange(connection_, {}).lock()) c->answer(std::move(r));
}

std::optional<responder::taken> responder::take_over() {
    const auto c = std::exchange(connection_, {}).lock();
    return c ? c->hand_over() : std::nullopt;
}

void upload_control::resume() {
    if (const auto c = connection_.lock()) c->resume_upload();
}

}  // namespace carillon::http
