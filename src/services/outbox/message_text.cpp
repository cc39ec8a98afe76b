// Messages as the outbox keeps them.
#include <carillon/services/outbox_relay.hpp>

#include "base/json_text.hpp"

#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::services {

namespace {

namespace json = boost::json;

void put(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, text);
}

void put(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ":[";
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i != 0) out += ',';
        append_json_string(out, texts[i]);
    }
    out += ']';
}

void put_flag(std::string& out, std::string_view name, bool set) {
    if (set) put(out, name, std::string_view("1"));
}

std::string text_at(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string{};
}

std::vector<std::string> texts_at(const json::object& o, std::string_view name) {
    std::vector<std::string> all;
    const json::value* v = o.if_contains(name);
    if (v == nullptr || !v->is_array()) return all;
    for (const json::value& entry : v->get_array()) {
        if (entry.is_string()) all.emplace_back(entry.get_string());
    }
    return all;
}

std::vector<std::string> attributes_as_texts(const std::vector<attribute>& all) {
    std::vector<std::string> texts;
    for (const attribute& a : all) {
        texts.push_back(a.name);
        texts.push_back(a.value);
    }
    return texts;
}

}  // namespace

std::string outbox_relay::text_of(const message& m) {
    std::string out = "{";
    put(out, "users", m.to.users);
    put(out, "sessions", m.to.sessions);
    put(out, "clients", m.to.clients);
    put(out, "allOf", attributes_as_texts(m.to.all_of));
    put_flag(out, "everyone", m.to.everyone);
    put_flag(out, "shared", m.to.stored == audience::copies::shared);
    std::vector<std::string> topics;
    for (const topic& t : m.what.topics) topics.push_back(t.str());
    put(out, "topics", topics);
    put(out, "name", m.what.name ? std::string_view(m.what.name->str()) : std::string_view{});
    put(out, "kind", m.what.kind);
    put(out, "data", m.what.data);
    put_flag(out, "json", m.what.payload == payload_kind::json);
    put_flag(out, "private", m.what.is_private);
    put(out, "key", m.what.key);
    put(out, "metadata", m.what.metadata);
    put(out, "timestamp", m.what.timestamp);
    put(out, "about", m.about);
    return out += '}';
}

result<message> outbox_relay::parse(std::string_view text) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(text, failure);
    if (failure || !parsed.is_object()) return fail(errc::invalid_request, "no JSON object");
    const json::object& o = parsed.get_object();
    message m;
    m.to.users = texts_at(o, "users");
    m.to.sessions = texts_at(o, "sessions");
    m.to.clients = texts_at(o, "clients");
    const auto pairs = texts_at(o, "allOf");
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
        m.to.all_of.push_back({pairs[i], pairs[i + 1]});
    m.to.everyone = o.contains("everyone");
    if (o.contains("shared")) m.to.stored = audience::copies::shared;
    for (const std::string& name : texts_at(o, "topics")) {
        auto t = topic::parse(name);
        if (!t) return std::unexpected(t.error());
        m.what.topics.push_back(std::move(*t));
    }
    if (const auto name = text_at(o, "name"); !name.empty()) {
        auto n = wire::event_name::parse(name);
        if (!n) return std::unexpected(n.error());
        m.what.name = std::move(*n);
    }
    m.what.kind = text_at(o, "kind");
    m.what.data = text_at(o, "data");
    m.what.payload = o.contains("json") ? payload_kind::json : payload_kind::text;
    m.what.is_private = o.contains("private");
    m.what.key = text_at(o, "key");
    m.what.metadata = text_at(o, "metadata");
    m.what.timestamp = text_at(o, "timestamp");
    m.about = text_at(o, "about");
    return m;
}

}  // namespace carillon::services
