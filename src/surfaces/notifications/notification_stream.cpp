#include "surfaces/notifications/notification_stream.hpp"

#include <carillon/wire/encoder.hpp>

#include "surfaces/support/json_answer.hpp"
#include "transport/json_slices.hpp"

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

/// What the service wrote into a notification's data, as texts of JSON values.
struct notification_parts {
    std::string_view id, type, action, priority, title, message, data;
};

notification_parts parts_of(std::string_view text) {
    notification_parts p;
    const std::pair<std::string_view, std::string_view*> fields[] = {
        {"id", &p.id},       {"type", &p.type}, {"action", &p.action},  {"priority", &p.priority},
        {"title", &p.title}, {"data", &p.data}, {"message", &p.message}};
    // The service checked the text; a text that is not an object has no parts.
    [[maybe_unused]] const auto parsed = transport::each_member(
        text, [&](std::string_view name, std::string_view slice) -> result<> {
            for (const auto& [known, into] : fields) {
                if (name == known) *into = slice;
            }
            return {};
        });
    return p;
}

void raw_if(json_object& to, std::string_view name, std::string_view json) {
    if (!json.empty()) to.raw(name, json);
}

std::string notification_shape(const stored_event& e) {
    const notification_parts p = parts_of(e.content.data);
    json_object out;
    out.text("type", "notification");
    raw_if(out, "notificationId", p.id);
    raw_if(out, "notificationType", p.type);
    raw_if(out, "action", p.action);
    raw_if(out, "priority", p.priority);
    // The document's clients read `data.message`, so a message without `data` is there too.
    if (p.data.empty()) {
        json_object said;
        raw_if(said, "title", p.title);
        raw_if(said, "message", p.message);
        out.raw("data", said.take());
    } else {
        raw_if(out, "title", p.title);
        raw_if(out, "message", p.message);
        out.raw("data", p.data);
    }
    out.text("timestamp", timestamp_of(e));
    out.text_if("userId", recipient_of(e.content));
    return out.take();
}

std::string event_shape(const stored_event& e, std::string_view type) {
    json_object out;
    out.text("type", type);
    out.text("eventType", e.content.name ? std::string_view(e.content.name->str()) : "message");
    out.raw("data", data_json(e.content));
    out.text("timestamp", timestamp_of(e));
    return out.take();
}

}  // namespace

bool notification_envelope::encode(const stored_event& e, std::string_view id,
                                   std::string& out) const {
    const std::string_view kind = e.content.kind;
    std::string data;
    if (kind == "notification") {
        data = notification_shape(e);
    } else if (kind == "system") {
        data = event_shape(e, "system");
    } else if (kind == "custom" || kind == "broadcast" || kind == "calendar") {
        data = event_shape(e, "custom");
    } else {
        return false;
    }
    wire::block b;
    b.data = data;
    wire::append(out, b, id);
    return true;
}

void notification_dialect::opening(const opening_facts& facts, std::string& out) const {
    json_object data;
    data.text("type", "connection").text("message", "SSE connection established");
    data.text_if("userId", facts.user).time("timestamp", facts.now);
    if (facts.verdict) data.text("resume", to_string(*facts.verdict));
    wire::block b;
    b.retry = facts.retry;
    const std::string text = data.take();
    b.data = text;
    wire::append(out, b, facts.id);
}

void notification_dialect::close(const closing_facts& facts, std::string& out) const {
    if (facts.why != close_reason::replaced) return stream_dialect::close(facts, out);
    // Without a position of ours the suffix alone stops the client.
    out += fmt::format("id: {}{}\nevent: replaced\ndata: {{\"type\":\"replaced\"}}\n\n", facts.id,
                       replaced_suffix);
}

}  // namespace carillon::surfaces
