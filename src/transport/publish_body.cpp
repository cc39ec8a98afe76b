#include "transport/publish_body.hpp"

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "http/admission.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace carillon::transport {

namespace {

constexpr std::size_t max_key_size = 255;
constexpr std::int64_t max_ttl = 10LL * 366 * 86'400;  // seconds
// A day in milliseconds. Clients that count in 32 bits would take more than 24 days for "at once".
constexpr std::int64_t max_retry = 86'400'000;

error in_field(std::string_view field, const error& why) {
    return {why.code, fmt::format("`{}`: {}", field, why.detail)};
}

error too_many_topics(const hub_options& limits) {
    return {errc::invalid_request,
            fmt::format("an event may have at most {} topics", limits.max_topics_per_event)};
}

/// The earlier of two ends wins.
void expire(event& e, std::chrono::system_clock::time_point at) {
    at = std::chrono::ceil<std::chrono::milliseconds>(at);
    e.expires = std::min(e.expires.value_or(at), at);
}

/// What is being read, and what it may be.
struct reading {
    written_event& written;
    const hub_options& limits;
    const body_target& target;
};

result<> set_data(reading& r, std::string_view slice) {
    event& e = r.written.content;
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

result<> set_metadata(reading& r, std::string_view slice) {
    if (!slice.starts_with('{')) return fail(errc::invalid_request, "an object is expected");
    r.written.content.metadata = slice;
    return {};
}

template <bool event::* Flag>
result<> set_flag(reading& r, std::string_view slice) {
    if (slice != "true" && slice != "false")
        return fail(errc::invalid_request, "true or false is expected");
    r.written.content.*Flag = slice == "true";
    return {};
}

result<> set_ttl(reading& r, std::string_view slice) {
    const auto seconds = parse_whole_number(slice);
    if (!seconds || *seconds < 1 || *seconds > max_ttl) {
        return fail(errc::invalid_request,
                    fmt::format("a whole number of seconds from 1 to {} is expected", max_ttl));
    }
    expire(r.written.content, std::chrono::system_clock::now() + std::chrono::seconds(*seconds));
    return {};
}

result<> set_retry(reading& r, std::string_view slice) {
    const auto ms = parse_whole_number(slice);
    if (!ms || *ms > max_retry) {
        return fail(errc::invalid_request,
                    fmt::format("a whole number of milliseconds up to {} is expected", max_retry));
    }
    r.written.content.retry = std::chrono::milliseconds(*ms);
    return {};
}

result<std::chrono::system_clock::time_point> time_of(std::string_view slice) {
    const auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    const auto at = parse_time(*text);
    if (!at) return fail(errc::invalid_request, "a time such as 2026-01-31T12:00:00Z is expected");
    // Upwards, so that nothing comes or ends before its time: the journal keeps milliseconds.
    return std::chrono::ceil<std::chrono::milliseconds>(*at);
}

result<> set_expires(reading& r, std::string_view slice) {
    const auto at = time_of(slice);
    if (!at) return std::unexpected(at.error());
    expire(r.written.content, *at);
    return {};
}

result<> set_deliver_at(reading& r, std::string_view slice) {
    const auto at = time_of(slice);
    if (!at) return std::unexpected(at.error());
    r.written.deliver_at = *at;
    return {};
}

result<> set_idempotency_key(reading& r, std::string_view slice) {
    auto key = decode_string(slice);
    if (!key) return std::unexpected(key.error());
    r.written.idempotency_key = std::move(*key);
    return {};
}

template <class Field>
result<> set_parsed(std::optional<Field>& into, std::string_view slice) {
    const auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    auto parsed = Field::parse(*text);
    if (!parsed) return std::unexpected(parsed.error());
    into = std::move(*parsed);
    return {};
}

result<> set_id(reading& r, std::string_view slice) {
    return set_parsed(r.written.content.id, slice);
}

result<> set_name(reading& r, std::string_view slice) {
    return set_parsed(r.written.content.name, slice);
}

result<> set_comment(reading& r, std::string_view slice) {
    auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    if (text->find('\0') != std::string::npos)
        return fail(errc::invalid_request, "a comment holds no NUL");
    r.written.content.comment = std::move(*text);
    return {};
}

result<> set_timestamp(reading& r, std::string_view slice) {
    auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    if (text->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
        return fail(errc::invalid_request, "a timestamp holds no CR, LF or NUL");
    r.written.content.timestamp = std::move(*text);
    return {};
}

result<> set_key(reading& r, std::string_view slice) {
    auto text = decode_string(slice);
    if (!text) return std::unexpected(text.error());
    if (text->empty() || text->size() > max_key_size)
        return fail(errc::invalid_request, "a key has 1 to 255 bytes");
    r.written.content.key = std::move(*text);
    return {};
}

// The limit is checked for each name as it is written, so that no list of names is long work.
result<> add_topic(reading& r, std::string_view slice) {
    if (r.target.fixed)
        return fail(errc::invalid_request,
                    "the path says where this goes; the body names no topic");
    if (++r.written.topics_named > r.limits.max_topics_per_event)
        return std::unexpected(too_many_topics(r.limits));
    const auto name = decode_string(slice);
    if (!name) return std::unexpected(name.error());
    auto parsed = topic::parse(*name, r.limits.max_topic_length);
    if (!parsed) return std::unexpected(parsed.error());
    auto& topics = r.written.content.topics;
    if (std::ranges::find(topics, *parsed) == topics.end()) topics.push_back(std::move(*parsed));
    return {};
}

result<> add_topics(reading& r, std::string_view slice) {
    return each_element(
        slice, [&r](std::string_view, std::string_view element) { return add_topic(r, element); });
}

/// What an event has, by the names that publishers use.
struct field {
    std::string_view name;
    result<> (*set)(reading& r, std::string_view slice);
};
constexpr std::array fields{field{"data", set_data},
                            field{"topic", add_topic},
                            field{"topics", add_topics},
                            field{"event", set_name},
                            field{"id", set_id},
                            field{"idempotencyKey", set_idempotency_key},
                            field{"key", set_key},
                            field{"metadata", set_metadata},
                            field{"timestamp", set_timestamp},
                            field{"retry", set_retry},
                            field{"comment", set_comment},
                            field{"ttl", set_ttl},
                            field{"expires", set_expires},
                            field{"deliverAt", set_deliver_at},
                            field{"retain", set_flag<&event::retain>},
                            field{"ephemeral", set_flag<&event::ephemeral>},
                            field{"private", set_flag<&event::is_private>}};

error no_such_field(std::string_view name) {
    std::string known;
    for (const field& f : fields) known.append(known.empty() ? "" : ", ").append(f.name);
    constexpr std::size_t shown = 64;  // bytes of a name that may be as long as the body
    return in_field(name.size() > shown ? "…" : name,
                    {errc::invalid_request, "no such field; an event has " + known});
}

/// `text` has passed `check_json`. Ends at the first field that is wrong or stands twice.
result<written_event> event_of(std::string_view text, const body_target& target,
                               const hub_options& limits) {
    written_event written;
    reading r{written, limits, target};
    std::bitset<fields.size()> seen;
    const auto read =
        each_member(text, [&](std::string_view name, std::string_view slice) -> result<> {
            const auto known = std::ranges::find(fields, name, &field::name);
            if (known == fields.end()) return std::unexpected(no_such_field(name));
            const auto number = static_cast<std::size_t>(known - fields.begin());
            if (seen.test(number))
                return fail(errc::invalid_request,
                            fmt::format("the field `{}` stands twice", name));
            seen.set(number);
            if (slice == "null" && name != "data") return {};
            if (auto set = known->set(r, slice); !set)
                return std::unexpected(in_field(name, set.error()));
            return {};
        });
    if (!read) return std::unexpected(read.error());
    if (!seen.test(0)) return fail(errc::invalid_request, "`data` is missing");
    auto& topics = written.content.topics;
    if (target.path) {
        if (!topics.empty() && std::ranges::find(topics, *target.path) == topics.end())
            return fail(errc::invalid_request, "the path and the body name different topics");
        if (topics.empty()) topics.push_back(*target.path);
    }
    if (topics.empty() && !target.fixed) return fail(errc::invalid_request, "`topic` is missing");
    return written;
}

}  // namespace

std::vector<std::string_view> json_types() { return {"application/json", "application/*+json"}; }

std::vector<std::string_view> line_types() {
    return {"application/x-ndjson", "application/ndjson", "application/jsonl"};
}

body_format format_of(const http::request& r) {
    static const auto lines = line_types();
    return http::is_of_type(r.header_value("Content-Type").value_or(""), lines) ? body_format::lines
                                                                                : body_format::json;
}

result<written_event> parse_event(std::string_view text, const body_target& target,
                                  const hub_options& limits) {
    if (auto valid = check_json(text); !valid) return std::unexpected(valid.error());
    return event_of(text, target, limits);
}

namespace {

result<> add_of_array(publish_body& body, std::string_view element, const body_target& target,
                      const hub_options& limits) {
    if (body.events.size() >= limits.max_batch) {
        return fail(
            errc::payload_too_large,
            fmt::format("more than the {} events that one publish may have (`publish.max_batch`)",
                        limits.max_batch));
    }
    auto one = event_of(element, target, limits);
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
    return {};
}

}  // namespace

result<publish_body> parse_publish_body(std::string_view text, const body_target& target,
                                        const hub_options& limits) {
    if (auto valid = check_json(text); !valid) return std::unexpected(valid.error());
    publish_body body;
    if (text[text.find_first_not_of(" \t\r\n")] != '[') {
        auto one = event_of(text, target, limits);
        if (!one) return std::unexpected(one.error());
        body.events.push_back(std::move(one->content));
        body.idempotency_key = std::move(one->idempotency_key);
        body.deliver_at = one->deliver_at;
        return body;
    }
    body.array = true;
    const auto read = each_element(text, [&](std::string_view, std::string_view element) {
        return add_of_array(body, element, target, limits);
    });
    if (!read) return std::unexpected(read.error());
    return body;
}

result<std::optional<std::string>> idempotency_key_of(const http::request& r, std::string field,
                                                      const std::string& space) {
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
    return space + field;
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
