#include <carillon/base/log.hpp>
#include <carillon/services/outbox_relay.hpp>

#include "hub/copies.hpp"
#include "hub/own_topic.hpp"
#include "services/outbox/user_topics.hpp"
#include "services/outbox/waiting_messages.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace carillon::services {

namespace {

// Rows that are read at once at the start; the next page comes when they were handed over.
constexpr std::size_t page_rows = 256;
constexpr std::size_t trimmed_at_once = 500;

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

/// In the order of the rows. The file's id is part of it, since another file numbers its rows from
/// 1 again, and the text, since an older copy of this file goes on from its own last number.
std::string key_of(const store::record_store& of, std::uint64_t row, std::uint64_t text_hash = 0) {
    return fmt::format("outbox/{}/{:016x}/{:016x}", of.id(), row, text_hash);
}

/// What the hub would say once the record is there, and the record would have no event.
result<> check(const message& m, const hub_options& limits) {
    if (m.what.size() > limits.max_event_size)
        return fail(errc::event_too_large,
                    "the event of the record is larger than an event may be");
    if (m.to.users.size() > limits.max_recipients)
        return fail(errc::payload_too_large,
                    fmt::format("the event of the record is for more than {} recipients",
                                limits.max_recipients));
    const std::size_t copies = m.to.stored == audience::copies::shared ? 1 : m.to.users.size();
    if (auto fits = check_copies(m.what.size() * copies, limits); !fits) return fits;
    for (const std::string& user : m.to.users) {
        if (as_segment(user).empty())
            return fail(errc::invalid_request,
                        fmt::format("the id of a user has 1 to {} bytes of UTF-8", max_id_length));
    }
    return {};
}

std::string fingerprint_of(const idempotency_key& k) {
    return fmt::format("{:016x}{:016x}", k.body_hash[0], k.body_hash[1]);
}

}  // namespace

struct outbox_relay::state : std::enable_shared_from_this<state> {
    using answer = std::function<void(result<std::vector<published>>)>;
    using item = outbox_item;
    struct outcome_to_write {
        std::uint64_t id = 0;
        store::record_store::work work;
    };

    state(hub& h, store::record_store& r, outbox_limits l, wall_clock n, observer w)
        : events(h), records(r), limits(l), now(std::move(n)), watch(std::move(w)) {}

    hub& events;
    store::record_store& records;
    const outbox_limits limits;
    const wall_clock now;
    const observer watch;
    user_topics added{events, limits};  ///< by calls of users

    mutable std::mutex mutex;                // guards all below
    std::vector<std::uint64_t> removed;      ///< published: their rows go with the next write
    waiting_messages waiting;                ///< not published
    std::size_t tried = 0;                   ///< of these, which the journal has not answered yet
    std::deque<outcome_to_write> unwritten;  ///< published, and what there is to say of it is not
    recorder record;
    std::uint64_t spilled_from = 0;    ///< rows from here on may wait in the file alone; 0: none
    std::uint64_t reads_from = 0;      ///< the same while they are read again
    std::size_t spilled = 0;           ///< how many do, at least
    bool started = false;              ///< all rows of earlier lives are among `present`
    std::set<std::uint64_t> present;   ///< rows whose keys the journal holds
    std::uint64_t newest_row = 0;      ///< that was ever among them
    std::uint64_t forgotten_upto = 0;  ///< keys of rows below are let go

    void saw(outbox_step step, std::uint64_t row) const {
        if (watch) watch(step, row);
    }
    void write_outcome(outcome_to_write what);
    void read_page(std::uint64_t after, std::function<void(result<>)> done);
    void publish(item what, answer done);
    void hand_over(item what, answer done);
    void publish_waiting();
    void try_again();
    bool has_settled(const item& what, bool later);
    void settle(const item& what, result<std::vector<published>> outcome, const answer& done);
    void answer_one(const item& what, result<std::vector<published>> outcome,
                    const answer& done) const;
    bool is_recorded(const message& m) const;
    void write_outcome(const item& what, const settled& told);
    void remove_published();
    void forget_keys();
    std::vector<std::uint64_t> take_removed();
    result<> remove(store::records& r, const std::vector<std::uint64_t>& rows) const;
    void left(const std::vector<std::uint64_t>& rows);
    void put_back(const std::vector<std::uint64_t>& rows);
    void spill(std::uint64_t row);
    void read_spilled();
    void publish_spilled(const std::vector<store::outbox_entry>& rows);
};

