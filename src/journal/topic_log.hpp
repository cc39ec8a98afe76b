// The events of one topic, oldest first.
#pragma once

#include <carillon/base/string_map.hpp>
#include <carillon/journal/journal.hpp>

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
        std::uint64_t first;  ///< earliest stored position
        std::uint32_t count;
    };

    std::string_view name;
    retention keep;
    std::uint64_t trimmed = 0;     ///< position of the newest event that retention took
    std::uint64_t trim_count = 0;  ///< the journal's count of trims when it did
    string_map<own_id> own_ids;

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
        bytes_ += e->e.size();
        if (e->e.id) {
            auto [at, added] = own_ids.try_emplace(e->e.id->str(), own_id{e->pos.value, 0});
            ++at->second.count;
        }
        events_.push_back(std::move(e));
    }

    void pop() {
        const event_ptr gone = std::move(events_[first_++]);
        bytes_ -= gone->e.size();
        trimmed = gone->pos.value;
        if (gone->e.id) forget_own_id(*gone);
        // Compact once half is dead: amortised constant, and no block of a deque per quiet topic.
        if (first_ * 2 >= events_.size()) {
            events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
            if (events_.capacity() > 64 && events_.size() * 4 < events_.capacity())
                events_.shrink_to_fit();
        }
    }

    bool over_limits() const noexcept {
        return all().size() > keep.max_events || (bytes_ > keep.max_bytes && !empty());
    }

private:
    void forget_own_id(const stored_event& gone) {
        const auto at = own_ids.find(gone.e.id->str());
        if (at == own_ids.end()) return;
        if (--at->second.count == 0) {
            own_ids.erase(at);
            return;
        }
        for (const event_ptr& e : all()) {
            if (e->e.id == gone.e.id) {
                at->second.first = e->pos.value;
                return;
            }
        }
    }

    std::vector<event_ptr> events_;
    std::size_t first_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace carillon
