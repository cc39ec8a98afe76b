#include "hub/own_topic.hpp"

#include "base/utf8.hpp"

namespace carillon {

namespace {

constexpr std::string_view presence_space = "$presence/";

bool stands_for_itself(char c) noexcept {
    return c != '/' && c != '*' && c != '%' && c != '=' && static_cast<unsigned char>(c) > 0x20 &&
           c != 0x7f;
}

topic in_space(std::string_view space, std::string_view segment) {
    return topic::parse(std::string(space).append(segment)).value();
}

std::optional<topic> pair_in_space(std::string_view space, const attribute& a) {
    std::string pair = as_segment(a.name, max_attribute_length);
    const std::string value = as_segment(a.value, max_attribute_length);
    if (pair.empty() || value.empty()) return std::nullopt;
    return in_space(space, pair.append("=").append(value));
}

}  // namespace

std::string as_segment(std::string_view id, std::size_t max_length) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (id.empty() || id.size() > max_length || !is_utf8(id)) return {};
    std::string segment;
    segment.reserve(id.size());
    for (const char c : id) {
        if (stands_for_itself(c)) {
            segment += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        segment += '%';
        segment += digits[byte >> 4];
        segment += digits[byte & 15u];
    }
    return segment;
}

topic user_topic(std::string_view segment) { return in_space("$user/", segment); }
topic session_topic(std::string_view segment) { return in_space("$session/", segment); }
topic client_topic(std::string_view segment) { return in_space("$client/", segment); }
topic room_topic(std::string_view segment) { return in_space("$room/", segment); }
topic presence_topic(std::string_view topic) { return in_space(presence_space, topic); }
bool may_have_presence(std::string_view name) noexcept {
    return presence_space.size() + name.size() <= topic::max_size;
}
topic everyone_topic() { return in_space("$all", ""); }
std::optional<topic> attribute_topic(const attribute& a) { return pair_in_space("$meta/", a); }
std::optional<topic> condition_topic(const attribute& a) { return pair_in_space("$and/", a); }

}  // namespace carillon