outbox_relay::outbox_relay(hub& h, store::record_store& records, outbox_limits limits,
                           wall_clock now, observer watch)
    : state_(std::make_shared<state>(h, records, limits, std::move(now), std::move(watch))) {}

outbox_relay::~outbox_relay() = default;

void outbox_relay::start(std::function<void(result<>)> done) {
    state_->read_page(0, [s = state_, done = std::move(done)](result<> read) {
        if (read) {
            const std::lock_guard lock(s->mutex);
            s->started = true;
        }
        done(std::move(read));
    });
}

void outbox_relay::state::read_page(std::uint64_t after, std::function<void(result<>)> done) {
    struct page {
        std::vector<store::outbox_entry> rows;
    };
    auto read = std::make_shared<page>();
    records.read(
        [read, after](store::records& r) -> result<> {
            auto rows = r.outbox().list(after, page_rows);
            if (!rows) return std::unexpected(rows.error());
            read->rows = std::move(*rows);
            return {};
        },
        [self = shared_from_this(), read, after, done = std::move(done)](result<> ok) mutable {
            if (!ok) return done(std::move(ok));
            std::uint64_t last = after;
            for (const store::outbox_entry& row : read->rows) {
                last = row.id;
                auto what = parse(row.text);
                if (!what) {
                    log::error("a row of the outbox cannot be read",
                               {{"id", row.id}, {"reason", what.error().detail}});
                    continue;
                }
                self->publish({row.id, hash_of(row.text), std::move(*what)}, {});
            }
            if (read->rows.size() == page_rows) return self->read_page(last, std::move(done));
            done({});
        });
}

void outbox_relay::state::publish(item what, answer done) {
    bool waits = false;
    {
        const std::lock_guard lock(mutex);
        present.insert(what.id);
        newest_row = std::max(newest_row, what.id);
        waits = waiting.holds_back(what.what) && waiting.size() < limits.max_waiting;
        if (waits) waiting.add(what);
    }
    if (!waits) return hand_over(std::move(what), std::move(done));
    answer_one(what, fail(errc::unavailable, "events before it are not stored yet"), done);
}

void outbox_relay::state::hand_over(item what, answer done) {
    // The journal knows by this key what it has stored, over restarts too.
    idempotency_key once{key_of(records, what.id, what.text_hash), {what.id, what.text_hash}, true};
    saw(outbox_step::publishing, what.id);
    auto kept = std::make_shared<item>(std::move(what));
    const auto settling = [self = shared_from_this(), kept,
                           done](result<std::vector<published>> outcome) {
        self->settle(*kept, std::move(outcome), done);
    };
    const std::vector<topic>& topics = kept->what.what.topics;
    if (!topics.empty() && topics.front().internal())
        return events.publish_own({kept->what.what}, std::move(once), settling);
    if (!is_recorded(kept->what))
        return events.publish({kept->what.what}, kept->what.to, std::move(once), settling);
    // Answered at once; what is said of it waits for the receipts.
    auto told = std::make_shared<settled>();
    events.publish(
        {kept->what.what}, kept->what.to, std::move(once),
        [self = shared_from_this(), settling, kept, told,
         done](result<std::vector<published>> outcome) {
            if (!outcome) return settling(std::move(outcome));
            self->saw(outbox_step::published, kept->id);
            told->events = *outcome;
            const bool goes_on = self->has_settled(*kept, false);
            self->answer_one(*kept, std::move(outcome), done);
            if (goes_on) self->try_again();
        },
        [self = shared_from_this(), kept, told](std::vector<delivery_receipt> receipts) {
            const bool known = std::ranges::all_of(receipts, &delivery_receipt::known);
            if (known) told->receipts = std::move(receipts);
            self->write_outcome(*kept, *told);
        });
}

