#include "hub/receipts.hpp"

#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <iterator>
#include <new>
#include <unordered_set>
#include <utility>

namespace carillon {

receipt_call::receipt_call(std::size_t events, callback done, std::shared_ptr<open_receipts> book)
    : book_(std::move(book)), counts_(events), done_(std::move(done)) {}

receipt_call::~receipt_call() {
    if (first_ != 0) {
        const std::lock_guard lock(book_->mutex);
        book_->calls.erase(first_);
        book_->waiting -= counts_.size();
    }
    if (cancelled_.load() || told_.empty()) return;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        told_[i].matched = counts_[i].matched.load();
        told_[i].handed = counts_[i].handed.load();
    }
    try {
        done_(std::move(told_));
    } catch (const std::bad_alloc&) {
        // The publisher does without its answer.
    }
}

void receipt_call::count(std::uint64_t watch, std::size_t matched, std::size_t handed) noexcept {
    counts& c = counts_[watch - first_];
    c.matched.fetch_add(matched, std::memory_order_relaxed);
    c.handed.fetch_add(handed, std::memory_order_relaxed);
}

void receipt_call::name(const std::vector<published>& events, bool fresh) {
    told_.reserve(events.size());
    for (const published& e : events) told_.push_back({e.id, e.pos, 0, 0, fresh});
}

std::shared_ptr<receipt_call> receipt_book::open(std::size_t events, std::size_t most,
                                                 receipt_call::callback done,
                                                 std::uint64_t& first) {
    auto call = std::make_shared<receipt_call>(events, std::move(done), book_);
    const std::lock_guard lock(book_->mutex);
    if (book_->waiting + events > most) return nullptr;
    first = book_->last + 1;
    book_->calls.emplace(first, open_receipts::entry{events, call});
    call->number_from(first);
    book_->last += events;
    book_->waiting += events;
    return call;
}

std::shared_ptr<receipt_call> receipt_book::find(std::uint64_t watch) {
    const std::lock_guard lock(book_->mutex);
    const auto after = book_->calls.upper_bound(watch);
    if (after == book_->calls.begin()) return nullptr;
    const auto at = std::prev(after);
    return watch < at->first + at->second.events ? at->second.call.lock() : nullptr;
}

void receipt_book::close() {
    std::vector<std::shared_ptr<receipt_call>> open;  // let go without the lock
    const std::lock_guard lock(book_->mutex);
    for (auto& [first, known] : book_->calls) {
        if (auto call = known.call.lock()) {
            call->cancel();
            open.push_back(std::move(call));
        }
    }
}

std::shared_ptr<receipt_call> hub::core::receipts_of(const events& batch,
                                                     receipt_callback delivered) {
    std::uint64_t first = 0;
    auto call = receipts.open(batch.size(), limits()->max_receipts, delivered, first);
    if (!call) {
        // Nobody counts for this one: it answers when the events are stored.
        return std::make_shared<receipt_call>(
            batch.size(),
            [delivered = std::move(delivered)](std::vector<delivery_receipt> all) {
                for (delivery_receipt& r : all) r.known = false;
                delivered(std::move(all));
            },
            nullptr);
    }
    for (const auto& e : batch) e->watch = first++;
    return call;
}

void hub::core::await_receipts(std::span<const event_ptr> batch) {
    if (std::ranges::none_of(batch, [](const event_ptr& e) { return e->watch != 0; })) return;
    std::vector<std::vector<std::shared_ptr<receipt_call>>> by_shard(shards.size());
    for (const event_ptr& e : batch) {
        const auto call = e->watch != 0 ? receipts.find(e->watch) : nullptr;
        if (!call) continue;
        for (std::size_t s = 0; s < shards.size(); ++s) {
            auto& held = by_shard[s];
            if (!shards[s]->inside().interest().wants(e->content)) continue;
            if (held.empty() || held.back() != call) held.push_back(call);
        }
    }
    for (std::size_t s = 0; s < shards.size(); ++s) {
        shard::impl& home = shards[s]->inside();
        if (by_shard[s].empty()) continue;
        home.post([&home, held = std::move(by_shard[s])] { home.take_tail(); });
    }
}

// Counts the streams that the event is for when it comes, also those that are behind. They are few,
// or the publisher wants to know how many.
void shard::impl::watch(encoded_event& e) {
    auto call = hub_.inside().receipts.find(e.event->watch);
    if (!call) return;
    std::size_t matched = 0;
    std::unordered_set<const subscriber*> counted;
    for (const topic_node* node : matched_) {
        for (const subscriber* s : node->subscribers) {
            const bool first = matched_.size() == 1 || counted.insert(s).second;
            if (first && shows(*s, e)) ++matched;
        }
    }
    call->count(e.event->watch, matched, 0);
    e.watched = std::make_unique<watched_event>(
        watched_event{std::move(call), e.event->watch, matched_.size()});
    ++watched_;
}

/// `due_` and `items_` are what the stream was given just now.
void shard::impl::count_handed(const subscriber& s, outcome how) {
    for (std::size_t i = 0; i < due_.size(); ++i) {
        const encoded_event& e = *due_[i];
        if (!e.watched || items_[i].kind != item_kind::event) continue;
        const position pos = items_[i].pos;
        const bool cut = s.behind && s.behind->pinned && pos == s.cursor;
        if (how == outcome::done || (pos.value != 0 && pos <= s.cursor && !cut))
            e.watched->call->count(e.watched->number, 0, 1);
    }
}

void shard::impl::unwatch(encoded_event& e) {
    if (!e.watched || --e.watched->nodes != 0) return;
    --watched_;
    const auto last = std::move(e.watched);
}

void shard::impl::unwatch_all() {
    index_.each([this](topic_node& node) {
        for (const auto& e : node.recent()) {
            if (e->watched) e->watched->nodes = 1;
            unwatch(*e);
        }
    });
}

}  // namespace carillon
