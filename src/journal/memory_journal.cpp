#include "journal/memory_journal.hpp"

#include <algorithm>
#include <queue>
#include <random>

namespace carillon {

namespace {

std::string random_epoch() {
    static constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::random_device source;
    std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
    std::string epoch;
    for (int i = 0; i < 8; ++i) epoch += alphabet[pick(source)];
    return epoch;
}

std::uint64_t value_of(const event_ptr& e) noexcept { return e->pos.value; }

}  // namespace

memory_journal::memory_journal(memory_journal_options options)
    : epoch_(random_epoch()), options_(std::move(options)) {
    if (!options_.retention_of)
        options_.retention_of = [](std::string_view) { return retention{}; };
    options_.max_empty_topics = std::max<std::size_t>(options_.max_empty_topics, 1);
    if (!options_.now) options_.now = [] { return std::chrono::system_clock::now(); };
}

// The first thread that finds nobody committing commits for all who come meanwhile, so that
// callbacks run in order and without a lock, just as with a store that has a writer thread.
void memory_journal::append(group events, commit_callback done) {
    {
        const std::lock_guard lock(queue_mutex_);
        queue_.push_back({std::move(events), std::move(done)});
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
        for (request& r : batch) commit(r);
    }
}

void memory_journal::commit(request& r) {
    {
        const std::lock_guard lock(mutex_);
        now_ = std::max(now_, options_.now());
        for (const auto& e : r.events) {
            e->stored_at = now_;
            if (!e->e.ephemeral) store(e);
        }
        enforce_total_size();
    }
    r.done({}, r.events);
}

void memory_journal::store(const std::shared_ptr<stored_event>& e) {
    e->pos.value = ++head_;
    for (const topic& t : e->e.topics) {
        topic_log& log = log_of(t.str());
        if (log.empty()) {
            by_front_.emplace(e->pos.value, &log);
            empty_.erase({log.trimmed, &log});
        }
        log.push(e);
        total_events_ += 1;
        total_bytes_ += e->e.size();
        while (log.over_limits() && trim_front(log)) continue;
    }
}

topic_log& memory_journal::log_of(const std::string& name) {
    const auto found = topics_.find(name);
    if (found != topics_.end()) return *found->second;
    auto created = std::make_unique<topic_log>();
    topic_log& log = *created;
    const auto [at, inserted] = topics_.emplace(name, std::move(created));
    log.name = at->first;
    log.keep = options_.retention_of(name);
    log.trimmed = forgotten_;  // it may be one of those
    log.trim_count = forgotten_trims_;
    sorted_.insert(log.name);
    return log;
}

bool memory_journal::trim_front(topic_log& log) {
    const std::uint64_t front = value_of(log.front());
    total_bytes_ -= log.front()->e.size();
    total_events_ -= 1;
    log.pop();
    log.trim_count = ++trimmed_;
    by_front_.erase({front, &log});
    if (log.empty()) {
        remember_empty(log);
        return false;
    }
    by_front_.emplace(value_of(log.front()), &log);
    return true;
}

// A topic without events is kept for its trim mark. Beyond the limit the oldest marks are merged
// into one that all unknown topics share: it may report a gap that was none for a topic, never hide
// one.
void memory_journal::remember_empty(topic_log& log) {
    empty_.emplace(log.trimmed, &log);
    while (empty_.size() > options_.max_empty_topics) {
        topic_log* oldest = empty_.begin()->second;
        empty_.erase(empty_.begin());
        forgotten_ = std::max(forgotten_, oldest->trimmed);
        forgotten_trims_ = std::max(forgotten_trims_, oldest->trim_count);
        sorted_.erase(oldest->name);
        topics_.erase(topics_.find(oldest->name));
    }
}

void memory_journal::enforce_total_size() {
    while (total_bytes_ > options_.max_bytes && !by_front_.empty()) {
        trim_front(*by_front_.begin()->second);
    }
}

void memory_journal::trim(std::chrono::system_clock::time_point now) {
    // Fronts are ordered by position and so by age; a topic that keeps long stands in the way of
    // none.
    static constexpr std::size_t topics_per_call = 4096;
    const std::lock_guard lock(mutex_);
    auto it = by_front_.lower_bound({trim_resume_, nullptr});
    if (it == by_front_.end()) it = by_front_.begin();
    for (std::size_t i = 0; i < topics_per_call && it != by_front_.end(); ++i) {
        topic_log& log = *it->second;
        ++it;
        while (log.front()->stored_at + log.keep.max_age < now && trim_front(log)) continue;
    }
    trim_resume_ = it == by_front_.end() ? 0 : it->first;
}

void memory_journal::set_retention(retention_lookup retention_of) {
    const std::lock_guard lock(mutex_);
    options_.retention_of = std::move(retention_of);
    std::vector<topic_log*> kept;  // trimming may forget topics, but only empty ones
    for (const auto& [name, log] : topics_) {
        log->keep = options_.retention_of(name);
        if (!log->empty()) kept.push_back(log.get());
    }
    for (topic_log* log : kept) {
        while (log->over_limits() && trim_front(*log)) continue;
    }
}

std::vector<const topic_log*> memory_journal::matching(topic_patterns patterns) const {
    std::vector<const topic_log*> logs;
    for (const topic_pattern* pattern : patterns) {
        if (pattern->is_literal()) {
            const auto found = topics_.find(pattern->str());
            if (found != topics_.end()) logs.push_back(found->second.get());
            continue;
        }
        const std::string_view prefix = pattern->literal_prefix();
        for (auto it = sorted_.lower_bound(prefix); it != sorted_.end() && it->starts_with(prefix);
             ++it) {
            if (pattern->matches(*it)) logs.push_back(topics_.find(*it)->second.get());
        }
    }
    if (patterns.size() > 1) {
        std::ranges::sort(logs);
        const auto repeated = std::ranges::unique(logs);
        logs.erase(repeated.begin(), repeated.end());
    }
    return logs;
}

bool memory_journal::may_be_forgotten(topic_patterns patterns, std::size_t found) const noexcept {
    return found < patterns.size() ||
           std::ranges::any_of(patterns, [](const topic_pattern* p) { return !p->is_literal(); });
}

void memory_journal::read(const read_query& q, std::function<void(result<read_page>)> done) {
    read_page page;
    {
        const std::lock_guard lock(mutex_);
        page = read_locked(q);
    }
    done(std::move(page));
}

read_page memory_journal::read_locked(const read_query& q) const {
    read_page page;
    const auto logs = matching(q.patterns);
    const bool forgotten = may_be_forgotten(q.patterns, logs.size());
    std::uint64_t lost = forgotten ? forgotten_ : 0;
    page.trims = forgotten ? forgotten_trims_ : 0;
    for (const topic_log* log : logs) {
        lost = std::max(lost, log->trimmed);
        page.trims = std::max(page.trims, log->trim_count);
    }
    if (lost > q.after.value) page.lost = gap{q.after, position{lost}};

    using run = std::span<const event_ptr>;
    const auto later = [](const run& a, const run& b) {
        return value_of(a.front()) > value_of(b.front());
    };
    std::priority_queue<run, std::vector<run>, decltype(later)> runs(later);
    for (const topic_log* log : logs) {
        const run events = log->after(q.after.value);
        if (!events.empty() && value_of(events.front()) <= q.upto.value) runs.push(events);
    }
    page.through = std::max(q.upto, q.after);
    std::size_t bytes = 0;
    while (!runs.empty()) {
        run events = runs.top();
        runs.pop();
        const event_ptr& e = events.front();
        const bool repeated = !page.events.empty() && page.events.back() == e;
        if (!repeated) {
            const bool full = page.events.size() >= q.max_events || bytes >= q.max_bytes;
            if (full) {
                page.through = page.events.empty() ? q.after : page.events.back()->pos;
                break;
            }
            page.events.push_back(e);
            bytes += e->e.size();
        }
        events = events.subspan(1);
        if (!events.empty() && value_of(events.front()) <= q.upto.value) runs.push(events);
    }
    return page;
}

std::optional<found_cursor> memory_journal::find(std::string_view last_event_id,
                                                 topic_patterns patterns) {
    const std::lock_guard lock(mutex_);
    if (const auto own = cursor::parse(last_event_id)) {
        if (own->epoch != epoch_ || own->pos.value > head_) return std::nullopt;
        return found_cursor{own->pos};
    }
    std::optional<found_cursor> earliest;
    for (const topic_log* log : matching(patterns)) {
        const auto hit = log->own_ids.find(last_event_id);
        if (hit == log->own_ids.end()) continue;
        // One event may stand in several of the topics.
        const bool repeated =
            hit->second.count > 1 ||
            (earliest && (earliest->repeated || earliest->pos.value != hit->second.first));
        if (!earliest || hit->second.first < earliest->pos.value) {
            earliest = found_cursor{position{hit->second.first}};
        }
        earliest->repeated = repeated;
    }
    return earliest;
}

position memory_journal::before_last(std::uint64_t count, topic_patterns patterns) {
    const std::lock_guard lock(mutex_);
    if (count == 0) return position{head_};
    std::vector<std::uint64_t> newest;
    for (const topic_log* log : matching(patterns)) {
        const auto events = log->all();
        const auto take = std::min<std::size_t>(count, events.size());
        for (const event_ptr& e : events.last(take)) newest.push_back(value_of(e));
    }
    std::ranges::sort(newest, std::greater{});
    const auto repeated = std::ranges::unique(newest);
    newest.erase(repeated.begin(), repeated.end());
    if (newest.empty()) return position{head_};
    return position{newest[std::min<std::size_t>(count, newest.size()) - 1] - 1};
}

position memory_journal::before_time(std::chrono::system_clock::time_point t,
                                     topic_patterns patterns) {
    const std::lock_guard lock(mutex_);
    std::uint64_t before = head_;
    for (const topic_log* log : matching(patterns)) {
        const auto events = log->all();
        const auto first = std::ranges::lower_bound(
            events, t, {}, [](const event_ptr& e) { return e->stored_at; });
        if (first != events.end()) before = std::min(before, value_of(*first) - 1);
    }
    return position{before};
}

position memory_journal::head() const {
    const std::lock_guard lock(mutex_);
    return position{head_};
}

journal_stats memory_journal::stats() const {
    const std::lock_guard lock(mutex_);
    return {total_events_, total_bytes_, topics_.size(), trimmed_};
}

std::unique_ptr<journal> make_memory_journal(memory_journal_options options) {
    return std::make_unique<memory_journal>(std::move(options));
}

}  // namespace carillon
