#include "journal/memory/memory_journal.hpp"

#include "journal/epoch.hpp"
#include "journal/in_slices.hpp"
#include "journal/room.hpp"
#include "journal/start.hpp"
#include "journal/topic_listing.hpp"

#include <algorithm>

namespace carillon {

namespace {

// Batches that a thread commits for others before it looks for one that goes on in its place.
constexpr int rounds = 8;
// Topics that one call of `trim` looks at.
constexpr std::size_t topics_per_call = 4096;
// Of an entry, about.
constexpr std::size_t expiry_memory = 80;

}  // namespace

memory_journal::memory_journal(memory_journal_options options)
    : epochs_({{random_epoch()}}),
      options_(std::move(options)),
      logs_(std::move(options_.retention_of), options_.limits) {
    if (!options_.now) options_.now = [] { return std::chrono::system_clock::now(); };
    logs_.on_forget = [this](topic_log& log) { ages_.remove(log); };
}

// The first thread that finds nobody committing commits for all that come meanwhile, so that
// callbacks run in order and without a lock, just as with a store that has a writer thread. After
// some rounds the next thread that comes takes over: an event loop has streams of its own to serve.
void memory_journal::append(group events, std::optional<idempotency_key> key,
                            commit_callback done) {
    if (!begin_committing(
            {.events = std::move(events), .key = std::move(key), .done = std::move(done)}))
        return;
    std::vector<request> batch;
    for (int round = 1;; ++round) {
        batch.clear();
        {
            const std::lock_guard lock(queue_mutex_);
            relief_wanted_ = round > rounds;
            if (queue_.empty() || (relief_wanted_ && relieving_ != 0)) {
                committer_ = {};
                committer_left_.notify_all();
                return;
            }
            batch.swap(queue_);
        }
        commit(batch);
    }
}

/// True if this thread is the one that commits now.
bool memory_journal::begin_committing(request r) {
    std::unique_lock lock(queue_mutex_);
    queue_.push_back(std::move(r));
    const auto self = std::this_thread::get_id();
    if (committer_ == self) return false;  // a callback's append
    if (committer_ != std::thread::id()) {
        if (!relief_wanted_) return false;
        ++relieving_;
        committer_left_.wait(lock,
                             [this] { return committer_ == std::thread::id() || !relief_wanted_; });
        --relieving_;
        if (committer_ != std::thread::id()) return false;  // another one was first
    }
    committer_ = self;
    relief_wanted_ = false;
    return true;
}

void memory_journal::commit(std::vector<request>& batch) {
    {
        const std::lock_guard lock(mutex_);
        for (request& r : batch) {
            try {
                fed_.reserve(fed_.size() + r.events.size());
                r.outcome = commit_locked(r);
            } catch (const std::bad_alloc&) {
                r.outcome = fail(errc::unavailable, "no memory");
                // What was refused is not there for readers either.
                for (const auto& e : r.events) e->erased = true;
            }
            if (r.outcome && *r.outcome == appended::stored)
                fed_.insert(fed_.end(), r.events.begin(), r.events.end());
        }
    }
    if (!fed_.empty()) feed_(fed_);
    fed_.clear();
    for (request& r : batch) {
        try {
            r.done(std::move(r.outcome), r.events);
        } catch (const std::bad_alloc&) {
            // Whoever asked does without an answer; others have theirs.
        }
    }
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
    }
    if (auto room = check_room(r); !room) return std::unexpected(room.error());
    const std::uint64_t first = head_ + 1;
    for (const auto& e : r.events) {
        e->stored_at = times_.newest();
        if (!e->content.ephemeral) store(e);
    }
    if (r.key) remember(std::move(*r.key), first);
    enforce_total_size();
    return appended::stored;
}

result<> memory_journal::check_room(const request& r) const {
    return room_check(logs_, options_.limits).add(r.events);
}

// With mutex_ held. Keys are not kept for as long as the clock was ahead.
void memory_journal::look_at_clock() {
    const auto now = options_.now();
    if (!times_.move_to(now, head_)) return;
    for (used_key& k : keys_by_age_)
        k.expires = std::min(k.expires, now + options_.idempotency_window);
    upkeep_at_ = std::min(upkeep_at_, now);
    ages_.reset();
}

