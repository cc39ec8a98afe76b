// Bodies of publish requests: whatever comes is refused or understood, and what was understood is
// understood again, in the same way, when it is written anew.
#include "transport/publish_body.hpp"

#include <carillon/wire/encoder.hpp>
#include <carillon/wire/fields.hpp>
#include <carillon/wire/parser.hpp>

#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace carillon;

void require(bool holds) {
    if (!holds) std::abort();
}

void add_member(std::string& out, std::string_view name, std::string_view text) {
    append_json_string(out.append(",\"").append(name).append("\":"), text);
}

std::string write(const event& e) {
    std::string out = "{\"data\":";
    if (e.payload == payload_kind::json) {
        out += e.data;
    } else {
        append_json_string(out, e.data);
    }
    out += ",\"topics\":[";
    for (const topic& t : e.topics) {
        if (&t != e.topics.data()) out += ',';
        append_json_string(out, t.str());
    }
    out += ']';
    if (e.id) add_member(out, "id", e.id->str());
    if (e.name) add_member(out, "event", e.name->str());
    if (e.retry) out += ",\"retry\":" + std::to_string(e.retry->count());
    if (!e.comment.empty()) add_member(out, "comment", e.comment);
    if (!e.metadata.empty()) out += ",\"metadata\":" + e.metadata;
    if (!e.timestamp.empty()) add_member(out, "timestamp", e.timestamp);
    if (e.ephemeral) out += ",\"ephemeral\":true";
    return out + "}";
}

bool same(const event& a, const event& b) {
    return a.topics == b.topics && a.id == b.id && a.name == b.name && a.data == b.data &&
           a.payload == b.payload && a.ephemeral == b.ephemeral && a.retry == b.retry &&
           a.comment == b.comment && a.metadata == b.metadata && a.timestamp == b.timestamp;
}

struct listener final : wire::parser_listener {
    void on_event(const wire::message& m) override {
        ++events;
        type = m.type;
        data = m.data;
    }
    int events = 0;
    std::string type, data;
};

/// No event that was accepted forges another on the stream.
void check_stream(const event& e) {
    stored_event stored;
    stored.content = e;
    std::string out;
    plain_envelope().encode(stored, "abcd0123.1", out);
    listener seen;
    wire::parser p(seen);
    require(p.feed(out).has_value());
    require(seen.events == 1);
    require(seen.type == (e.name ? e.name->str() : "message"));
    require(p.last_event_id() == "abcd0123.1");
    if (e.data.find('\r') == std::string::npos) require(seen.data == e.data);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::optional<topic> path =
        data[0] % 2 == 0 ? std::nullopt : std::optional(*topic::parse("a/b"));
    const auto body = transport::parse_publish_body(text, path, {});
    if (!body) {
        require(!body.error().detail.empty());
        return 0;
    }
    require(body->array || body->events.size() == 1);
    std::string again = "[";
    for (const event& e : body->events) {
        require(!e.topics.empty());
        require(is_utf8(e.data) && is_utf8(e.comment) && is_utf8(e.timestamp));
        check_stream(e);
        if (again.size() > 1) again += ',';
        again += write(e);
    }
    again += ']';
    hub_options roomy;  // what the path named stands in the body now
    roomy.max_topics_per_event += 1;
    const auto second = transport::parse_publish_body(again, {}, roomy);
    require(second.has_value());
    require(std::ranges::equal(second->events, body->events, same));
    return 0;
}
