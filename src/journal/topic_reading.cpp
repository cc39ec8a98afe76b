// Topics by pattern, and their events in memory in one order.
#include "journal/topic_logs.hpp"

#include <algorithm>
#include <limits>
#include <queue>

namespace carillon {

namespace {

// Merging looks at each topic; beyond so many, going through all events may be cheaper.
constexpr std::size_t topics_to_merge = 64;
constexpr std::uint64_t dense_share = 16;
// Events, or last values, that a page may look at before it ends early, times the patterns that
// each is held against.
constexpr std::size_t looks_per_page = 16'384;

// Last values that are sorted for a page; beyond, those of all topics are gone through.
constexpr std::size_t most_values_to_sort = 1024;

std::uint64_t value_of(const event_ptr& e) noexcept { return e->pos.value; }

bool matches(const matcher_set& patterns, std::string_view name) {
    return std::ranges::any_of(*patterns, [&](const topic_pattern& p) { return p.matches(name); });
}

bool all_literal(const matcher_set& patterns) {
    return std::ranges::all_of(*patterns, &topic_pattern::is_literal);
}

void make_unique(std::vector<const topic_log*>& logs) {
    std::ranges::sort(logs);
    const auto repeated = std::ranges::unique(logs);
    logs.erase(repeated.begin(), repeated.end());
}

std::size_t looks_for(const matcher_set& patterns) {
    return looks_per_page / std::max<std::size_t>(patterns->size() / 4, 1);
}

/// Whether each stream of the event's topics is shown it, as long as it is kept.
bool for_all_that_listen(const event& e) {
    return !e.is_private && !e.expires &&
           std::ranges::none_of(e.topics, [](const topic& t) { return t.str().starts_with('$'); });
}

/// Lists topics until they are too many.
class topic_list final : public name_visitor {
public:
    topic_list(matched_topics& into, std::uint64_t all_events, std::size_t most,
               std::uint64_t events)
        : into_(into), all_events_(all_events), most_(most), events_(events) {}

    /// Of the topics that are listed.
    std::uint64_t events() const noexcept { return events_; }

    bool one(topic_log& log) override {
        into_.logs.push_back(&log);
        events_ += log.kept;
        return !too_many(0, 0);
    }
    bool some(std::span<topic_log* const> logs, const name_chunk&, bool) override {
        return std::ranges::all_of(logs, [&](topic_log* log) { return one(*log); });
    }
    bool before_range(std::size_t topics, std::uint64_t kept) override {
        return !too_many(topics, kept);
    }

private:
    bool too_many(std::size_t topics, std::uint64_t events) {
        const std::size_t count = into_.logs.size() + topics;
        const bool dense = (events_ + events) * dense_share > all_events_;
        into_.dense = count > most_ || (count > topics_to_merge && dense);
        return into_.dense;
    }