void memory_journal::store(const std::shared_ptr<stored_event>& e) {
    e->pos.value = ++head_;
    logs_.add(e);
    if (e->content.expires) note_expiry(e);
    for (const topic& t : e->content.topics) {
        topic_log& log = logs_.get(t.str());
        if (e->content.retain) logs_.retain(log, e);
        logs_.push(log, e);
        if (log.age_place == 0) ages_.set(log, age_ends(log, e->stored_at));
    }
    if (e->erases.value != 0) {
        if (const event_ptr old = logs_.at(e->erases.value, e->content.topics))
            logs_.erase(*old, e->pos, topic_logs::erased_size::present);
    }
    for (const topic& t : e->content.topics) {
        if (topic_log* log = logs_.find(t.str())) enforce_limits(*log);
    }
}

void memory_journal::trim_front(topic_log& log) {
    const event_ptr gone = logs_.pop(log);
    if (log.empty()) ages_.remove(log);
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
    while (logs_.memory() + memory_ > options_.max_bytes) {
        const event_ptr oldest = logs_.oldest();
        if (!oldest) return;
        for (const topic& t : oldest->content.topics) {
            topic_log* log = logs_.find(t.str());
            if (log != nullptr && !log->empty() && log->front()->pos == oldest->pos)
                trim_front(*log);
        }
    }
}

void memory_journal::trim(time_point now) {
    release_due(now);
    const std::lock_guard lock(mutex_);
    upkeep_at_ = now;
    look_at_clock();
    forget_keys();
    enforce_new_retention();
    trim_by_age(now);
    erase_expired(now);
    logs_.make_room();
}

void memory_journal::trim_by_age(time_point now) {
    for (std::size_t looks = 0; looks < topics_per_call; ++looks) {
        topic_log* const log = ages_.due(now);
        if (log == nullptr) return;
        bool gone = false;
        while (!gone && age_ends(*log, now) < now) {
            gone = log->kept == 1;
            trim_front(*log);
        }
        if (!gone)
            ages_.set(*log, std::max(age_ends(*log, now), now + std::chrono::milliseconds(1)));
    }
}

void memory_journal::note_expiry(const event_ptr& e) {
    if (expiring_.size() >= expiries_to_look_at_) {
        const auto gone =
            std::erase_if(expiring_, [](const auto& entry) { return entry.second.expired(); });
        memory_ -= gone * expiry_memory;
        expiries_to_look_at_ = std::max<std::size_t>(1024, 2 * expiring_.size());
    }
    if (expiring_.emplace(expiry_place{*e->content.expires, e->pos.value}, e).second)
        memory_ += expiry_memory;
}

// Readers are not shown what has expired; here its content leaves memory.
void memory_journal::erase_expired(time_point now) {
    for (std::size_t looks = 0; looks < topics_per_call && !expiring_.empty(); ++looks) {
        const auto first = expiring_.begin();
        if (first->first.first > now) return;
        const event_ptr e = first->second.lock();
        expiring_.erase(first);
        memory_ -= expiry_memory;
        // It may be held by a reader alone.
        if (e != nullptr && logs_.at(e->pos.value, e->content.topics) == e)
            logs_.erase(*e, {}, topic_logs::erased_size::present);
    }
}

/// When the topic's oldest event is too old.
memory_journal::time_point memory_journal::age_ends(topic_log& log, time_point now) {
    const stored_event& first = *log.front();
    const auto begins = times_.counts_from(first.pos.value, first.stored_at, now);
    const std::chrono::seconds max_age = logs_.rule_of(log).max_age;
    const auto never = time_point::max();
    return max_age > std::chrono::floor<std::chrono::seconds>(never - begins) ? never
                                                                              : begins + max_age;
}

void memory_journal::set_retention(retention_lookup retention_of) {
    const std::lock_guard lock(mutex_);
    logs_.set_retention(std::move(retention_of));
    ages_.reset();
    unchecked_from_ = std::string();
}

// Some topics at a time: there may be many.
void memory_journal::enforce_new_retention() {
    if (!unchecked_from_) return;
    const auto some = logs_.from(*unchecked_from_, topics_per_call);
    if (some.size() < topics_per_call) {
        unchecked_from_.reset();
    } else {
        unchecked_from_ = std::string(some.back()->name()) + '\0';
    }
    std::vector<topic_log*> over;  // trimming may forget topics, but only empty ones
    for (topic_log* log : some) {
        logs_.rule_of(*log);
        if (log->over_limits()) over.push_back(log);
    }
    for (topic_log* log : over) enforce_limits(*log);
}

