// One client's connection while it speaks HTTP.
#pragma once

#include "http/connection_context.hpp"
#include "http/request_reader.hpp"
#include "http/server.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::http {

/// Confined to the loop's thread. Owns itself from `start` until it is closed or handed over;
/// whoever calls it from outside holds a shared pointer meanwhile.
class connection final : public net::io_handler {
public:
    static void start(connection_context& context, net::unique_fd fd, const net::ip_address& peer);
    connection(connection_context& context, net::unique_fd fd, const net::ip_address& peer) noexcept
        : context_(context), fd_(std::move(fd)), peer_(peer) {}

    void on_io(std::uint32_t events) override;
    void on_timeout();
    /// At once, without a word.
    void close() noexcept;

    // For the responder and the upload's control.
    void answer(response r);
    std::optional<responder::taken> hand_over();
    void resume_upload();

private:
    friend class connection_context;  // keeps the waiting lists

    enum class phase : std::uint8_t { head, body, answering, writing, lingering, closed };

    struct outgoing {
        std::string head;  ///< everything before the body
        std::string body;
        std::size_t sent = 0;
    };

    // Input.
    void advance();
    bool wants_input() const noexcept;
    bool receive();
    void on_end_of_input();
    void consume();
    void consume_head();
    void consume_body();
    void keep_input();

    // Requests.
    void begin_request(const request_head& head);
    void begin_body(const request_head& head, const router::match& match);
    bool begin_upload(const upload_handler& begin);
    void feed_upload(const request_reader::piece& piece);
    void buffer(const request_reader::piece& piece);
    void dispatch(const handler& h);
    void keep_upload_for_now();
    request& current_request() noexcept { return request_ ? *request_ : context_.request; }

    // Output.
    void refuse_request(const refusal& why);
    void write(response r);
    void log_refusal(int status) const;
    void transmit(std::string_view head, std::string body);
    void flush();
    void after_response();
    void end_gracefully();
    void linger();

    connection_context& context_;
    std::shared_ptr<connection> self_;
    connection* older_ = nullptr;  ///< in the waiting list
    connection* newer_ = nullptr;
    std::chrono::steady_clock::time_point waits_since_;
    net::unique_fd fd_;
    wait_for waits_for_ = wait_for::request;
    phase phase_ = phase::head;
    bool listed_ : 1 = false;
    bool in_io_ : 1 = false;       ///< on_io is at work and will go on with what there is to read
    bool readable_ : 1 = false;    ///< there may be more to read: edges are told once
    bool peer_ended_ : 1 = false;  ///< sends no more, so that a read ends in 0 rather than EAGAIN
    bool broken_ : 1 = false;      ///< gone in both directions
    bool http10_ : 1 = false;
    bool head_only_ : 1 = false;
    bool keep_alive_ : 1 = false;
    bool unanswered_ : 1 = false;   ///< somebody holds a responder that counts
    bool body_unread_ : 1 = false;  ///< the request goes on after what was consumed
    bool close_after_ : 1 = false;
    bool paused_ : 1 = false;
    bool resumed_ : 1 = false;       ///< during on_data, which is about to ask for a pause
    bool body_end_due_ : 1 = false;  ///< the body ended while its upload was paused
    net::ip_address peer_;
    request_reader reader_;
    std::string pending_;               ///< input that came before its time
    std::string common_lines_;          ///< CORS headers of the current request
    std::unique_ptr<request> request_;  ///< of a body that takes several reads
    std::unique_ptr<upload> upload_;
    std::unique_ptr<outgoing> outgoing_;  ///< what the peer has not taken yet
    const handler* handler_ = nullptr;    ///< for the body that is being buffered; the router's
    std::size_t max_body_size_ = 0;
};

}  // namespace carillon::http
