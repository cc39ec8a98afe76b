#include "journal/topic_logs.hpp"

#include <algorithm>
#include <queue>

namespace carillon {

namespace {

// A mark from before counts as one trim that was not reported yet.
constexpr std::uint64_t trims_before_the_start = 1;

std::uint64_t value_of(const event_ptr& e) noexcept { return e->pos.value; }

}  // namespace

topic_logs::topic_logs(retention_lookup retention_of, std::size_t max_empty_topics)
    : retention_of_(std::move(retention_of)),
      max_empty_topics_(std::max<std::size_t>(max_empty_topics, 1)) {
    if (!retention_of_) retention_of_ = [](std::string_view) { return retention{}; };
}

void topic_logs::restore_forgotten(std::uint64_t trim_mark) {
    forgotten = trim_mark;
    forgotten_trims = trim_mark == 0 ? 0 : trims_before_the_start;
}

topic_log* topic_logs::find(std::string_view name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : found->second.get();
}

topic_log& topic_logs::get(const std::string& name) {
    if (topic_log* known = find(name)) return *known;
    auto created = std::make_unique<topic_log>();
    topic_log& log = *created;
    const auto [at, inserted] = topics_.emplace(name, std::move(created));
    log.name = at->first;
    log.keep = retention_of_(name);
    log.trimmed = forgotten;  // it may be one of those
    log.trim_count = forgotten_trims;
    sorted_.insert(log.name);
    return log;
}

topic_log& topic_logs::restore(const std::string& name, std::int64_t row, std::uint64_t trim_mark,
                               std::uint64_t events, std::uint64_t bytes) {
    topic_log& log = get(name);
    log.row = row;
    log.trimmed = trim_mark;
    log.trim_count = trim_mark == 0 ? 0 : trims_before_the_start;
    log.kept = events;
    log.kept_bytes = bytes;
    kept += events;
    kept_bytes += bytes;
    return log;
}

void topic_logs::end_restore() {
    for (const auto& [name, log] : topics_) remember_if_empty(*log);
    forget_surplus();
}

void topic_logs::push(topic_log& log, const event_ptr& e) {
    if (log.kept == 0) empty_.erase({log.trimmed, &log});
    const std::size_t size = e->content.size();
    log.kept += 1;
    log.kept_bytes += size;
    kept += 1;
    kept_bytes += size;
    recall(log, e);
}

void topic_logs::recall(topic_log& log, const event_ptr& e) {
    if (log.empty()) by_front_.emplace(e->pos.value, &log);
    log.push(e);
}

event_ptr topic_logs::pop(topic_log& log) {
    // The entry is moved and not made anew: at its limit a topic does this for every event.
    auto entry = by_front_.extract({value_of(log.front()), &log});
    event_ptr gone = log.pop();
    if (!log.empty()) {
        entry.value().first = value_of(log.front());
        by_front_.insert(std::move(entry));
    }
    return gone;
}

void topic_logs::note_trimmed(topic_log& log, std::uint64_t pos, std::uint64_t events,
                              std::uint64_t bytes) {
    log.trimmed = std::max(log.trimmed, pos);
    trimmed += events;
    log.trim_count = trims_before_the_start + trimmed;
    log.kept -= events;
    log.kept_bytes -= bytes;
    kept -= events;
    kept_bytes -= bytes;
    remember_if_empty(log);
    forget_surplus();
}

// A topic without events is kept for its trim mark. Beyond the limit the oldest marks are merged
// into one that all unknown topics share: it may report a gap that was none for a topic, never hide
// one.
void topic_logs::remember_if_empty(topic_log& log) {
    if (log.kept == 0 && !log.retained) empty_.emplace(log.trimmed, &log);
}

void topic_logs::forget_surplus() {
    while (empty_.size() > max_empty_topics_) {
        topic_log* oldest = empty_.begin()->second;
        empty_.erase(empty_.begin());
        if (oldest->retained) continue;
        forgotten = std::max(forgotten, oldest->trimmed);
        forgotten_trims = std::max(forgotten_trims, oldest->trim_count);
        if (on_forget) on_forget(*oldest);
        sorted_.erase(oldest->name);
        topics_.erase(topics_.find(oldest->name));
    }
}

topic_log* topic_logs::oldest() const {
    return by_front_.empty() ? nullptr : by_front_.begin()->second;
}

std::vector<topic_log*> topic_logs::by_age(std::uint64_t from, std::size_t limit) const {
    std::vector<topic_log*> some;
    for (auto at = by_front_.lower_bound({from, nullptr});
         at != by_front_.end() && some.size() < limit; ++at)
        some.push_back(at->second);
    return some;
}

void topic_logs::set_retention(retention_lookup retention_of) {
    if (retention_of) retention_of_ = std::move(retention_of);
    for (const auto& [name, log] : topics_) log->keep = retention_of_(name);
}

std::vector<const topic_log*> topic_logs::matching(const matcher_set& patterns) const {
    std::vector<const topic_log*> logs;
    for (const topic_pattern& pattern : *patterns) {
        if (pattern.is_literal()) {
            if (const topic_log* log = find(pattern.str())) logs.push_back(log);
            continue;
        }
        const std::string_view prefix = pattern.literal_prefix();
        for (auto it = sorted_.lower_bound(prefix); it != sorted_.end() && it->starts_with(prefix);
             ++it) {
            if (pattern.matches(*it)) logs.push_back(find(*it));
        }
    }
    if (patterns->size() > 1) {
        std::ranges::sort(logs);
        const auto repeated = std::ranges::unique(logs);
        logs.erase(repeated.begin(), repeated.end());
    }
    return logs;
}

void topic_logs::tell_losses(read_page& page, position after, const matcher_set& patterns,
                             const std::vector<const topic_log*>& logs) const {
    const bool may_be_forgotten =
        logs.size() < patterns->size() ||
        std::ranges::any_of(*patterns, [](const topic_pattern& p) { return !p.is_literal(); });
    std::uint64_t lost = may_be_forgotten ? forgotten : 0;
    page.trims = may_be_forgotten ? forgotten_trims : 0;
    for (const topic_log* log : logs) {
        lost = std::max(lost, log->trimmed);
        page.trims = std::max(page.trims, log->trim_count);
    }
    if (lost > after.value) page.lost = gap{after, position{lost}};
}

event_ptr topic_logs::at(std::uint64_t pos, const std::vector<topic>& topics) const {
    for (const topic& t : topics) {
        const topic_log* log = find(t.str());
        if (log == nullptr) continue;
        const auto events = log->after(pos - 1);
        if (!events.empty() && value_of(events.front()) == pos) return events.front();
        if (log->retained && value_of(log->retained) == pos) return log->retained;
    }
    return nullptr;
}

void topic_logs::erase(const stored_event& e, position by) {
    auto tombstone = std::make_shared<stored_event>();
    tombstone->content.topics = e.content.topics;
    tombstone->content.id = e.content.id;  // still a cursor
    tombstone->content.is_private = e.content.is_private;
    tombstone->pos = e.pos;
    tombstone->stored_at = e.stored_at;
    tombstone->erased = true;
    tombstone->erased_by = by;
    for (const topic& t : e.content.topics) {
        topic_log* log = find(t.str());
        if (log == nullptr) continue;
        log->erase(e.pos.value, tombstone);
        if (!log->retained || log->retained->pos != e.pos) continue;
        log->retained.reset();
        remember_if_empty(*log);  // forgotten later: callers hold topics of the group under way
    }
}

read_page topic_logs::read(const read_query& q, std::chrono::system_clock::time_point now) const {
    read_page page;
    const auto logs = matching(q.patterns);
    tell_losses(page, q.after, q.patterns, logs);

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
        if (!repeated && (q.erased_too || shown_at(*e, now)) && !superseded(*e, q)) {
            const bool full = page.events.size() >= q.max_events || bytes >= q.max_bytes;
            if (full) {
                page.through = page.events.empty() ? q.after : page.events.back()->pos;
                break;
            }
            page.events.push_back(e);
            bytes += e->content.size();
        }
        events = events.subspan(1);
        if (!events.empty() && value_of(events.front()) <= q.upto.value) runs.push(events);
    }
    return page;
}

