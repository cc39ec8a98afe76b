#include <carillon/wire/fields.hpp>

#include "base/utf8.hpp"

#include <algorithm>

namespace carillon::wire {

namespace {

constexpr bool is_id_character(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == '-';
}

}  // namespace

result<event_name> event_name::parse(std::string_view text) {
    if (text.empty() || text.size() > max_size) {
        return fail(errc::invalid_request, "an event name has 1 to 256 bytes");
    }
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        return fail(errc::invalid_request, "an event name holds no CR, LF or NUL");
    }
    if (!is_utf8(text)) return fail(errc::invalid_request, "an event name is UTF-8");
    return event_name(text);
}

result<event_id> event_id::parse(std::string_view text) {
    if (text.empty() || text.size() > max_size)
        return fail(errc::invalid_request, "an id has 1 to 128 characters");
    if (!std::ranges::all_of(text, is_id_character)) {
        return fail(errc::invalid_request, "an id holds only A-Z, a-z, 0-9, `.`, `_`, `~` and `-`");
    }
    return event_id(text);
}

}  // namespace carillon::wire
