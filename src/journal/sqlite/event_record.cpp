#include "journal/sqlite/event_record.hpp"

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

void pack_with(std::uint64_t flags, const event& e, std::string& out) {
    out.clear();
    put(out, std::uint64_t{record::version});
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

void pack(const event& e, std::string& out) { pack_with(flags_of(e), e, out); }

void pack_erased(const event& e, std::string& out) {
    event left;
    left.topics = e.topics;
    left.id = e.id;
    left.is_private = e.is_private;
    pack_with(flags_of(left) | is_erased, left, out);
}

std::shared_ptr<stored_event> unpack(std::string_view bytes, position pos,
                                     std::int64_t stored_at_ms) {
    record::reader in(bytes);
    if (in.number() != record::version) return nullptr;
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
    return in.broken || e.topics.empty() ? nullptr : made;
}

}  // namespace carillon::sqlite
