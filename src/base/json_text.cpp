#include "base/json_text.hpp"

#include <algorithm>

namespace carillon {

void append_json_string(std::string& out, std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out += '"';
    const auto needs_escape = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
    };
    while (!text.empty()) {  // what needs no escape is copied in one piece
        const auto found = std::ranges::find_if(text, needs_escape);
        const auto plain = static_cast<std::size_t>(found - text.begin());
        out.append(text.substr(0, plain));
        if (plain == text.size()) break;
        const char c = text[plain];
        text.remove_prefix(plain + 1);
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            out += "\\u00";
            out += hex[byte >> 4];
            out += hex[byte & 15u];
        }
    }
    out += '"';
}

}  // namespace carillon