    matched_topics& into_;
    const std::uint64_t all_events_;
    const std::size_t most_;
    std::uint64_t events_;
};

}  // namespace

matched_topics topic_logs::matching(const matcher_set& patterns, std::size_t most,
                                    std::uint64_t events) const {
    if (all_literal(patterns)) return literals_of(patterns);
    remembered& r = recall(patterns, most, events);
    (void)go_on(r, std::numeric_limits<std::size_t>::max());
    return r.topics;
}

bool topic_logs::look_up_part(const matcher_set& patterns, std::size_t most,
                              std::uint64_t events) const {
    return all_literal(patterns) || go_on(recall(patterns, most, events), names_at_once);
}

bool topic_logs::look_up_some(const matcher_set& patterns) const {
    if (all_literal(patterns)) return true;
    remembered& r = recall(patterns, most_to_merge, kept);
    return go_on(r, names_at_once) &&
           (!r.topics.dense || go_on_with_marks(r, patterns, names_at_once));
}

bool topic_logs::look_up_some_for_values(const matcher_set& patterns) const {
    if (!look_up_some(patterns)) return false;
    return all_literal(patterns) || !recall(patterns, most_to_merge, kept).topics.dense ||
           look_up_part(patterns, most_values_to_sort, ~std::uint64_t{0});
}

matched_topics topic_logs::literals_of(const matcher_set& patterns) const {
    matched_topics found;
    for (const topic_pattern& p : *patterns) {
        const topic_log* log = p.is_literal() ? find(p.str()) : nullptr;
        if (log != nullptr) found.logs.push_back(log);
    }
    if (patterns->size() > 1) make_unique(found.logs);
    return found;
}

/// What is known of the patterns, as of now, or a look-up that begins. How many events a topic has
/// may have changed since: that decides about the cheaper way to read, not about what is read.
topic_logs::remembered& topic_logs::recall(const matcher_set& patterns, std::size_t most,
                                           std::uint64_t events) const {
    const auto same = [&](const remembered& r) {
        return r.most == most && !r.patterns.owner_before(patterns) &&
               !patterns.owner_before(r.patterns);
    };
    auto known = std::ranges::find_if(remembered_, same);
    if (known != remembered_.end() && follow_changes(*known, patterns)) return *known;
    if (known == remembered_.end()) {
        if (remembered_.size() < most_remembered) {
            known = remembered_.emplace(known);
        } else {
            known = remembered_.begin() + static_cast<std::ptrdiff_t>(next_to_forget_);
            next_to_forget_ = (next_to_forget_ + 1) % most_remembered;
        }
    }
    known->most = most;
    begin_look_up(*known, patterns, events);
    return *known;
}

void topic_logs::begin_look_up(remembered& r, const matcher_set& patterns,
                               std::uint64_t events) const {
    r.patterns = patterns;
    r.names_version = names_version_;
    r.topics = literals_of(patterns);
    r.marks.reset();
    r.under_way = std::make_unique<look_up>(patterns, pattern_tree(*patterns), events);
}

/// False if there are more names to look at.
bool topic_logs::go_on(remembered& r, std::size_t looks) const {
    if (!r.under_way) return true;
    look_up& walk = *r.under_way;
    topic_list list(r.topics, walk.all_events, r.most, walk.events);
    auto next = names_.match_some(walk.tree, list, walk.next, looks);
    if (next) {
        walk.events = list.events();
        walk.next = std::move(*next);
        return false;
    }
    if (r.topics.dense) {
        r.topics.logs.clear();
    } else {
        make_unique(r.topics.logs);
    }
    r.under_way.reset();
    return true;
}

/// False if too much has changed since.
bool topic_logs::follow_changes(remembered& r, const matcher_set& patterns) const {
    const std::uint64_t missed = names_version_ - std::exchange(r.names_version, names_version_);
    if (missed > changes_.size()) return false;
    auto& logs = r.topics.logs;
    for (auto at = changes_.end() - static_cast<std::ptrdiff_t>(missed);
         at != changes_.end() && !r.topics.dense; ++at) {
        if (at->gone != nullptr) {
            std::erase(logs, at->gone);
            continue;
        }
        // It may have gone since, and come again.
        const topic_log* log = matches(patterns, at->came) ? find(at->came) : nullptr;
        if (log == nullptr || std::ranges::find(logs, log) != logs.end()) continue;
        logs.push_back(log);
        r.topics.dense = logs.size() > r.most;
    }
    if (r.topics.dense) {
        logs.clear();
        r.under_way.reset();
    }
    return true;
}

void topic_logs::note_change(name_change change) {
    ++names_version_;
    changes_.push_back(std::move(change));
    if (changes_.size() > most_changes) changes_.pop_front();
}

/// Whether a topic that matches has the event still: another may have kept it longer.
bool topic_logs::wants(const matcher_set& patterns, const stored_event& e) const {
    const auto& topics = e.content.topics;
    if (topics.size() == 1) return matches(patterns, topics.front().str());
    return std::ranges::any_of(topics, [&](const topic& t) {
        if (!matches(patterns, t.str())) return false;
        const topic_log* log = find(t.str());
        return log != nullptr && log->trimmed < e.pos.value;
    });
}

bool topic_logs::all_in_memory(const matched_topics& topics) const {
    if (topics.dense) return false;
    return std::ranges::all_of(topics.logs, [](const topic_log* log) { return log->complete(); });
}

read_page topic_logs::read(const read_query& q, std::chrono::system_clock::time_point now) const {
    const auto topics = matching(q.patterns);
    read_page page = topics.dense ? scan(q, now) : merge(q, topics, now);
    add_last_values(page, q, now);
    tell_losses(page, q.after, q.patterns, topics);
    return page;
}

namespace {

/// A page that grows until it is full.
class page_under_way {
public:
    explicit page_under_way(const read_query& q) : q_(q) {
        page.through = std::max(q.upto, q.after);
    }
    /// False if it is full: then it ends before `e`.
    bool add(const event_ptr& e) {
        if (page.events.size() >= q_.max_events || bytes_ >= q_.max_bytes) {
            page.through = page.events.empty() ? q_.after : page.events.back()->pos;
            return false;
        }
        page.events.push_back(e);
        bytes_ += e->content.size();
        return true;
    }

