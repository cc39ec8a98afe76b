// HTTP/1.1 on one connection (RFC 9112): one request after another.
#pragma once

#include "http/exchange.hpp"
#include "http/request_reader.hpp"
#include "http/session.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::http {

class http1_session final : public session, private exchange_sink {
public:
    http1_session(session_context& context, std::unique_ptr<net::byte_stream> stream,
                  const net::ip_address& peer) noexcept
        : context_(context), stream_(std::move(stream)), peer_(peer), exchange_(context, *this) {}
    static void start(session_context& context, std::unique_ptr<net::byte_stream> stream,
                      const net::ip_address& peer);
    /// On a connection that the context's loop watches already, and whose last answer is complete.
    static void go_on(session_context& context, std::unique_ptr<net::byte_stream> stream);

    void on_io(std::uint32_t events) override;
    void on_failure() noexcept override;
    void on_timeout() override;
    void close() noexcept override;

private:
    enum class phase : std::uint8_t {
        reading,    ///< a head or a body, or waits for the answer: the exchange knows
        writing,    ///< the answer
        lingering,  ///< for the peer to read the last answer
        closed,
    };

    struct outgoing {
        std::string head;  ///< everything before the body
        std::string body;
        std::size_t sent = 0;
        byte_share share;
    };

    // Input.
    void advance();
    bool wants_input() const noexcept;
    bool waits_for_answer() const noexcept;
    bool receive();
    void on_end_of_input();
    void consume();
    void consume_head();
    void consume_body();
    void keep_input();
    void wait_for_exchange();

    // Output.
    void refuse(const refusal& why);
    void transmit(std::string_view head, std::string body, byte_share share = {});
    void widen(std::size_t answer) noexcept;
    void narrow() noexcept;
    void flush();
    void after_response();
    void end_gracefully();
    void linger();

    // For the exchange.
    std::shared_ptr<exchange> share() noexcept override;
    const net::ip_address& peer() const noexcept override { return peer_; }
    void respond(response r) override;
    std::unique_ptr<response_body> begin_stream(stream_head head) override;
    void resume_reading() override;
    void cut_request(const refusal& why) override { refuse(why); }
    void abort() noexcept override { close(); }

    session_context& context_;
    std::shared_ptr<http1_session> self_;
    std::unique_ptr<net::byte_stream> stream_;
    net::ip_address peer_;
    phase phase_ = phase::reading;
    bool in_io_ : 1 = false;       ///< on_io is at work and will go on with what there is to read
    bool readable_ : 1 = false;    ///< there may be more to read: edges are told once
    bool peer_ended_ : 1 = false;  ///< sends no more, so that a read ends rather than blocks
    bool broken_ : 1 = false;      ///< gone in both directions
    bool keep_alive_ : 1 = false;
    bool body_left_ : 1 = false;  ///< the request goes on after what was consumed
    bool close_after_ : 1 = false;
    bool large_buffer_ : 1 = false;  ///< the socket's, for an answer that does not fit
    request_reader reader_;
    std::string pending_;                 ///< input that came before its time
    std::unique_ptr<outgoing> outgoing_;  ///< what the peer has not taken yet
    exchange exchange_;
};

}  // namespace carillon::http
