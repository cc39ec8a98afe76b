#include "http/message.hpp"

#include "http/text.hpp"

namespace carillon::http {

namespace {

enum class bad_escape : std::uint8_t { refuse, keep };

std::optional<std::string> decode(std::string_view text, bool plus_is_space, bad_escape policy) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
            continue;
        }
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        } else if (policy == bad_escape::keep) {
            decoded += '%';
        } else {
            return std::nullopt;
        }
    }
    return decoded;
}

/// As HTML forms and every browser's URLSearchParams read a query: a malformed escape stands for
/// itself.
std::string decode_query(std::string_view text) { return *decode(text, true, bad_escape::keep); }

/// Calls `visit(raw name, raw value)` for each pair until it returns false.
template <class Visitor>
void for_each_pair(std::string_view query, Visitor&& visit) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const bool has_value = equals != std::string_view::npos;
        if (!visit(pair.substr(0, equals), has_value ? pair.substr(equals + 1) : "")) return;
    }
}

bool names_equal(std::string_view raw, std::string_view name) {
    if (raw.find_first_of("%+") == std::string_view::npos) return raw == name;
    return decode_query(raw) == name;
}

}  // namespace

int weight_of(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        const std::string_view parameter = trim(next_part(parameters, ';'));
        if (!istarts_with(parameter, "q=")) continue;
        if (parameter.size() == 2) return 1000;
        int weight = 0;
        int unit = 1000;
        for (const char c : parameter.substr(2)) {
            if (c == '.') continue;
            if (!is_digit(c) || unit == 0) return unit == 0 ? weight : 1000;
            weight += (c - '0') * unit;
            unit /= 10;
        }
        return weight;
    }
    return 1000;
}

std::optional<std::string_view> request::header_value(std::string_view name) const noexcept {
    for (const header& h : headers) {
        if (iequals(h.first, name)) return h.second;
    }
    return std::nullopt;
}

std::optional<std::string> request::query_value(std::string_view name) const {
    std::optional<std::string> value;
    for_each_pair(query, [&](std::string_view raw_name, std::string_view raw_value) {
        if (names_equal(raw_name, name)) value = decode_query(raw_value);
        return !value;
    });
    return value;
}

std::vector<std::string> request::query_values(std::string_view name) const {
    std::vector<std::string> values;
    for_each_pair(query, [&](std::string_view raw_name, std::string_view raw_value) {
        if (names_equal(raw_name, name)) values.push_back(decode_query(raw_value));
        return true;
    });
    return values;
}

std::vector<std::pair<std::string, std::string>> request::query_pairs() const {
    std::vector<std::pair<std::string, std::string>> pairs;
    for_each_pair(query, [&](std::string_view raw_name, std::string_view raw_value) {
        pairs.emplace_back(decode_query(raw_name), decode_query(raw_value));
        return true;
    });
    return pairs;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    return decode(text, plus_is_space, bad_escape::refuse);
}

bool accepts(std::optional<std::string_view> accept, std::string_view type,
             std::string_view subtype) noexcept {
    if (!accept || trim(*accept).empty()) return true;
    // The most specific range that fits decides, wherever it stands in the list.
    int best_precision = 0;
    int best_weight = 0;
    std::string_view rest = *accept;
    while (!rest.empty()) {
        std::string_view parameters = next_part(rest, ',');
        const std::string_view range = trim(next_part(parameters, ';'));
        const std::size_t slash = range.find('/');
        if (slash == std::string_view::npos) continue;
        const std::string_view range_type = range.substr(0, slash);
        const std::string_view range_subtype = range.substr(slash + 1);
        int precision = 0;
        if (range == "*/*") precision = 1;
        if (iequals(range_type, type) && range_subtype == "*") precision = 2;
        if (iequals(range_type, type) && iequals(range_subtype, subtype)) precision = 3;
        if (precision < best_precision || precision == 0) continue;
        const int weight = weight_of(parameters);
        if (precision == best_precision && weight < best_weight) continue;
        best_precision = precision;
        best_weight = weight;
    }
    return best_weight > 0;
}

response json_response(int status, std::string body) {
    response r;
    r.status = status;
    r.headers.emplace_back("Content-Type", "application/json");
    r.body = std::move(body);
    return r;
}

}  // namespace carillon::http
