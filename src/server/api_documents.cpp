#include "server/api_documents.hpp"

#include "server/endpoints.hpp"
#include "surfaces/support/json_answer.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

using surfaces::json_list;
using surfaces::json_object;
using transport::access;
using transport::described_event;
using transport::described_field;
using transport::form;
using transport::route;

constexpr std::string_view event_stream = "text/event-stream";

std::string schema_of(const described_field& f) {
    json_object out;
    switch (f.is) {
        case form::text:
            out.text("type", "string");
            break;
        case form::whole_number:
            out.text("type", "integer");
            break;
        case form::flag:
            out.text("type", "boolean");
            break;
        case form::texts:
            out.text("type", "array").raw("items", R"({"type":"string"})");
            break;
        case form::whole_numbers:
            out.text("type", "array").raw("items", R"({"type":"integer"})");
            break;
        case form::object:
            out.text("type", "object");
            break;
        case form::any:
            break;
    }
    return out.text_if("description", f.meaning).take();
}

/// `closed`: other members are refused.
std::string schema_of(const std::vector<described_field>& fields, bool closed) {
    if (fields.empty()) return "{}";
    json_object members;
    std::vector<std::string> needed;
    for (const described_field& f : fields) {
        members.raw(f.name, schema_of(f));
        if (f.needed) needed.emplace_back(f.name);
    }
    json_object out;
    out.text("type", "object").raw("properties", members.take());
    if (!needed.empty()) out.texts("required", needed);
    if (closed) out.raw("additionalProperties", "false");
    return out.take();
}

/// `get_events_subscribe_topic`: unique, since it has the whole path.
std::string operation_id(const route& r) {
    std::string id;
    for (const char c : r.method) id += static_cast<char>(c | 0x20);
    bool gap = true;
    for (const char c : readable_path(r.path)) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (plain && std::exchange(gap, false)) id += '_';
        if (plain) id += c;
        gap = gap || !plain;
    }
    return id;
}

