#include "journal/memory/memory_journal.hpp"

#include "journal/epoch.hpp"
#include "journal/start.hpp"

#include <algorithm>

namespace carillon {

memory_journal::memory_journal(memory_journal_options options)
    : epochs_({{random_epoch()}}),
      options_(std::move(options)),
      logs_(std::move(options_.retention_of), options_.max_empty_topics) {
    if (!options_.now) options_.now = [] { return std::chrono::system_clock::now(); };
}

// The first thread that finds nobody committing commits for all that come meanwhile, so that
// callbacks run in order and without a lock, just as with a store that has a writer thread.
void memory_journal::append(group events, std::optional<idempotency_key> key,
                            commit_callback done) {
    {
        const std::lock_guard lock(queue_mutex_);
        queue_.push_back(
            {.events = std::move(events), .key = std::move(key), .done = std::move(done)});
        if (committing_) return;
        committing_ = true;
    }
    std::vector<request> batch;
    for (;;) {
        batch.clear();
        {
            const std::lock_guard lock(queue_mutex_);
            if (queue_.empty()) {
                committing_ = false;
                return;
            }
            batch.swap(queue_);
        }
        commit(batch);
    }
}

void memory_journal::commit(std::vector<request>& batch) {
    {
        const std::lock_guard lock(mutex_);
        for (request& r : batch) r.outcome = commit_locked(r);
    }
    for (const request& r : batch) {
        if (r.outcome && *r.outcome == appended::stored)
            fed_.insert(fed_.end(), r.events.begin(), r.events.end());
    }
    if (!fed_.empty()) feed_(fed_);
    fed_.clear();
    for (request& r : batch) r.done(std::move(r.outcome), r.events);
}

result<journal::appended> memory_journal::commit_locked(request& r) {
    look_at_clock();
    if (r.key) {
        const auto known = recall(*r.key);
        if (!known) return std::unexpected(known.error());
        if (*known) {
            number_from(r.events, **known);
            return appended::repeated;
        }
        remember(std::move(*r.key), head_ + 1);
    }
    for (const auto& e : r.events) {
        e->stored_at = times_.newest();
        if (!e->content.ephemeral) store(e);
    }
    enforce_total_size();
    return appended::stored;
}

// With mutex_ held. Keys are not kept for as long as the clock was ahead.
void memory_journal::look_at_clock() {
    const auto now = options_.now();
    if (!times_.move_to(now, head_)) return;
    for (auto& [expires, key] : keys_by_age_)
        expires = std::min(expires, now + options_.idempotency_window);
}

/// What came of an earlier use of the key; nothing if there was none.
result<std::optional<std::uint64_t>> memory_journal::recall(const idempotency_key& key) {
    forget_keys();
    const auto known = keys_.find(key.key);
    if (known == keys_.end()) return std::nullopt;
    if (known->second.body_hash != key.body_hash) return std::unexpected(key_conflict());
    return known->second.first;
}

void memory_journal::remember(idempotency_key key, std::uint64_t first) {
    const auto expires = times_.newest() + options_.idempotency_window;
    keys_by_age_.emplace_back(expires, key.key);
    keys_.emplace(std::move(key.key), remembered{key.body_hash, first, expires});
}

void memory_journal::forget_keys() {
    while (!keys_by_age_.empty() && keys_by_age_.front().first <= times_.newest()) {
        keys_.erase(keys_.find(keys_by_age_.front().second));
        keys_by_age_.pop_front();
    }
}

void memory_journal::store(const std::shared_ptr<stored_event>& e) {
    e->pos.value = ++head_;
    if (e->erases.value != 0) {
        if (const event_ptr old = logs_.at(e->erases.value, e->content.topics))
            logs_.erase(*old, e->pos);
    }
    for (const topic& t : e->content.topics) {
        topic_log& log = logs_.get(t.str());
        if (e->content.retain) log.retain(e);
        logs_.push(log, e);
        enforce_limits(log);
    }
}

void memory_journal::trim_front(topic_log& log) {
    const event_ptr gone = logs_.pop(log);
    logs_.note_trimmed(log, gone->pos.value, 1, gone->content.size());
}

void memory_journal::enforce_limits(topic_log& log) {
    while (log.over_limits()) {
        const bool last = log.kept == 1;
        trim_front(log);
        if (last) return;  // the topic itself may be gone
    }
}

void memory_journal::enforce_total_size() {
    while (logs_.kept_bytes > options_.max_bytes && logs_.oldest() != nullptr)
        trim_front(*logs_.oldest());
}

void memory_journal::schedule(event e, std::chrono::system_clock::time_point due,
                              std::optional<idempotency_key> key,
                              std::function<void(result<std::uint64_t>)> done) {
    result<std::optional<std::uint64_t>> known;
    {
        const std::lock_guard lock(mutex_);
        look_at_clock();
        if (key) known = recall(*key);
        if (known && !*known) {
            known = ++last_scheduled_;
            scheduled_.emplace(std::pair(due, **known), std::move(e));
            if (key) remember(std::move(*key), **known);
        }
    }
    done(known ? result<std::uint64_t>(**known) : std::unexpected(known.error()));
}

void memory_journal::cancel(std::uint64_t id, std::function<void(result<bool>)> done) {
    bool was_there = false;
    {
        const std::lock_guard lock(mutex_);
        was_there = std::erase_if(scheduled_, [id](const auto& entry) {
                        return entry.first.second == id;
                    }) != 0;
    }
    done(was_there);
}

void memory_journal::list_scheduled(
    std::size_t limit, std::function<void(result<std::vector<scheduled_event>>)> done) {
    std::vector<scheduled_event> some;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, e] : scheduled_) {
            if (some.size() >= limit) break;
            some.push_back({key.second, key.first, e});
        }
    }
    done(std::move(some));
}

