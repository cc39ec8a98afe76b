// Opening, and writing.
#include "journal/sqlite/sqlite_journal.hpp"

#include <carillon/base/log.hpp>

#include "base/held_wakes.hpp"
#include "journal/epoch.hpp"
#include "journal/room.hpp"
#include "journal/sqlite/event_record.hpp"
#include "journal/start.hpp"
#include "journal/topic_listing.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <sched.h>

namespace carillon {

result<std::unique_ptr<journal>> open_sqlite_journal(sqlite_journal_options options) {
    return sqlite::sqlite_journal::open(std::move(options));
}

}  // namespace carillon

namespace carillon::sqlite {

namespace {

/// In numbers that are sorted by row; null if it is not there. With few rows missing, it stands
/// where it would with none.
const topic_numbers* find_row(std::span<const topic_numbers> sorted, std::int64_t row) {
    if (sorted.empty() || row < sorted.front().row) return nullptr;
    const auto at = std::min(static_cast<std::size_t>(row - sorted.front().row), sorted.size() - 1);
    if (sorted[at].row == row) return &sorted[at];
    const auto found = std::ranges::lower_bound(sorted.first(at), row, {}, &topic_numbers::row);
    return found != sorted.first(at).end() && found->row == row ? &*found : nullptr;
}

}  // namespace

result<std::unique_ptr<journal>> sqlite_journal::open(sqlite_journal_options options) {
    if (!options.now) options.now = [] { return std::chrono::system_clock::now(); };
    auto lock = file_lock::take(options.path);
    if (!lock) return std::unexpected(lock.error());
    const auto named = [&](error why) {
        why.detail = fmt::format("{}: {}", options.path, why.detail);
        return std::unexpected(std::move(why));
    };
    std::error_code none;
    const auto size = std::filesystem::file_size(options.path, none);
    if (lock->is_marked() && (none || size == 0)) {
        log::warning("the journal that was here is gone, and a new one begins",
                     {{"file", options.path}});
    }
    auto file = store::open(options, random_epoch());
    if (!file) return named(file.error());
    std::unique_ptr<sqlite_journal> j(
        new sqlite_journal(std::move(options), std::move(*lock), std::move(*file)));
    const write_token alone;  // nobody else knows the journal yet
    if (auto done = j->load(alone); !done) {
        done.error().detail = fmt::format("{}: {}", j->options_.path, done.error().detail);
        return std::unexpected(done.error());
    }
    if (auto done = j->start(); !done) return std::unexpected(done.error());
    j->lock_.mark();
    if (const auto& why = j->store_.unwritable()) j->report(std::unexpected(*why));
    return j;
}

sqlite_journal::sqlite_journal(sqlite_journal_options options, file_lock lock, store s)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      epochs_(s.found().epochs),
      files_(options_.path),
      inbox_(std::make_shared<writer_inbox>(options_.max_queued_events, options_.max_queued_bytes,
                                            options_.sync)),
      store_(std::move(s)),
      indexer_({options_.index_batch, options_.recent_bytes}),
      logs_(std::move(options_.retention_of), options_.limits),
      checkpointer_(options_, transaction_mutex_) {
    logs_.on_forget = [this](topic_log& log) {
        by_row_.erase(log.row);
        forgotten_rows_.push_back(log.row);
    };
}

// What is in the file but not in its index is read again: no more than a batch or two.
result<> sqlite_journal::load(const write_token& w) {
    const contents& found = store_by(w).found();
    head_ = found.head;
    indexed_ = found.indexed;
    recent_after_ = found.indexed;
    damaged_ = found.damaged;
    times_ = time_line(found.turns, from_milliseconds(found.newest_ms));
    turns_ = times_;
    logs_.restore_forgotten(found.forgotten);
    if (auto restored = load_topics(w); !restored) return restored;
    auto done = store_by(w).each_retained([&](std::int64_t topic, std::shared_ptr<stored_event> e) {
        topic_log* const log = log_of(topic);
        if (log == nullptr) return;
        const auto is_its_name = [&](const carillon::topic& t) { return t.str() == log->name(); };
        if (std::ranges::any_of(e->content.topics, is_its_name)) logs_.retain(*log, e);
    });
    if (!done) return done;
    std::vector<std::uint64_t> damaged;
    done = store_by(w).each_event(
        found.indexed,
        [&](std::uint64_t pos, std::int64_t at, std::string_view record) -> result<> {
            auto e = unpack(record, position{pos}, at);
            if (e) return recall(w, e);
            damaged.push_back(pos);
            return {};
        });
    if (!done) return done;
    note_damaged(w, damaged);
    logs_.end_restore();
    unchecked_from_ = std::string();
    return count_waiting(w);
}

// The numbers come in the order of rows and the names in their own: whichever is second is looked
// up in the other. Numbers stand close together; topics are spread over all memory.
result<> sqlite_journal::load_topics(const write_token& w) {
    const auto count = store_by(w).count_topics();
    if (!count) return std::unexpected(count.error());
    logs_.expect(*count);
    by_row_.reserve(*count);
    std::vector<topic_numbers> numbers;
    numbers.reserve(*count);
    auto done = store_by(w).each_topic([&](const topic_numbers& t) { numbers.push_back(t); });
    if (!done) return done;
    // All are looked at once.
    const std::int64_t now = milliseconds(options_.now());
    std::vector<due_topic> ages;
    ages.reserve(numbers.size());
    bool damaged = false;
    done = store_by(w).each_topic_name([&](std::int64_t row, std::string_view name) {
        const topic_numbers* const t = find_row(numbers, row);
        damaged = damaged || t == nullptr;
        if (damaged) return;
        topic_log& log = logs_.restore(name, row);
        logs_.restore_numbers(log, t->trimmed, t->events, t->bytes);
        log.indexed = {t->events, t->bytes, t->counted};
        by_row_.emplace(row, &log);
        if (t->events != 0) ages.emplace_back(now, row);
    });
    if (!done) return done;
    if (damaged || by_row_.size() != numbers.size())
        return fail(errc::io_error, "the journal is damaged: its topics are");
    by_age_ = decltype(by_age_)({}, std::move(ages));
    return {};
}

// Nobody knows the topics of such an event, so that readers of any are told. If this cannot be
// written now, the next opening finds it again.
void sqlite_journal::note_damaged(const write_token& w, std::span<const std::uint64_t> positions) {
    if (positions.empty()) return;
    log::error("events of the journal are damaged and left out",
               {{"file", options_.path},
                {"events", std::to_string(positions.size())},
                {"first", std::to_string(positions.front())}});
    transaction all(store_by(w).on());
    result<> done = all.begin();
    for (const std::uint64_t pos : positions) {
        damaged_.insert(pos);
        if (done) done = store_by(w).give_up(pos);
    }
    if (done) done = all.commit();
}

// An event that the index may lack. From topics that have trimmed or forgotten it, it is gone.
result<> sqlite_journal::recall(const write_token& w, const std::shared_ptr<stored_event>& e) {
    bool added = false;
    for (const topic& t : e->content.topics) {
        topic_log* log = logs_.find(t.str());
        if (e->pos.value <= (log != nullptr ? log->trimmed : logs_.forgotten)) continue;
        if (log == nullptr) {
            const auto row = store_by(w).add_topic(t.str(), logs_.forgotten);
            if (!row) return std::unexpected(row.error());
            log = &add_topic(t, *row);
        }
        if (!std::exchange(added, true)) logs_.add(e);
        remember(w, e, *log);
    }
    return {};
}

result<> sqlite_journal::start() {
    std::vector<archive> archives;
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.readers, 1); ++i) {
        auto a = archive::open(options_);
        if (!a) return std::unexpected(a.error());
        archives.push_back(std::move(*a));
    }
    sqlite3_wal_hook(
        store_.on().handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<checkpointer*>(self)->note_size(pages);
            return SQLITE_OK;
        },
        &checkpointer_);
    if (auto done = checkpointer_.start(); !done) return done;
    for (archive& a : archives)
        threads_.emplace_back([this, mine = std::move(a)]() mutable { serve_readers(mine); });
    inbox_->let_loops_store([this](const write_token& w) { store_here(w); });
    writer_ = std::thread([this] { write(); });
    return {};
}

