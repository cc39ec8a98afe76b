// The chunked transfer coding (RFC 9112, section 7.1), strictly.
#pragma once

#include "http/head_scanner.hpp"

#include <cstdint>
#include <expected>
#include <string_view>

namespace carillon::http {

/// Holds no bytes: data is handed on as views of the input. Extensions and trailer fields are read
/// and ignored.
class chunk_decoder {
public:
    /// Takes from the front of `in` until there is data, the body ends, or nothing is left. The
    /// data views `in`'s memory; empty if there was none. `max_line`: bytes of a chunk's head line,
    /// and of all trailers together.
    std::expected<std::string_view, refusal> next(std::string_view& in, std::size_t max_line);

    bool done() const noexcept { return state_ == state::done; }

private:
    enum class state : std::uint8_t {
        size_start,
        size,
        before_extension,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        done
    };

    std::expected<void, refusal> take(char c, std::size_t max_line);
    std::expected<void, refusal> take_size(char c);
    std::expected<void, refusal> take_trailer(char c, std::size_t max_line);
    std::expected<void, refusal> expect(char c, char wanted, state then);

    std::uint64_t size_ = 0;  ///< of the chunk being read, then what is left of it
    std::uint32_t line_ = 0;  ///< bytes of the line, or of the trailers, so far
    state state_ = state::size_start;
};

}  // namespace carillon::http
