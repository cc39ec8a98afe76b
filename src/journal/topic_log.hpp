// What is known of one topic, and those of its events that are in memory, oldest first.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/string_map.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Not synchronised: the journal's lock guards it.
class topic_log {
public:
    struct own_id {
        std::uint64_t first;  ///< earliest position in memory
        std::uint32_t count;
    };

    // What each event touches comes first.
    retention keep;
    std::uint64_t kept = 0;        ///< events that retention has left, in memory or in a store
    std::uint64_t kept_bytes = 0;  ///< of `event::size()`

private:
    std::vector<event_ptr> events_;  ///< from `first_` on: those in memory
    std::size_t first_ = 0;

public:
    std::int64_t row = 0;  ///< its number in a store; 0: none
    std::string_view name;
    std::uint64_t trimmed = 0;       ///< position of the newest event that retention took
    std::uint64_t trim_count = 0;    ///< the journal's count of trims when it did
    string_map<own_id> own_ids;      ///< of the events in memory
    string_map<std::uint64_t> keys;  ///< newest event in memory with each key
    event_ptr retained;              ///< null: none

    bool empty() const noexcept { return first_ == events_.size(); }
    const event_ptr& front() const noexcept { return events_[first_]; }
    std::span<const event_ptr> all() const noexcept { return std::span(events_).subspan(first_); }

    std::span<const event_ptr> after(std::uint64_t pos) const noexcept {
        const auto events = all();
        const auto first = std::ranges::upper_bound(
            events, pos, {}, [](const event_ptr& e) { return e->pos.value; });
        return events.subspan(static_cast<std::size_t>(first - events.begin()));
    }

    void push(event_ptr e) {
        if (e->content.id) {
            auto [at, added] = own_ids.try_emplace(e->content.id->str(), own_id{e->pos.value, 0});
            ++at->second.count;
        }
        if (!e->content.key.empty()) keys.insert_or_assign(e->content.key, e->pos.value);
        events_.push_back(std::move(e));
    }

    /// Leaves the event's place alone. False if it is not in memory.
    bool erase(std::uint64_t pos, const event_ptr& tombstone) {
        const auto at = std::ranges::lower_bound(
            events_.begin() + static_cast<std::ptrdiff_t>(first_), events_.end(), pos, {},
            [](const event_ptr& e) { return e->pos.value; });
        if (at == events_.end() || (*at)->pos.value != pos) return false;
        *at = tombstone;
        return true;
    }

    /// Takes the oldest from memory; whether it is still kept elsewhere is the caller's business.
    event_ptr pop() {
        event_ptr gone = std::move(events_[first_++]);
        if (gone->content.id) forget_own_id(*gone);
        if (!gone->content.key.empty()) forget_key(*gone);
        // Compact once half is dead: amortised constant, and no block of a deque per quiet topic.
        if (first_ * 2 >= events_.size()) {
            events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
            if (events_.capacity() > 64 && events_.size() * 4 < events_.capacity())
                events_.shrink_to_fit();
        }
        return gone;
    }

    /// Makes `e` the topic's last value; empty data clears it.
    void retain(const event_ptr& e) {
        const bool clears = e->content.payload == payload_kind::text && e->content.data.empty();
        retained = clears ? nullptr : e;
    }

    /// Nothing that is kept is elsewhere.
    bool complete() const noexcept { return all().size() == kept; }

    bool is_over(std::uint64_t events, std::uint64_t bytes) const noexcept {
        return events != 0 && (events > keep.max_events || bytes > keep.max_bytes);
    }
    bool over_limits() const noexcept { return is_over(kept, kept_bytes); }

private:
    void forget_own_id(const stored_event& gone) {
        const auto at = own_ids.find(gone.content.id->str());
        if (at == own_ids.end()) return;
        if (--at->second.count == 0) {
            own_ids.erase(at);
            return;
        }
        for (const event_ptr& e : all()) {
            if (e->content.id == gone.content.id) {
                at->second.first = e->pos.value;
                return;
            }
        }
    }

    void forget_key(const stored_event& gone) {
        const auto at = keys.find(gone.content.key);
        if (at != keys.end() && at->second == gone.pos.value) keys.erase(at);
    }
};

}  // namespace carillon