bool outbox_relay::state::is_recorded(const message& m) const {
    const std::lock_guard lock(mutex);
    return !m.about.empty() && record;
}

void outbox_relay::state::settle(const item& what, result<std::vector<published>> outcome,
                                 const answer& done) {
    if (outcome) saw(outbox_step::published, what.id);
    const bool later = !outcome && outcome.error().code == errc::unavailable;
    const bool told = !later && is_recorded(what.what);
    const bool goes_on = has_settled(what, later);
    if (!later && !told) {
        const std::lock_guard lock(mutex);
        removed.push_back(what.id);
    }
    if (told) write_outcome(what, {outcome});
    if (!outcome && !later)
        log::error("an event of a record is not published", {{"reason", outcome.error().detail}});
    answer_one(what, std::move(outcome), done);
    if (goes_on) try_again();
}

/// Whether it was the last of those that are tried.
bool outbox_relay::state::has_settled(const item& what, bool later) {
    const std::lock_guard lock(mutex);
    const bool waits = later && waiting.size() < limits.max_waiting;
    if (waits) {
        waiting.add(what);
    } else {
        if (later) spill(what.id);
        waiting.leave(what);
        added.settle(what.new_topics);
    }
    return what.again && --tried == 0;
}

void outbox_relay::state::publish_waiting() {
    {
        const std::lock_guard lock(mutex);
        if (tried != 0 || waiting.empty()) return;
        waiting.begin();
    }
    try_again();
}

// Those of one round go to users and topics that are all different, so that the journal may answer
// them in any order.
void outbox_relay::state::try_again() {
    for (;;) {
        std::vector<item> round;
        {
            const std::lock_guard lock(mutex);
            if (tried != 0) return;
            round = waiting.take();
            if (round.empty()) return;
            tried = round.size() + 1;  // one for this loop: answers may come at once
        }
        for (item& what : round) hand_over(std::move(what), {});
        const std::lock_guard lock(mutex);
        if (--tried != 0) return;  // whoever settles the last one goes on
    }
}

void outbox_relay::state::answer_one(const item& what, result<std::vector<published>> outcome,
                                     const answer& done) const {
    if (!done) return;
    done(std::move(outcome));
    saw(outbox_step::answered, what.id);
}

void outbox_relay::state::write_outcome(const item& what, const settled& told) {
    recorder recorded;
    {
        const std::lock_guard lock(mutex);
        recorded = record;
        if (!recorded) removed.push_back(what.id);
    }
    if (recorded) write_outcome({what.id, recorded(what.what, told)});
}

// What is said of the message and that it has left the outbox stand or fall together.
void outbox_relay::state::write_outcome(outcome_to_write what) {
    auto kept = std::make_shared<outcome_to_write>(std::move(what));
    records.write_soon(
        [self = shared_from_this(), kept](store::records& r) -> result<> {
            if (auto written = kept->work(r); !written) return written;
            return self->remove(r, {kept->id});
        },
        [self = shared_from_this(), kept](const result<>& done) {
            if (done) return self->left({kept->id});
            const std::lock_guard lock(self->mutex);
            if (self->unwritten.size() < self->limits.max_waiting)
                self->unwritten.push_back(std::move(*kept));
            else
                self->spill(kept->id);
        });
}

void outbox_relay::record_outcomes(recorder r) {
    const std::lock_guard lock(state_->mutex);
    state_->record = std::move(r);
}

std::vector<std::uint64_t> outbox_relay::state::take_removed() {
    const std::lock_guard lock(mutex);
    return std::exchange(removed, {});
}

