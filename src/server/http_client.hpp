// The commands' HTTP client: libcurl, http and https only, no proxy, no redirects.
#pragma once

#include <carillon/base/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::server {

struct http_answer {
    long status = 0;
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< names in lower case
    std::string content_type;
    std::string body;  ///< at most 1 MiB; empty if `on_body` took it
    std::chrono::milliseconds retry_after{0};
    std::string local_address = {};  ///< from where the call was made
    bool http2 = false;
    std::optional<std::chrono::sys_seconds> certificate_ends = {};  ///< of the server, over TLS

    /// The first of that name, in lower case; empty if there is none.
    std::string_view header(std::string_view name) const noexcept;
};

struct http_call {
    std::string url;
    std::string method = "GET";
    std::vector<std::string> headers;
    std::string body;
    /// An address of this machine to call from; empty: the system chooses.
    std::string from;
    /// Called with status and headers as soon as they are there.
    std::function<void(const http_answer&)> on_head;
    /// Takes pieces of a 200 answer's body; false ends the call.
    std::function<bool(std::string_view)> on_body;
    /// Asked about once a second, and whenever something happens; false ends the call.
    std::function<bool()> go_on;
    /// The call fails after so long without a byte in either direction. Looked at anew each
    /// second, so that `on_body` may change it.
    std::chrono::milliseconds silence{std::chrono::seconds(30)};
};

/// Confined to one thread. Keeps its connection for the next call to the same server.
class http_client {
public:
    http_client();
    ~http_client();
    http_client(http_client&&) noexcept;
    http_client& operator=(http_client&&) noexcept;

    /// Blocks until the answer is complete. Errors: `io_error` with what went wrong on the way,
    /// `request_timeout` after `silence`.
    result<http_answer> perform(const http_call& call);

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3) and `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// What a problem document (RFC 9457) says. Both are empty if the answer is none.
struct problem_text {
    std::string code;
    std::string detail;
};
problem_text problem_of(const http_answer& answer);
/// The same in one sentence for a person, or the status if the answer is no problem document.
std::string explain(const http_answer& answer);

/// How many SIGINT and SIGTERM have come since `catch_interrupts`.
int interrupts() noexcept;
inline bool interrupted() noexcept { return interrupts() != 0; }
void catch_interrupts();

}  // namespace carillon::server