std::optional<found_cursor> topic_logs::find_own_id(
    std::string_view id, const std::vector<const topic_log*>& logs) const {
    std::optional<found_cursor> earliest;
    for (const topic_log* log : logs) {
        const auto hit = log->own_ids.find(id);
        if (hit == log->own_ids.end()) continue;
        // One event may stand in several of the topics.
        const bool repeated =
            hit->second.count > 1 ||
            (earliest && (earliest->repeated || earliest->pos.value != hit->second.first));
        if (!earliest || hit->second.first < earliest->pos.value)
            earliest = found_cursor{position{hit->second.first}};
        earliest->repeated = repeated;
    }
    return earliest;
}

snapshot_page topic_logs::snapshot(const snapshot_query& q,
                                   std::chrono::system_clock::time_point now) const {
    std::vector<event_ptr> all;
    for (const topic_log* log : matching(q.patterns)) {
        const event_ptr& value = log->retained;
        if (value && value->pos > q.after && value->pos <= q.upto && shown_at(*value, now))
            all.push_back(value);
    }
    std::ranges::sort(all, {}, value_of);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    snapshot_page page;
    page.through = std::max(q.after, q.upto);
    std::size_t bytes = 0;
    for (event_ptr& value : all) {
        if (page.values.size() >= q.max_events || bytes >= q.max_bytes) {
            page.through = page.values.empty() ? q.after : page.values.back()->pos;
            break;
        }
        bytes += value->content.size();
        page.values.push_back(std::move(value));
    }
    return page;
}

