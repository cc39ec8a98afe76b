#include "journal/topic_log.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace carillon {

static_assert(topic::max_size <= UINT16_MAX);

topic_log::topic_log(std::string_view name)
    : hash_(static_cast<std::uint32_t>(string_hash{}(name))),
      name_size_(static_cast<std::uint16_t>(name.size())) {}

topic_log::owner topic_log::make(std::string_view name) {
    void* const room = ::operator new(sizeof(topic_log) + name.size());
    auto* const made = new (room) topic_log(name);
    std::memcpy(static_cast<void*>(made + 1), name.data(), name.size());
    return owner(made);
}

void topic_log::deleter::operator()(topic_log* log) const noexcept {
    log->~topic_log();
    ::operator delete(static_cast<void*>(log));
}

std::size_t topic_log::memory() const noexcept { return sizeof(topic_log) + name_size_; }

topic_log::rare& topic_log::aside() {
    if (!rare_) rare_ = std::make_unique<rare>();
    return *rare_;
}

std::span<const event_ptr> topic_log::after(std::uint64_t pos) const noexcept {
    const auto events = all();
    const auto first =
        std::ranges::upper_bound(events, pos, {}, [](const event_ptr& e) { return e->pos.value; });
    return events.subspan(static_cast<std::size_t>(first - events.begin()));
}

void topic_log::push(event_ptr e) {
    if (e->content.id) {
        auto [at, added] =
            aside().own_ids.try_emplace(e->content.id->str(), own_id{e->pos.value, 0});
        ++at->second.count;
    }
    if (!e->content.key.empty()) aside().keys.insert_or_assign(e->content.key, e->pos.value);
    if (!more_ && !one_) {
        one_ = std::move(e);
        return;
    }
    if (!more_) {
        more_ = std::make_unique<run>();
        more_->events.push_back(std::move(one_));
    }
    more_->events.push_back(std::move(e));
}

bool topic_log::erase(std::uint64_t pos, const event_ptr& tombstone) {
    const auto found = after(pos - 1);
    if (found.empty() || found.front()->pos.value != pos) return false;
    if (!found.front()->content.key.empty()) forget_key(*found.front());
    if (!more_) {
        one_ = tombstone;
    } else {
        more_->events[more_->events.size() - found.size()] = tombstone;
    }
    return true;
}

event_ptr topic_log::pop() {
    event_ptr gone = std::move(more_ ? more_->events[more_->first++] : one_);
    if (gone->content.id) forget_own_id(*gone);
    if (!gone->content.key.empty()) forget_key(*gone);
    if (!more_) return gone;
    auto& [events, first] = *more_;
    // Compact once half is dead: amortised constant, and no block of a deque per quiet topic.
    if (first * 2 >= events.size()) {
        events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(first));
        first = 0;
        if (events.capacity() > 64 && events.size() * 4 < events.capacity()) events.shrink_to_fit();
    }
    if (events.empty()) more_.reset();
    return gone;
}

const event_ptr& topic_log::retained() const noexcept {
    static const event_ptr none;
    return rare_ ? rare_->retained : none;
}

void topic_log::set_retained(event_ptr e) {
    if (e || rare_) aside().retained = std::move(e);
}

const topic_log::own_id* topic_log::find_own_id(std::string_view id) const {
    if (!rare_) return nullptr;
    const auto found = rare_->own_ids.find(id);
    return found == rare_->own_ids.end() ? nullptr : &found->second;
}

std::uint64_t topic_log::newest_of_key(std::string_view key) const {
    if (!rare_) return 0;
    const auto found = rare_->keys.find(key);
    return found == rare_->keys.end() ? 0 : found->second;
}

void topic_log::forget_own_id(const stored_event& gone) {
    auto& ids = rare_->own_ids;
    const auto at = ids.find(gone.content.id->str());
    if (at == ids.end()) return;
    if (--at->second.count == 0) {
        ids.erase(at);
        return;
    }
    for (const event_ptr& e : all()) {
        if (e->content.id == gone.content.id) {
            at->second.first = e->pos.value;
            return;
        }
    }
}

void topic_log::forget_key(const stored_event& gone) {
    auto& keys = rare_->keys;
    const auto at = keys.find(gone.content.key);
    if (at != keys.end() && at->second == gone.pos.value) keys.erase(at);
}

}  // namespace carillon
