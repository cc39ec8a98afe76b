// What the journal keeps beside events: keys, and events that wait for their time.
#include <carillon/base/log.hpp>

#include "journal/room.hpp"
#include "journal/sqlite/sqlite_journal.hpp"
#include "journal/start.hpp"

#include <algorithm>

namespace carillon::sqlite {

namespace {

// Scheduled events that become due in one transaction.
constexpr std::size_t due_events = 4096;
constexpr std::size_t due_bytes = 16u << 20;
// Keys that one transaction forgets.
constexpr std::size_t keys_at_once = 4096;

}  // namespace

result<> sqlite_journal::count_waiting(const write_token& w) {
    const auto waiting = store_by(w).count_scheduled();
    if (!waiting) return std::unexpected(waiting.error());
    scheduled_events_ = waiting->events;
    scheduled_bytes_ = waiting->bytes;
    const auto known = store_by(w).count_answers();
    if (!known) return std::unexpected(known.error());
    keys_ = *known;
    return {};
}

// What came of an earlier use of the key: a position, or a scheduled event's id. A clock that
// jumped ahead for a moment lets no key go that retention does not believe either.
result<std::optional<std::uint64_t>> sqlite_journal::recall(const write_token& w,
                                                            const idempotency_key& key) {
    const std::int64_t now = std::min(newest_ms(), trim_now_.load(std::memory_order_relaxed));
    const auto known =
        key.held ? store_by(w).find_held(key.key) : store_by(w).find_answer(key.key, now);
    if (!known) return std::unexpected(known.error());
    if (!*known) return std::nullopt;
    if ((*known)->body_hash != key.body_hash) return std::unexpected(key_conflict());
    return (*known)->first;
}

// Within the transaction under way.
result<> sqlite_journal::remember(const write_token& w, const idempotency_key& key,
                                  std::uint64_t first) {
    if (key.held) return store_by(w).hold_answer(key.key, {key.body_hash, first});
    if (options_.limits.max_keys == 0) return {};
    const auto window = std::chrono::milliseconds(options_.idempotency_window).count();
    const auto number =
        store_by(w).add_answer(key.key, {key.body_hash, first}, newest_ms() + window);
    if (!number) return std::unexpected(number.error());
    if (*number <= options_.limits.max_keys) return {};
    const auto gone = store_by(w).forget_answers_until(*number - options_.limits.max_keys);
    if (!gone) return std::unexpected(gone.error());
    keys_forgotten_ += *gone;
    return {};
}

result<> sqlite_journal::forget_answers(const write_token& w, std::int64_t now) {
    const std::lock_guard writing(transaction_mutex_);
    const auto gone = store_by(w).forget_answers(now, keys_at_once);
    if (!gone) return std::unexpected(gone.error());
    if (*gone == keys_at_once) inbox_->want_upkeep();
    const auto known = store_by(w).count_answers();
    if (!known) return std::unexpected(known.error());
    keys_ = *known;
    return {};
}

void sqlite_journal::forget_keys(std::string first, std::string end) {
    inbox_->run(
        [this, first = std::move(first), end = std::move(end)](const write_token& w) -> result<> {
            if (auto writable = check_writable(w); !writable) return writable;
            const std::lock_guard writing(transaction_mutex_);
            return store_by(w).forget_held(first, end);
        });
}

void sqlite_journal::schedule(event e, std::chrono::system_clock::time_point due,
                              std::optional<idempotency_key> key,
                              std::function<void(result<std::uint64_t>)> done) {
    const std::size_t size = e.size();
    if (schedules_bytes_.fetch_add(size) + size > options_.max_queued_bytes) {
        schedules_bytes_ -= size;
        return done(fail(errc::unavailable, "too many events wait to be stored; try again later"));
    }
    inbox_->run([this, size, e = std::move(e), due, key = std::move(key),
                 done = std::move(done)](const write_token& w) -> result<> {
        auto stored = store_scheduled(w, e, milliseconds(due), key);
        schedules_bytes_ -= size;
        if (stored) {
            done(std::move(*stored));
            return {};
        }
        done(std::unexpected(stored.error()));
        return std::unexpected(std::move(stored.error()));
    });
}

/// The answer, which may be a refusal; an error is the file's.
result<result<std::uint64_t>> sqlite_journal::store_scheduled(
    const write_token& w, const event& e, std::int64_t due,
    const std::optional<idempotency_key>& key) {
    using answer = result<std::uint64_t>;
    look_at_clock();
    if (auto writable = check_writable(w); !writable) return std::unexpected(writable.error());
    const std::lock_guard writing(transaction_mutex_);
    transaction both(store_by(w).on());
    if (auto begun = both.begin(); !begun) return std::unexpected(begun.error());
    if (key) {
        const auto known = recall(w, *key);
        if (!known && known.error().code == errc::conflict)
            return answer(std::unexpected(known.error()));
        if (!known) return std::unexpected(known.error());
        if (*known) return answer(**known);
    }
    const std::size_t size = e.size();
    if (auto fits = check_schedule(options_.limits, scheduled_events_, scheduled_bytes_, size);
        !fits)
        return answer(std::unexpected(fits.error()));
    const auto id = store_by(w).add_scheduled(due, e, key ? key->key : std::string());
    if (!id) return std::unexpected(id.error());
    if (key) {
        if (auto done = remember(w, *key, *id); !done) return std::unexpected(done.error());
    }
    if (auto done = both.commit(); !done) return std::unexpected(done.error());
    scheduled_events_ += 1;
    scheduled_bytes_ += size;
    return answer(*id);
}

void sqlite_journal::cancel(std::uint64_t id, std::function<void(result<bool>)> done) {
    inbox_->run([this, id, done = std::move(done)](const write_token& w) -> result<> {
        const auto was_there = remove_scheduled(w, id);
        done(was_there);
        return was_there ? result<>{} : std::unexpected(was_there.error());
    });
}

/// Its key is free again.
result<bool> sqlite_journal::remove_scheduled(const write_token& w, std::uint64_t id) {
    if (auto writable = check_writable(w); !writable) return std::unexpected(writable.error());
    const std::lock_guard writing(transaction_mutex_);
    transaction both(store_by(w).on());
    if (auto begun = both.begin(); !begun) return std::unexpected(begun.error());
    const auto taken = store_by(w).remove_scheduled(id);
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return false;
    if (!(*taken)->key.empty()) {
        if (auto done = store_by(w).free_answer((*taken)->key, id); !done)
            return std::unexpected(done.error());
    }
    if (auto done = both.commit(); !done) return std::unexpected(done.error());
    scheduled_events_ -= 1;
    scheduled_bytes_ -= (*taken)->size;
    return true;
}

void sqlite_journal::list_scheduled(const scheduled_query& q,
                                    std::function<void(result<scheduled_page>)> done) {
    ask([q, done = std::move(done)](archive& a) { done(a.scheduled(q)); });
}

// What is due becomes an event in the transaction that takes it from those that wait. Each is a
// request of its own: one that a limit refuses waits on, and stands in the way of none.
result<> sqlite_journal::release_due(const write_token& w, std::int64_t now) {
    if (released_upto_.due > now) released_upto_ = {};
    auto due = store_by(w).scheduled(released_upto_, now, due_events, due_bytes);
    if (!due) return std::unexpected(due.error());
    for (const std::uint64_t id : due->damaged) {
        log::error("an event that waited for its time is damaged and left out",
                   {{"file", options_.path}, {"scheduled", std::to_string(id)}});
        if (auto gone = remove_scheduled(w, id); !gone) return std::unexpected(gone.error());
    }
    // From the first on again at the next tick.
    released_upto_ = due->more ? due->last : schedule_place{};
    if (due->more) inbox_->want_upkeep();
    if (due->events.empty()) return {};
    std::vector<append_request> requests;
    for (scheduled_event& s : due->events) {
        append_request& r = requests.emplace_back();
        r.done = [](const auto&, auto) {};
        r.events.push_back(std::make_shared<stored_event>());
        r.events.back()->content = std::move(s.content);
        r.released.push_back(s.id);
    }
    commit(w, requests, std::unique_lock(transaction_mutex_, std::defer_lock));
    return {};
}

}  // namespace carillon::sqlite
