#include <carillon/hub/hub.hpp>

#include "base/json_text.hpp"
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>

#include <fmt/format.h>

namespace carillon {

hub::core::core(hub& home, hub_options first, std::unique_ptr<journal> kept)
    : recent(kept->head()),
      reads(home),
      options(std::make_shared<const hub_options>(std::move(first))),
      record(std::move(kept)) {}

hub::hub(hub_options options, std::unique_ptr<journal> record)
    : core_(std::make_unique<core>(*this, std::move(options), std::move(record))) {
    core_->record->on_stored([this](std::span<const event_ptr> all) { core_->committed(all); });
}

hub::~hub() { core_->receipts.close(); }

shard& hub::add_shard(executor& on) {
    auto& all = core_->shards;
    assert(all.size() < tail::max_shards);
    all.push_back(std::make_unique<shard>(*this, on, static_cast<unsigned>(all.size())));
    return *all.back();
}

std::span<const std::unique_ptr<shard>> hub::shards() const noexcept { return core_->shards; }
std::shared_ptr<const hub_options> hub::options() const { return core_->limits(); }
journal& hub::record() noexcept { return *core_->record; }
bool hub::draining() const noexcept { return core_->draining.load(std::memory_order_relaxed); }
void ask_of_callers(hub& h, caller_rules rules) { h.inside().rules = std::move(rules); }

std::size_t hub::subscribers() const noexcept {
    return core_->subscribers.load(std::memory_order_relaxed);
}

void hub::reload(hub_options options) {
    options.envelopes = this->options()->envelopes;
    core_->options.store(std::make_shared<const hub_options>(std::move(options)));
    const auto now = this->options();
    for (const auto& s : core_->shards) {
        s->inside().post([&home = s->inside(), now] { home.reload(*now); });
    }
}

std::unexpected<error> hub::core::closed() { return fail(errc::unavailable, "the hub is closed"); }

result<> hub::core::is_open() const {
    if (is_closed.load(std::memory_order_relaxed)) return closed();
    return {};
}

std::string hub::id_of(position p) const { return core_->record->id_of(p); }

std::string hub::id_of(const stored_event& e) const {
    if (e.pos.value == 0) return {};
    return e.content.id ? e.content.id->str() : id_of(e.pos);
}

void hub::core::committed(std::span<const event_ptr> batch) {
    published_count.fetch_add(batch.size(), std::memory_order_relaxed);
    // Nobody hears of what fails here for lack of memory: the events are stored.
    std::uint64_t woken = std::exchange(not_woken, 0) |
                          recent.push(batch, static_cast<unsigned>(shards.size()),
                                      [this](unsigned s, const event& e) {
                                          return shards[s]->inside().interest().wants(e);
                                      });
    try {
        for (; woken != 0; woken &= woken - 1)
            shards[static_cast<std::size_t>(std::countr_zero(woken))]->inside().wake();
        await_receipts(batch);
    } catch (const std::bad_alloc&) {
        not_woken = woken;
    }
}

namespace {

/// What listeners are told: `{"id": …}`, with the name and the data of what takes the place.
std::string told_of(std::string_view id, const std::optional<event>& instead) {
    std::string data = "{\"id\":";
    append_json_string(data, id);
    if (instead) {
        if (instead->name) {
            data += ",\"event\":";
            append_json_string(data, instead->name->str());
        }
        data += ",\"data\":";
        if (instead->payload == payload_kind::json) {
            data += instead->data;
        } else {
            append_json_string(data, instead->data);
        }
    }
    return data += '}';
}

}  // namespace

void hub::core::take(event_reference what, std::optional<event> instead, publish_callback done) {
    reads.find(std::move(what), [this, instead = std::move(instead),
                                 done = std::move(done)](result<event_ptr> found) {
        if (!found) return done(std::unexpected(found.error()));
        const stored_event& taken = **found;
        auto told = std::make_shared<stored_event>();
        told->content.topics = taken.content.topics;
        told->content.is_private = taken.content.is_private;
        told->content.name =
            wire::event_name::parse(instead ? "carillon.replaced" : "carillon.deleted").value();
        told->content.data = told_of(reads.id_of(taken), instead);
        // What takes the place of a last value is one, and lasts no longer than that.
        told->content.retain = instead && taken.content.retain;
        if (instead) told->content.expires = taken.content.expires;
        told->content.payload = payload_kind::json;
        told->erases = taken.pos;
        append({std::move(told)}, std::nullopt, done);
    });
}

result<> hub::check(const event& e) const { return core_->check(e); }

void hub::take_back(event_reference what, publish_callback done) {
    core_->take(std::move(what), std::nullopt, std::move(done));
}

void hub::replace(event_reference what, event instead, publish_callback done) {
    if (instead.size() > options()->max_event_size)
        return done(fail(errc::event_too_large, "what takes its place is too large"));
    core_->take(std::move(what), std::move(instead), std::move(done));
}

void hub::schedule(event e, std::chrono::system_clock::time_point due,
                   std::optional<idempotency_key> key,
                   std::function<void(result<std::uint64_t>)> done) {
    if (auto open = core_->is_open(); !open) return done(std::unexpected(open.error()));
    if (auto checked = core_->check(e); !checked) return done(std::unexpected(checked.error()));
    if (e.ephemeral)
        return done(fail(errc::invalid_request, "what is not stored cannot wait for its time"));
    // Not early: journals keep whole milliseconds.
    core_->record->schedule(std::move(e), std::chrono::ceil<std::chrono::milliseconds>(due),
                            std::move(key), std::move(done));
}

void hub::cancel(std::uint64_t id, std::function<void(result<bool>)> done) {
    core_->record->cancel(id, std::move(done));
}

void hub::scheduled(const scheduled_query& q, std::function<void(result<scheduled_page>)> done) {
    core_->record->list_scheduled(q, std::move(done));
}

void hub::history(history_query q, std::function<void(result<history_page>)> done) {
    const std::size_t most = options()->max_topics_per_client;
    if (q.topics.size() > most) {
        return done(fail(errc::invalid_request,
                         fmt::format("history is read of at most {} topics at once", most)));
    }
    if (std::ranges::any_of(q.topics, [](const topic_pattern& p) { return is_internal(p); }))
        return done(fail(errc::forbidden, "topics that begin with `$` are the hub's own"));
    core_->reads.history(std::move(q), std::move(done));
}

void hub::last_values_below(const topic& prefix, position after,
                            std::function<void(result<snapshot_page>)> done) {
    core_->reads.last_values_below(prefix, after, std::move(done));
}

void hub::last_of(const topic& where, std::function<void(result<event_ptr>)> done) {
    core_->reads.last_of(where, std::move(done));
}

void hub::locate(const topic& where, std::string id,
                 std::function<void(result<std::optional<position>>)> done) {
    core_->reads.locate(where, std::move(id), std::move(done));
}

namespace {

/// `task` runs for each shard on its executor, and calls what it is given when it is done.
void on_each_shard(const std::vector<std::unique_ptr<shard>>& shards,
                   const std::function<void(shard::impl&, const std::function<void()>&)>& task,
                   std::function<void()> done) {
    if (shards.empty()) return done();
    auto missing = std::make_shared<std::atomic<std::size_t>>(
        shards.size());  // shared by the shards' callbacks
    const auto finish = [missing, done = std::move(done)] {
        if (missing->fetch_sub(1) == 1) done();
    };
    for (const auto& s : shards)
        s->inside().post([finish, task, &home = s->inside()] { task(home, finish); }, finish);
}

}  // namespace

void hub::drain(std::chrono::milliseconds window, std::function<void()> done) {
    core_->draining.store(true, std::memory_order_relaxed);
    const auto task = [window](shard::impl& home, const std::function<void()>& finish) {
        home.drain(window, finish);
    };
    on_each_shard(core_->shards, task, std::move(done));
}

// Each executor runs what was posted before this first: a caller that asked then is answered.
void hub::close(std::function<void()> done) {
    core_->draining.store(true, std::memory_order_relaxed);
    core_->is_closed.store(true, std::memory_order_relaxed);
    const auto task = [](shard::impl& home, const std::function<void()>& finish) {
        home.close_all();
        finish();
    };
    on_each_shard(core_->shards, task, std::move(done));
}

void publish_histogram::add(std::chrono::nanoseconds took) noexcept {
    const double seconds = std::chrono::duration<double>(took).count();
    std::size_t step = 0;
    while (step < hub_stats::publish_bounds.size() && seconds > hub_stats::publish_bounds.at(step))
        ++step;
    counts.at(step).fetch_add(1, std::memory_order_relaxed);
    nanoseconds.fetch_add(took.count(), std::memory_order_relaxed);
}

hub_stats hub::stats() const {
    hub_stats all;
    for (std::size_t i = 0; i < all.publish_times.size(); ++i)
        all.publish_times.at(i) = core_->publish_times.counts.at(i).load(std::memory_order_relaxed);
    all.publish_time =
        std::chrono::nanoseconds(core_->publish_times.nanoseconds.load(std::memory_order_relaxed));
    std::chrono::steady_clock::rep last_event = 0;
    all.published = core_->published_count.load(std::memory_order_relaxed);
    all.durable_clients = core_->directory.size();
    for (const auto& s : core_->shards) {
        const shard_counters& c = s->counters();
        all.subscribers += c.subscribers.load(std::memory_order_relaxed);
        all.connections += c.connections.load(std::memory_order_relaxed);
        all.delivered += c.delivered.load(std::memory_order_relaxed);
        all.replayed += c.replayed.load(std::memory_order_relaxed);
        all.bytes += c.bytes.load(std::memory_order_relaxed);
        all.text += c.text.load(std::memory_order_relaxed);
        all.coded += c.coded.load(std::memory_order_relaxed);
        all.gaps += c.gaps.load(std::memory_order_relaxed);
        all.slow += c.behind.load(std::memory_order_relaxed);
        all.slow_cuts += c.slow_cuts.load(std::memory_order_relaxed);
        all.dead_peers += c.dead_peers.load(std::memory_order_relaxed);
        all.topics += c.topics.load(std::memory_order_relaxed);
        all.fan_out_yields += c.yields.load(std::memory_order_relaxed);
        last_event = std::max(last_event, c.last_event.load(std::memory_order_relaxed));
    }
    if (last_event != 0) {
        using clock = std::chrono::steady_clock;
        const auto ago = clock::now() - clock::time_point(clock::duration(last_event));
        all.last_event_at = std::chrono::system_clock::now() - ago;
    }
    return all;
}

}  // namespace carillon
