#include <carillon/wire/fields.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace carillon::wire {

namespace {

/// The length of the well-formed sequence at the start of `text`, 0 if there is none (RFC 3629,
/// section 4).
std::size_t sequence_size(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < text.size() && at(i) >= low && at(i) <= high;
    };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

constexpr bool is_id_character(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == '-';
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        std::uint64_t eight = 0;
        if (text.size() >= sizeof eight) {
            std::memcpy(&eight, text.data(), sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                text.remove_prefix(sizeof eight);
                continue;
            }
        }
        const std::size_t size = sequence_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

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