sqlite_journal::~sqlite_journal() {
    inbox_->stop();
    if (writer_.joinable()) writer_.join();
    {
        const std::lock_guard lock(readers_mutex_);
        readers_stopping_ = true;
    }
    readers_filled_.notify_all();
    for (std::thread& t : threads_) t.join();
}

void sqlite_journal::append(group events, std::optional<idempotency_key> key,
                            commit_callback done) {
    append_request r{std::move(events), std::move(key), std::move(done), appended::stored, 0};
    for (const auto& e : r.events) r.bytes += e->content.size();
    if (inbox_->append(r)) return;
    r.done(fail(errc::unavailable, "too many events wait to be stored; try again later"), r.events);
}

void sqlite_journal::write() {
    // An append that wakes it should not make room for it at once: the loop that appends has more
    // to append, and one group costs less than two. Where each group waits for the disk, that
    // gathers them, and the writer goes on as soon as the disk is done.
    if (options_.sync == journal_sync::normal) {
        const sched_param none{};
        ::sched_setscheduler(0, SCHED_BATCH, &none);
    }
    bool more = true;
    for (;;) {
        auto [w, requests] = inbox_->next_group(!more);
        checkpointer_.wait();
        if (!requests.empty()) {
            commit(w, requests, std::unique_lock(transaction_mutex_, std::defer_lock));
        } else if (inbox_->finished()) {
            return;
        }
        for (const auto& task : inbox_->take_tasks()) report(task(w));
        more = upkeep(w);
        // Events that come faster than they are indexed wait for that.
        while (more && indexer_.is_full() && indexer_.has_batch()) more = upkeep(w);
    }
}

