#include "journal/topic_logs.hpp"

#include "journal/footprint.hpp"

#include <algorithm>
#include <limits>

namespace carillon {

topic_logs::topic_logs(retention_lookup retention_of, const journal_limits& limits)
    : max_topics_(limits.max_topics),
      max_empty_topics_(std::max<std::size_t>(limits.max_empty_topics, 1)),
      unasked_{{std::numeric_limits<std::uint64_t>::max(),
                std::numeric_limits<std::uint64_t>::max(), std::chrono::seconds::max()},
               0} {
    set_retention(std::move(retention_of));
    if (!retention_of_) retention_of_ = [](std::string_view) { return retention{}; };
}

void topic_logs::restore_forgotten(std::uint64_t trim_mark) {
    forgotten = trim_mark;
    forgotten_trims = trim_mark == 0 ? 0 : trims_before_the_start;
}

topic_log* topic_logs::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->get();
}

topic_room topic_logs::room_for(std::span<const topic> topics) const {
    topic_room room{.kept = by_name_.size() - std::min(by_name_.size(), empty_.size()),
                    .most = max_topics_};
    for (const topic& t : topics) {
        const topic_log* const log = find(t.str());
        if (log == nullptr || (log->kept == 0 && !log->retained())) ++room.needed;
    }
    return room;
}

topic_log& topic_logs::create(std::string_view name) {
    topic_log& log = **by_name_.insert(topic_log::make(name)).first;
    log.rule = &unasked_;
    log.trimmed = forgotten;  // it may be one of those
    log.trim_count = forgotten_trims;
    memory_ += footprint(log);
    return log;
}

topic_log& topic_logs::get(std::string_view name) {
    if (topic_log* known = find(name)) return *known;
    topic_log& log = create(name);
    names_.insert(log);
    note_change({std::string(name), nullptr});
    return log;
}

void topic_logs::expect(std::size_t topics) { by_name_.reserve(topics); }

topic_log& topic_logs::restore(std::string_view name, std::int64_t row) {
    topic_log& log = create(name);
    log.row = row;
    log.trimmed = 0;
    log.trim_count = 0;
    names_.insert(log);
    return log;
}

void topic_logs::restore_numbers(topic_log& log, std::uint64_t trim_mark, std::uint64_t events,
                                 std::uint64_t bytes) {
    log.trimmed = trim_mark;
    log.trim_count = trim_mark == 0 ? 0 : trims_before_the_start;
    log.kept = events;
    log.kept_bytes = bytes;
    log.home->kept += events;
    log.home->trimmed = std::max(log.home->trimmed, log.trimmed);
    log.home->trim_count = std::max(log.home->trim_count, log.trim_count);
    kept += events;
    kept_bytes += bytes;
    if (events == 0) maybe_empty_.push_back(&log);
}

void topic_logs::end_restore() {
    for (topic_log* log : maybe_empty_) remember_if_empty(*log);
    maybe_empty_ = {};
    forget_surplus();
}

void topic_logs::add(const event_ptr& e) {
    order_.push(e);
    memory_ += footprint(*e);
}

void topic_logs::push(topic_log& log, const event_ptr& e) {
    rule_of(log);
    recall(log, e);  // what may lack memory comes before what is counted
    if (log.kept == 0) empty_.erase({log.trimmed, &log});
    const std::size_t size = e->content.size();
    log.kept += 1;
    log.kept_bytes += size;
    log.home->kept += 1;
    kept += 1;
    kept_bytes += size;
}

void topic_logs::recall(topic_log& log, const event_ptr& e) {
    const bool is_new_id = e->content.id && log.find_own_id(e->content.id->str()) == nullptr;
    if (is_new_id) note_own_id(log, e->content.id->str());
    log.push(e);
    memory_ += footprint_in_topic(*e);
}