    read_page page;

private:
    const read_query& q_;
    std::size_t bytes_ = 0;
};

}  // namespace

read_page topic_logs::merge(const read_query& q, const matched_topics& topics,
                            std::chrono::system_clock::time_point now) const {
    using run = std::span<const event_ptr>;
    const auto later = [](const run& a, const run& b) {
        return value_of(a.front()) > value_of(b.front());
    };
    std::priority_queue<run, std::vector<run>, decltype(later)> runs(later);
    for (const topic_log* log : topics.logs) {
        const run events = log->after(q.after.value);
        if (!events.empty() && value_of(events.front()) <= q.upto.value) runs.push(events);
    }
    page_under_way made(q);
    while (!runs.empty()) {
        run events = runs.top();
        runs.pop();
        const event_ptr& e = events.front();
        const bool repeated = !made.page.events.empty() && made.page.events.back() == e;
        const bool shown = !repeated && (q.erased_too || shown_at(*e, now)) && !superseded(*e, q);
        if (shown && !made.add(e)) break;
        events = events.subspan(1);
        if (!events.empty() && value_of(events.front()) <= q.upto.value) runs.push(events);
    }
    return std::move(made.page);
}

read_page topic_logs::scan(const read_query& q, std::chrono::system_clock::time_point now) const {
    page_under_way made(q);
    std::size_t looks = looks_for(q.patterns);
    order_.each_after(q.after.value, [&](const event_ptr& e) {
        if (e->pos > q.upto) return false;
        const bool shown =
            (q.erased_too || shown_at(*e, now)) && wants(q.patterns, *e) && !superseded(*e, q);
        if (shown && !made.add(e)) return false;
        if (--looks != 0) return true;
        made.page.through = e->pos;
        return false;
    });
    return std::move(made.page);
}

void topic_logs::add_last_values(read_page& page, const read_query& q,
                                 std::chrono::system_clock::time_point now) const {
    if (!q.last_values_too || values_.empty()) return;
    const auto outlived = [&](const topic_log& log, const event_ptr& e) {
        return log.retained() == e && e->pos.value <= log.trimmed && e->pos > q.after &&
               e->pos <= page.through && shown_at(*e, now);
    };
    const std::size_t before = page.events.size();
    const auto topics = matching(q.patterns);
    for (const topic_log* log : topics.logs) {
        const event_ptr& value = log->retained();
        if (value && outlived(*log, value)) page.events.push_back(value);
    }
    std::size_t looks = looks_for(q.patterns);
    auto at = topics.dense ? values_.upper_bound(q.after.value) : values_.end();
    for (; at != values_.end() && at->first <= page.through.value; ++at) {
        const event_ptr& e = at->second.event;
        if (looks-- == 0) {
            page.through = position{e->pos.value - 1};
            break;
        }
        const bool wanted = std::ranges::any_of(e->content.topics, [&](const topic& t) {
            const topic_log* log = matches(q.patterns, t.str()) ? find(t.str()) : nullptr;
            return log != nullptr && outlived(*log, e);
        });
        if (wanted) page.events.push_back(e);
    }
    if (page.events.size() != before) {
        std::ranges::sort(page.events, {}, value_of);
        const auto repeated = std::ranges::unique(page.events, {}, value_of);
        page.events.erase(repeated.begin(), repeated.end());
    }
    std::erase_if(page.events, [&](const event_ptr& e) { return e->pos > page.through; });
    if (page.events.size() <= q.max_events) return;
    page.events.resize(q.max_events);
    page.through = page.events.back()->pos;
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
        const std::uint64_t newest = log->newest_of_key(e.content.key);
        if (newest <= e.pos.value) return false;
        const auto there = log->after(newest - 1);
        if (there.empty() || !for_all_that_listen(there.front()->content)) return false;
    }
    return true;
}