// At the end of a loop's turn. A loop does not wait for a checkpoint, nor for upkeep.
void sqlite_journal::store_here(const write_token& w) {
    if (checkpointer_.is_behind()) return;
    std::unique_lock writing(transaction_mutex_, std::try_to_lock);
    if (!writing) return;
    std::vector<append_request> requests = inbox_->take();
    commit(w, requests, std::move(writing));
    if (indexer_.is_full()) inbox_->want_writer();
}

void sqlite_journal::commit(const write_token& w, std::vector<append_request>& requests,
                            std::unique_lock<std::mutex> writing) {
    const auto begun = std::chrono::steady_clock::now();
    look_at_clock();
    const auto now = times_.newest();
    bool durable = false;
    for (append_request& r : requests) {
        for (const auto& e : r.events) {
            e->stored_at = now;
            durable = durable || !e->content.ephemeral;
        }
        durable = durable || r.key || !r.released.empty();
    }
    if (durable) {
        if (!writing) writing.lock();
        result<> stored;
        try {
            stored = store_group(w, requests);
        } catch (const std::bad_alloc&) {
            stored = fail(errc::unavailable, "no memory");
        }
        writing.unlock();
        inbox_->note_stored(std::chrono::steady_clock::now() - begun, stored.has_value());
        report(stored);
        if (!stored) {
            new_rows_.clear();
            found_logs_.clear();
            for (append_request& r : requests) {
                const bool passes = std::ranges::all_of(
                    r.events, [](const auto& e) { return e->content.ephemeral; });
                if (passes && !r.key) continue;
                r.outcome = std::unexpected(stored.error());
                for (const auto& e : r.events) e->pos = {};
            }
        }
    }
    publish_group(w, requests);
}

// What is stored from now on has the right time again, what was stored before counts as stored
// before now, and keys are not kept for as long as the clock was ahead.
void sqlite_journal::look_at_clock() {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(options_.now());
    const bool back = times_.move_to(now, head_);
    if (!std::ranges::equal(times_.turns(), turns_.turns())) {
        const std::lock_guard lock(mutex_);
        turns_ = times_;
    }
    if (!back) return;
    turns_unsaved_ = true;
    ages_unknown_ = true;
    // The next tick may come before the next call of `trim`: what is true in the wrong clock's
    // future is neither due nor too old.
    trim_now_.store(std::min(trim_now_.load(std::memory_order_relaxed), milliseconds(now)),
                    std::memory_order_relaxed);
    inbox_->want_upkeep();
}

// In a transaction.
result<> sqlite_journal::save_turns(const write_token& w) {
    const auto window = std::chrono::milliseconds(options_.idempotency_window).count();
    if (auto done = store_by(w).shorten_answers(newest_ms() + window); !done) return done;
    return store_by(w).save_turns(times_.turns());
}

result<> sqlite_journal::check_writable(const write_token& w) {
    for (const auto* why : {&std::as_const(lost_), &store_by(w).unwritable()}) {
        if (*why) return std::unexpected(**why);
    }
    return {};
}

// With transaction_mutex_ held.
result<> sqlite_journal::store_group(const write_token& w, std::vector<append_request>& requests) {
    if (auto writable = check_writable(w); !writable) return writable;
    if (auto room = check_unindexed(); !room) return room;
    transaction all(store_by(w).on());
    if (auto done = all.begin(); !done) return done;
    if (turns_unsaved_) {
        if (auto done = save_turns(w); !done) return done;
    }
    std::uint64_t head = head_;
    room_check room(logs_, options_.limits);
    released_events_ = released_bytes_ = 0;
    for (append_request& r : requests) {
        if (auto done = store_request(w, r, room, head); !done) return done;
    }
    if (auto done = all.commit(); !done) return done;
    scheduled_events_ -= released_events_;
    scheduled_bytes_ -= released_bytes_;
    turns_unsaved_ = false;
    return {};
}

