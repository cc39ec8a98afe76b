#include "surfaces/support/json_answer.hpp"

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "http/message.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {
constexpr std::string_view user_space = "$user/";
}  // namespace

void json_object::begin(std::string_view name) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(text_, name);
    text_ += ':';
}

json_object& json_object::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
    return *this;
}

json_object& json_object::text_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
}

json_object& json_object::raw(std::string_view name, std::string_view json) {
    begin(name);
    text_ += json;
    return *this;
}

json_object& json_object::texts(std::string_view name, const std::vector<std::string>& values) {
    begin(name);
    text_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i != 0) text_ += ',';
        append_json_string(text_, values[i]);
    }
    text_ += ']';
    return *this;
}

json_object& json_object::time(std::string_view name, std::chrono::system_clock::time_point t) {
    return text(name, rfc3339(t));
}

std::string json_object::take() { return std::exchange(text_, "{") + '}'; }

std::string json_list(const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) {
        if (text.size() > 1) text += ',';
        text += value;
    }
    return text + ']';
}

std::string data_json(const event& e) {
    if (e.payload == payload_kind::json) return e.data;
    std::string text;
    append_json_string(text, e.data);
    return text;
}

std::string timestamp_of(const stored_event& e) {
    return e.content.timestamp.empty() ? rfc3339(e.stored_at) : e.content.timestamp;
}

std::string recipient_of(const event& e) {
    std::string_view segment;
    for (const topic& t : e.topics) {
        const std::string_view name = t.str();
        if (!name.starts_with(user_space)) continue;
        if (!segment.empty()) return {};
        segment = name.substr(user_space.size());
    }
    return http::percent_decode(segment).value_or(std::string());
}

void answer_done(http::responder& to, const result<>& done) {
    if (!done) return to.send(done.error());
    to.send(http::response{204, {}, {}, false});
}

}  // namespace carillon::surfaces
