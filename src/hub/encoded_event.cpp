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

std::shared_ptr<const block> make_block(std::string_view bytes, coding::text_part text) {
    auto made = std::make_shared<block>();
    if (bytes.empty()) return made;
    made->text = text;
    made->bytes.reserve(bytes.size() + 20);
    std::array<char, 16> size{};
    const char* const end =
        std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    made->bytes.append(size.data(), static_cast<std::size_t>(end - size.data())).append("\r\n");
    made->head = made->bytes.size();
    made->body = bytes.size();
    made->bytes.append(bytes).append("\r\n");
    return made;
}

const std::shared_ptr<const block>& nothing_to_show() {
    static const auto nothing = std::make_shared<const block>();
    return nothing;
}

encode_cache::encode_cache(envelopes known, const journal& ids, std::size_t max_bytes,
                           compression_rule compress_from)
    : envelopes_(std::move(known)),
      ids_(ids),
      max_bytes_(max_bytes),
      by_position_(places),
      compress_from_(std::move(compress_from)) {}

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

std::shared_ptr<const block> encode_cache::control(form_id form, std::string_view text) {
    const content_coding c = coding_of(form);
    if (c == content_coding::identity) return make_block(text);
    std::string stored;
    coding::append_stored(c, text, stored);
    return make_block(stored, coding::part_of(c, text));
}

std::shared_ptr<const block> encode_cache::opening(form_id form, std::string_view text) {
    const content_coding c = coding_of(form);
    if (c == content_coding::identity) return make_block(text);
    std::string bytes(coding::opening_of(c));
    coding::append_stored(c, text, bytes);
    // What the opening decodes to by itself is in no sum: only Brotli's has text.
    return make_block(bytes, coding::part_of(c, text));
}

std::shared_ptr<const block> encode_cache::trailer(form_id form, const coding::text_sum& all) {
    return make_block(coding::trailer_of(coding_of(form), all));
}

bool encode_cache::write(const encoded_event& e, form_id plain_form) {
    std::string own;
    std::string_view id;
    if (plain_form % 2 == 0 && e.event->pos.value != 0) {
        if (e.event->content.id) {
            id = e.event->content.id->str();
        } else {
            id = own = ids_.id_of(e.event->pos);
        }
    }
    scratch_.clear();
    return envelopes_[plain_form / 2u]->encode(*e.event, id, scratch_);
}

const std::shared_ptr<const block>& encode_cache::block_of(encoded_event& e, form_id form) {
    if (coding_of(form) != content_coding::identity) return coded_block_of(e, form);
    // All at once: what was given out is referred to.
    if (form != 0 && e.others.empty()) {
        e.others.resize(2 * envelopes_.size() - 1);
        count(e, e.others.size() * sizeof(e.others[0]));
    }
    auto& made = form == 0 ? e.plain : e.others[form - 1u];
    if (made) return made;
    const bool shown = write(e, form);
    made = shown ? make_block(scratch_) : nothing_to_show();
    if (shown) count(e, sizeof(block) + made->bytes.capacity());
    return made;
}

const std::shared_ptr<const block>& encode_cache::coded_block_of(encoded_event& e, form_id form) {
    for (const coded_block& known : e.coded)
        if (known.form == form) return known.made;
    const content_coding c = coding_of(form);
    coded_block added{form, nothing_to_show()};
    if (write(e, static_cast<form_id>(form & ((1u << coding_shift) - 1)))) {
        const std::size_t from = compress_from_ ? compress_from_(e.event->content) : 0;
        const auto how = scratch_.size() >= from ? coding::effort::squeeze : coding::effort::store;
        coded_scratch_.clear();
        coder_.append(c, scratch_, how, coded_scratch_);
        added.made = make_block(coded_scratch_, coding::part_of(c, scratch_));
        count(e, sizeof(coded_block) + sizeof(block) + added.made->bytes.capacity());
    }
    e.coded.push_front(std::move(added));
    return e.coded.front().made;
}

}  // namespace carillon
