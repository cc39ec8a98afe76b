// Requests and responses as handlers see them.
#pragma once

#include <carillon/base/result.hpp>

#include "net/address.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::http {

/// Names compare without regard to case (RFC 9110, section 5.1).
using header = std::pair<std::string, std::string>;

struct request {
    std::string method;  ///< "GET", …; a HEAD request reaches its GET handler, with `head` true
    bool head = false;
    std::string path;   ///< raw, still percent-encoded, begins with "/"
    std::string query;  ///< raw, without "?"
    std::vector<header> headers;
    std::string body;  ///< decoded from chunks; empty for uploads that are read as they come
    std::vector<std::string> path_rest;  ///< one decoded value per `{name}` of the route, in order
    net::ip_address client;  ///< from Forwarded / X-Forwarded-For if the peer is a trusted proxy
    net::ip_address peer;    ///< of the connection: the proxy's, if there is one
    bool forwarded = false;  ///< has Forwarded, X-Forwarded-*, X-Real-IP or Via
    bool http10 = false;     ///< HTTP/1.0: no chunks

    /// First value of that name; nothing if absent.
    std::optional<std::string_view> header_value(std::string_view name) const noexcept;
    /// First decoded value of a query parameter ("+" is a space); nothing if absent.
    std::optional<std::string> query_value(std::string_view name) const;
    /// All decoded values of a query parameter, in order.
    std::vector<std::string> query_values(std::string_view name) const;
    /// All decoded pairs, in order.
    std::vector<std::pair<std::string, std::string>> query_pairs() const;
};

struct response {
    int status = 200;
    std::vector<header>
        headers;  ///< without Content-Length, Connection, Date and what every response bears
    std::string body;
    bool close = false;  ///< end the connection afterwards
    /// The same for whoever asks: may be compressed though the request says who does.
    bool for_everyone = false;
    /// Answers HEAD for a stream: the head says how GET's body would come, and has no length.
    bool of_stream = false;
};

/// Percent-decodes once. Nothing if an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// True if an `Accept` header (RFC 9110, 12.5.1) admits `type/subtype`; an absent or empty header
/// admits all.
bool accepts(std::optional<std::string_view> accept, std::string_view type,
             std::string_view subtype) noexcept;

/// The RFC 9457 document for an error: status from the code, `application/problem+json`, members
/// `type`, `title`, `status`, `detail`, `code`. What passes by itself (503 and 429) has a
/// `Retry-After` from `retry_after` to twice that.
response problem(const error& e, std::chrono::milliseconds retry_after = std::chrono::seconds(5));
int status_of(errc code) noexcept;

response json_response(int status, std::string body);

}  // namespace carillon::http