result<> outbox_relay::state::remove(store::records& r,
                                     const std::vector<std::uint64_t>& rows) const {
    auto gone = r.outbox().remove(rows);
    if (!gone) return gone;
    for (const std::uint64_t row : rows) saw(outbox_step::leaving, row);
    return {};
}

void outbox_relay::state::left(const std::vector<std::uint64_t>& rows) {
    {
        const std::lock_guard lock(mutex);
        for (const std::uint64_t row : rows) present.erase(row);
    }
    for (const std::uint64_t row : rows) saw(outbox_step::left, row);
}

void outbox_relay::state::put_back(const std::vector<std::uint64_t>& rows) {
    const std::lock_guard lock(mutex);
    removed.insert(removed.end(), rows.begin(), rows.end());
}

// A row that may still be there when the server starts again needs its key. Numbers grow, so all
// below the first one that is there are done with, also those of earlier lives.
void outbox_relay::state::forget_keys() {
    std::uint64_t upto = 0;
    {
        const std::lock_guard lock(mutex);
        if (!started) return;
        upto = present.empty() ? newest_row + 1 : *present.begin();
        for (const std::uint64_t row : {spilled_from, reads_from}) {
            if (row != 0) upto = std::min(upto, row);
        }
        if (upto <= forgotten_upto) return;
        forgotten_upto = upto;
    }
    events.record().forget_keys(key_of(records, 0), key_of(records, upto));
}

// With the mutex. The row is in the file anyway.
void outbox_relay::state::spill(std::uint64_t row) {
    present.erase(row);
    spilled_from = spilled_from == 0 ? row : std::min(spilled_from, row);
    ++spilled;
}

// A page at a time, while those in memory leave room: one that is refused for long, since its topic
// does not fit in, must not keep those of others from being read.
void outbox_relay::state::read_spilled() {
    std::uint64_t from = 0;
    {
        const std::lock_guard lock(mutex);
        if (spilled_from == 0 || reads_from != 0 || !unwritten.empty()) return;
        if (waiting.size() > limits.max_waiting / 2) return;
        from = reads_from = std::exchange(spilled_from, 0);
        spilled = 0;
    }
    auto rows = std::make_shared<std::vector<store::outbox_entry>>();
    records.read(
        [rows, from](store::records& r) -> result<> {
            auto some = r.outbox().list(from - 1, page_rows);
            if (!some) return std::unexpected(some.error());
            *rows = std::move(*some);
            return {};
        },
        [self = shared_from_this(), rows, from](const result<>& read) {
            if (read) return self->publish_spilled(*rows);
            const std::lock_guard lock(self->mutex);
            self->reads_from = 0;
            self->spill(from);
        });
}

void outbox_relay::state::publish_spilled(const std::vector<store::outbox_entry>& rows) {
    std::vector<item> again;
    {
        const std::lock_guard lock(mutex);
        for (const store::outbox_entry& row : rows) {
            // Others are under way, or are not published for the first time yet.
            if (row.id > newest_row || present.contains(row.id)) continue;
            if (auto what = parse(row.text))
                again.push_back({row.id, hash_of(row.text), std::move(*what)});
        }
        if (rows.size() == page_rows) spill(rows.back().id + 1);
        reads_from = 0;
        for (const item& what : again) present.insert(what.id);
    }
    for (item& what : again) publish(std::move(what), {});
}