void memory_journal::release_due(std::chrono::system_clock::time_point now) {
    group due;
    {
        const std::lock_guard lock(mutex_);
        while (!scheduled_.empty() && scheduled_.begin()->first.first <= now) {
            auto first = scheduled_.extract(scheduled_.begin());
            due.push_back(std::make_shared<stored_event>());
            due.back()->content = std::move(first.mapped());
        }
    }
    if (!due.empty()) append(std::move(due), std::nullopt, [](const auto&, auto) {});
}

void memory_journal::trim(std::chrono::system_clock::time_point now) {
    release_due(now);
    // Fronts are ordered by position and so by age; a topic that keeps long stands in the way of
    // none.
    static constexpr std::size_t topics_per_call = 4096;
    const std::lock_guard lock(mutex_);
    look_at_clock();
    auto some = logs_.by_age(trim_resume_, topics_per_call);
    trim_resume_ = some.size() < topics_per_call ? 0 : some.back()->front()->pos.value + 1;
    for (topic_log* log : some) {
        const auto counts_from = [&](const stored_event& e) {
            return times_.counts_from(e.pos.value, e.stored_at, now);
        };
        while (counts_from(*log->front()) + log->keep.max_age < now) {
            const bool last = log->kept == 1;
            trim_front(*log);
            if (last) break;
        }
    }
}

void memory_journal::set_retention(retention_lookup retention_of) {
    const std::lock_guard lock(mutex_);
    logs_.set_retention(std::move(retention_of));
    std::vector<topic_log*> over;  // trimming may forget topics, but only empty ones
    logs_.each([&](topic_log& log) {
        if (log.over_limits()) over.push_back(&log);
    });
    for (topic_log* log : over) enforce_limits(*log);
}

void memory_journal::read(const read_query& q, std::function<void(result<read_page>)> done) {
    read_page page;
    {
        const std::lock_guard lock(mutex_);
        page = logs_.read(q, options_.now());
    }
    done(std::move(page));
}

void memory_journal::locate(const start_query& q, std::function<void(result<start_point>)> done) {
    start_point start;
    {
        const std::lock_guard lock(mutex_);
        start = locate_locked(q);
    }
    done(start);
}

start_point memory_journal::locate_locked(const start_query& q) const {
    start_point start;
    const auto logs = logs_.matching(q.patterns);
    if (!q.last_event_id.empty()) {
        if (const auto own = cursor::parse(q.last_event_id)) {
            start = epochs_.start_of(*own, head_);
        } else if (const auto found = logs_.find_own_id(q.last_event_id, logs)) {
            start.at = found->pos;
            start.repeated = found->repeated;
        } else {
            start.unknown = true;
        }
    } else if (const auto* last = std::get_if<rewind_last>(&q.from)) {
        const auto newest = logs_.newest({0, wanted_newest(*last, q), last->bytes}, logs);
        start.at = position{newest.empty() ? head_ : newest.back().pos - 1};
        const auto old = logs_.before_time(last->not_before, logs, times_);
        start.at = std::max(start.at, old.value_or(position{head_}));
    } else if (const auto* since = std::get_if<rewind_since>(&q.from)) {
        start.at = logs_.before_time(since->time, logs, times_).value_or(position{head_});
    }
    if (q.budget == unlimited) return start;
    return within_budget(start, logs_.newest({start.at.value, q.budget + 1}, logs), q, head_);
}

void memory_journal::snapshot(const snapshot_query& q,
                              std::function<void(result<snapshot_page>)> done) {
    snapshot_page page;
    {
        const std::lock_guard lock(mutex_);
        page = logs_.snapshot(q, options_.now());
    }
    done(std::move(page));
}

position memory_journal::head() const {
    const std::lock_guard lock(mutex_);
    return position{head_};
}

journal_stats memory_journal::stats() const {
    const std::lock_guard lock(mutex_);
    return {logs_.kept, logs_.kept_bytes, logs_.size(), logs_.trimmed};
}

std::unique_ptr<journal> make_memory_journal(memory_journal_options options) {
    return std::make_unique<memory_journal>(std::move(options));
}

}  // namespace carillon
