// Finds the end of a request head, in bytes that may have been cut anywhere, and refuses what no
// honest client sends.
#pragma once

#include "http/server.hpp"

#include <cstdint>
#include <expected>
#include <string_view>

namespace carillon::http {

/// Why a request ends before it reaches a handler. The connection answers this and closes.
struct refusal {
    int status = 400;
    errc code = errc::invalid_request;
    std::string_view detail;  ///< static storage

    friend bool operator==(const refusal&, const refusal&) = default;
};

inline std::unexpected<refusal> refuse(errc code, std::string_view detail) {
    return std::unexpected(refusal{status_of(code), code, detail});
}

/// Reads each byte once, however often it is called. What it lets pass has only CRLF line ends, no
/// control characters but HTAB, no folded lines, and is within the limits; the order of complaints
/// does not depend on the cuts.
class head_scanner {
public:
    static constexpr std::uint32_t max_leading_lines =
        4;  ///< empty lines before a request (RFC 9112, 2.2)

    /// `bytes` are those of the last call and possibly more. The offset just behind the head; 0
    /// while it is incomplete.
    std::expected<std::size_t, refusal> scan(std::string_view bytes, const limits& bounds);

    /// Where the head begins: empty lines before it are skipped, and do not count against its
    /// limit.
    std::size_t begin() const noexcept { return begin_; }

private:
    std::expected<void, refusal> check_target(std::string_view window, std::size_t stop,
                                              std::size_t max_size);
    std::expected<bool, refusal> end_line(std::size_t line_end);

    std::uint32_t begin_ = 0;
    std::uint32_t checked_ = 0;  ///< bytes before this one need no second look
    std::uint32_t line_start_ = 0;
    std::uint32_t target_ = 0;  ///< where the request target begins; 0: not seen yet
    std::uint16_t leading_lines_ = 0;
    bool target_ended_ = false;
    bool in_fields_ = false;  ///< past the request line
};

}  // namespace carillon::http
