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
            out.text("type", "object").raw("additionalProperties", "true");
            break;
        case form::objects:
            out.text("type", "array").raw("items", "{}");
            break;
        case form::any:
            break;
    }
    return out.text_if("description", f.meaning).take();
}

enum class members : std::uint8_t { closed, open };  ///< whether others than these may be there

std::string schema_of(const std::vector<described_field>& fields, members others) {
    if (fields.empty()) return "{}";
    json_object known;
    std::vector<std::string> needed;
    for (const described_field& f : fields) {
        known.raw(f.name, schema_of(f));
        if (f.needed) needed.emplace_back(f.name);
    }
    json_object out;
    out.text("type", "object").raw("properties", known.take());
    if (!needed.empty()) out.texts("required", needed);
    if (others == members::closed) out.raw("additionalProperties", "false");
    return out.take();
}

std::string one_or_many(std::string one) {
    return fmt::format(R"({{"anyOf":[{},{{"type":"array","items":{}}}]}})", one, one);
}

std::string body_schema(const transport::body_rule& takes) {
    std::string one = schema_of(takes.fields, takes.open ? members::open : members::closed);
    return takes.many ? one_or_many(std::move(one)) : one;
}

std::string answer_schema(const transport::route_answer& a) {
    if (a.type != "application/json") return R"({"type":"string"})";
    std::string one = schema_of(a.fields, members::open);
    return a.many ? one_or_many(std::move(one)) : one;
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

constexpr std::string_view repetition_header =
    R"({"name":"Idempotency-Key","in":"header","required":false,)"
    R"("description":"a repeated call with it has the first answer and stores nothing more",)"
    R"("schema":{"type":"string","pattern":"^[!#-~][!-~]{0,254}$"}})";

std::string parameters_json(const route& r) {
    std::vector<std::string> all;
    for (const std::string& name : path_parameters(r))
        all.push_back(parameter_json(name, "path", {.name = name}));
    for (const described_field& f : r.query) all.push_back(parameter_json(f.name, "query", f));
    if (is_stream(r)) {
        for (const described_field& f : stream_query)
            all.push_back(parameter_json(f.name, "query", f));
    }
    if (r.repeatable) all.emplace_back(repetition_header);
    return json_list(all);
}

std::string body_json(const route& r) {
    json_object types;
    for (const std::string_view type : r.takes.whole) {
        // A range of types is no media type of OpenAPI's that tools can send.
        if (!type.contains('*'))
            types.raw(type, json_object().raw("schema", body_schema(r.takes)).take());
    }
    for (const std::string_view type : r.takes.streamed)
        types.raw(type, R"({"schema":{"type":"string"}})");
    json_object out;
    return out.number("required", r.takes.needed).raw("content", types.take()).take();
}

struct problem_line {
    int status;
    std::string_view name;
    std::string_view meaning;
};
constexpr problem_line malformed{400, "malformed",
                                 "the request is malformed, or says what cannot be"};
constexpr problem_line unauthenticated{401, "unauthenticated", "credentials are missing or wrong"};
constexpr problem_line forbidden{403, "forbidden",
                                 "the caller, the page or the host may not do this"};
constexpr problem_line not_found{404, "notFound", "there is no such thing, or it is switched off"};
constexpr problem_line not_acceptable{406, "notAcceptable",
                                      "the client accepts none of what there is"};
constexpr problem_line late{408, "late", "the body did not come in time"};
constexpr problem_line conflict{409, "conflict", "it contradicts what is there"};
constexpr problem_line no_length{411, "noLength", "the body's length is not announced"};
constexpr problem_line too_large{413, "tooLarge", "it is larger than a limit allows"};
constexpr problem_line long_target{414, "longTarget", "the target is too long"};
constexpr problem_line other_type{415, "otherType", "the body is of a type that is not taken here"};
constexpr problem_line too_often{429, "tooOften",
                                 "too much of this caller; `Retry-After` says when"};
constexpr problem_line long_head{431, "longHead", "the head is too long"};
constexpr problem_line internal{500, "internal", "the server's own fault"};
constexpr problem_line unavailable{503, "unavailable", "not now; `Retry-After` says when"};

/// What may be answered where something is wrong; `http::status_of` has the codes behind it.
std::vector<problem_line> problems_of(const route& r) {
    // A body that nobody asked for is refused as well, if it is too large.
    std::vector<problem_line> all{malformed,   forbidden, not_found, too_large,
                                  long_target, long_head, internal,  unavailable};
    const bool takes_body = !r.takes.whole.empty() || !r.takes.streamed.empty();
    const bool asks = r.who.otherwise != access::none || r.who.locally != access::none;
    if (asks) all.push_back(unauthenticated);
    if (is_stream(r)) all.push_back(not_acceptable);
    if (takes_body) all.insert(all.end(), {late, no_length, other_type});
    if (r.method != "GET") all.push_back(conflict);
    if (r.method != "GET" || is_stream(r)) all.push_back(too_often);
    return all;
}

std::string problem_responses() {
    json_object all;
    for (const problem_line& p : {malformed, unauthenticated, forbidden, not_found, not_acceptable,
                                  late, conflict, no_length, too_large, long_target, other_type,
                                  too_often, long_head, internal, unavailable}) {
        json_object one;
        one.text("description", p.meaning);
        one.raw("content", R"({"application/problem+json":{"schema":{"$ref":)"
                           R"("#/components/schemas/problem"}}})");
        all.raw(p.name, one.take());
    }
    return all.take();
}

std::string answers_json(const route& r) {
    std::map<int, std::string> by_status;
    for (const auto& a : r.answers) {
        json_object one;
        one.text("description", a.meaning.empty() ? "it is done" : a.meaning);
        if (!a.type.empty()) {
            const std::string of_type = json_object().raw("schema", answer_schema(a)).take();
            one.raw("content", json_object().raw(a.type, of_type).take());
        }
        by_status.emplace(a.status, one.take());
    }
    for (const problem_line& p : problems_of(r))
        by_status.emplace(p.status,
                          fmt::format(R"({{"$ref":"#/components/responses/{}"}})", p.name));
    json_object out;
    for (const auto& [status, text] : by_status) out.raw(std::to_string(status), text);
    return out.take();
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

// Without the brace at the end.
constexpr std::string_view components =
    R"({"securitySchemes":{"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"},)"
    R"("cookie":{"type":"apiKey","in":"cookie","name":"carillon_session"},)"
    R"("query":{"type":"apiKey","in":"query","name":"token"}},)"
    R"("schemas":{"problem":{"type":"object","description":"RFC 9457","properties":{)"
    R"("type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("detail":{"type":"string"},"code":{"type":"string","description":"stable, such as NOT_FOUND"}},)"
    R"("required":["type","title","status","detail","code"]}})";

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
    return out.raw("payload", schema_of(e.fields, members::open)).take();
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
    return out.raw("paths", all.take())
        .raw("components", fmt::format(R"({},"responses":{}}})", components, problem_responses()))
        .take();
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