result<> sqlite_journal::store_request(const write_token& w, append_request& r, room_check& room,
                                       std::uint64_t& head) {
    if (r.key) {
        const auto known = recall(w, *r.key);
        if (!known) {
            if (known.error().code != errc::conflict) return std::unexpected(known.error());
            r.outcome = std::unexpected(known.error());
            return {};
        }
        if (*known) {
            number_from(r.events, **known);
            r.outcome = appended::repeated;
            return {};
        }
    }
    if (auto fits = room.add(r.events); !fits) {
        r.outcome = std::unexpected(std::move(fits.error()));
        return {};
    }
    if (r.key) {
        if (auto done = remember(w, *r.key, head + 1); !done) return done;
    }
    for (const std::uint64_t id : r.released) {
        const auto taken = store_by(w).remove_scheduled(id);
        if (!taken) return std::unexpected(taken.error());
        if (!*taken) continue;
        released_events_ += 1;
        released_bytes_ += (*taken)->size;
    }
    for (const auto& e : r.events) {
        if (e->content.ephemeral) continue;
        e->pos.value = ++head;
        for (const topic& t : e->content.topics) {
            // Only the thread with the writer role changes the topics, so it needs no lock to look.
            found_logs_.push_back(logs_.find(t.str()));
            if (found_logs_.back() != nullptr || new_rows_.contains(t.str())) continue;
            const auto row = store_by(w).add_topic(t.str(), logs_.forgotten);
            if (!row) return std::unexpected(row.error());
            new_rows_.emplace(t.str(), *row);
        }
        pack(e->content, e->pos, record_);
        if (auto done = store_by(w).add_event(e->pos.value, newest_ms(), record_); !done)
            return done;
        if (auto done = store_consequences(w, *e); !done) return done;
    }
    return {};
}

// What else an event brings about: that another loses its content, or itself at a time.
result<> sqlite_journal::store_consequences(const write_token& w, const stored_event& e) {
    if (e.content.expires) {
        if (auto done = store_by(w).add_expiry(milliseconds(*e.content.expires), e.pos.value);
            !done)
            return done;
    }
    if (e.content.retain) {
        // Still packed: this event's record. Without data it clears the last value.
        const bool clears = e.content.payload == payload_kind::text && e.content.data.empty();
        for (const topic& t : e.content.topics) {
            const topic_log* log = logs_.find(t.str());
            const std::int64_t row = log != nullptr ? log->row : new_rows_.find(t.str())->second;
            const std::string_view record = clears ? std::string_view() : record_;
            auto done = e.erases.value == 0
                            ? store_by(w).retain(row, e.pos.value, newest_ms(), record)
                            : store_by(w).retain_instead(row, e.erases.value, e.pos.value,
                                                         newest_ms(), record);
            if (!done) return done;
        }
    }
    if (e.erases.value == 0) return {};
    const auto old = store_by(w).read(e.erases.value);
    if (!old) return std::unexpected(old.error());
    return *old == nullptr ? result<>{} : store_by(w).erase(**old, e.pos);
}

void sqlite_journal::publish_group(const write_token& w, std::vector<append_request>& requests) {
    {
        const std::lock_guard lock(mutex_);
        std::span<topic_log* const> found = found_logs_;
        for (const append_request& r : requests) {
            if (!r.outcome || *r.outcome != appended::stored) continue;
            for (const auto& e : r.events) {
                fed_.push_back(e);
                if (e->content.ephemeral) continue;
                logs_.add(e);
                for (const topic& t : e->content.topics) {
                    topic_log* log = found.front() != nullptr ? found.front() : logs_.find(t.str());
                    if (log == nullptr) log = &add_topic(t, new_rows_.find(t.str())->second);
                    remember(w, e, *log);
                    found = found.subspan(1);
                }
                if (e->erases.value != 0) {
                    if (const event_ptr old = logs_.at(e->erases.value, e->content.topics))
                        recent_bytes_ -= logs_.erase(*old, e->pos, topic_logs::erased_size::first);
                }
                head_.store(e->pos.value, std::memory_order_release);
            }
        }
        evict();
    }
    new_rows_.clear();
    found_logs_.clear();
    const held_wakes until_all_are_told;
    if (!fed_.empty()) feed_(fed_);
    fed_.clear();
    for (append_request& r : requests) {
        try {
            r.done(std::move(r.outcome), r.events);
        } catch (const std::bad_alloc&) {
            // Whoever asked does without an answer; others have theirs.
        }
    }
}