/// Names in braces, in order.
std::vector<std::string> path_parameters(const route& r) {
    const std::string path = readable_path(r.path);
    std::vector<std::string> names;
    for (std::size_t at = 0; (at = path.find('{', at)) != std::string::npos;) {
        const std::size_t end = path.find('}', at);
        names.push_back(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return names;
}

bool is_stream(const route& r) {
    return std::ranges::find(r.answers, event_stream, &transport::route_answer::type) !=
           r.answers.end();
}

// What every stream takes besides its own parameters: `transport::stream_host` reads them.
constexpr described_field stream_query[] = {
    {"lastEventId", form::text, "the cursor, if there is no header `Last-Event-ID`"},
    {"last", form::whole_number, "without a cursor: so many events of what is kept"},
    {"since", form::text, "without a cursor: a duration such as `10m`, a time, or `earliest`"},
    {"client", form::text, "a token that makes the client durable"},
    {"on_gap", form::text, "`replay`, `live` or `close`"},
    {"open", form::text, "`0`: without the first event"},
    {"heartbeat", form::text, "`event`: heartbeats are events"},
    {"token", form::text, "the caller's token, for clients that send no headers"},
};

std::string parameter_json(std::string_view name, std::string_view in, const described_field& f) {
    json_object out;
    out.text("name", name).text("in", in);
    out.number("required", in == "path" || f.needed);
    out.text_if("description", f.meaning);
    described_field bare = f;
    bare.meaning = {};
    return out.raw("schema", schema_of(bare)).take();
}

std::string parameters_json(const route& r) {
    std::vector<std::string> all;
    for (const std::string& name : path_parameters(r))
        all.push_back(parameter_json(name, "path", {.name = name}));
    for (const described_field& f : r.query) all.push_back(parameter_json(f.name, "query", f));
    if (is_stream(r)) {
        for (const described_field& f : stream_query)
            all.push_back(parameter_json(f.name, "query", f));
    }
    return json_list(all);
}

std::string body_json(const route& r) {
    json_object types;
    for (const std::string_view type : r.takes.whole) {
        // A range of types is no media type of OpenAPI's that tools can send.
        if (!type.contains('*'))
            types.raw(type, json_object().raw("schema", schema_of(r.takes.fields, true)).take());
    }
    for (const std::string_view type : r.takes.streamed)
        types.raw(type, R"({"schema":{"type":"string"}})");
    json_object out;
    return out.number("required", r.takes.needed).raw("content", types.take()).take();
}

std::string answers_json(const route& r) {
    std::map<int, std::string> by_status;
    for (const auto& a : r.answers) {
        json_object one;
        one.text("description", a.meaning.empty() ? "it is done" : a.meaning);
        if (!a.type.empty()) {
            const bool json = a.type == "application/json";
            one.raw("content",
                    json_object()
                        .raw(a.type, json ? R"({"schema":{}})" : R"({"schema":{"type":"string"}})")
                        .take());
        }
        by_status.emplace(a.status, one.take());
    }
    json_object out;
    for (const auto& [status, text] : by_status) out.raw(std::to_string(status), text);
    return out.raw("default", R"({"$ref":"#/components/responses/problem"})").take();
}

std::string security_json(access needed) {
    constexpr std::string_view schemes = R"({"bearer":[]},{"cookie":[]},{"query":[]})";
    if (needed == access::none) return "[]";
    if (needed == access::optional) return fmt::format("[{{}},{}]", schemes);
    return fmt::format("[{}]", schemes);
}

std::string operation_json(const route& r) {
    json_object out;
    out.text("operationId", operation_id(r)).text("summary", r.summary);
    out.raw("parameters", parameters_json(r));
    if (!r.takes.whole.empty() || !r.takes.streamed.empty()) out.raw("requestBody", body_json(r));
    out.raw("responses", answers_json(r)).raw("security", security_json(r.who.otherwise));
    out.raw("x-access", json_object()
                            .text("locally", to_string(r.who.locally))
                            .text("otherwise", to_string(r.who.otherwise))
                            .take());
    return out.take();
}

constexpr std::string_view components =
    R"({"securitySchemes":{"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"},)"
    R"("cookie":{"type":"apiKey","in":"cookie","name":"carillon_session"},)"
    R"("query":{"type":"apiKey","in":"query","name":"token"}},)"
    R"("schemas":{"problem":{"type":"object","description":"RFC 9457","properties":{)"
    R"("type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("detail":{"type":"string"},"code":{"type":"string","description":"stable, such as NOT_FOUND"}},)"
    R"("required":["type","title","status","detail","code"]}},)"
    R"("responses":{"problem":{"description":"what is wrong","content":{)"
    R"("application/problem+json":{"schema":{"$ref":"#/components/schemas/problem"}}}}}})";

std::string info_json(std::string_view description) {
    json_object info;
    return info.text("title", "Carillon")
        .text("version", version())
        .text("description", description)
        .take();
}

// The events of a stream that says nothing of its own.
const std::vector<described_event>& any_events() {
    static const std::vector<described_event> all{
        {"opening",
         "carillon.open",
         "the first event: the verdict on the cursor",
         {{"resume", form::text, "`fresh`, `resumed`, `gap` or `reset`", true},
          {"client", form::text, "the client's id"},
          {"topics", form::texts, "what it listens to"}}},
        {"event", {}, "an event as it was published", {}},
        {"gap", "carillon.gap", "events are lost", {{"from"}, {"to"}, {"reason"}}},
        {"close", "carillon.close", "the stream ends", {{"reason"}}}};
    return all;
}

std::string message_json(const described_event& e) {
    json_object out;
    out.text("name", e.title).text("title", e.name.empty() ? "message" : e.name);
    out.text_if("summary", e.meaning).text("contentType", "application/json");
    return out.raw("payload", schema_of(e.fields, false)).take();
}

std::string channel_json(const route& r) {
    json_object messages, parameters, out;
    for (const described_event& e : r.events.empty() ? any_events() : r.events)
        messages.raw(e.title, message_json(e));
    out.text("address", readable_path(r.path)).text("summary", r.summary);
    const auto names = path_parameters(r);
    for (const std::string& name : names)
        parameters.raw(name, R"({"description":"percent-encoded"})");
    if (!names.empty()) out.raw("parameters", parameters.take());
    return out.raw("messages", messages.take()).take();
}

}  // namespace

std::string readable_path(std::string path) {
    if (path.ends_with("...}")) path.replace(path.size() - 4, 4, "}");
    return path;
}

std::string openapi_document(const std::vector<route>& routes) {
    std::vector<std::pair<std::string, json_object>> paths;  // in the order of the list
    for (const route& r : routes) {
        const std::string path = readable_path(r.path);
        auto at = std::ranges::find(paths, path, &std::pair<std::string, json_object>::first);
        if (at == paths.end()) at = paths.emplace(paths.end(), path, json_object());
        std::string method;
        for (const char c : r.method) method += static_cast<char>(c | 0x20);
        at->second.raw(method, operation_json(r));
    }
    json_object all, out;
    for (auto& [path, item] : paths) all.raw(path, item.take());
    out.text("openapi", "3.1.0");
    out.raw("info", info_json("Every route of this server. Errors are problem documents."));
    out.raw("jsonSchemaDialect", R"("https://json-schema.org/draft/2020-12/schema")");
    return out.raw("paths", all.take()).raw("components", components).take();
}

std::string asyncapi_document(const std::vector<route>& routes) {
    json_object channels, operations, out;
    for (const route& r : routes) {
        if (!is_stream(r)) continue;
        const std::string id = operation_id(r);
        channels.raw(id, channel_json(r));
        const std::string channel = json_object().text("$ref", "#/channels/" + id).take();
        operations.raw(id, json_object().text("action", "send").raw("channel", channel).take());
    }
    out.text("asyncapi", "3.0.0");
    out.raw("info", info_json("Every event stream of this server: GET, text/event-stream."));
    out.text("defaultContentType", "application/json");
    return out.raw("channels", channels.take()).raw("operations", operations.take()).take();
}

}  // namespace carillon::server
