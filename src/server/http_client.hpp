// The commands' HTTP client: libcurl, http and https only, no proxy, no redirects.
#pragma once

#include <carillon/base/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

struct http_answer {
    long status = 0;
    std::string content_type;
    std::string body;  ///< at most 1 MiB; empty if `on_body` took it
    std::string retry_after;
};

struct http_call {
    std::string url;
    std::string method = "GET";
    std::vector<std::string> headers;
    /// Fills a piece of the request body: bytes written, 0 at the end. Sent in chunks.
    std::function<std::size_t(char*, std::size_t)> upload;
    /// Takes pieces of a 200 answer's body; false ends the call.
    std::function<bool(std::string_view)> on_body;
};

/// Blocks until the answer is complete. Errors: `io_error` with what went wrong on the way.
result<http_answer> perform(const http_call& call);

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3) and `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// What a problem document says, or the status if it is none.
std::string explain(const http_answer& answer);

/// Set by SIGINT and SIGTERM after `catch_interrupts`; calls end soon then.
bool interrupted() noexcept;
void catch_interrupts();

}  // namespace carillon::server
