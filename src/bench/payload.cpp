#include "bench/payload.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::bench {

namespace {

struct number_field {
    std::size_t at;
    std::size_t digits;
};
constexpr number_field lane_field{6, 2};
constexpr number_field sequence_field{15, 8};
constexpr number_field time_field{30, 19};
constexpr std::string_view frame =
    R"({"p":"00","s":"00000000","t":"0000000000000000000","x":")"
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    R"("})";
static_assert(frame.size() == payload_size);

void put(char* text, number_field field, std::uint64_t value) noexcept {
    for (std::size_t i = field.digits; i-- > 0; value /= 10)
        text[field.at + i] = static_cast<char>('0' + value % 10);
}

// Checks the text up to the field and reads the field; `from` moves past it.
bool take(std::string_view data, std::size_t& from, number_field field, std::uint64_t& value) {
    if (data.substr(from, field.at - from) != frame.substr(from, field.at - from)) return false;
    value = 0;
    for (const char c : data.substr(field.at, field.digits)) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    from = field.at + field.digits;
    return true;
}

}  // namespace

std::array<char, payload_size> write_payload(const stamp& s) noexcept {
    std::array<char, payload_size> text;
    std::copy(frame.begin(), frame.end(), text.begin());
    put(text.data(), lane_field, s.lane);
    put(text.data(), sequence_field, s.sequence);
    put(text.data(), time_field, s.sent_ns);
    return text;
}

std::optional<stamp> read_payload(std::string_view data) noexcept {
    if (data.size() != payload_size) return {};
    std::size_t from = 0;
    std::uint64_t lane = 0;
    std::uint64_t sequence = 0;
    std::uint64_t sent = 0;
    if (!take(data, from, lane_field, lane) || !take(data, from, sequence_field, sequence) ||
        !take(data, from, time_field, sent) || data.substr(from) != frame.substr(from))
        return {};
    return stamp{static_cast<std::uint32_t>(lane), static_cast<std::uint32_t>(sequence), sent};
}

void append_event(std::string& body, const stamp& s) {
    const auto text = write_payload(s);
    body += R"({"data":)";
    body.append(text.data(), text.size());
    body += '}';
}

std::string topic_name(std::size_t number) { return fmt::format("bench-{:06}", number); }

}  // namespace carillon::bench
