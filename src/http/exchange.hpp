// One request and its answer, whatever protocol carries them.
#pragma once

#include "http/request_head.hpp"
#include "http/response_body.hpp"
#include "http/server.hpp"
#include "http/session_context.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::http {

/// The protocol's side of an exchange.
class exchange_sink {
public:
    /// The exchange, kept alive; null if the client has gone.
    virtual std::shared_ptr<exchange> share() noexcept = 0;
    virtual const net::ip_address& peer() const noexcept = 0;
    /// Sends the answer. The exchange is over.
    virtual void respond(response r) = 0;
    /// Begins an answer whose body is written piece by piece; null if that cannot be. The exchange
    /// is over.
    virtual std::unique_ptr<response_body> begin_stream(stream_head head) = 0;
    /// A paused upload takes bytes again.
    virtual void resume_reading() = 0;
    /// Nothing more is read of the request, which `refuse` of the exchange ends.
    virtual void cut_request(const refusal& why) = 0;
    /// There is no memory for an answer: the client sees its request break off.
    virtual void abort() noexcept = 0;

protected:
    ~exchange_sink() = default;
};

/// What happens between a complete head and the answer: checks, routing, the body, the handler. No
/// socket. Serves one request after another if its session does. Confined to its loop's thread.
class exchange {
public:
    enum class stage : std::uint8_t {
        none,       ///< before the head, or answered
        body,       ///< wants what comes next of the body
        paused,     ///< the upload wants nothing for now
        answering,  ///< the request is complete; somebody works on the answer
    };

    exchange(session_context& context, exchange_sink& sink) noexcept
        : context_(context), sink_(sink) {}
    ~exchange() { context_.uploads.erase(this); }
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    // For the session, which stays alive meanwhile. An answer may come during each of these.
    /// `context.request` has a complete head.
    void begin(const request_head& head);
    /// The next bytes of the body, and whether they are its last.
    void take(std::string_view data, bool end);
    /// Ends whatever is under way; `parsed` is false if it was no request yet. An upload may answer
    /// later.
    void refuse(const refusal& why, bool parsed);
    /// The turn ends: a request under way moves out of `context.request`, and an upload that was
    /// answered goes.
    void end_turn();

    stage at() const noexcept { return stage_; }
    /// The upload was paused with the last bytes: `take` is due though none are left.
    bool end_due() const noexcept { return end_due_; }
    /// The request was refused because its body has no known end: what follows may be that body.
    bool end_unknown() const noexcept { return end_unknown_; }
    bool has_upload() const noexcept { return upload_ != nullptr; }
    /// What came of the body since the last call that said so is worth more time. An upload that is
    /// read as it arrives may be as slow as it likes.
    bool earns_time() noexcept;
    bool http10() const noexcept { return http10_; }
    bool head_only() const noexcept { return head_only_; }
    /// Headers that every response bears, each line with its CRLF.
    std::string& common_lines() noexcept { return common_lines_; }

    // For the responder and the upload's control.
    void answer(response r);
    std::unique_ptr<response_body> begin_stream(stream_head head);
    void resume();

    /// The server ends: an upload under way does as well, which tells it how far it came.
    void cut_upload();

private:
    void begin_body(const request_head& head, const router::match& match);
    bool begin_upload(const upload_handler& begin);
    void feed(std::string_view data, bool end);
    void buffer(std::string_view data, bool end);
    void dispatch(const handler& h);
    bool cut(const refusal& why);
    void conclude(response r) noexcept;
    void compress(response& r) const;
    void log_refusal(int status) const;
    void keep_upload_for_now();

    session_context& context_;
    exchange_sink& sink_;
    /// Of the request, for the log: whoever handles it may take it apart.
    struct {
        std::string method, path;
        net::ip_address client;
    } seen_;
    const handler* handler_ = nullptr;  ///< for the body that is being buffered; the router's
    std::unique_ptr<request> request_;  ///< of a body that takes several turns
    std::unique_ptr<upload> upload_;
    byte_share held_;  ///< of the body
    std::string common_lines_;
    std::size_t max_body_size_ = 0;
    std::size_t buffered_since_ = 0;                    ///< bytes, since they last earned time
    content_coding coding_ = content_coding::identity;  ///< that the client takes
    stage stage_ = stage::none;
    bool in_call_ = false;         ///< the session calls, and keeps itself and the upload alive
    bool unanswered_ : 1 = false;  ///< somebody holds a responder that counts
    bool resumed_ : 1 = false;     ///< during on_data, which is about to ask for a pause
    bool end_due_ : 1 = false;
    bool end_unknown_ : 1 = false;
    bool credentials_ : 1 = false;  ///< the request says who asks
    bool personal_ : 1 = false;     ///< its route's answers hang on who asks
    bool http10_ : 1 = false;
    bool head_only_ : 1 = false;
};

}  // namespace carillon::http
