#include <carillon/base/log.hpp>
#include <carillon/services/outbox_relay.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
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

std::string fingerprint_of(const idempotency_key& k) {
    return fmt::format("{:016x}{:016x}", k.body_hash[0], k.body_hash[1]);
}

}  // namespace

struct outbox_relay::state : std::enable_shared_from_this<state> {
    using answer = std::function<void(result<std::vector<published>>)>;
    struct item {
        std::uint64_t id = 0;
        std::uint64_t text_hash = 0;
        message what;
    };
    struct outcome_to_write {
        std::uint64_t id = 0;
        store::record_store::work work;
    };

    state(hub& h, store::record_store& r, repetition_limits l, wall_clock n)
        : events(h), records(r), limits(l), now(std::move(n)) {}

    hub& events;
    store::record_store& records;
    const repetition_limits limits;
    const wall_clock now;

    mutable std::mutex mutex;                // guards all below
    std::vector<std::uint64_t> removed;      ///< published: their rows go with the next write
    std::deque<item> waiting;                ///< not published, in order
    std::deque<outcome_to_write> unwritten;  ///< published, and what there is to say of it is not
    recorder record;

    void write_outcome(outcome_to_write what);
    void read_page(std::uint64_t after, std::function<void(result<>)> done);
    void publish(item what, answer done);
    void settle(const item& what, result<std::vector<published>> outcome, const answer& done);
    bool is_recorded(const message& m) const;
    void write_outcome(const item& what, const settled& told);
    void remove_published();
    result<> take_removed(store::records& r);
};

outbox_relay::outbox_relay(hub& h, store::record_store& records, repetition_limits limits,
                           wall_clock now)
    : state_(std::make_shared<state>(h, records, limits, std::move(now))) {}

outbox_relay::~outbox_relay() = default;

void outbox_relay::start(std::function<void(result<>)> done) {
    state_->read_page(0, std::move(done));
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
    // The journal knows by this key what it has stored, over restarts too. The file's id is part of
    // it, since another file numbers its rows from 1 again, and the text, since an older copy of
    // this file goes on from its own last number.
    idempotency_key once{fmt::format("outbox/{}/{}/{:016x}", records.id(), what.id, what.text_hash),
                         {what.id, what.text_hash}};
    auto kept = std::make_shared<item>(std::move(what));
    const std::vector<topic>& topics = kept->what.what.topics;
    if (!topics.empty() && topics.front().internal()) {
        return events.publish_own({kept->what.what}, std::move(once),
                                  [self = shared_from_this(), kept,
                                   done = std::move(done)](result<std::vector<published>> outcome) {
                                      self->settle(*kept, std::move(outcome), done);
                                  });
    }
    if (!is_recorded(kept->what)) {
        return events.publish({kept->what.what}, kept->what.to, std::move(once),
                              [self = shared_from_this(), kept,
                               done = std::move(done)](result<std::vector<published>> outcome) {
                                  self->settle(*kept, std::move(outcome), done);
                              });
    }
    // Answered at once; what is said of it waits for the receipts.
    auto told = std::make_shared<settled>();
    events.publish(
        {kept->what.what}, kept->what.to, std::move(once),
        [self = shared_from_this(), kept, told,
         done = std::move(done)](result<std::vector<published>> outcome) {
            if (!outcome) return self->settle(*kept, std::move(outcome), done);
            told->events = *outcome;
            if (done) done(std::move(outcome));
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
    const bool later = !outcome && outcome.error().code == errc::unavailable;
    const bool told = !later && is_recorded(what.what);
    {
        const std::lock_guard lock(mutex);
        if (later) waiting.push_back(what);
        if (!later && !told) removed.push_back(what.id);
    }
    if (told) write_outcome(what, {outcome});
    if (!outcome && !later)
        log::error("an event of a record is not published", {{"reason", outcome.error().detail}});
    if (done) done(std::move(outcome));
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
        [kept](store::records& r) -> result<> {
            if (auto written = kept->work(r); !written) return written;
            return r.outbox().remove({&kept->id, 1});
        },
        [self = shared_from_this(), kept](const result<>& done) {
            if (done) return;
            const std::lock_guard lock(self->mutex);
            self->unwritten.push_back(std::move(*kept));
        });
}

void outbox_relay::record_outcomes(recorder r) {
    const std::lock_guard lock(state_->mutex);
    state_->record = std::move(r);
}

// In the transaction of a write, so that it costs no commit of its own.
result<> outbox_relay::state::take_removed(store::records& r) {
    std::vector<std::uint64_t> ids;
    {
        const std::lock_guard lock(mutex);
        ids.swap(removed);
    }
    auto done = r.outbox().remove(ids);
    if (!done) {
        const std::lock_guard lock(mutex);
        removed.insert(removed.end(), ids.begin(), ids.end());
    }
    return done;
}

void outbox_relay::write(work w, callback done) {
    struct call {
        work w;
        callback done;
        std::vector<message> messages;
        struct row {
            std::uint64_t id = 0;
            std::uint64_t text_hash = 0;
        };
        std::vector<row> rows;
        outcome answers;
        std::atomic<std::size_t> missing{0};
    };
    auto c = std::make_shared<call>();
    c->w = std::move(w);
    c->done = std::move(done);
    const auto s = state_;
    s->records.write(
        [c, s](store::records& r) -> result<> {
            c->messages.clear();
            c->rows.clear();
            if (auto written = c->w(r, c->messages); !written) return written;
            for (const message& m : c->messages) {
                const std::string text = text_of(m);
                const auto id = r.outbox().add(text);
                if (!id) return std::unexpected(id.error());
                c->rows.push_back({*id, hash_of(text)});
            }
            return s->take_removed(r);
        },
        [c, s](result<> committed) {
            if (!committed) return c->done(std::unexpected(committed.error()));
            const std::size_t count = c->messages.size();
            if (count == 0) return c->done(outcome{});
            c->missing = count;
            c->answers.resize(count);
            for (std::size_t i = 0; i < count; ++i) {
                const auto& row = c->rows[i];
                s->publish({row.id, row.text_hash, std::move(c->messages[i])},
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
    {
        const std::lock_guard lock(mutex);
        if (removed.empty()) return;
    }
    records.write([self = shared_from_this()](store::records& r) { return self->take_removed(r); },
                  [](const result<>&) {});
}

void outbox_relay::tick() {
    std::deque<state::item> again;
    std::deque<state::outcome_to_write> untold;
    {
        const std::lock_guard lock(state_->mutex);
        again.swap(state_->waiting);
        untold.swap(state_->unwritten);
    }
    for (state::outcome_to_write& what : untold) state_->write_outcome(std::move(what));
    for (state::item& what : again) state_->publish(std::move(what), {});
    state_->remove_published();
}

std::size_t outbox_relay::unpublished() const {
    const std::lock_guard lock(state_->mutex);
    return state_->waiting.size();
}

}  // namespace carillon::services
