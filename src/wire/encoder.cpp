#include <carillon/wire/encoder.hpp>

#include "wire/line_ends.hpp"

#include <fmt/format.h>

namespace carillon::wire {

namespace {

/// One `<prefix><line>` per line of `text`; CR, LF and CRLF end lines. An empty text is one empty
/// line.
void append_lines(std::string& out, std::string_view prefix, std::string_view text) {
    line_ends ends(text);
    for (std::size_t from = 0;;) {
        const std::size_t end = ends.next(from);
        out.append(prefix).append(text.substr(from, end - from)).push_back('\n');
        if (end == std::string_view::npos) return;
        const bool pair = text[end] == '\r' && text.substr(end + 1).starts_with('\n');
        from = end + (pair ? 2 : 1);
    }
}

}  // namespace

void append(std::string& out, const block& b) {
    append(out, b, b.id != nullptr ? std::string_view(b.id->str()) : std::string_view{});
}

void append(std::string& out, const block& b, std::string_view own_id) {
    if (!b.comment.empty()) append_lines(out, ": ", b.comment);
    if (!own_id.empty()) out.append("id: ").append(own_id).push_back('\n');
    if (b.name != nullptr) out.append("event: ").append(b.name->str()).push_back('\n');
    if (b.retry) fmt::format_to(std::back_inserter(out), "retry: {}\n", b.retry->count());
    if (b.data) append_lines(out, "data: ", *b.data);
    out.push_back('\n');
}

}  // namespace carillon::wire
