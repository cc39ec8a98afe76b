#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace carillon {

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

/// How much of the start of `text` is well-formed.
std::size_t valid_prefix(std::string_view text) noexcept {
    std::size_t done = 0;
    while (done < text.size()) {
        std::uint64_t eight = 0;
        if (text.size() - done >= sizeof eight) {
            std::memcpy(&eight, text.data() + done, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                done += sizeof eight;
                continue;
            }
        }
        const std::size_t size = sequence_size(text.substr(done));
        if (size == 0) break;
        done += size;
    }
    return done;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return valid_prefix(text) == text.size(); }

std::string as_utf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (;;) {
        const std::size_t valid = valid_prefix(text);
        clean += text.substr(0, valid);
        if (valid == text.size()) return clean;
        clean += "\xef\xbf\xbd";
        text.remove_prefix(valid + 1);
    }
}

}  // namespace carillon