std::optional<found_cursor> topic_logs::find_own_id(std::string_view id,
                                                    const matcher_set& patterns,
                                                    const matched_topics& topics) const {
    std::optional<found_cursor> earliest;
    const auto known = own_ids_.find(id);
    if (known == own_ids_.end()) return earliest;
    const auto look = [&](const topic_log& log) {
        const auto* hit = log.find_own_id(id);
        if (hit == nullptr) return;
        // One event may stand in several of the topics.
        const bool repeated =
            hit->count > 1 ||
            (earliest && (earliest->repeated || earliest->pos.value != hit->first));
        if (!earliest || hit->first < earliest->pos.value)
            earliest = found_cursor{position{hit->first}};
        earliest->repeated = repeated;
    };
    if (const auto& many = known->second.many; !many) {
        const topic_log& one = *known->second.one;
        if (matches(patterns, one.name())) look(one);
    } else if (!topics.dense && topics.logs.size() < many->size()) {
        std::ranges::for_each(topics.logs, [&](const topic_log* log) { look(*log); });
    } else {
        const pattern_tree tree(*patterns);
        for (const topic_pattern& p : *patterns) {
            const topic_log* log = p.is_literal() ? find(p.str()) : nullptr;
            if (log != nullptr) look(*log);
        }
        for (const topic_log* log : *many) {
            if (tree.matches(log->name())) look(*log);
        }
    }
    return earliest;
}

snapshot_page topic_logs::snapshot(const snapshot_query& q,
                                   std::chrono::system_clock::time_point now) const {
    // Most often what a page of events needs will do.
    auto topics = matching(q.patterns);
    if (topics.logs.size() > most_values_to_sort) return scan_values(q, now);
    if (topics.dense) topics = matching(q.patterns, most_values_to_sort, ~std::uint64_t{0});
    return topics.dense ? scan_values(q, now) : sort_values(q, topics, now);
}

snapshot_page topic_logs::sort_values(const snapshot_query& q, const matched_topics& topics,
                                      std::chrono::system_clock::time_point now) const {
    std::vector<event_ptr> all;
    for (const topic_log* log : topics.logs) {
        const event_ptr& value = log->retained();
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

snapshot_page topic_logs::scan_values(const snapshot_query& q,
                                      std::chrono::system_clock::time_point now) const {
    snapshot_page page;
    page.through = std::max(q.after, q.upto);
    std::size_t bytes = 0;
    std::size_t looks = looks_for(q.patterns);
    // Whether it is still the value of a topic that is asked for: another may have a newer one.
    const auto is_wanted = [&](const event_ptr& e) {
        return std::ranges::any_of(e->content.topics, [&](const topic& t) {
            if (!matches(q.patterns, t.str())) return false;
            const topic_log* log = find(t.str());
            return log != nullptr && log->retained() == e;
        });
    };
    for (auto at = values_.upper_bound(q.after.value); at != values_.end(); ++at) {
        const event_ptr& e = at->second.event;
        if (e->pos > q.upto) break;
        const bool full = page.values.size() >= q.max_events || bytes >= q.max_bytes;
        if (full || looks-- == 0) {
            page.through = position{e->pos.value - 1};
            break;
        }
        if (!shown_at(*e, now) || !is_wanted(e)) continue;
        bytes += e->content.size();
        page.values.push_back(e);
    }
    return page;
}

std::vector<stored_size> topic_logs::newest(const newest_query& q, const matcher_set& patterns,
                                            const matched_topics& topics) const {
    std::vector<stored_size> all;
    if (topics.dense) {
        std::uint64_t bytes = 0;
        order_.each_back([&](const event_ptr& e) {
            if (value_of(e) <= q.after || all.size() >= q.count || bytes > q.bytes) return false;
            if (!wants(patterns, *e)) return true;
            all.push_back({value_of(e), e->content.size()});
            bytes += all.back().bytes;
            return true;
        });
    }
    for (const topic_log* log : topics.logs) {
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
                                                const time_line& times,
                                                std::chrono::system_clock::time_point now) const {
    using stamped = time_line::stamped;
    const auto first_since = [&](auto since, std::uint64_t from, std::uint64_t to) {
        const event_ptr first = order_.first_where([&](const stored_event& e) {
            return e.pos.value > to || (e.pos.value > from && e.stored_at >= since);
        });
        const bool found = first && value_of(first) <= to;
        return result<std::optional<stamped>>(
            found ? std::optional(stamped{value_of(first), first->stored_at}) : std::nullopt);
    };
    const auto before = times.before(t, now, ~std::uint64_t{0}, first_since);
    if (!before || !*before) return std::nullopt;
    return position{**before};
}

}  // namespace carillon
