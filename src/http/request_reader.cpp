#include "http/request_reader.hpp"

#include <algorithm>

namespace carillon::http {

std::expected<std::optional<request_head>, refusal> request_reader::next_head(std::string_view& in,
                                                                              const limits& bounds,
                                                                              request& into) {
    if (in.empty()) return std::nullopt;
    // Most heads arrive whole and are read where they lie.
    const bool direct = buffer_.empty();
    const std::size_t before = buffer_.size();
    if (!direct) {
        const std::size_t room = scanner_.begin() + bounds.max_head_size + 1 - before;
        const std::size_t slack = 2 * head_scanner::max_leading_lines + 2;
        buffer_ += in.substr(0, room + slack);
    }
    const std::string_view bytes = direct ? in : std::string_view(buffer_);
    const auto end = scanner_.scan(bytes, bounds);
    if (!end) return std::unexpected(end.error());
    if (*end == 0) {
        if (direct) buffer_ = in;
        in = {};
        return std::nullopt;
    }
    const auto head = begin_body(bytes.substr(scanner_.begin(), *end - scanner_.begin()), into);
    in.remove_prefix(*end - before);
    scanner_ = {};
    if (!direct) std::string().swap(buffer_);
    return head;
}

std::expected<std::optional<request_head>, refusal> request_reader::begin_body(
    std::string_view head, request& into) {
    auto parsed = parse_head(head, into);
    if (!parsed) return std::unexpected(parsed.error());
    chunked_ = parsed->chunked;
    remaining_ = parsed->length.value_or(0);
    chunks_ = {};
    return *parsed;
}

std::expected<request_reader::piece, refusal> request_reader::next_body(std::string_view& in,
                                                                        const limits& bounds) {
    if (chunked_) {
        const auto data = chunks_.next(in, bounds.max_head_size);
        if (!data) return std::unexpected(data.error());
        return piece{*data, chunks_.done()};
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, in.size()));
    const std::string_view data = in.substr(0, size);
    in.remove_prefix(size);
    remaining_ -= size;
    return piece{data, remaining_ == 0};
}

}  // namespace carillon::http
