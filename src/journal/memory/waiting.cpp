// What the journal in memory keeps beside events: keys, and events that wait for their time.
#include "journal/footprint.hpp"
#include "journal/memory/memory_journal.hpp"
#include "journal/room.hpp"
#include "journal/start.hpp"

#include <algorithm>

namespace carillon {

namespace {

// Events that become due in one append.
constexpr std::size_t due_events = 4096;
constexpr std::size_t due_bytes = 16u << 20;

constexpr std::size_t tree_node = 4 * sizeof(void*);

}  // namespace

/// What came of an earlier use of the key; nothing if there was none.
result<std::optional<std::uint64_t>> memory_journal::recall(const idempotency_key& key) {
    forget_keys();
    const remembered* known = nullptr;
    if (key.held) {
        const auto found = held_keys_.find(key.key);
        if (found != held_keys_.end()) known = &found->second;
    } else {
        const auto found = keys_.find(key.key);
        if (found != keys_.end()) known = &found->second;
    }
    if (known == nullptr || !known->known) return std::nullopt;
    if (known->body_hash != key.body_hash) return std::unexpected(key_conflict());
    return known->first;
}

void memory_journal::remember(idempotency_key key, std::uint64_t first) {
    if (key.held) {
        const auto [at, added] = held_keys_.try_emplace(std::move(key.key));
        if (added) memory_ += allocated(tree_node) + key_footprint(at->first);
        at->second = {key.body_hash, first, 0, true};
        return;
    }
    if (options_.limits.max_keys == 0) return;
    while (keys_by_age_.size() >= options_.limits.max_keys) {
        keys_forgotten_ += keys_.find(*keys_by_age_.front().key)->second.known ? 1 : 0;
        forget_oldest_key();
    }
    const auto [at, added] = keys_.try_emplace(std::move(key.key));
    if (added) memory_ += key_footprint(at->first);
    keys_by_age_.push_back({times_.newest() + options_.idempotency_window, &at->first});
    remembered& entry = at->second;
    entry = {key.body_hash, first, entry.uses + 1, true};
}

// A clock that jumped ahead for a moment lets no key go that retention does not believe either.
void memory_journal::forget_keys() {
    const time_point now = std::min(times_.newest(), upkeep_at_);
    while (!keys_by_age_.empty() && keys_by_age_.front().expires <= now) forget_oldest_key();
}

void memory_journal::forget_oldest_key() {
    const auto at = keys_.find(*keys_by_age_.front().key);
    keys_by_age_.pop_front();
    if (--at->second.uses != 0) return;
    memory_ -= key_footprint(at->first);
    keys_.erase(at);
}

void memory_journal::forget_keys(std::string first, std::string end) {
    const std::lock_guard lock(mutex_);
    auto at = held_keys_.lower_bound(first);
    while (at != held_keys_.end() && at->first < end) {
        memory_ -= allocated(tree_node) + key_footprint(at->first);
        at = held_keys_.erase(at);
    }
}

void memory_journal::schedule(event e, time_point due, std::optional<idempotency_key> key,
                              std::function<void(result<std::uint64_t>)> done) {
    result<std::uint64_t> id;
    {
        const std::lock_guard lock(mutex_);
        id = schedule_locked(e, due, key);
    }
    done(std::move(id));
}

result<std::uint64_t> memory_journal::schedule_locked(event& e, time_point due,
                                                      std::optional<idempotency_key>& key) {
    look_at_clock();
    if (key) {
        const auto known = recall(*key);
        if (!known) return std::unexpected(known.error());
        if (*known) return **known;
    }
    const std::size_t size = e.size();
    if (auto fits = check_schedule(options_.limits, scheduled_.size(), scheduled_bytes_, size);
        !fits)
        return std::unexpected(fits.error());
    const std::uint64_t id = ++last_scheduled_;
    add_scheduled({std::chrono::floor<std::chrono::milliseconds>(due), id},
                  {std::move(e), key ? key->key : std::string(), 0});
    if (key) remember(std::move(*key), id);
    enforce_total_size();
    return id;
}

/// Nothing if there is none with this id any more.
std::optional<memory_journal::waiting> memory_journal::take_scheduled(std::uint64_t id) {
    const auto due = scheduled_by_id_.find(id);
    if (due == scheduled_by_id_.end()) return std::nullopt;
    auto taken = scheduled_.extract({due->second, id});
    scheduled_by_id_.erase(due);
    waiting w = std::move(taken.mapped());
    scheduled_bytes_ -= w.content.size();
    memory_ -= w.memory;
    return w;
}

void memory_journal::cancel(std::uint64_t id, std::function<void(result<bool>)> done) {
    std::optional<waiting> taken;
    {
        const std::lock_guard lock(mutex_);
        taken = take_scheduled(id);
        if (taken && !taken->key.empty()) {
            const auto known = keys_.find(taken->key);
            if (known != keys_.end() && known->second.first == id) known->second.known = false;
        }
    }
    done(taken.has_value());
}

void memory_journal::list_scheduled(const scheduled_query& q,
                                    std::function<void(result<scheduled_page>)> done) {
    scheduled_page page;
    {
        const std::lock_guard lock(mutex_);
        std::size_t bytes = 0;
        const auto known = scheduled_by_id_.find(q.only);
        if (known != scheduled_by_id_.end()) {
            page.events.push_back(
                {q.only, known->second, scheduled_.at({known->second, q.only}).content});
        }
        const auto first = scheduled_.upper_bound({q.after_due, q.after_id});
        for (auto at = q.only == 0 ? first : scheduled_.end(); at != scheduled_.end(); ++at) {
            const event& e = at->second.content;
            page.more = page.events.size() >= q.max_events ||
                        (!page.events.empty() && bytes + e.size() > q.max_bytes);
            if (page.more) break;
            bytes += e.size();
            page.events.push_back({at->first.second, at->first.first, e});
        }
    }
    done(std::move(page));
}

// Each is appended by itself: one that a limit refuses waits on, and stands in the way of none.
void memory_journal::release_due(time_point now) {
    schedule_place last{};
    for (bool more = true; more;) {
        std::vector<std::pair<schedule_place, waiting>> due;
        {
            const std::lock_guard lock(mutex_);
            std::size_t bytes = 0;
            for (;;) {
                const auto next = scheduled_.upper_bound(last);
                more = next != scheduled_.end() && next->first.first <= now;
                if (!more || due.size() >= due_events || bytes >= due_bytes) break;
                last = next->first;
                due.emplace_back(last, *take_scheduled(last.second));
                bytes += due.back().second.content.size();
            }
        }
        for (auto& [place, w] : due) release(place, std::move(w));
    }
}

void memory_journal::release(schedule_place place, waiting w) {
    auto e = std::make_shared<stored_event>();
    e->content = std::move(w.content);
    append({std::move(e)}, std::nullopt,
           [this, place, key = std::move(w.key)](const result<appended>& done, auto all) mutable {
               if (done) return;
               const std::lock_guard lock(mutex_);
               add_scheduled(place, {std::move(all.front()->content), std::move(key), 0});
           });
}

// With mutex_ held.
void memory_journal::add_scheduled(schedule_place place, waiting w) {
    w.memory = allocated(tree_node + sizeof(std::pair<schedule_place, waiting>)) +
               footprint(w.content) + footprint(w.key) + 2 * sizeof(schedule_place);
    memory_ += w.memory;
    scheduled_bytes_ += w.content.size();
    scheduled_by_id_.emplace(place.second, place.first);
    scheduled_.emplace(place, std::move(w));
}

}  // namespace carillon