bool topic_logs::superseded(const stored_event& e, const read_query& q) const {
    if (!q.conflate || e.content.key.empty()) return false;
    const auto matches_of = [](const matcher_set& patterns, const topic& t) {
        return std::ranges::count_if(*patterns,
                                     [&](const topic_pattern& p) { return p.matches(t.str()); });
    };
    for (const topic& t : e.content.topics) {
        const auto matches = matches_of(q.patterns, t);
        if (matches == 0) continue;
        const topic_log* log = find(t.str());
        if (matches != matches_of(q.conflate, t) || log == nullptr) return false;
        const auto newest = log->keys.find(e.content.key);
        if (newest == log->keys.end() || newest->second <= e.pos.value) return false;
    }
    return true;
}

std::vector<stored_size> topic_logs::newest(const newest_query& q,
                                            const std::vector<const topic_log*>& logs) const {
    std::vector<stored_size> all;
    for (const topic_log* log : logs) {
        const auto events = log->after(q.after);
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < events.size() && i < q.count && bytes <= q.bytes; ++i) {
            const event_ptr& e = events[events.size() - 1 - i];
            all.push_back({value_of(e), e->content.size()});
            bytes += all.back().bytes;
        }
    }
    keep_newest(all, q);
    return all;
}

std::optional<position> topic_logs::before_time(std::chrono::system_clock::time_point t,
                                                const std::vector<const topic_log*>& logs,
                                                const time_line& times) const {
    std::optional<position> before;
    for (const topic_log* log : logs) {
        const auto events = log->all();
        const auto first = std::ranges::lower_bound(events, t, {}, [&](const event_ptr& e) {
            return times.ordered(value_of(e), e->stored_at);
        });
        if (first == events.end()) continue;
        const position here{value_of(*first) - 1};
        before = std::min(before.value_or(here), here);
    }
    return before;
}

}  // namespace carillon
