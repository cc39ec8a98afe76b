// Time: heartbeats, dead peers, cuts, the drain.
#include <carillon/base/log.hpp>
#include <carillon/hub/hub.hpp>

#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"
#include "hub/wall_time.hpp"

#include <algorithm>

namespace carillon {

void shard::impl::post(executor::task t, executor::task otherwise) {
    on_.post(life_.guarded(std::move(t), std::move(otherwise)));
}

void shard::impl::defer(executor::task t) { on_.defer(life_.guarded(std::move(t))); }

void shard::impl::call_after(clock::duration delay, executor::task t) {
    on_.call_after(delay, life_.guarded(std::move(t)));
}

void shard::impl::start_ticking() {
    if (ticking_) return;
    call_after(wheel_.resolution(), [this] { tick(); });
    ticking_ = true;
}

/// Forgets who did not come back. False if nobody is waited for.
bool shard::impl::purge(clock::time_point now) {
    hub::core& all = hub_.inside();
    bool awaits = all.directory.purge(now);
    // Whoever has come back in this moment was told as come already, and has not gone.
    const auto gone = [&](const std::string& user) {
        if (!all.users.is_present(user)) all.tell_change({user, {}, false, 0});
    };
    awaits = all.users.purge(now, gone) || awaits;
    for (const presence_change& c : all.present.purge(now)) {
        if (!all.present.has(c.topic, c.user)) all.tell_change(c);
    }
    return awaits || all.present.awaits();
}

void shard::impl::tick() {
    const auto now = on_.now();
    wheel_.advance(now, [this](std::uint64_t tick, std::uint32_t slot) {
        if (ticks_[slot] != tick) return;
        ticks_[slot] = 0;
        if (subscriber* s = at(slot)) guarded(name_of(*s), [&] { attend(*s); });
    });
    bool goes_on = true;
    try {
        if (drained_) drain_some(now);
        settle_presence(now);
        const bool awaits = purge(now);
        goes_on = awaits || counters_.subscribers.load(std::memory_order_relaxed) != 0 || drained_;
    } catch (const std::bad_alloc&) {
        // At the next tick.
    }
    ticking_ = false;
    if (goes_on) start_ticking();  // without memory the next event that comes does so
}

// One entry of the wheel for each slot: one that fires too early costs a look, while one for each
// stream that ever had the slot would fill the wheel when clients come and go.
void shard::impl::schedule(subscriber& s, clock::time_point due) {
    const std::uint64_t tick = wheel_.tick_for(std::min(due, deadline_of(s)));
    std::uint64_t& entry = ticks_[s.slot];
    if (entry != 0 && entry <= tick) return;
    wheel_.add(tick, s.slot);
    entry = tick;
}

void shard::impl::attend(subscriber& s) {
    if (meets_deadline(s)) return;
    const auto now = on_.now();
    const auto interval = s.profile->heartbeat_interval;
    // Up to an eighth earlier, by slot: streams that got the same event do not beat in the same
    // moment.
    const auto spread = interval / 8 * (s.slot % 64) / 64;
    const bool quiet = now - s.last_write >= interval - spread - wheel_.resolution();
    // Where heartbeats are rarer, the last acknowledgement may be old because nothing was sent, and
    // what went out a moment ago may still be on its way.
    const bool acknowledges_often = 2 * interval <= s.profile->client_timeout;
    if ((quiet || s.behind || acknowledges_often) &&
        s.out->peer_silent_for(s.profile->client_timeout)) {
        counters_.dead_peers.fetch_add(1, std::memory_order_relaxed);
        return close(s, close_reason::dead);
    }
    if (s.behind && s.behind->blocked) {
        std::optional<std::chrono::milliseconds> patience;
        s.each_subscription([&](const subscription& on) {
            if (on.node->options->slow != slow_policy::cut) return;
            patience = std::min(patience.value_or(on.node->options->cut_after),
                                on.node->options->cut_after);
        });
        const auto stalled = now - s.behind->since;
        if (patience && stalled >= *patience) return cut(s);
        schedule(s, now + std::min<clock::duration>(interval, std::chrono::seconds(1)));
        if (patience && stalled >= std::chrono::seconds(1)) replayer_.check_lag(s);
        return;
    }
    if (!quiet || s.behind)
        return schedule(s, std::max(s.last_write, now - interval) + interval - spread);
    const std::uint32_t slot = s.slot;
    beat(s);
    if (subscriber* still = at(slot); still == &s) schedule(s, now + interval - spread);
}

void shard::impl::cut(subscriber& s) {
    counters_.slow_cuts.fetch_add(1, std::memory_order_relaxed);
    log::warning("slow subscriber cut",
                 {{"client", public_id_of(s)}, {"address", s.out->remote_address()}});
    close(s, close_reason::slow);
}

void shard::impl::heartbeat(subscriber& s) {
    if (!s.behind) beat(s);
}

void shard::impl::beat(subscriber& s) {
    const auto lags = [&] {
        return head_.value - std::min(head_, s.cursor).value > hub_.options()->cursor_lag;
    };
    take_tail();  // events that nobody here wants wake nobody, but move the head
    if (s.behind) return;
    if (lags()) {
        // What waits for this stream goes first; then it has all there is up to the head.
        if (serve(s) == outcome::gone || s.behind) return;
    }
    const auto now = std::chrono::system_clock::now();
    position reached;
    std::string text;
    if (lags()) {
        s.dialect().cursor(hub_.id_of(head_), text);
        reached = head_;
    }
    if (text.empty()) s.dialect().heartbeat({now, s.heartbeat_event}, text);
    s.last_heartbeat_ms = wall_ms();
    const auto block = control(s, text);
    const item beat{&block, reached};
    write(s, {&beat, 1});
}

void shard::impl::drain(std::chrono::milliseconds window, std::function<void()> done) {
    drained_ = std::move(done);
    drain_end_ = on_.now() + window;
    drain_next_ = 0;
    if (!ticking_) start_ticking();
}

void shard::impl::close_all() {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
        if (subscriber* s = at(slot)) end(*s, close_reason::drained);
    }
    life_.cut();
    unwatch_all();
    if (drained_) std::exchange(drained_, nullptr)();
}

// As many each tick as are needed to be done at the end of the window.
void shard::impl::drain_some(clock::time_point now) {
    const std::uint64_t left = counters_.subscribers.load(std::memory_order_relaxed);
    const auto ticks = std::max<std::int64_t>((drain_end_ - now) / wheel_.resolution(), 1);
    std::uint64_t quota = now >= drain_end_ ? left
                                            : (left + static_cast<std::uint64_t>(ticks) - 1) /
                                                  static_cast<std::uint64_t>(ticks);
    for (; quota > 0 && drain_next_ < slots_.size(); ++drain_next_) {
        if (subscriber* s = at(drain_next_)) {
            end(*s, close_reason::drained);
            --quota;
        }
    }
    if (counters_.subscribers.load(std::memory_order_relaxed) == 0)
        std::exchange(drained_, nullptr)();
}

}  // namespace carillon
