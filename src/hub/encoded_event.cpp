#include "hub/encoded_event.hpp"

#include <carillon/wire/encoder.hpp>

#include <array>
#include <charconv>

namespace carillon {

bool plain_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    wire::block b;
    b.comment = e.content.comment;
    b.name = e.content.name ? &*e.content.name : nullptr;
    b.retry = e.content.retry;
    b.data = e.content.data;
    wire::append(out, b, id);
    return true;
}

std::shared_ptr<const block> make_block(std::string_view text) {
    auto made = std::make_shared<block>();
    if (text.empty()) return made;
    made->bytes.reserve(text.size() + 20);
    std::array<char, 16> size{};
    const char* const end =
        std::to_chars(size.data(), size.data() + size.size(), text.size(), 16).ptr;
    made->bytes.append(size.data(), static_cast<std::size_t>(end - size.data())).append("\r\n");
    made->head = made->bytes.size();
    made->body = text.size();
    made->bytes.append(text).append("\r\n");
    return made;
}

namespace {
// Counted as one encoding each: enough to bound the memory, and no bookkeeping when one is made.
std::size_t cost_of(const encoded_event& e) { return 2 * e.event->content.size() + 256; }
}  // namespace

const std::shared_ptr<const block>& nothing_to_show() {
    static const auto nothing = std::make_shared<const block>();
    return nothing;
}

encode_cache::encode_cache(envelopes known, const journal& ids, std::size_t max_bytes)
    : envelopes_(std::move(known)), ids_(ids), max_bytes_(max_bytes), by_position_(places) {}

void encode_cache::forget(std::shared_ptr<encoded_event>& place) {
    if (!place) return;
    bytes_ -= cost_of(*place);
    place.reset();
}

std::shared_ptr<encoded_event> encode_cache::get(const event_ptr& e) {
    if (e->pos.value == 0) {
        auto made = std::make_shared<encoded_event>();
        made->event = e;
        made->guarded = is_guarded(e->content);
        return made;
    }
    auto& place = by_position_[e->pos.value % places];
    if (place && place->event->pos == e->pos) return place;
    forget(place);
    place = std::make_shared<encoded_event>();
    place->event = e;
    place->guarded = is_guarded(e->content);
    bytes_ += cost_of(*place);
    const auto made = place;
    while (bytes_ > max_bytes_) forget(by_position_[hand_++ % places]);
    return made;
}

std::shared_ptr<const block> encode_cache::without_id(const stored_event& e, envelope_id kind) {
    scratch_.clear();
    const bool shown = envelopes_[kind]->encode(e, {}, scratch_);
    return shown ? make_block(scratch_) : std::make_shared<const block>();
}

std::shared_ptr<const block> encode_cache::control(envelope_id, std::string_view text) {
    return make_block(text);
}

const std::shared_ptr<const block>& encode_cache::block_of(encoded_event& e, envelope_id kind) {
    if (kind > e.others.size()) e.others.resize(kind);
    auto& made = kind == 0 ? e.plain : e.others[kind - 1u];
    if (made) return made;
    std::string own;
    std::string_view id;
    if (e.event->pos.value != 0 && e.event->content.id) {
        id = e.event->content.id->str();
    } else if (e.event->pos.value != 0) {
        id = own = ids_.id_of(e.event->pos);
    }
    scratch_.clear();
    const bool shown = envelopes_[kind]->encode(*e.event, id, scratch_);
    made = shown ? make_block(scratch_) : std::make_shared<const block>();
    return made;
}

}  // namespace carillon
