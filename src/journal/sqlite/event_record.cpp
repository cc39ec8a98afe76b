#include "journal/sqlite/event_record.hpp"

#include "base/utf8.hpp"
#include "journal/sqlite/checksum.hpp"

#include <array>

namespace carillon::sqlite {

namespace {

enum flag : std::uint64_t {
    has_id = 1,
    has_name = 2,
    is_json = 4,
    has_retry = 8,
    has_comment = 16,
    has_metadata = 32,
    has_timestamp = 64,
    has_expiry = 128,
    is_erased = 256,
    has_key = 512,
    is_retained = 1024,
    has_kind = 2048,
    is_private = 4096,
    has_eraser = 8192,
};

void put(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

void put(std::string& out, std::string_view text) {
    put(out, std::uint64_t{text.size()});
    out.append(text);
}

std::uint64_t flags_of(const event& e) {
    std::uint64_t flags = 0;
    if (e.id) flags |= has_id;
    if (e.name) flags |= has_name;
    if (e.payload == payload_kind::json) flags |= is_json;
    if (e.retry) flags |= has_retry;
    if (!e.comment.empty()) flags |= has_comment;
    if (!e.metadata.empty()) flags |= has_metadata;
    if (!e.timestamp.empty()) flags |= has_timestamp;
    if (e.expires) flags |= has_expiry;
    if (!e.key.empty()) flags |= has_key;
    if (e.retain) flags |= is_retained;
    if (!e.kind.empty()) flags |= has_kind;
    if (e.is_private) flags |= is_private;
    return flags;
}

std::uint32_t checksum_of(std::string_view body, position pos) {
    std::array<char, sizeof pos.value> place{};
    for (std::size_t i = 0; i < place.size(); ++i)
        place[i] = static_cast<char>((pos.value >> (8 * i)) & 0xFFu);
    return crc32c(body, crc32c({place.data(), place.size()}));
}

void begin_record(std::string& out) {
    out.clear();
    out += static_cast<char>(record::version);
    out.append(record::checksum_size, '\0');
}

void end_record(std::string& out, position pos) {
    const std::uint32_t sum =
        checksum_of(std::string_view(out).substr(1 + record::checksum_size), pos);
    for (std::size_t i = 0; i < record::checksum_size; ++i)
        out[1 + i] = static_cast<char>((sum >> (8 * i)) & 0xFFu);
}

bool has_checksum(std::string_view bytes) {
    return static_cast<unsigned char>(bytes.front()) != record::version_without_checksum;
}

bool is_text(const event& e) {
    return is_utf8(e.data) && is_utf8(e.comment) && is_utf8(e.metadata) && is_utf8(e.timestamp);
}

void put_fields(std::uint64_t flags, const event& e, std::string& out) {
    put(out, flags);
    put(out, std::uint64_t{e.topics.size()});
    for (const topic& t : e.topics) put(out, t.str());
    if (e.id) put(out, e.id->str());
    if (e.name) put(out, e.name->str());
    put(out, e.data);
    if (e.retry) put(out, static_cast<std::uint64_t>(e.retry->count()));
    if (!e.comment.empty()) put(out, e.comment);
    if (!e.metadata.empty()) put(out, e.metadata);
    if (!e.timestamp.empty()) put(out, e.timestamp);
    if (e.expires) {
        const auto since = e.expires->time_since_epoch();
        put(out, static_cast<std::uint64_t>(
                     std::chrono::duration_cast<std::chrono::milliseconds>(since).count()));
    }
    if (!e.key.empty()) put(out, e.key);
    if (!e.kind.empty()) put(out, e.kind);
}

}  // namespace

bool is_sound(std::string_view bytes, position pos) {
    const auto body = record::body_of(bytes);
    if (!body || !has_checksum(bytes)) return body.has_value();
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < record::checksum_size; ++i)
        sum |= std::uint32_t{static_cast<unsigned char>(bytes[1 + i])} << (8 * i);
    return sum == checksum_of(*body, pos);
}

void pack(const event& e, position pos, std::string& out) {
    begin_record(out);
    put_fields(flags_of(e), e, out);
    end_record(out, pos);
}

void pack_erased(const stored_event& e, position by, std::string& out) {
    event left;
    left.topics = e.content.topics;
    left.id = e.content.id;
    left.is_private = e.content.is_private;
    begin_record(out);
    std::uint64_t flags = flags_of(left) | is_erased;
    if (by.value != 0) flags |= has_eraser;
    put_fields(flags, left, out);
    if (by.value != 0) put(out, by.value);
    end_record(out, e.pos);
}

std::shared_ptr<stored_event> unpack(std::string_view bytes, position pos,
                                     std::int64_t stored_at_ms) {
    if (!is_sound(bytes, pos)) return nullptr;
    record::reader in(*record::body_of(bytes));
    auto made = std::make_shared<stored_event>();
    made->pos = pos;
    made->stored_at =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(stored_at_ms));
    event& e = made->content;
    const std::uint64_t flags = in.number();
    for (std::uint64_t left = in.number(); left > 0 && !in.broken; --left) {
        auto t = topic::parse(in.text());
        if (!t) return nullptr;
        e.topics.push_back(std::move(*t));
    }
    if ((flags & has_id) != 0) {
        auto id = wire::event_id::parse(in.text());
        if (!id) return nullptr;
        e.id = std::move(*id);
    }
    if ((flags & has_name) != 0) {
        auto name = wire::event_name::parse(in.text());
        if (!name) return nullptr;
        e.name = std::move(*name);
    }
    e.payload = (flags & is_json) != 0 ? payload_kind::json : payload_kind::text;
    e.data = in.text();
    if ((flags & has_retry) != 0)
        e.retry = std::chrono::milliseconds(static_cast<std::int64_t>(in.number()));
    if ((flags & has_comment) != 0) e.comment = in.text();
    if ((flags & has_metadata) != 0) e.metadata = in.text();
    if ((flags & has_timestamp) != 0) e.timestamp = in.text();
    if ((flags & has_expiry) != 0) {
        e.expires = std::chrono::system_clock::time_point(
            std::chrono::milliseconds(static_cast<std::int64_t>(in.number())));
    }
    if ((flags & has_key) != 0) e.key = in.text();
    if ((flags & has_kind) != 0) e.kind = in.text();
    e.is_private = (flags & is_private) != 0;
    e.retain = (flags & is_retained) != 0;
    made->erased = (flags & is_erased) != 0;
    if ((flags & has_eraser) != 0) made->erased_by.value = in.number();
    if (in.broken || e.topics.empty()) return nullptr;
    return has_checksum(bytes) || is_text(e) ? made : nullptr;
}

}  // namespace carillon::sqlite
