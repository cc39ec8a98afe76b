#include "http/chunk_decoder.hpp"

#include "http/text.hpp"

#include <algorithm>

namespace carillon::http {

namespace {

constexpr bool is_line_text(char c) noexcept {
    const auto byte = static_cast<std::uint8_t>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::unexpected<refusal> bad_chunk() { return refuse(errc::invalid_request, "malformed chunk"); }

}  // namespace

std::expected<std::string_view, refusal> chunk_decoder::next(std::string_view& in,
                                                             std::size_t max_line) {
    while (!in.empty() && state_ != state::done) {
        if (state_ == state::data) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(size_, in.size()));
            const std::string_view data = in.substr(0, size);
            in.remove_prefix(size);
            size_ -= size;
            if (size_ == 0) state_ = state::data_cr;
            return data;
        }
        if (const auto taken = take(in.front(), max_line); !taken) {
            return std::unexpected(taken.error());
        }
        in.remove_prefix(1);
    }
    return std::string_view();
}

std::expected<void, refusal> chunk_decoder::expect(char c, char wanted, state then) {
    if (c != wanted) return bad_chunk();
    state_ = then;
    return {};
}

std::expected<void, refusal> chunk_decoder::take(char c, std::size_t max_line) {
    switch (state_) {
        case state::size_start:
            size_ = 0;
            line_ = 0;
            if (hex_value(c) < 0) return bad_chunk();
            state_ = state::size;
            [[fallthrough]];
        case state::size:
        case state::before_extension:
        case state::extension:
            if (++line_ > max_line) {
                return refuse(errc::invalid_request, "a chunk's head line is too long");
            }
            return take_size(c);
        case state::size_lf:
            line_ = 0;
            return expect(c, '\n', size_ == 0 ? state::trailer_start : state::data);
        case state::data_cr:
            return expect(c, '\r', state::data_lf);
        case state::data_lf:
            return expect(c, '\n', state::size_start);
        case state::end_lf:
            return expect(c, '\n', state::done);
        case state::data:
        case state::done:
            return {};
        case state::trailer_start:
        case state::trailer_name:
        case state::trailer_value:
        case state::trailer_lf:
            break;
    }
    return take_trailer(c, max_line);
}

std::expected<void, refusal> chunk_decoder::take_size(char c) {
    if (c == '\r') {
        if (state_ == state::before_extension) return bad_chunk();
        state_ = state::size_lf;
        return {};
    }
    if (state_ == state::extension) {
        return is_line_text(c) ? std::expected<void, refusal>() : bad_chunk();
    }
    if (c == ';') {
        state_ = state::extension;
        return {};
    }
    if (c == ' ' || c == '\t') {
        state_ = state::before_extension;
        return {};
    }
    const int digit = hex_value(c);
    if (state_ != state::size || digit < 0) return bad_chunk();
    if (size_ >> 60 != 0) return bad_chunk();
    size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
    return {};
}

std::expected<void, refusal> chunk_decoder::take_trailer(char c, std::size_t max_line) {
    if (++line_ > max_line) {
        return refuse(errc::headers_too_large, "the trailers are longer than http.max_head_size");
    }
    switch (state_) {
        case state::trailer_start:
            if (c == '\r') {
                state_ = state::end_lf;
                return {};
            }
            state_ = state::trailer_name;
            return is_token_char(c) ? std::expected<void, refusal>() : bad_chunk();
        case state::trailer_name:
            if (c == ':') {
                state_ = state::trailer_value;
                return {};
            }
            return is_token_char(c) ? std::expected<void, refusal>() : bad_chunk();
        case state::trailer_value:
            if (c == '\r') {
                state_ = state::trailer_lf;
                return {};
            }
            return is_line_text(c) ? std::expected<void, refusal>() : bad_chunk();
        default:
            return expect(c, '\n', state::trailer_start);
    }
}

}  // namespace carillon::http
