#include "services/chat/chat_text.hpp"

#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace carillon::services {

std::string chat_message_text(const store::chat_message& m) {
    std::string out = R"({"id":)";
    append_json_string(out, m.id);
    out += R"(,"roomId":)";
    append_json_string(out, m.room);
    out += R"(,"userId":)";
    append_json_string(out, m.user);
    out += R"(,"message":)";
    append_json_string(out, m.text);
    if (!m.data.empty()) out.append(R"(,"data":)").append(m.data);
    return out.append(R"(,"timestamp":")").append(rfc3339(m.sent)).append("\"}");
}

event room_event(const topic& where, std::string_view name, const store::room& r,
                 std::string_view user, store::time_point at, std::string_view more) {
    event e;
    e.topics = {where};
    e.kind = "chat";
    e.name = wire::event_name::parse(name).value();
    e.payload = payload_kind::json;
    e.data = R"({"roomId":)";
    append_json_string(e.data, r.id);
    e.data += R"(,"userId":)";
    append_json_string(e.data, user);
    e.data.append(more).append(R"(,"timestamp":")").append(rfc3339(at)).append("\"}");
    return e;
}

std::string room_field(const store::room& r) {
    std::string out = R"(,"room":{"id":)";
    append_json_string(out, r.id);
    out += R"(,"name":)";
    append_json_string(out, r.name);
    out += R"(,"owner":)";
    append_json_string(out, r.owner);
    return out.append(R"(,"open":)").append(r.open ? "true" : "false").append("}");
}

}  // namespace carillon::services
