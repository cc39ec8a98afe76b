#include "hub/encoded_event.hpp"

#include <carillon/wire/encoder.hpp>

#include <fmt/format.h>

namespace carillon {

bool plain_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    wire::block b;
    b.comment = e.e.comment;
    b.name = e.e.name ? &*e.e.name : nullptr;
    b.retry = e.e.retry;
    b.data = e.e.data;
    wire::append(out, b, id);
    return true;
}

std::shared_ptr<const block> make_block(std::string_view text) {
    auto made = std::make_shared<block>();
    made->bytes.reserve(text.size() + 12);
    fmt::format_to(std::back_inserter(made->bytes), "{:x}\r\n", text.size());
    made->head = static_cast<std::uint32_t>(made->bytes.size());
    made->body = static_cast<std::uint32_t>(text.size());
    made->bytes.append(text).append("\r\n");
    return made;
}

std::shared_ptr<const block> make_unframed(std::string text) {
    auto made = std::make_shared<block>();
    made->body = static_cast<std::uint32_t>(text.size());
    made->bytes = std::move(text);
    return made;
}

std::shared_ptr<encoded_event> encode_cache::get(const event_ptr& e) {
    if (e->pos.value != 0) {
        const auto known = by_position_.find(e->pos.value);
        if (known != by_position_.end()) return *known->second;
    }
    auto made = std::make_shared<encoded_event>();
    made->event = e;
    if (e->pos.value == 0) return made;
    order_.push_back(made);
    by_position_.emplace(e->pos.value, std::prev(order_.end()));
    // Counted as one encoding each: enough to bound the memory, and no bookkeeping when one is
    // made.
    bytes_ += 2 * e->e.size() + 256;
    evict();
    return made;
}

void encode_cache::evict() {
    while (bytes_ > max_bytes_ && order_.size() > 1) {
        const event_ptr& oldest = order_.front()->event;
        bytes_ -= 2 * oldest->e.size() + 256;
        by_position_.erase(oldest->pos.value);
        order_.pop_front();
    }
}

const std::shared_ptr<const block>& encode_cache::block_of(encoded_event& e, envelope_id kind) {
    if (e.blocks.size() <= kind) e.blocks.resize(kind + 1u);
    auto& made = e.blocks[kind];
    if (!made) {
        std::string id;
        if (e.event->e.id && e.event->pos.value != 0) {
            id = e.event->e.id->str();
        } else if (e.event->pos.value != 0) {
            id = fmt::format("{}.{}", epoch_, e.event->pos.value);
        }
        scratch_.clear();
        const bool shown = envelopes_[kind]->encode(*e.event, id, scratch_);
        made = shown ? make_block(scratch_) : std::make_shared<const block>();
    }
    return made;
}

}  // namespace carillon
