// What the writer does between two groups, a small step at a time.
#include <carillon/base/log.hpp>

#include "journal/sqlite/sqlite_journal.hpp"

#include <algorithm>

namespace carillon::sqlite {

namespace {

constexpr std::size_t topics_per_removal = 1024;
constexpr std::size_t trims_per_step = 512;
constexpr std::size_t age_checks_per_step = 64;
constexpr std::size_t topics_per_step = 4096;

}  // namespace

/// True if there is more to do at once.
bool sqlite_journal::upkeep(const write_token& w) {
    if (inbox_->take_upkeep()) {
        upkeep_trouble_.reset();
        tick(w);
    }
    // A step that failed is tried again at the next tick, from where it stopped.
    if (upkeep_trouble_ || !has_upkeep()) return false;
    if (auto done = upkeep_step(w); !done) {
        report(done);
        upkeep_trouble_ = done.error();
        return false;
    }
    return has_upkeep();
}

bool sqlite_journal::has_upkeep() const {
    return indexer_.has_batch() || indexer_.is_full() || !over_limit_.empty() ||
           !forgotten_rows_.empty() || unchecked_from_;
}

result<> sqlite_journal::upkeep_step(const write_token& w) {
    // Trims come first: what is over a topic's limit then stands at the front of its rows in the
    // batch and need not be indexed.
    if (!over_limit_.empty()) return trim_some(w);
    if (indexer_.has_batch()) return index_some(w);
    if (indexer_.is_full()) {
        begin_indexing();
        return {};
    }
    if (!forgotten_rows_.empty()) return remove_forgotten(w);
    look_for_some_limits();
    return {};
}

// Each part is tried, whatever came of the others.
void sqlite_journal::tick(const write_token& w) {
    lost_.reset();
    if (auto here = check_files(); !here) {
        lost_ = here.error();
        report(here);
        return;
    }
    if (!health()) {
        // Nobody may be publishing: find out whether it would work again.
        if (!probe(w)) return;
        report({});
    }
    look_at_clock();
    const std::int64_t now = trim_now_.load(std::memory_order_relaxed);
    const auto tried = [&](const result<>& done) {
        if (!done) report(done);
    };
    if (std::exchange(ages_unknown_, false)) schedule_all_ages();
    if (turns_unsaved_) tried(store_turns(w));
    tried(release_due(w, now));
    look_for_limits();
    make_room();
    if (std::exchange(over_limits_seen_, false)) begin_indexing();
    tried(check_age(w, now));
    tried(erase_expired(w, now));
    tried(forget_answers(w, now));
}

result<> sqlite_journal::store_turns(const write_token& w) {
    const std::lock_guard lock(transaction_mutex_);
    transaction step(store_by(w).on());
    if (auto done = step.begin(); !done) return done;
    if (auto done = save_turns(w); !done) return done;
    if (auto done = step.commit(); !done) return done;
    turns_unsaved_ = false;
    return {};
}

// Without its lock another server may have the file by now.
result<> sqlite_journal::check_files() {
    if (files_.in_place() && lock_.is_in_place()) return {};
    return fail(
        errc::unavailable,
        "the journal's file, its log or its lock was deleted or replaced while the server has it: "
        "put it back, or restart the server");
}

// Writes what changes nothing.
result<> sqlite_journal::probe(const write_token& w) {
    const std::lock_guard lock(transaction_mutex_);
    if (store_by(w).unwritable()) return store_by(w).save_epoch(options_.sync);
    transaction write(store_by(w).on());
    if (auto done = write.begin(); !done) return done;
    if (auto done = store_by(w).set("head", head_); !done) return done;
    return write.commit();
}

void sqlite_journal::make_room() {
    const std::lock_guard lock(mutex_);
    logs_.make_room();
}

// After a reload every topic may have too much, or too old, events.
void sqlite_journal::look_for_limits() {
    const std::lock_guard lock(mutex_);
    if (!new_retention_) return;
    logs_.set_retention(std::exchange(new_retention_, nullptr));
    schedule_all_ages();
    unchecked_from_ = std::string();
}

// Some topics at a time: there may be many.
void sqlite_journal::look_for_some_limits() {
    const auto some = logs_.from(*unchecked_from_, topics_per_step);
    if (some.size() < topics_per_step) {
        unchecked_from_.reset();
    } else {
        unchecked_from_ = std::string(some.back()->name()) + '\0';
    }
    for (topic_log* log : some) {
        logs_.rule_of(*log);
        if (!log->over_limits()) continue;
        over_limits_seen_ = true;
        want_trim(*log);
    }
    if (!unchecked_from_ && std::exchange(over_limits_seen_, false)) begin_indexing();
}

void sqlite_journal::want_trim(topic_log& log) {
    if (std::exchange(log.trim_due, true)) return;
    over_limit_.push_back(log.row);
}

/// Null if it is forgotten.
topic_log* sqlite_journal::log_of(std::int64_t row) const {
    const auto found = by_row_.find(row);
    return found == by_row_.end() ? nullptr : found->second;
}

result<> sqlite_journal::remove_first(const write_token& w, std::span<const indexed_event> oldest,
                                      std::size_t count, const topic_log& from) {
    const auto victims = oldest.first(count);
    const bool plain = std::ranges::all_of(victims, &indexed_event::plain);
    if (victims.empty()) return {};
    if (plain) {
        if (auto done = store_by(w).remove_events(victims); !done) return done;
        return store_by(w).remove_index_until(from.row, victims.back().pos);
    }
    for (const indexed_event& e : victims) {
        const auto kept_by_another = [&](std::string_view name) {
            const topic_log* other = name == from.name() ? nullptr : logs_.find(name);
            return other != nullptr && other->trimmed < e.pos;
        };
        if (auto done = store_by(w).remove(e, kept_by_another); !done) return done;
    }
    return {};
}

// A topic that memory has forgotten leaves the file together with its mark. Until then its row does
// no harm: a new topic of that name replaces it.
result<> sqlite_journal::remove_forgotten(const write_token& w) {
    const std::size_t left =
        forgotten_rows_.size() - std::min(forgotten_rows_.size(), topics_per_removal);
    const std::lock_guard writing(transaction_mutex_);
    transaction step(store_by(w).on());
    if (auto done = step.begin(); !done) return done;
    for (const std::int64_t row : std::span(forgotten_rows_).subspan(left)) {
        if (auto done = store_by(w).remove_topic(row); !done) return done;
    }
    if (auto done = store_by(w).set("forgotten", logs_.forgotten); !done) return done;
    if (auto done = step.commit(); !done) return done;
    forgotten_rows_.resize(left);
    return {};
}

// The topics take turns, so that one that cannot be trimmed does not hold up the others.
result<> sqlite_journal::trim_some(const write_token& w) {
    const std::int64_t row = over_limit_.front();
    over_limit_.pop_front();
    topic_log* const log = log_of(row);
    if (log == nullptr) return {};
    const auto all = trim_topic(w, *log);
    if (!all || !*all) over_limit_.push_back(row);
    return all ? result<>{} : std::unexpected(all.error());
}

/// Takes what is too much or too old. False: perhaps not all of it yet.
result<bool> sqlite_journal::trim_topic(const write_token& w, topic_log& log) {
    const std::int64_t row_number = log.row;
    const auto oldest = store_by(w).oldest(row_number, indexed_, trims_per_step);
    if (!oldest) return std::unexpected(oldest.error());
    const std::int64_t too_old = oldest_allowed(log);

    topic_row row = row_of(log);
    std::uint64_t kept = log.kept;
    std::uint64_t kept_bytes = log.kept_bytes;
    std::size_t count = 0;
    const std::lock_guard writing(transaction_mutex_);
    transaction step(store_by(w).on());
    if (auto done = step.begin(); !done) return std::unexpected(done.error());
    for (; count < oldest->size(); ++count) {
        const indexed_event& e = (*oldest)[count];
        if (!log.is_over(kept, kept_bytes)) {
            const auto at = age_begins(w, e.pos);
            if (!at) return std::unexpected(at.error());
            if (*at >= too_old) break;
        }
        kept -= 1;
        kept_bytes -= e.size;
        row.events -= 1;
        row.bytes -= e.size;
        row.trimmed = e.pos;
    }
    if (auto done = remove_first(w, *oldest, count, log); !done)
        return std::unexpected(done.error());
    if (count > 0) {
        if (auto done = save(w, row); !done) return std::unexpected(done.error());
        auto done = publish_upkeep(step, [&] {
            log.indexed.events = row.events;
            log.indexed.bytes = row.bytes;
            forget_until(log, row.trimmed);
            logs_.note_trimmed(log, row.trimmed, count, log.kept_bytes - kept_bytes);
        });
        if (!done) return std::unexpected(done.error());
    }
    if (count == trims_per_step) return false;
    if (topic_log* const still = log_of(row_number)) {
        still->trim_due = false;
        // What is left over the limit is not indexed yet.
        if (still->over_limits()) over_limits_seen_ = true;
        if (still->kept != 0 && (count < oldest->size() || !log.empty())) {
            // What is not indexed yet is in memory, and may be older than the newest event.
            const std::uint64_t oldest_left =
                count < oldest->size() ? (*oldest)[count].pos : log.front()->pos.value;
            const auto at = age_begins(w, oldest_left);
            if (!at) return std::unexpected(at.error());
            schedule_age(row_number, *at + age_limit(*still));
        }
    }
    return true;
}

std::int64_t sqlite_journal::age_limit(topic_log& log) {
    // So that nothing overflows that is counted from now on.
    constexpr auto longest = std::chrono::years(1000);
    return std::chrono::milliseconds(
               std::min<std::chrono::seconds>(logs_.rule_of(log).max_age, longest))
        .count();
}

std::int64_t sqlite_journal::oldest_allowed(topic_log& log) {
    return trim_now_.load(std::memory_order_relaxed) - age_limit(log);
}

void sqlite_journal::schedule_age(std::int64_t row, std::int64_t due) { by_age_.emplace(due, row); }

// Each topic has one entry or more: an early one only costs a look.
result<> sqlite_journal::check_age(const write_token& w, std::int64_t now) {
    std::vector<std::int64_t> again;  // at the next tick
    result<> outcome;
    std::size_t looks = 0;
    for (; looks < age_checks_per_step && !by_age_.empty(); ++looks) {
        if (by_age_.top().first > now) break;
        const std::int64_t row = by_age_.top().second;
        by_age_.pop();
        topic_log* const log = log_of(row);
        if (log == nullptr || log->kept == 0) continue;
        const auto oldest = oldest_age_begins(w, row);
        if (!oldest || !*oldest) again.push_back(row);
        if (!oldest) {
            outcome = std::unexpected(oldest.error());
        } else if (!*oldest) {
            over_limits_seen_ = true;  // not indexed yet, so it has not been here for long
        } else if (**oldest >= oldest_allowed(*log)) {
            schedule_age(row, **oldest + age_limit(*log) + 1);
        } else {
            want_trim(*log);
        }
    }
    for (const std::int64_t row : again) schedule_age(row, now);
    if (looks == age_checks_per_step && again.size() < looks) inbox_->want_upkeep();
    return outcome;
}

/// When the age of the topic's oldest indexed event begins; nothing if none is indexed.
result<std::optional<std::int64_t>> sqlite_journal::oldest_age_begins(const write_token& w,
                                                                      std::int64_t row) {
    const auto first = store_by(w).oldest(row, indexed_, 1);
    if (!first) return std::unexpected(first.error());
    if (first->empty()) return std::nullopt;
    const auto at = age_begins(w, first->front().pos);
    if (!at) return std::unexpected(at.error());
    return *at;
}

/// From when on retention counts the event's age; an entry without its event may go.
result<std::int64_t> sqlite_journal::age_begins(const write_token& w, std::uint64_t pos) {
    const auto at = store_by(w).stored_at(pos);
    if (!at) return std::unexpected(at.error());
    if (!*at) return 0;
    const auto now = from_milliseconds(trim_now_.load(std::memory_order_relaxed));
    return milliseconds(times_.counts_from(pos, from_milliseconds(**at), now));
}

// Each topic is looked at again: what was known of its age is wrong.
void sqlite_journal::schedule_all_ages() {
    by_age_ = {};
    for (const auto& [row, log] : by_row_) {
        if (log->kept != 0) schedule_age(row, 0);
    }
}

// Readers are not shown what has expired; here its content leaves the disk.
result<> sqlite_journal::erase_expired(const write_token& w, std::int64_t now) {
    const auto due = store_by(w).expired(now, trims_per_step);
    if (!due || due->empty()) return due ? result<>{} : std::unexpected(due.error());
    const std::lock_guard writing(transaction_mutex_);
    transaction step(store_by(w).on());
    if (auto done = step.begin(); !done) return done;
    std::vector<std::shared_ptr<stored_event>> gone;
    for (const std::uint64_t pos : *due) {
        auto e = store_by(w).read(pos);
        if (!e) return std::unexpected(e.error());
        // What was erased before has its reason, and perhaps what took its place.
        if (*e != nullptr && !(*e)->erased) {
            if (auto done = store_by(w).erase(**e, {}); !done) return done;
            gone.push_back(std::move(*e));
        }
        if (auto done = store_by(w).forget_expiries(now, pos); !done) return done;
    }
    auto done = publish_upkeep(step, [&] {
        for (const auto& e : gone)
            recent_bytes_ -= logs_.erase(*e, {}, topic_logs::erased_size::first);
    });
    if (!done || due->size() < trims_per_step) return done;
    inbox_->want_upkeep();
    return {};
}

// Commits, and makes known what follows from it: a reader sees both or neither.
result<> sqlite_journal::publish_upkeep(transaction& t, const std::function<void()>& change) {
    const std::lock_guard snapshots(snapshot_mutex_);
    if (auto done = t.commit(); !done) return done;
    const std::lock_guard lock(mutex_);
    change();
    return {};
}

topic_row sqlite_journal::row_of(const topic_log& log) {
    const auto& in = log.indexed;
    return {log.row, std::string(log.name()), log.trimmed, in.events, in.bytes, in.counted};
}

}  // namespace carillon::sqlite