// With mutex_ held, or alone while opening.
topic_log& sqlite_journal::add_topic(const topic& t, std::int64_t row) {
    topic_log& log = logs_.get(t.str());
    log.row = row;
    by_row_.emplace(row, &log);
    return log;
}

// With mutex_ held, or alone while opening.
void sqlite_journal::remember(const write_token& w, const std::shared_ptr<stored_event>& e,
                              topic_log& log) {
    const std::size_t size = e->content.size();
    recent_events_ += 1;
    recent_bytes_ += size;
    const bool was_there = e->pos.value <= store_by(w).found().head;
    // Last values have a table: a newer one than this event may have expired or been cleared.
    if (e->content.retain && !was_there) logs_.retain(log, e);
    if (was_there && e->pos.value <= log.indexed.counted)
        return logs_.recall(log, e);  // indexed, though not all of its batch was
    logs_.push(log, e);
    if (log.kept == 1) schedule_age(log.row, milliseconds(e->stored_at) + age_limit(log));
    over_limits_seen_ = over_limits_seen_ || log.over_limits();
    indexer_.add({log.row, e->pos.value, size, e->content.topics.size() > 1,
                  e->content.id ? e->content.id->str() : std::string()});
}

// With mutex_ held. What the index has may leave memory.
void sqlite_journal::evict() {
    while (recent_events_ > options_.recent_events || recent_bytes_ > options_.recent_bytes) {
        const event_ptr oldest = logs_.oldest();
        if (!oldest || oldest->pos.value > indexed_) return;
        const std::size_t topics = logs_.pop_oldest();
        recent_events_ -= topics;
        recent_bytes_ -= topics * oldest->content.size();
        recent_after_ = std::max(recent_after_, oldest->pos.value);
    }
}

event_ptr sqlite_journal::forget_recent(topic_log& log) {
    event_ptr gone = logs_.pop(log);
    recent_events_ -= 1;
    recent_bytes_ -= gone->content.size();
    return gone;
}

// What retention takes: no reader would look for it in the file.
void sqlite_journal::forget_until(topic_log& log, std::uint64_t pos) {
    while (!log.empty() && log.front()->pos.value <= pos) forget_recent(log);
}

void sqlite_journal::report(const result<>& outcome) {
    const std::lock_guard lock(health_mutex_);
    if (outcome.has_value() == !trouble_) return;
    if (outcome) {
        trouble_.reset();
        log::info("the journal can be written again", {{"file", options_.path}});
    } else {
        trouble_ = outcome.error();
        log::error("the journal cannot be written",
                   {{"file", options_.path}, {"reason", outcome.error().detail}});
    }
}

result<> sqlite_journal::health() const {
    const std::lock_guard lock(health_mutex_);
    if (trouble_) return std::unexpected(*trouble_);
    return {};
}

std::vector<topic_figures> sqlite_journal::topics(const topic_query& q) const {
    return list_in_parts(q, [this, now = options_.now()](const topic_query& part) {
        const std::lock_guard lock(mutex_);
        return logs_.figures(part, now);
    });
}

topic_room sqlite_journal::room_for(std::span<const topic> topics) const {
    const std::lock_guard lock(mutex_);
    return logs_.room_for(topics);
}

journal_stats sqlite_journal::stats() const {
    const std::lock_guard lock(mutex_);
    return {.events = logs_.kept,
            .bytes = logs_.kept_bytes,
            .topics = logs_.size(),
            .trimmed = logs_.trimmed,
            .memory_bytes = logs_.memory(),
            .scheduled = scheduled_events_,
            .scheduled_bytes = scheduled_bytes_,
            .retained_bytes = logs_.retained_bytes,
            .keys = keys_,
            .keys_forgotten = keys_forgotten_};
}

void sqlite_journal::trim(std::chrono::system_clock::time_point now) {
    trim_now_.store(milliseconds(now), std::memory_order_relaxed);
    inbox_->want_upkeep();
}

void sqlite_journal::set_retention(retention_lookup retention_of) {
    {
        const std::lock_guard lock(mutex_);
        new_retention_ = std::move(retention_of);
    }
    trim(options_.now());
}

}  // namespace carillon::sqlite
