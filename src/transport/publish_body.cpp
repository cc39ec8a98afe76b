#include "transport/publish_body.hpp"

#include <carillon/base/json_text.hpp>
#include <carillon/base/time_text.hpp>

#include "transport/json_slices.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace carillon::transport {

namespace {

constexpr std::size_t max_key_size = 255;
constexpr std::int64_t max_ttl = 10LL * 366 * 86'400;  // seconds

error in_field(std::string_view field, const error& why) {
    return {why.code, fmt::format("`{}`: {}", field, why.detail)};
}

/// The earlier of two ends wins.
void expire(event& e, std::chrono::system_clock::time_point at) {
    at = std::chrono::floor<std::chrono::milliseconds>(at);
    e.expires = std::min(e.expires.value_or(at), at);
}

/// Sets one field of `e` from its JSON slice.
result<> set_field(event& e, std::string_view name, std::string_view slice) {
    if (name == "data") {
        if (!slice.starts_with('"')) {
            e.payload = payload_kind::json;
            e.data = slice;
            return {};
        }
        auto text = decode_string(slice);
        if (!text) return std::unexpected(text.error());
        e.data = std::move(*text);
        return {};
    }
    if (name == "metadata") {
        if (!slice.starts_with('{')) return fail(errc::invalid_request, "an object is expected");
        e.metadata = slice;
        return {};
    }
    if (name == "ephemeral" || name == "retain") {
        if (slice != "true" && slice != "false")
            return fail(errc::invalid_request, "true or false is expected");
        (name == "retain" ? e.retain : e.ephemeral) = slice == "true";
        return {};
    }
    if (name == "ttl") {
        const auto seconds = parse_whole_number(slice);
        if (!seconds || *seconds < 1 || *seconds > max_ttl) {
            return fail(errc::invalid_request, "a whole number of seconds is expected, at least 1");
        }
        expire(e, std::chrono::system_clock::now() + std::chrono::seconds(*seconds));
        return {};
    }
    if (name == "retry") {
        const auto ms = parse_whole_number(slice);
        if (!ms) return fail(errc::invalid_request, "a whole number of milliseconds is expected");
        e.retry = std::chrono::milliseconds(*ms);
        return {};
    }
    auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    if (name == "id") {
        auto id = wire::event_id::parse(*text);
        if (!id) return std::unexpected(id.error());
        e.id = std::move(*id);
    } else if (name == "event") {
        auto parsed = wire::event_name::parse(*text);
        if (!parsed) return std::unexpected(parsed.error());
        e.name = std::move(*parsed);
    } else if (name == "comment") {
        e.comment = std::move(*text);
    } else if (name == "key") {
        if (text->empty() || text->size() > max_key_size)
            return fail(errc::invalid_request, "a key has 1 to 255 bytes");
        e.key = std::move(*text);
    } else if (name == "expires") {
        const auto at = parse_time(*text);
        if (!at)
            return fail(errc::invalid_request, "a time such as 2026-01-31T12:00:00Z is expected");
        expire(e, *at);
    } else if (name == "timestamp") {
        e.timestamp = std::move(*text);
    } else {
        return fail(errc::invalid_request,
                    "no such field; an event has id, event, data, retry, comment, topic, topics, "
                    "metadata, timestamp, ttl, expires, key, retain, ephemeral and idempotencyKey");
    }
    return {};
}

result<> add_topic(event& e, std::string_view slice) {
    auto name = decode_string(slice);
    if (!name) return std::unexpected(name.error());
    auto parsed = topic::parse(*name);
    if (!parsed) return std::unexpected(parsed.error());
    if (std::ranges::find(e.topics, *parsed) == e.topics.end())
        e.topics.push_back(std::move(*parsed));
    return {};
}

result<> add_topics(event& e, std::string_view slice) {
    auto elements = array_elements(slice);
    if (!elements) return std::unexpected(elements.error());
    for (const std::string_view element : *elements) {
        if (auto added = add_topic(e, element); !added) return added;
    }
    return {};
}

/// `text` has passed `check_json`.
result<written_event> event_of(std::string_view text, const std::optional<topic>& path_topic) {
    auto members = object_members(text);
    if (!members) return std::unexpected(members.error());
    written_event written;
    event& e = written.content;
    bool has_data = false;
    for (const auto& [name, slice] : *members) {
        has_data = has_data || name == "data";
        if (slice == "null" && name != "data") continue;
        if (name == "deliverAt") {
            const auto at_text = decode_string(slice);
            if (!at_text) return std::unexpected(in_field(name, at_text.error()));
            written.deliver_at = parse_time(*at_text);
            if (!written.deliver_at) {
                return std::unexpected(in_field(
                    name,
                    {errc::invalid_request, "a time such as 2026-01-31T12:00:00Z is expected"}));
            }
            continue;
        }
        if (name == "idempotencyKey") {
            auto key = decode_string(slice);
            if (!key) return std::unexpected(in_field(name, key.error()));
            written.idempotency_key = std::move(*key);
            continue;
        }
        const result<> set = name == "topic"    ? add_topic(e, slice)
                             : name == "topics" ? add_topics(e, slice)
                                                : set_field(e, name, slice);
        if (!set) return std::unexpected(in_field(name, set.error()));
    }
    if (!has_data) return fail(errc::invalid_request, "`data` is missing");
    if (path_topic) {
        if (!e.topics.empty() && std::ranges::find(e.topics, *path_topic) == e.topics.end()) {
            return fail(errc::invalid_request, "the path and the body name different topics");
        }
        if (e.topics.empty()) e.topics.push_back(*path_topic);
    }
    if (e.topics.empty()) return fail(errc::invalid_request, "`topic` is missing");
    return written;
}

}  // namespace

