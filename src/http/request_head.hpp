// A complete request head, as the connection needs it (RFC 9112, sections 2 to 6).
#pragma once

#include "http/head_scanner.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace carillon::http {

/// What the connection decides by. Views the request's own headers.
struct request_head {
    enum class expectation : std::uint8_t { none, go_ahead, unknown };

    std::optional<std::string_view> host;  ///< valid syntax, with port; absent only in HTTP/1.0
    std::optional<std::string_view> origin;
    std::optional<std::string_view> fetch_site;
    std::optional<std::uint64_t> length;  ///< Content-Length
    bool chunked = false;
    bool keep_alive = false;
    expectation expects = expectation::none;

    bool has_body() const noexcept { return chunked || length.value_or(0) > 0; }
};

inline constexpr std::size_t max_header_fields = 128;

/// `head` has passed a head_scanner and ends with its empty line. Fills `into` but for `client`,
/// `path_rest` and `body`, reusing its memory. A path of "*" occurs with OPTIONS only.
std::expected<request_head, refusal> parse_head(std::string_view head, request& into);

}  // namespace carillon::http
