#include <carillon/wire/encoder.hpp>

#include "wire/line_ends.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

namespace carillon::wire {

namespace {

constexpr std::string_view comment_prefix = ": ";
constexpr std::string_view id_prefix = "id: ";
constexpr std::string_view name_prefix = "event: ";
constexpr std::string_view retry_prefix = "retry: ";
constexpr std::string_view data_prefix = "data: ";
constexpr std::size_t max_digits = std::numeric_limits<std::chrono::milliseconds::rep>::digits10 + 1;

/// At least the bytes that `text` takes; a CRLF is counted as two line ends.
std::size_t room_for_lines(std::string_view prefix, std::string_view text) noexcept {
    const auto ends = std::ranges::count_if(text, [](char c) { return c == '\n' || c == '\r'; });
    return text.size() + (static_cast<std::size_t>(ends) + 1) * (prefix.size() + 1);
}

/// Writes into memory that is known to be large enough: one event is ten short pieces, and asking
/// at each whether it fits costs more than copying it.
class block_writer {
public:
    explicit block_writer(char* to) noexcept : at_(to) {}

    void line(std::string_view prefix, std::string_view text) noexcept {
        put(prefix);
        put(text);
        *at_++ = '\n';
    }

    /// An empty text is one empty line.
    void lines(std::string_view prefix, std::string_view text) noexcept {
        line_ends ends(text);
        std::size_t from = 0;
        for (;;) {
            const std::size_t end = ends.next(from);
            line(prefix, text.substr(from, end - from));
            if (end == std::string_view::npos) return;
            from = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
        }
    }

    void number_line(std::string_view prefix, std::int64_t number) noexcept {
        put(prefix);
        at_ = std::to_chars(at_, at_ + max_digits, number).ptr;
        *at_++ = '\n';
    }

    void blank_line() noexcept { *at_++ = '\n'; }

    char* end() const noexcept { return at_; }

private:
    void put(std::string_view text) noexcept {
        if (text.empty()) return;  // its pointer may be null
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }

    char* at_;
};

std::size_t room_for(const block& b, std::string_view id) noexcept {
    std::size_t room = id_prefix.size() + id.size() + retry_prefix.size() + max_digits + 3;
    if (!b.comment.empty()) room += room_for_lines(comment_prefix, b.comment);
    if (b.name != nullptr) room += name_prefix.size() + b.name->str().size() + 1;
    if (b.data) room += room_for_lines(data_prefix, *b.data);
    return room;
}

/// Appends the block with an id that is known to be one, or none if it is empty.
void append_block(std::string& out, const block& b, std::string_view id) {
    const std::size_t before = out.size();
    const bool retry = b.retry && b.retry->count() >= 0;
    out.resize_and_overwrite(before + room_for(b, id), [&](char* text, std::size_t) {
        block_writer to(text + before);
        if (!b.comment.empty()) to.lines(comment_prefix, b.comment);
        if (!id.empty()) to.line(id_prefix, id);
        if (b.name != nullptr) to.line(name_prefix, b.name->str());
        if (retry) to.number_line(retry_prefix, b.retry->count());
        if (b.data) to.lines(data_prefix, *b.data);
        if (!id.empty() || b.name != nullptr || retry || b.data) to.blank_line();
        return static_cast<std::size_t>(to.end() - text);
    });
}

}  // namespace

void append(std::string& out, const block& b) {
    append_block(out, b, b.id != nullptr ? std::string_view(b.id->str()) : std::string_view{});
}

void append(std::string& out, const block& b, std::string_view own_id) {
    append_block(out, b, is_event_id(own_id) ? own_id : std::string_view{});
}

}  // namespace carillon::wire