result<body_format> format_of(const http::request& r) {
    const std::string_view given = r.header_value("Content-Type").value_or("");
    if (given == "application/json") return body_format::json;  // as nearly everyone writes it
    std::string type(given);
    type.resize(std::min(type.size(), type.find(';')));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    std::ranges::transform(type, type.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (type == "application/json" ||
        (type.starts_with("application/") && type.ends_with("+json"))) {
        return body_format::json;
    }
    if (type == "application/x-ndjson" || type == "application/ndjson" ||
        type == "application/jsonl") {
        return body_format::lines;
    }
    return fail(
        errc::unsupported_media_type,
        "send `Content-Type: application/json`, or `application/x-ndjson` for one event a line");
}

result<written_event> parse_event(std::string_view text, const std::optional<topic>& path_topic) {
    if (auto valid = check_json(text); !valid) return std::unexpected(valid.error());
    return event_of(text, path_topic);
}

result<publish_body> parse_publish_body(std::string_view text,
                                        const std::optional<topic>& path_topic) {
    if (auto valid = check_json(text); !valid) return std::unexpected(valid.error());
    publish_body body;
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (text[start] != '[') {
        auto one = event_of(text, path_topic);
        if (!one) return std::unexpected(one.error());
        body.events.push_back(std::move(one->content));
        body.idempotency_key = std::move(one->idempotency_key);
        body.deliver_at = one->deliver_at;
        return body;
    }
    body.array = true;
    auto elements = array_elements(text);
    if (!elements) return std::unexpected(elements.error());
    body.events.reserve(elements->size());
    for (const std::string_view element : *elements) {
        auto one = event_of(element, path_topic);
        if (!one) {
            return fail(one.error().code,
                        fmt::format("event {}: {}", body.events.size(), one.error().detail));
        }
        if (one->deliver_at) {
            return fail(errc::invalid_request,
                        "an array is published at once; send events with `deliverAt` one by one");
        }
        if (!one->idempotency_key.empty()) {
            return fail(errc::invalid_request,
                        "an array has one key for all: send `Idempotency-Key` as a header");
        }
        body.events.push_back(std::move(one->content));
    }
    return body;
}

result<std::optional<std::string>> idempotency_key_of(const http::request& r, std::string field) {
    std::string_view header = r.header_value("Idempotency-Key").value_or("");
    if (header.size() >= 2 && header.starts_with('"') && header.ends_with('"'))
        header = header.substr(1, header.size() - 2);
    if (!header.empty() && !field.empty() && header != field) {
        return fail(errc::invalid_request,
                    "`Idempotency-Key` and `idempotencyKey` name different keys");
    }
    if (!header.empty()) field = header;
    if (field.empty()) {
        if (!r.header_value("Idempotency-Key")) return std::nullopt;
        return fail(errc::invalid_request, "`Idempotency-Key` is empty");
    }
    const auto visible = [](char c) { return c > ' ' && c <= '~'; };
    if (field.size() > max_key_size || !std::ranges::all_of(field, visible)) {
        return fail(errc::invalid_request,
                    "an idempotency key has 1 to 255 visible ASCII characters");
    }
    return field;
}

idempotency_key keyed(std::string key, std::string_view target, std::string_view body) {
    std::string all(target);
    all.append(1, '\n').append(body);
    const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
    return {std::move(key), {hash.high64, hash.low64}};
}

std::string publish_answer(const published& p, std::string_view topic) {
    std::string text;
    text.reserve(64 + p.id.size() + topic.size());
    text += '{';
    if (p.pos.value != 0) {
        std::array<char, 24> digits{};
        const char* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), p.pos.value).ptr;
        text.append(R"("id":")").append(p.id).append(R"(","position":)");
        text.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append(",");
    }
    text += R"("topic":)";
    append_json_string(text, topic);
    return text += '}';
}

}  // namespace carillon::transport
