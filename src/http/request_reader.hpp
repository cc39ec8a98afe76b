// Requests out of bytes: the head, then the body in pieces, whatever the cuts.
#pragma once

#include "http/chunk_decoder.hpp"
#include "http/head_scanner.hpp"
#include "http/request_head.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::http {

/// Pure: no I/O, no clock. Keeps bytes only of a head that is not complete yet. After a refusal it
/// is spent.
class request_reader {
public:
    /// Takes from the front of `in` until a head is complete; nothing if `in` ran out before.
    std::expected<std::optional<request_head>, refusal> next_head(std::string_view& in,
                                                                  const limits& bounds,
                                                                  request& into);

    struct piece {
        std::string_view data;  ///< views the memory of `in`
        bool end = false;       ///< the body is complete; `next_head` is next
    };
    /// Takes from the front of `in` up to the next piece of the body.
    std::expected<piece, refusal> next_body(std::string_view& in, const limits& bounds);

    /// Part of a head has arrived.
    bool in_head() const noexcept { return buffer_.size() > scanner_.begin(); }

private:
    std::expected<std::optional<request_head>, refusal> begin_body(std::string_view head,
                                                                   request& into);

    std::string buffer_;  ///< an incomplete head
    head_scanner scanner_;
    chunk_decoder chunks_;
    std::uint64_t remaining_ = 0;  ///< of a body with Content-Length
    bool chunked_ = false;
};

}  // namespace carillon::http