// At once, unless there are very many names to hold against the patterns.
template <class Query, class Answer>
void memory_journal::answer(const Query& q, bool (topic_logs::*look_up)(const matcher_set&) const,
                            Answer (memory_journal::*answered)(const Query&) const,
                            std::function<void(result<Answer>)> done) {
    const auto look = [this, patterns = q.patterns, look_up] {
        const std::lock_guard lock(mutex_);
        return (logs_.*look_up)(patterns);
    };
    const auto tell = [this, q, answered, done = std::move(done)] {
        std::unique_lock lock(mutex_);
        Answer made = (this->*answered)(q);
        lock.unlock();
        done(std::move(made));
    };
    if (look()) return tell();
    aside_.run([look, tell] {
        in_slices(look);
        tell();
    });
}

void memory_journal::read(const read_query& q, std::function<void(result<read_page>)> done) {
    answer(q, &topic_logs::look_up_some, &memory_journal::read_locked, std::move(done));
}

void memory_journal::locate(const start_query& q, std::function<void(result<start_point>)> done) {
    answer(q, &topic_logs::look_up_some, &memory_journal::locate_locked, std::move(done));
}

void memory_journal::snapshot(const snapshot_query& q,
                              std::function<void(result<snapshot_page>)> done) {
    answer(q, &topic_logs::look_up_some_for_values, &memory_journal::snapshot_locked,
           std::move(done));
}

read_page memory_journal::read_locked(const read_query& q) const {
    return logs_.read(q, options_.now());
}

snapshot_page memory_journal::snapshot_locked(const snapshot_query& q) const {
    return logs_.snapshot(q, options_.now());
}

start_point memory_journal::locate_locked(const start_query& q) const {
    start_point start;
    const auto topics = logs_.matching(q.patterns);
    const auto newest = [&](const newest_query& wanted) {
        return logs_.newest(wanted, q.patterns, topics);
    };
    if (!q.last_event_id.empty()) {
        if (const auto own = cursor::parse(q.last_event_id)) {
            start = epochs_.start_of(*own, head_);
        } else if (const auto found = logs_.find_own_id(q.last_event_id, q.patterns, topics)) {
            start.at = found->pos;
            start.repeated = found->repeated;
        } else {
            start.unknown = true;
        }
    } else if (const auto* last = std::get_if<rewind_last>(&q.from)) {
        const auto some = newest({0, wanted_newest(*last, q), last->bytes});
        start.at = position{some.empty() ? head_ : some.back().pos - 1};
        const auto old = logs_.before_time(last->not_before, times_, options_.now());
        start.at = std::max(start.at, old.value_or(position{head_}));
        if (some.size() < last->count) tell_loss(start, logs_.taken_of(q.patterns, topics));
    } else if (const auto* since = std::get_if<rewind_since>(&q.from)) {
        start.at = logs_.before_time(since->time, times_, options_.now()).value_or(position{head_});
        tell_loss(start, logs_
                             .taken_since(since->time, start.at.value, q.patterns, topics, times_,
                                          options_.now())
                             .newest);
    }
    if (q.budget == unlimited) return start;
    return within_budget(start, newest({start.at.value, q.budget + 1}), q, head_);
}

position memory_journal::head() const {
    const std::lock_guard lock(mutex_);
    return position{head_};
}

std::vector<topic_figures> memory_journal::topics(const topic_query& q) const {
    return list_in_parts(q, [this, now = options_.now()](const topic_query& part) {
        const std::lock_guard lock(mutex_);
        return logs_.figures(part, now);
    });
}

topic_room memory_journal::room_for(std::span<const topic> topics) const {
    const std::lock_guard lock(mutex_);
    return logs_.room_for(topics);
}

journal_stats memory_journal::stats() const {
    const std::lock_guard lock(mutex_);
    return {.events = logs_.kept,
            .bytes = logs_.kept_bytes,
            .topics = logs_.size(),
            .trimmed = logs_.trimmed,
            .memory_bytes = logs_.memory() + memory_,
            .scheduled = scheduled_.size(),
            .scheduled_bytes = scheduled_bytes_,
            .retained_bytes = logs_.retained_bytes,
            .keys = keys_.size(),
            .keys_forgotten = keys_forgotten_};
}

std::unique_ptr<journal> make_memory_journal(memory_journal_options options) {
    return std::make_unique<memory_journal>(std::move(options));
}

}  // namespace carillon
