#include "journal/event_order.hpp"

#include <iterator>
#include <utility>

namespace carillon {

std::size_t event_order::chunk::place_of(std::uint64_t pos) const noexcept {
    const auto begin = events.begin() + static_cast<std::ptrdiff_t>(first);
    const auto found = std::ranges::lower_bound(begin, events.end(), pos, {},
                                                [](const event_ptr& e) { return e->pos.value; });
    return static_cast<std::size_t>(found - events.begin());
}

std::size_t event_order::chunk_of(std::uint64_t pos) const noexcept {
    const auto found = std::ranges::lower_bound(
        chunks_, pos, {}, [](const chunk& c) { return c.events.back()->pos.value; });
    return static_cast<std::size_t>(found - chunks_.begin());
}

void event_order::push(event_ptr e) {
    if (chunks_.empty() || chunks_.back().events.size() >= chunk_size) {
        chunks_.emplace_back();
        chunks_.back().events.reserve(chunk_size);
    }
    chunks_.back().events.push_back(std::move(e));
    ++size_;
}

bool event_order::remove(std::uint64_t pos) {
    const std::size_t c = chunk_of(pos);
    if (c == chunks_.size()) return false;
    chunk& in = chunks_[c];
    const std::size_t i = in.place_of(pos);
    if (in.events[i]->pos.value != pos) return false;
    --size_;
    if (in.size() == 1) {
        chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(c));
    } else if (i == in.first) {
        in.events[in.first++].reset();
    } else {
        in.events.erase(in.events.begin() + static_cast<std::ptrdiff_t>(i));
        join_with_next(c);
    }
    return true;
}

// What is kept for long among what is not would otherwise hold a chunk for each event.
void event_order::join_with_next(std::size_t c) {
    if (c + 1 >= chunks_.size() || chunks_[c].size() + chunks_[c + 1].size() > chunk_size / 2)
        return;
    chunk& in = chunks_[c];
    chunk& next = chunks_[c + 1];
    in.events.erase(in.events.begin(),
                    in.events.begin() + static_cast<std::ptrdiff_t>(std::exchange(in.first, 0)));
    const auto rest = next.events.begin() + static_cast<std::ptrdiff_t>(next.first);
    in.events.insert(in.events.end(), std::make_move_iterator(rest),
                     std::make_move_iterator(next.events.end()));
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(c + 1));
}

void event_order::replace(event_ptr e) {
    const std::size_t c = chunk_of(e->pos.value);
    if (c == chunks_.size()) return;
    const std::size_t i = chunks_[c].place_of(e->pos.value);
    event_ptr& there = chunks_[c].events[i];
    if (there->pos == e->pos) there = std::move(e);
}

event_ptr event_order::find(std::uint64_t pos) const {
    const std::size_t c = chunk_of(pos);
    if (c == chunks_.size()) return nullptr;
    const event_ptr& there = chunks_[c].events[chunks_[c].place_of(pos)];
    return there->pos.value == pos ? there : nullptr;
}

}  // namespace carillon
