#include "surfaces/users/user_stream.hpp"

#include <carillon/wire/encoder.hpp>

#include "hub/presence_directory.hpp"
#include "surfaces/support/json_answer.hpp"

#include <algorithm>
#include <optional>

namespace carillon::surfaces {

namespace {

/// What listeners switch on; nothing: this stream does not show such events.
std::optional<std::string> type_of(const event& e) {
    std::string name = e.name ? e.name->str() : std::string();
    if (e.kind == "notification") return name.empty() ? "notification" : name;
    if (e.kind == "system") return "system_notification";
    if (e.kind == "chat") {
        std::ranges::replace(name, '-', '_');
        if (name.empty()) return "chat_message";
        return name.starts_with("chat_") ? name : "chat_" + name;
    }
    if (e.kind == "presence") {
        const bool of_room = e.topics.front().str().starts_with("$presence/$room/");
        return of_room ? "chat_presence" : "presence";
    }
    if (e.kind == "custom" || e.kind == "broadcast" || e.kind == "calendar")
        return name.empty() ? "message" : name;
    return std::nullopt;
}

void append(std::string& out, std::string_view data, std::string_view id,
            std::optional<std::chrono::milliseconds> retry = {}) {
    wire::block b;
    b.data = data;
    b.retry = retry;
    wire::append(out, b, id);
}

}  // namespace

bool user_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    const auto type = type_of(e.content);
    if (!type) return false;
    json_object data;
    data.text("type", *type).raw("data", data_json(e.content));
    data.text_if("userId", recipient_of(e.content)).text("timestamp", timestamp_of(e));
    append(out, data.take(), id);
    return true;
}

void user_dialect::opening(const opening_facts& facts, std::string& out) const {
    json_object more;
    more.text("message", "SSE connection established").text("connectionId", facts.client);
    if (facts.verdict) more.text("resume", to_string(*facts.verdict));
    json_object data;
    data.text("type", "connection_established").raw("data", more.take());
    data.text_if("userId", facts.user).time("timestamp", facts.now);
    append(out, data.take(), facts.id, facts.retry);
}

void user_dialect::heartbeat(const heartbeat_facts& facts, std::string& out) const {
    json_object data;
    data.text("type", "heartbeat").raw("data", "{}").time("timestamp", facts.now);
    append(out, data.take(), {});
}

void user_dialect::presence(std::string_view topic, std::string_view room, const presence_list& who,
                            std::string& out) const {
    json_object data;
    data.text("type", room.empty() ? "presence" : "chat_presence");
    data.raw("data", presence_json(topic, room, who));
    append(out, data.time("timestamp", std::chrono::system_clock::now()).take(), {});
}

}  // namespace carillon::surfaces