void outbox_relay::write(work w, callback done) {
    struct call {
        work w;
        callback done;
        std::vector<message> messages;
        struct row {
            std::uint64_t id = 0;
            std::uint64_t text_hash = 0;
            std::uint64_t new_topics = 0;
        };
        std::vector<row> rows;
        std::vector<std::uint64_t> gone;  ///< rows of others that go with it
        outcome answers;
        std::atomic<std::size_t> missing{0};
    };
    auto c = std::make_shared<call>();
    c->w = std::move(w);
    c->done = std::move(done);
    const auto s = state_;
    const auto give_back = [c, s] {
        for (std::size_t i = 0; i < c->rows.size(); ++i)
            s->added.give_back(c->messages[i].by, c->rows[i].new_topics);
    };
    s->records.write(
        [c, s](store::records& r) -> result<> {
            c->messages.clear();
            c->rows.clear();
            if (auto written = c->w(r, c->messages); !written) return written;
            const auto rules = s->events.options();
            for (const message& m : c->messages) {
                if (auto fine = check(m, *rules); !fine) return fine;
                const auto added = s->added.take(m);
                if (!added) return std::unexpected(added.error());
                auto& row = c->rows.emplace_back();
                row.new_topics = *added;
                const std::string text = text_of(m);
                const auto id = r.outbox().add(text);
                if (!id) return std::unexpected(id.error());
                row.id = *id;
                row.text_hash = hash_of(text);
                s->saw(outbox_step::written, *id);
            }
            c->gone = s->take_removed();
            return s->remove(r, c->gone);
        },
        [c, s, give_back](result<> committed) {
            if (!committed) {
                give_back();
                s->put_back(c->gone);
                return c->done(std::unexpected(committed.error()));
            }
            for (const auto& row : c->rows) s->saw(outbox_step::committed, row.id);
            s->left(c->gone);
            const std::size_t count = c->messages.size();
            if (count == 0) return c->done(outcome{});
            c->missing = count;
            c->answers.resize(count);
            for (std::size_t i = 0; i < count; ++i) {
                const auto& row = c->rows[i];
                s->publish({row.id, row.text_hash, std::move(c->messages[i]), row.new_topics},
                           [c, i](result<std::vector<published>> answer) {
                               c->answers[i] = std::move(answer);
                               if (c->missing.fetch_sub(1) == 1) c->done(std::move(c->answers));
                           });
            }
        });
}

result<std::optional<std::string>> outbox_relay::made_before(
    store::records& r, const std::optional<repeatable_call>& call) const {
    if (!call) return std::nullopt;
    const auto kept = r.calls().find(call->owner, call->key.key);
    if (!kept) return std::unexpected(kept.error());
    if (!*kept) return std::nullopt;
    if ((*kept)->fingerprint != fingerprint_of(call->key))
        return fail(errc::conflict, "the idempotency key was used with another body");
    return std::optional((*kept)->made);
}

result<> outbox_relay::remember(store::records& r, const std::optional<repeatable_call>& call,
                                std::string_view made) const {
    if (!call) return {};
    return r.calls().keep(call->owner, call->key.key,
                          {fingerprint_of(call->key), std::string(made)}, state_->now(),
                          state_->limits.max_calls);
}

void outbox_relay::trim() {
    state_->records.write(
        [before = state_->now() - state_->limits.window](store::records& r) -> result<> {
            const auto gone = r.calls().trim(before, trimmed_at_once);
            if (!gone) return std::unexpected(gone.error());
            return {};
        },
        [](const result<>&) {});
}

void outbox_relay::state::remove_published() {
    auto rows = std::make_shared<std::vector<std::uint64_t>>(take_removed());
    if (rows->empty()) return;
    records.write(
        [self = shared_from_this(), rows](store::records& r) { return self->remove(r, *rows); },
        [self = shared_from_this(), rows](const result<>& done) {
            if (done) return self->left(*rows);
            self->put_back(*rows);
        });
}

void outbox_relay::tick() {
    std::deque<state::outcome_to_write> untold;
    {
        const std::lock_guard lock(state_->mutex);
        untold.swap(state_->unwritten);
    }
    for (state::outcome_to_write& what : untold) state_->write_outcome(std::move(what));
    state_->publish_waiting();
    state_->remove_published();
    state_->read_spilled();
    state_->forget_keys();
}

std::uint64_t outbox_relay::refused() const { return state_->added.refused(); }

std::size_t outbox_relay::unpublished() const {
    const std::lock_guard lock(state_->mutex);
    return state_->waiting.size() + state_->tried + state_->spilled;
}

}  // namespace carillon::services
