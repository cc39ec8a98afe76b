// The server's own requests to others: key sets, forward authentication, webhooks.
#pragma once

#include <carillon/base/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::server {

struct web_request {
    std::string url;
    std::string method = "GET";
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< none holds a line end
    std::string body = {};
    std::chrono::milliseconds timeout = std::chrono::seconds(5);  ///< of the whole exchange
    std::size_t max_answer = 256u << 10;                          ///< bytes of body; more: an error
    bool plain_http = false;  ///< `http:` beyond loopback too; otherwise only `https:` leaves it
};

struct web_answer {
    long status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;

    /// Empty if there is none.
    std::string_view header_value(std::string_view lower_case_name) const noexcept;
};

/// Error `invalid_request`: no absolute `http:` or `https:` URL, or `http:` beyond loopback
/// without `plain_http`.
result<> check_web_url(std::string_view url, bool plain_http);

/// Asks with libcurl on a thread of its own, several at a time. Redirects are not followed, no
/// proxy is used, and certificates are verified against the system's. Thread-safe.
class web_client {
public:
    static constexpr std::size_t max_waiting = 10'000;  ///< requests not answered yet

    web_client();
    /// Ends what is under way; those calls are answered with `unavailable`.
    ~web_client();
    web_client(const web_client&) = delete;
    web_client& operator=(const web_client&) = delete;

    using callback = std::function<void(result<web_answer>)>;
    /// `done` runs once, on the client's thread or before this returns; it must not block. Any
    /// status is an answer. Errors: `invalid_request` (see `check_web_url`, and a header with a
    /// line end), `unavailable` (too many wait, or the client ends), `io_error` (no connection, no
    /// answer in time, too large).
    void ask(web_request r, callback done);

private:
    struct exchange;
    void run();
    void begin_waiting();
    void finish_done();
    void end_all();

    void* multi_ = nullptr;  ///< CURLM
    std::mutex mutex_;       // guards the next three
    std::deque<std::unique_ptr<exchange>> waiting_;
    std::size_t unanswered_ = 0;
    bool ending_ = false;

    std::vector<std::unique_ptr<exchange>> running_;  ///< the thread's own
    std::thread thread_;
};

}  // namespace carillon::server
