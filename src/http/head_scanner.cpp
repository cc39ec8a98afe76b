#include "http/head_scanner.hpp"

#include <algorithm>
#include <cstring>

namespace carillon::http {

namespace {

constexpr bool is_control(char c) noexcept {
    const auto byte = static_cast<std::uint8_t>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

/// The first control character but HTAB at or after `from`; the size if there is none. Heads are
/// read once by this and once by the parser, so it takes eight bytes at a time.
std::size_t find_control(std::string_view text, std::size_t from) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t highs = ones * 0x80;
    std::size_t i = from;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        const std::uint64_t below_space = (word - ones * 0x20) & ~word & highs;
        const std::uint64_t from_delete = word ^ (ones * 0x7f);
        const std::uint64_t is_delete = (from_delete - ones) & ~from_delete & highs;
        if ((below_space | is_delete) == 0) continue;
        for (std::size_t j = i; j < i + 8; ++j) {
            if (is_control(text[j])) return j;
        }
    }
    while (i < text.size() && !is_control(text[i])) ++i;
    return i;
}

}  // namespace

std::expected<void, refusal> head_scanner::check_target(std::string_view window, std::size_t stop,
                                                        std::size_t max_size) {
    if (target_ == 0) {
        const std::size_t space = window.substr(0, stop).find(' ', checked_);
        if (space == std::string_view::npos) return {};
        target_ = static_cast<std::uint32_t>(space + 1);
    }
    if (target_ended_) return {};
    const std::size_t from = std::max(checked_, target_);
    const std::size_t space = window.substr(0, stop).find(' ', from);
    target_ended_ = space != std::string_view::npos;
    if ((target_ended_ ? space : stop) - target_ > max_size) {
        return refuse(errc::uri_too_long, "the request target is longer than http.max_target_size");
    }
    return {};
}

/// True if the head ends with the line that ends before `line_end`, where its CRLF begins.
std::expected<bool, refusal> head_scanner::end_line(std::size_t line_end) {
    const bool empty = line_end == line_start_;
    checked_ = line_start_ = static_cast<std::uint32_t>(line_end + 2);
    if (in_fields_) return empty;
    if (!empty) {
        in_fields_ = true;
        return false;
    }
    begin_ = line_start_;
    if (++leading_lines_ > max_leading_lines) {
        return refuse(errc::invalid_request, "too many empty lines before the request");
    }
    return false;
}

std::expected<std::size_t, refusal> head_scanner::scan(std::string_view bytes,
                                                       const limits& bounds) {
    for (;;) {
        const std::string_view window = bytes.substr(0, begin_ + bounds.max_head_size);
        if (in_fields_ && checked_ == line_start_ && checked_ < window.size() &&
            (window[checked_] == ' ' || window[checked_] == '\t')) {
            return refuse(errc::invalid_request, "a folded header line");
        }
        const std::size_t stop = find_control(window, checked_);
        if (!in_fields_) {
            const auto target = check_target(window, stop, bounds.max_target_size);
            if (!target) return std::unexpected(target.error());
        }
        checked_ = static_cast<std::uint32_t>(stop);
        const bool cut_in_line_end = stop + 1 == window.size() && window[stop] == '\r';
        if (stop == window.size() || cut_in_line_end) {
            if (bytes.size() - begin_ <= bounds.max_head_size) return 0;
            return refuse(errc::headers_too_large,
                          "the request head is longer than http.max_head_size");
        }
        if (window[stop] != '\r' || window[stop + 1] != '\n') {
            return refuse(errc::invalid_request,
                          "a control character, or a line end that is not CRLF, in the head");
        }
        const auto ended = end_line(stop);
        if (!ended) return std::unexpected(ended.error());
        if (*ended) return line_start_;
    }
}

}  // namespace carillon::http
