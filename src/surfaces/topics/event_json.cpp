#include "surfaces/topics/event_json.hpp"

#include "base/json_text.hpp"
#include "base/time_text.hpp"

#include <fmt/format.h>

namespace carillon::surfaces {

void append_event_json(std::string& out, const stored_event& e, std::string_view id) {
    out += '{';
    if (!id.empty()) {
        out += R"("id":)";
        append_json_string(out, id);
        out += fmt::format(R"(,"position":{},)", e.pos.value);
    }
    if (e.content.name) {
        out += R"("event":)";
        append_json_string(out, e.content.name->str());
        out += ',';
    }
    out += R"("data":)";
    if (e.content.payload == payload_kind::json) {
        out += e.content.data;
    } else {
        append_json_string(out, e.content.data);
    }
    out += R"(,"topics":[)";
    bool first = true;
    for (const topic& t : e.content.topics) {
        if (t.internal()) continue;  // further recipients, and a client's token
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, t.str());
    }
    out += ']';
    if (!e.content.metadata.empty()) out.append(R"(,"metadata":)").append(e.content.metadata);
    out += R"(,"timestamp":)";
    append_json_string(out,
                       e.content.timestamp.empty() ? rfc3339(e.stored_at) : e.content.timestamp);
    out += '}';
}

void append_client_json(std::string& out, const client_info& c) {
    out += R"({"id":)";
    append_json_string(out, c.id);
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string&>("user", c.user),
          {"session", c.session},
          {"profile", c.profile}}) {
        if (value.empty()) continue;
        out.append(",\"").append(name).append("\":");
        append_json_string(out, value);
    }
    out += R"(,"topics":[)";
    bool first = true;
    for (const std::string& t : c.topics) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, t);
    }
    out += ']';
    if (!c.metadata.empty()) out.append(R"(,"metadata":)").append(c.metadata);
    out += R"(,"address":)";
    append_json_string(out, c.address);
    const auto time = [&](std::string_view name, std::chrono::system_clock::time_point t) {
        out += fmt::format(R"(,"{}":"{}")", name, rfc3339(t));
    };
    if (c.connected_at != std::chrono::system_clock::time_point{})
        time("connectedAt", c.connected_at);
    if (!c.last_event_id.empty()) {
        out += R"(,"lastEventId":)";
        append_json_string(out, c.last_event_id);
    }
    if (c.last_event_at) time("lastEventAt", *c.last_event_at);
    if (c.last_heartbeat_at) time("lastHeartbeatAt", *c.last_heartbeat_at);
    out += fmt::format(R"(,"events":{},"bytes":{},"durable":{},"connected":{},"behind":{}}})",
                       c.events, c.bytes, c.durable,
                       c.connected_at != std::chrono::system_clock::time_point{}, c.behind);
}

}  // namespace carillon::surfaces