void topic_logs::note_own_id(topic_log& log, std::string_view id) {
    auto known = own_ids_.find(id);
    if (known == own_ids_.end()) known = own_ids_.try_emplace(std::string(id)).first;
    id_places& in = known->second;
    if (!in.many && in.one != nullptr && in.one != &log) {
        in.many = std::make_unique<boost::unordered_flat_set<topic_log*>>();
        in.many->insert(in.one);
    }
    if (in.many) {
        in.many->insert(&log);
    } else {
        in.one = &log;
    }
}

event_ptr topic_logs::pop(topic_log& log) {
    event_ptr gone = log.pop();
    memory_ -= footprint_in_topic(*gone);
    if (gone->content.id && log.find_own_id(gone->content.id->str()) == nullptr) {
        const auto known = own_ids_.find(gone->content.id->str());
        if (known != own_ids_.end()) {
            id_places& in = known->second;
            if (in.many) in.many->erase(&log);
            if (!in.many || in.many->empty()) own_ids_.erase(known);
        }
    }
    if (!has_elsewhere(*gone, log)) leave_order(*gone);
    return gone;
}

std::size_t topic_logs::pop_oldest() {
    const event_ptr gone = order_.front();
    std::size_t topics = 0;
    for (const topic& t : gone->content.topics) {
        topic_log* log = find(t.str());
        if (log == nullptr || log->empty() || log->front()->pos != gone->pos) continue;
        pop(*log);
        ++topics;
    }
    leave_order(*gone);
    return topics;
}

// A last value stays in memory.
void topic_logs::leave_order(const stored_event& e) {
    if (order_.remove(e.pos.value) && !values_.contains(e.pos.value)) memory_ -= footprint(e);
}

bool topic_logs::has_elsewhere(const stored_event& e, const topic_log& but) const {
    if (e.content.topics.size() == 1) return false;
    return std::ranges::any_of(e.content.topics, [&](const topic& t) {
        const topic_log* log = find(t.str());
        if (log == nullptr || log == &but) return false;
        const auto events = log->after(e.pos.value - 1);
        return !events.empty() && events.front()->pos == e.pos;
    });
}

void topic_logs::note_trimmed(topic_log& log, std::uint64_t pos, std::uint64_t events,
                              std::uint64_t bytes) {
    leave_trims(log);
    log.trimmed = std::max(log.trimmed, pos);
    trimmed += events;
    log.trim_count = trim_count();
    trims_.push_back({log.trim_count, &log});
    if (trims_.size() > most_trims) {
        trims_since_ = trims_.front().count;
        trims_.pop_front();
    }
    log.kept -= events;
    log.kept_bytes -= bytes;
    name_chunk& home = *log.home;
    home.kept -= events;
    home.trimmed = std::max(home.trimmed, log.trimmed);
    home.trim_count = std::max(home.trim_count, log.trim_count);
    kept -= events;
    kept_bytes -= bytes;
    remember_if_empty(log);
    forget_surplus();
}

/// From then on nobody finds the topic by its last trim.
void topic_logs::leave_trims(const topic_log& log) {
    auto at = std::ranges::lower_bound(trims_, log.trim_count, {}, &trim::count);
    for (; at != trims_.end() && at->count == log.trim_count; ++at) {
        if (at->log == &log) at->log = nullptr;
    }
}

// A topic without events is kept for its trim mark. Beyond the limit the oldest marks are merged
// into one that all unknown topics share: it may report a gap that was none for a topic, never hide
// one.
void topic_logs::remember_if_empty(topic_log& log) {
    if (log.kept == 0 && !log.retained()) empty_.emplace(log.trimmed, &log);
}

