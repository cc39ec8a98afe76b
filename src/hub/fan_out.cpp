// Live delivery: from the tail to the subscribers of each topic, in slices.
#include <carillon/hub/hub.hpp>

#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <new>

namespace carillon {

namespace {

// A fan-out yields after this much, so that publishers and newcomers are served meanwhile.
constexpr std::size_t slice_writes = 256;
constexpr auto slice_time = std::chrono::milliseconds(1);
constexpr std::size_t writes_between_clock_reads = 16;

}  // namespace

void shard::impl::wake() {
    post([this] { take_tail(); });
}

void shard::impl::take_tail() {
    batch_.clear();
    const tail::fetched got = hub_.inside().recent.fetch(number_, batch_);
    if (got.overrun) lose_live_position();
    head_ = got.at.head;
    next_seq_ = got.at.next_seq;
    std::uint64_t seq = got.first_seq;
    try {
        for (const event_ptr& e : batch_) route(e, seq++);
    } catch (...) {
        // No memory: what was not routed is read from the journal.
        batch_.clear();
        lose_live_position();
        throw;
    }
    batch_.clear();
    schedule_fan_out();
    if (counters_.subscribers.load(std::memory_order_relaxed) != 0) start_ticking();
}

void shard::impl::route(const event_ptr& e, std::uint64_t seq) {
    matched_.clear();
    index_.match(e->content, matched_);
    if (matched_.empty()) return;
    const auto encoded = cache_.get(e);
    encoded->seq = seq;
    if (e->watch != 0) watch(*encoded);
    for (topic_node* node : matched_) {
        if (!node->pass) node->pass = std::make_unique<topic_pass>();
        node->pass->recent.push_back(encoded);
        if (node->dirty || node->waiting) continue;
        if (node->options->coalesce_window.count() == 0) {
            mark_dirty(*node);
            continue;
        }
        node->waiting = true;
        call_after(node->options->coalesce_window, [this, node] {
            node->waiting = false;
            mark_dirty(*node);
            schedule_fan_out();
        });
    }
}

void shard::impl::mark_dirty(topic_node& node) {
    if (node.dirty) return;
    node.dirty = true;
    dirty_.push_back(&node);
}

void shard::impl::schedule_fan_out() {
    if (fan_out_scheduled_ || dirty_.empty()) return;
    defer([this] { fan_out(); });
    fan_out_scheduled_ = true;
}

void shard::impl::fan_out() {
    fan_out_scheduled_ = false;
    std::size_t writes = 0;
    const auto deadline = clock::now() + slice_time;
    while (!dirty_.empty()) {
        topic_node& node = *dirty_.front();
        bool through = false;
        try {
            through = pass(node, deadline, writes);
        } catch (...) {
            schedule_fan_out();  // the others have their turn
            throw;
        }
        if (!through) {
            counters_.yields.fetch_add(1, std::memory_order_relaxed);
            break;
        }
        dirty_.pop_front();
        node.dirty = false;
        if (!node.recent().empty()) mark_dirty(node);  // came while the pass was under way
        if (node.subscribers.empty() && !node.dirty && !node.waiting) {
            index_.erase(node);
            counters_.topics.store(index_.size(), std::memory_order_relaxed);
        }
    }
    schedule_fan_out();
}

// Serves everybody on the node once; false if the slice ended before. An event that comes meanwhile
// goes along to whoever is served after it came; the others get it in the next pass.
bool shard::impl::pass(topic_node& node, clock::time_point deadline, std::size_t& writes) {
    topic_pass& at = *node.pass;
    if (!node.in_pass) {
        node.in_pass = true;
        at.next = 0;
        at.covered = at.recent.size();
    }
    while (at.next < node.subscribers.size()) {
        if (writes >= slice_writes) return false;
        if (writes % writes_between_clock_reads == writes_between_clock_reads - 1 &&
            clock::now() >= deadline) {
            writes = slice_writes;
            return false;
        }
        if (at.next + 4 < node.subscribers.size())
            __builtin_prefetch(node.subscribers[at.next + 4]);
        subscriber& s = *node.subscribers[at.next++];
        if (s.seen_seq >= next_seq_) continue;
        if (s.behind) {
            try {
                replayer_.collect(s);
            } catch (const std::bad_alloc&) {
                s.behind->stop_joining();  // it reads the journal once more
            }
            continue;
        }
        ++writes;
        serve(s);
    }
    node.in_pass = false;
    if (watched_ != 0) {
        for (std::size_t i = 0; i < at.covered; ++i) unwatch(*at.recent[i]);
    }
    at.recent.erase(at.recent.begin(), at.recent.begin() + static_cast<std::ptrdiff_t>(at.covered));
    if (at.recent.empty() && at.recent.capacity() > 64) at.recent.shrink_to_fit();
    return true;
}

// Writes all that was routed since the subscriber was last served, whichever of its topics it came
// under.
outcome shard::impl::serve(subscriber& s) {
    if (s.seen_seq >= next_seq_) return outcome::done;
    outcome result = outcome::gone;
    const bool served = guarded(name_of(s), [&] { result = serve_due(s); });
    return served ? result : outcome::gone;
}

outcome shard::impl::serve_due(subscriber& s) {
    due_.clear();
    // Plain pointers: the topics' lists keep the events while this stream is served.
    take_due(s, [this](const std::shared_ptr<encoded_event>& e) { due_.push_back(e.get()); });
    if (due_.empty()) return outcome::done;
    if (s.extras && !s.extras->more_topics.empty()) {
        std::ranges::sort(due_, {}, [](const encoded_event* e) { return e->seq; });
        const auto repeated = std::ranges::unique(due_);
        due_.erase(repeated.begin(), repeated.end());
    }
    items_.clear();
    for (encoded_event* e : due_) items_.push_back(event_item(s, *e));
    const outcome result = write(s, items_);
    if (watched_ != 0 && result != outcome::gone) count_handed(s, result);
    if (result != outcome::done || !s.finished) return result;
    end(s, close_reason::finished);
    return outcome::gone;
}

item shard::impl::event_item(const subscriber& s, encoded_event& e) {
    if (!shows(s, e)) return {&nothing_to_show(), e.event->pos, item_kind::skipped};
    const auto& name = e.event->content.name;
    const bool is_end = s.finite && name && name->str() == "carillon.end";
    return {&cache_.block_of(e, s.form), e.event->pos, item_kind::event, is_end};
}

// Most events are nobody's secret and most streams filter nothing: those cost two flags.
bool shard::impl::shows(const subscriber& s, encoded_event& e) const {
    if (!e.guarded && !s.filters) return true;
    if (!e.memo) e.memo = std::make_unique<visibility_memo>();
    viewer v;
    if (s.extras) {
        v.grants = s.extras->grants.get();
        v.who = s.who();
        v.filter = s.filters ? s.extras->rare->filter.get() : nullptr;
    }
    return carillon::shows(v, e.event->content, *e.memo, [&](const topic& t) {
        bool found = false;
        s.each_subscription(
            [&](const subscription& on) { found = found || on.node->pattern.str() == t.str(); });
        return found;
    });
}

// The tail was shorter than this shard's delay: everyone goes on from the journal.
void shard::impl::lose_live_position() {
    for (const auto& s : slots_) {
        if (!s) continue;
        if (s->behind) {
            s->behind->stop_joining();
            continue;
        }
        guarded(name_of(*s), [&] {
            fall_behind(*s);
            replayer_.queue(*s);
        });
    }
}

}  // namespace carillon
