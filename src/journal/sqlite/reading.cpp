// Readers: from memory where it goes back far enough, else from the file on a reader's thread.
#include "base/patience.hpp"
#include "journal/in_slices.hpp"
#include "journal/sqlite/sqlite_journal.hpp"
#include "journal/start.hpp"

#include <algorithm>

namespace carillon::sqlite {

void sqlite_journal::ask(reader_task task) {
    {
        const std::lock_guard lock(readers_mutex_);
        tasks_.push_back(std::move(task));
    }
    readers_filled_.notify_one();
}

void sqlite_journal::serve_readers(archive& with) {
    std::unique_lock lock(readers_mutex_);
    for (;;) {
        readers_filled_.wait(lock, [this] { return readers_stopping_ || !tasks_.empty(); });
        if (readers_stopping_) return;
        const reader_task task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        run_with_patience([&] { task(with); }, [&] { with.give_up(); });
        lock.lock();
    }
}

/// Calls `then` when the topics of the patterns are known: at once, unless there are very many
/// names to hold against them.
template <class Then>
void sqlite_journal::look_up(const matcher_set& patterns,
                             bool (topic_logs::*part)(const matcher_set&) const, Then then) {
    const auto look = [this, patterns, part] {
        const std::lock_guard lock(mutex_);
        return (logs_.*part)(patterns);
    };
    if (look()) return then();
    ask([look, then](archive&) {
        in_slices(look);
        then();
    });
}

void sqlite_journal::snapshot(const snapshot_query& q,
                              std::function<void(result<snapshot_page>)> done) {
    look_up(q.patterns, &topic_logs::look_up_some_for_values, [this, q, done = std::move(done)] {
        std::unique_lock lock(mutex_);
        snapshot_page page = logs_.snapshot(q, options_.now());
        lock.unlock();
        done(std::move(page));
    });
}

void sqlite_journal::read(const read_query& q, std::function<void(result<read_page>)> done) {
    look_up(q.patterns, &topic_logs::look_up_some,
            [this, q, done = std::move(done)] { read_found(q, done); });
}

void sqlite_journal::read_found(const read_query& q, std::function<void(result<read_page>)> done) {
    std::optional<read_page> page;
    {
        const std::lock_guard lock(mutex_);
        if (q.after.value >= recent_after_ || logs_.all_in_memory(logs_.matching(q.patterns)))
            page = logs_.read(q, options_.now());
        if (page) tell_damage(*page, q.after);
    }
    if (page) return done(std::move(*page));
    ask([this, q, done = std::move(done)](archive& a) { done(read_file(a, q)); });
}

result<read_page> sqlite_journal::read_file(archive& a, const read_query& q) {
    read_page marks;
    topic_rows topics;
    position indexed;
    {
        const std::lock_guard snapshots(snapshot_mutex_);
        if (auto begun = a.begin(); !begun) return std::unexpected(begun.error());
        const std::lock_guard lock(mutex_);
        const auto matched = logs_.matching(q.patterns);
        topics = rows_of(matched);
        logs_.tell_losses(marks, q.after, q.patterns, matched);
        indexed = position{indexed_};
    }
    read_query stored = q;
    stored.upto = std::max(q.after, std::min(q.upto, indexed));
    auto page = a.read(topics, stored, options_.now());
    a.end();
    if (!page) return page;
    page->lost = marks.lost;
    page->trims = marks.trims;
    {
        const std::lock_guard lock(mutex_);
        tell_damage(*page, q.after);
        if (q.conflate)
            std::erase_if(page->events, [&](const auto& e) { return logs_.superseded(*e, q); });
        logs_.add_last_values(*page, q, options_.now());
    }
    if (page->through < stored.upto || stored.upto >= q.upto) return page;

    // The index ends here; what is newer is in memory, unless that has moved on meanwhile.
    std::size_t bytes = 0;
    for (const event_ptr& e : page->events) bytes += e->content.size();
    if (page->events.size() >= q.max_events || bytes >= q.max_bytes) return page;
    const std::lock_guard lock(mutex_);
    if (stored.upto.value < recent_after_) return page;
    stored.after = stored.upto;
    stored.upto = q.upto;
    stored.max_events -= page->events.size();
    stored.max_bytes -= bytes;
    read_page rest = logs_.read(stored, options_.now());
    page->events.insert(page->events.end(), rest.events.begin(), rest.events.end());
    page->through = rest.through;
    page->trims = std::max(page->trims, rest.trims);
    if (rest.lost) page->lost = gap{q.after, rest.lost->to};
    tell_damage(*page, q.after);
    return page;
}

// With mutex_ held.
void sqlite_journal::tell_damage(read_page& page, position after) const {
    for (auto at = damaged_.upper_bound(after.value);
         at != damaged_.end() && *at <= page.through.value; ++at)
        note_damage(page.damaged, position{*at});
}

topic_rows sqlite_journal::rows_of(const matched_topics& matched) {
    topic_rows topics;
    topics.dense = matched.dense;
    for (const topic_log* log : matched.logs) topics.rows.push_back(log->row);
    std::ranges::sort(topics.rows);
    return topics;
}

void sqlite_journal::locate(const start_query& q, std::function<void(result<start_point>)> done) {
    look_up(q.patterns, &topic_logs::look_up_some,
            [this, q, done = std::move(done)] { locate_found(q, done); });
}

void sqlite_journal::locate_found(const start_query& q,
                                  std::function<void(result<start_point>)> done) {
    std::optional<result<start_point>> start;
    {
        // Memory must not move on between the two.
        const std::lock_guard lock(mutex_);
        const auto own = cursor::parse(q.last_event_id);
        const bool here = (own && epochs_.start_of(*own, head_).at.value >= recent_after_) ||
                          logs_.all_in_memory(logs_.matching(q.patterns));
        if (here) start = find_start(q, nullptr);
    }
    if (start) return done(std::move(*start));
    ask([this, q, done = std::move(done)](archive& a) { done(find_start(q, &a)); });
}

// With a null archive, all that can be asked for is in memory, and mutex_ is held.
result<start_point> sqlite_journal::find_start(const start_query& q, archive* a) {
    in_memory known;
    {
        std::unique_lock snapshots(snapshot_mutex_, std::defer_lock);
        std::unique_lock lock(mutex_, std::defer_lock);
        if (a != nullptr) {
            snapshots.lock();
            if (auto begun = a->begin(); !begun) return std::unexpected(begun.error());
            lock.lock();
        }
        const auto matched = logs_.matching(q.patterns);
        known.topics = rows_of(matched);
        known.indexed = indexed_;
        known.head = head_;
        known.times = turns_;
        known.now = options_.now();
        if (!q.last_event_id.empty())
            known.own_id = logs_.find_own_id(q.last_event_id, q.patterns, matched);
        if (const auto* since = std::get_if<rewind_since>(&q.from)) {
            known.since = logs_.before_time(since->time, turns_, known.now);
            // Events that are on disk only may come before.
            const std::uint64_t at =
                a != nullptr ? known.head : known.since.value_or(position{known.head}).value;
            const auto taken =
                logs_.taken_since(since->time, at, q.patterns, matched, turns_, known.now);
            known.taken = taken.newest;
            for (const topic_log* log : taken.maybe)
                known.maybe_taken.emplace_back(log->row, log->trimmed);
        }
        if (const auto* last = std::get_if<rewind_last>(&q.from)) {
            known.since = logs_.before_time(last->not_before, turns_, known.now);
            known.taken = logs_.taken_of(q.patterns, matched);
        }
    }
    auto start = start_of(q, known, a);
    if (start) start = bounded(*start, q, known, a);
    if (a != nullptr) a->end();
    return start;
}

result<start_point> sqlite_journal::start_of(const start_query& q, const in_memory& known,
                                             archive* a) const {
    start_point start;
    if (const auto own = cursor::parse(q.last_event_id)) return epochs_.start_of(*own, head_);
    if (!q.last_event_id.empty()) {
        auto found = known.own_id;
        if (a != nullptr) {
            const auto filed =
                a->find_own_id(q.last_event_id, known.topics, q.patterns, known.indexed);
            if (!filed) return std::unexpected(filed.error());
            if (*filed) {
                const bool another = found && (found->repeated || found->pos != (*filed)->pos);
                found = **filed;
                found->repeated = found->repeated || another;
            }
        }
        start.unknown = !found;
        if (found) start.at = found->pos;
        start.repeated = found && found->repeated;
    } else if (const auto* last = std::get_if<rewind_last>(&q.from)) {
        const auto newest = newest_events(q, known, a, {0, wanted_newest(*last, q), last->bytes});
        if (!newest) return std::unexpected(newest.error());
        start.at = position{newest->empty() ? known.head : newest->back().pos - 1};
        const auto old = before_time(last->not_before, known, a);
        if (!old) return std::unexpected(old.error());
        start.at = std::max(start.at, *old);
        if (newest->size() < last->count) tell_loss(start, known.taken);
    } else if (const auto* since = std::get_if<rewind_since>(&q.from)) {
        const auto before = before_time(since->time, known, a);
        if (!before) return std::unexpected(before.error());
        start.at = *before;
        const auto taken = taken_since(since->time, known, a);
        if (!taken) return std::unexpected(taken.error());
        tell_loss(start, *taken);
    }
    return start;
}

result<position> sqlite_journal::before_time(std::chrono::system_clock::time_point t,
                                             const in_memory& known, archive* a) {
    const position here = known.since.value_or(position{known.head});
    if (a == nullptr) return here;
    const auto filed = a->before_time(t, known.indexed, known.times, known.now);
    if (!filed) return std::unexpected(filed.error());
    return *filed ? position{**filed} : here;
}

/// The newest event that retention took and that a reader wants who asks for what came since `t`.
result<std::uint64_t> sqlite_journal::taken_since(std::chrono::system_clock::time_point t,
                                                  const in_memory& known, archive* a) {
    constexpr std::size_t topics_to_look_at = 64;
    std::uint64_t newest = known.taken;
    std::size_t looked_at = 0;
    for (const auto& [row, trimmed] : known.maybe_taken) {
        if (trimmed <= newest) continue;
        if (a != nullptr && ++looked_at <= topics_to_look_at) {
            topic_rows one;
            one.rows.push_back(row);
            const auto oldest = a->read(one,
                                        {.patterns = make_matchers({}),
                                         .after = position{trimmed},
                                         .upto = position{known.indexed},
                                         .max_events = 1,
                                         .erased_too = true},
                                        {});
            if (!oldest) return std::unexpected(oldest.error());
            if (!oldest->events.empty()) {
                const stored_event& e = *oldest->events.front();
                if (known.times.counts_from(e.pos.value, e.stored_at, known.now) < t) continue;
            }
        }
        newest = trimmed;
    }
    return newest;
}

result<start_point> sqlite_journal::bounded(start_point start, const start_query& q,
                                            const in_memory& known, archive* a) const {
    if (q.budget == unlimited) return start;
    const auto newest = newest_events(q, known, a, {start.at.value, q.budget + 1});
    if (!newest) return std::unexpected(newest.error());
    return within_budget(start, *newest, q, known.head);
}

result<std::vector<stored_size>> sqlite_journal::newest_events(const start_query& q,
                                                               const in_memory& known, archive* a,
                                                               const newest_query& wanted) const {
    std::vector<stored_size> all;
    {
        std::unique_lock lock(mutex_, std::defer_lock);
        if (a != nullptr) lock.lock();
        all = logs_.newest(wanted, q.patterns, logs_.matching(q.patterns));
    }
    if (a == nullptr || all.size() >= wanted.count) return all;
    auto filed = a->newest(known.topics, q.patterns, known.indexed, wanted);
    if (!filed) return filed;
    all.insert(all.end(), filed->begin(), filed->end());
    keep_newest(all, wanted);
    return all;
}

}  // namespace carillon::sqlite
