#include "surfaces/domains/domain_envelope.hpp"

#include <carillon/wire/encoder.hpp>

#include "surfaces/support/json_answer.hpp"

#include <array>
#include <utility>

namespace carillon::surfaces {

namespace {

/// Chat, and who listens to a room: their data says already whose and when.
bool is_of_rooms(const event& e) { return e.kind == "chat" || e.kind == "presence"; }

/// The name of an event on the streams of system C; null: not shown.
const wire::event_name* name_of(const event& e) {
    static const std::array names{
        std::pair{std::string_view("notification"),
                  wire::event_name::parse("notification").value()},
        std::pair{std::string_view("broadcast"), wire::event_name::parse("notification").value()},
        std::pair{std::string_view("system"), wire::event_name::parse("system-status").value()},
        std::pair{std::string_view("realtime"), wire::event_name::parse("realtime-update").value()},
    };
    for (const auto& [kind, name] : names) {
        if (e.kind == kind) return &name;
    }
    const bool own_name = e.kind == "entity" || is_of_rooms(e);
    return own_name && e.name ? &*e.name : nullptr;
}

/// Ours stand first: whoever reads an object takes the last of two members with one name, and that
/// is the sender's.
std::string data_of(const stored_event& e) {
    if (is_of_rooms(e.content)) return data_json(e.content);
    json_object out;
    out.text("timestamp", timestamp_of(e));
    out.text_if("userId", recipient_of(e.content));
    const std::string data = data_json(e.content);
    if (!data.starts_with('{')) return out.raw("data", data).take();
    const auto first = data.find_first_not_of(" \t\r\n", 1);
    if (data.compare(first, 1, "}") == 0) return out.take();
    std::string text = out.take();
    text.back() = ',';
    return text.append(data, 1);
}

}  // namespace

std::optional<dispatch> parse_dispatch(std::string_view text) noexcept {
    if (text == "named") return dispatch::named;
    if (text == "message") return dispatch::message;
    if (text == "both") return dispatch::both;
    return std::nullopt;
}

bool domain_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    const wire::event_name* name = name_of(e.content);
    if (name == nullptr) return false;
    const std::string data = data_of(e);
    wire::block b;
    b.data = data;
    if (how_ == dispatch::both) {
        b.name = name;
        wire::append(out, b);
        b.name = nullptr;
    }
    if (how_ == dispatch::named) b.name = name;
    wire::append(out, b, id);
    return true;
}

}  // namespace carillon::surfaces
