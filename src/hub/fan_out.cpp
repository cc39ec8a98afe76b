// Live delivery: from the tail to the subscribers of each topic, in slices.
#include <carillon/hub/hub.hpp>
#include <carillon/hub/shard.hpp>

#include "hub/subscriber.hpp"
#include "hub/tail.hpp"
#include "hub/topic_index.hpp"
#include "hub/wall_time.hpp"

#include <algorithm>
#include <limits>

namespace carillon {

namespace {

// A fan-out yields after this much, so that publishers and newcomers are served meanwhile.
constexpr std::size_t slice_writes = 256;
constexpr auto slice_time = std::chrono::milliseconds(1);
constexpr std::size_t writes_between_clock_reads = 16;
// One write: below IOV_MAX, and no more than a socket may take at once.
constexpr std::ptrdiff_t max_slices = 512;

}  // namespace

void shard::wake() {
    post([this] { take_tail(); });
}

void shard::take_tail() {
    batch_.clear();
    const tail::fetched got = hub_.tail_->fetch(number_, batch_);
    if (got.overrun) lose_live_position();
    std::uint64_t seq = got.first_seq;
    for (const event_ptr& e : batch_) route(e, seq++);
    batch_.clear();
    head_ = got.at.head;
    next_seq_ = got.at.next_seq;
    schedule_fan_out();
}

void shard::route(const event_ptr& e, std::uint64_t seq) {
    matched_.clear();
    index_->match(e->content, matched_);
    if (matched_.empty()) return;
    const auto encoded = cache_->get(e);
    encoded->seq = seq;
    for (topic_node* node : matched_) {
        node->recent.push_back(encoded);
        if (node->dirty || node->waiting) continue;
        if (node->options.coalesce_window.count() == 0) {
            mark_dirty(*node);
            continue;
        }
        node->waiting = true;
        call_after(node->options.coalesce_window, [this, node] {
            node->waiting = false;
            mark_dirty(*node);
            schedule_fan_out();
        });
    }
}

void shard::mark_dirty(topic_node& node) {
    if (node.dirty) return;
    node.dirty = true;
    dirty_.push_back(&node);
}

void shard::schedule_fan_out() {
    if (fan_out_scheduled_ || dirty_.empty()) return;
    fan_out_scheduled_ = true;
    defer([this] { fan_out(); });
}

void shard::fan_out() {
    fan_out_scheduled_ = false;
    std::size_t writes = 0;
    const auto deadline = clock::now() + slice_time;
    while (!dirty_.empty()) {
        topic_node& node = *dirty_.front();
        if (!pass(node, deadline, writes)) {
            counters_.yields.fetch_add(1, std::memory_order_relaxed);
            break;
        }
        dirty_.pop_front();
        node.dirty = false;
        if (!node.recent.empty()) mark_dirty(node);  // came while the pass was under way
        if (node.subscribers.empty() && !node.dirty && !node.waiting) {
            index_->erase(node);
            counters_.topics.store(index_->size(), std::memory_order_relaxed);
        }
    }
    schedule_fan_out();
}

// Serves everybody on the node once; false if the slice ended before. An event that comes meanwhile
// goes along to whoever is served after it came; the others get it in the next pass.
bool shard::pass(topic_node& node, clock::time_point deadline, std::size_t& writes) {
    if (!node.in_pass) {
        node.in_pass = true;
        node.next = 0;
        node.covered = node.recent.size();
    }
    while (node.next < node.subscribers.size()) {
        if (writes >= slice_writes) return false;
        if (writes % writes_between_clock_reads == writes_between_clock_reads - 1 &&
            clock::now() >= deadline) {
            writes = slice_writes;
            return false;
        }
        if (node.next + 4 < node.subscribers.size())
            __builtin_prefetch(node.subscribers[node.next + 4]);
        subscriber& s = *node.subscribers[node.next++];
        if (s.behind || s.seen_seq >= next_seq_) continue;
        ++writes;
        serve(s);
    }
    node.in_pass = false;
    node.recent.erase(node.recent.begin(),
                      node.recent.begin() + static_cast<std::ptrdiff_t>(node.covered));
    if (node.recent.empty() && node.recent.capacity() > 64) node.recent.shrink_to_fit();
    return true;
}

// Writes all that was routed since the subscriber was last served, whichever of its topics it came
// under.
shard::outcome shard::serve(subscriber& s) {
    if (s.seen_seq >= next_seq_) return outcome::done;
    due_.clear();
    const auto collect = [&](const subscription& on) {
        const auto& recent = on.node->recent;
        auto at = recent.end();
        while (at != recent.begin() && (*std::prev(at))->seq >= s.seen_seq) --at;
        due_.insert(due_.end(), at, recent.end());
    };
    s.each_subscription(collect);
    s.seen_seq = next_seq_;
    if (due_.empty()) return outcome::done;
    if (s.extras && !s.extras->more_topics.empty()) {
        std::ranges::sort(due_, {}, [](const encoded_ptr& e) { return e->seq; });
        const auto repeated = std::ranges::unique(due_);
        due_.erase(repeated.begin(), repeated.end());
    }
    items_.clear();
    for (const encoded_ptr& e : due_) {
        if (!shows(s, *e)) {
            items_.push_back({&nothing_to_show(), e->event->pos, false});
            continue;
        }
        items_.push_back(
            {&cache_->block_of(*e, s.envelope), e->event->pos, true, is_end(s, *e->event)});
    }
    const outcome result = write(s, items_);
    if (result != outcome::done || !s.finished) return result;
    end(s, close_reason::finished);
    return outcome::gone;
}

bool shard::is_end(const subscriber& s, const stored_event& e) {
    return s.finite && e.content.name && e.content.name->str() == "carillon.end";
}

shard::outcome shard::write(subscriber& s, const std::vector<item>& items) {
    const item* first = items.data();
    const item* const end = first + items.size();
    s.last_write = on_.now();
    while (first != end) {
        const item* last = first + std::min<std::ptrdiff_t>(max_slices, end - first);
        const outcome result = write_some(s, first, last);
        if (result != outcome::done) return result;
        first = last;
    }
    return outcome::done;
}

shard::outcome shard::write_some(subscriber& s, const item* first, const item* last) {
    std::array<iovec, max_slices> slices;  // NOLINT: filled below as far as it is read
    std::size_t count = 0;
    std::size_t offered = 0;
    for (const item* i = first; i != last; ++i) {
        const std::string_view text = (*i->bytes)->view(s.chunked);
        if (text.empty()) continue;
        slices[count++] = {const_cast<char*>(text.data()), text.size()};
        offered += text.size();
    }
    const std::ptrdiff_t taken = count == 0 ? 0 : s.out->write({slices.data(), count});
    if (taken == connection::broken) {
        close(s, close_reason::broken);
        return outcome::gone;
    }
    const auto written = static_cast<std::size_t>(taken);
    counters_.bytes.fetch_add(written, std::memory_order_relaxed);
    s.bytes += written;
    std::size_t left = written;
    std::uint64_t events = 0;
    for (const item* i = first; i != last; ++i) {
        const std::size_t size = (*i->bytes)->view(s.chunked).size();
        if (left < size) {
            block_on(s, *i, left);
            break;
        }
        left -= size;
        s.cursor = std::max(s.cursor, i->pos);
        s.finished = s.finished || i->is_end;
        events += i->is_event ? 1 : 0;
    }
    if (events != 0) {
        counters_.delivered.fetch_add(events, std::memory_order_relaxed);
        s.events += events;
        s.last_event_ms = wall_ms();
    }
    return written < offered ? outcome::blocked : outcome::done;
}

lag& shard::fall_behind(subscriber& s) {
    if (!s.behind) {
        s.behind = std::make_unique<lag>();
        s.behind->since = on_.now();
        counters_.behind.fetch_add(1, std::memory_order_relaxed);
    }
    return *s.behind;
}

// The connection took `offset` bytes of `at`: the rest of it is pinned; what comes after is read
// from the journal when the connection takes bytes again. What is no event is pinned even unbegun,
// since no journal has it.
void shard::block_on(subscriber& s, const item& at, std::size_t offset) {
    lag& late = fall_behind(s);
    late.blocked = true;
    late.since = on_.now();
    schedule(s, on_.now() + std::min<clock::duration>(s.profile->heartbeat_interval,
                                                      std::chrono::seconds(1)));
    if (offset == 0 && at.is_event) return;
    s.finished = s.finished || at.is_end;
    late.pinned = *at.bytes;
    late.offset = offset;
    s.cursor = std::max(s.cursor, at.pos);
}

// The tail was shorter than this shard's delay: everyone goes on from the journal.
void shard::lose_live_position() {
    for (const auto& s : slots_) {
        if (!s || s->behind) continue;
        fall_behind(*s);
        queue_catch_up(*s);
    }
}

}  // namespace carillon
