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

const std::shared_ptr<const block>& nothing_to_show() {
    static const auto nothing = std::make_shared<const block>();
    return nothing;
}

encode_cache::encode_cache(envelopes known, const journal& ids, std::size_t max_bytes)
    : envelopes_(std::move(known)), ids_(ids), max_bytes_(max_bytes), by_position_(places) {}

void encode_cache::count(encoded_event& e, std::size_t bytes) noexcept {
    if (!e.remembered) return;
    e.bytes += bytes;
    bytes_ += bytes;
}

void encode_cache::forget(std::shared_ptr<encoded_event>& place) {
    if (!place) return;
    bytes_ -= place->bytes;
    place->remembered = false;
    place.reset();
}

std::shared_ptr<encoded_event> encode_cache::get(const event_ptr& e) {
    const auto make = [&e] {
        auto made = std::make_shared<encoded_event>();
        made->event = e;
        made->guarded = is_guarded(e->content);
        return made;
    };
    if (e->pos.value == 0) return make();
    auto& place = by_position_[e->pos.value % places];
    if (place && place->event->pos == e->pos) return place;
    forget(place);
    place = make();
    place->remembered = true;
    count(*place, sizeof(encoded_event) + sizeof(stored_event) + e->content.size());
    const auto made = place;
    for (std::size_t looked = 0; bytes_ > max_bytes_ && looked < places; ++looked)
        forget(by_position_[hand_++ % places]);
    return made;
}

std::shared_ptr<const block> encode_cache::control(form_id, std::string_view text) {
    return make_block(text);
}

const std::shared_ptr<const block>& encode_cache::block_of(encoded_event& e, form_id form) {
    // All at once: what was given out is referred to.
    if (form != 0 && e.others.empty()) {
        e.others.resize(2 * envelopes_.size() - 1);
        count(e, e.others.size() * sizeof(e.others[0]));
    }
    auto& made = form == 0 ? e.plain : e.others[form - 1u];
    if (made) return made;
    std::string own;
    std::string_view id;
    if (form % 2 == 0 && e.event->pos.value != 0) {
        if (e.event->content.id) {
            id = e.event->content.id->str();
        } else {
            id = own = ids_.id_of(e.event->pos);
        }
    }
    scratch_.clear();
    const bool shown = envelopes_[form / 2u]->encode(*e.event, id, scratch_);
    made = shown ? make_block(scratch_) : nothing_to_show();
    if (shown) count(e, sizeof(block) + made->bytes.capacity());
    return made;
}

}  // namespace carillon