void topic_logs::forget_surplus() {
    while (!empty_.empty() && (empty_.size() > max_empty_topics_ || room() < spare())) {
        topic_log* const oldest = empty_.begin()->second;
        empty_.erase(empty_.begin());
        if (oldest->retained()) continue;
        forgotten = std::max(forgotten, oldest->trimmed);
        forgotten_trims = std::max(forgotten_trims, oldest->trim_count);
        if (on_forget) on_forget(*oldest);
        note_change({{}, oldest});
        leave_trims(*oldest);
        names_.erase(*oldest);
        memory_ -= footprint(*oldest);
        by_name_.erase(by_name_.find(oldest->name()));
    }
}

void topic_logs::retain(topic_log& log, const event_ptr& e) {
    const event_ptr& old = log.retained();
    if (e->erases.value != 0 && (!old || old->pos != e->erases)) return;
    const bool clears = e->content.payload == payload_kind::text && e->content.data.empty();
    set_value(log, clears ? nullptr : e);
}

void topic_logs::set_value(topic_log& log, event_ptr e) {
    if (const event_ptr& old = log.retained()) {
        retained_bytes -= old->content.size();
        const auto found = values_.find(old->pos.value);
        if (found != values_.end() && --found->second.topics == 0) {
            values_.erase(found);
            if (!order_.find(old->pos.value)) memory_ -= footprint(*old);
        }
    }
    if (e) {
        retained_bytes += e->content.size();
        last_value& now = values_[e->pos.value];
        if (!now.event && !order_.find(e->pos.value)) memory_ += footprint(*e);
        // One object for all its topics, also where a store has a row for each.
        if (now.event) e = now.event;
        now.event = e;
        ++now.topics;
    }
    log.set_retained(std::move(e));
}

event_ptr topic_logs::at(std::uint64_t pos, const std::vector<topic>& topics) const {
    if (event_ptr there = order_.find(pos)) return there;
    for (const topic& t : topics) {
        const topic_log* log = find(t.str());
        if (log != nullptr && log->retained() && log->retained()->pos.value == pos)
            return log->retained();
    }
    return nullptr;
}

std::size_t topic_logs::erase(const stored_event& e, position by, erased_size counted) {
    auto tombstone = std::make_shared<stored_event>();
    tombstone->content.topics = e.content.topics;
    tombstone->content.id = e.content.id;  // still a cursor
    tombstone->content.is_private = e.content.is_private;
    tombstone->pos = e.pos;
    tombstone->stored_at = e.stored_at;
    tombstone->erased = true;
    tombstone->erased_by = by;
    const event_ptr before = order_.find(e.pos.value);
    if (before) {
        memory_ += footprint(*tombstone);
        memory_ -= footprint(*before);
        order_.replace(tombstone);
    }
    std::size_t fewer = 0;
    for (const topic& t : e.content.topics) {
        topic_log* log = find(t.str());
        if (log == nullptr) continue;
        if (log->erase(e.pos.value, tombstone) && before) {
            memory_ += footprint_in_topic(*tombstone);
            memory_ -= footprint_in_topic(*before);
            const std::size_t bytes = before->content.size() - tombstone->content.size();
            fewer += bytes;
            if (counted == erased_size::present) {
                log->kept_bytes -= bytes;
                kept_bytes -= bytes;
            }
        }
        if (!log->retained() || log->retained()->pos != e.pos) continue;
        set_value(*log, nullptr);
        remember_if_empty(*log);  // forgotten later: callers hold topics of the group under way
    }
    return fewer;
}

const retention& topic_logs::rule_of(topic_log& log) {
    const auto generation = static_cast<std::uint32_t>(rules_.size());
    if (log.rule.load(std::memory_order_relaxed)->generation != generation) {
        const retention r = retention_of_(log.name());
        const auto [at, added] = rules_.back().try_emplace(
            {r.max_events, r.max_bytes, r.max_age.count()}, retention_rule{r, generation});
        log.rule.store(&at->second, std::memory_order_release);
    }
    return log.keep();
}

void topic_logs::set_retention(retention_lookup retention_of) {
    if (retention_of) retention_of_ = std::move(retention_of);
    rules_.emplace_back();
}

}  // namespace carillon
