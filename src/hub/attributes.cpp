#include "hub/attributes.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace carillon {

namespace {

/// Reads what publishers' bodies were checked for: no more is done here than to cut it up.
class scanner {
public:
    explicit scanner(std::string_view text) : rest_(text) {}

    bool take(char c) {
        skip_space();
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::optional<std::string> string() {
        if (!take('"')) return std::nullopt;
        std::string value;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return value;
            if (c != '\\') {
                value += c;
            } else if (!escape(value)) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    /// A number or a literal.
    std::string_view word() {
        skip_space();
        const std::string_view found = rest_.substr(0, rest_.find_first_of(",}] \t\r\n"));
        rest_.remove_prefix(found.size());
        return found;
    }

    /// Skips an object or an array. False if its end is missing.
    bool nested() {
        std::size_t depth = 0;
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '"') {
                if (!string()) return false;
                continue;
            }
            rest_.remove_prefix(1);
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && --depth == 0) return true;
        }
        return false;
    }

    char next() {
        skip_space();
        return rest_.empty() ? '\0' : rest_.front();
    }

private:
    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }

    std::optional<std::uint32_t> hex4() {
        if (rest_.size() < 4) return std::nullopt;
        std::uint32_t value = 0;
        for (const char c : rest_.substr(0, 4)) {
            const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
            if (digit == std::string_view::npos) return std::nullopt;
            value = value << 4 | static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
        }
        rest_.remove_prefix(4);
        return value;
    }

    bool escape(std::string& out) {
        if (rest_.empty()) return false;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view values = "\"\\/\b\f\n\r\t";
        if (const std::size_t at = names.find(c); at != std::string_view::npos) {
            out += values[at];
            return true;
        }
        return c == 'u' && unicode(out);
    }

    bool unicode(std::string& out) {
        auto code = hex4();
        if (!code) return false;
        if (*code >= 0xD800 && *code < 0xDC00 && rest_.starts_with("\\u")) {
            rest_.remove_prefix(2);
            const auto low = hex4();
            if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
            *code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
        }
        append_utf8(out, *code);
        return true;
    }

    static void append_utf8(std::string& out, std::uint32_t code) {
        const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
        if (code < 0x80) return add(code);
        if (code < 0x800) {
            add(0xC0 | code >> 6);
        } else if (code < 0x10000) {
            add(0xE0 | code >> 12);
            add(0x80 | (code >> 6 & 0x3F));
        } else {
            add(0xF0 | (code >> 18 & 7));
            add(0x80 | (code >> 12 & 0x3F));
            add(0x80 | (code >> 6 & 0x3F));
        }
        add(0x80 | (code & 0x3F));
    }

    std::string_view rest_;
};

}  // namespace

std::vector<attribute> attributes_of(std::string_view text) {
    std::vector<attribute> all;
    scanner s(text);
    if (!s.take('{')) return all;
    do {
        auto name = s.string();
        if (!name || !s.take(':')) break;
        if (s.next() == '"') {
            auto value = s.string();
            if (!value) break;
            all.push_back({std::move(*name), std::move(*value)});
        } else if (s.next() == '{' || s.next() == '[') {
            if (!s.nested()) break;
        } else if (const std::string_view word = s.word(); word != "null") {
            all.push_back({std::move(*name), std::string(word)});
        }
    } while (s.take(','));
    return all;
}

}  // namespace carillon
