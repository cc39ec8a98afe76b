// Resuming and catching up: what a stream missed is read from the journal, until it is level with
// the tail.
#include <carillon/hub/hub.hpp>
#include <carillon/hub/shard.hpp>
#include <carillon/wire/encoder.hpp>

#include "base/random.hpp"
#include "hub/record_access.hpp"
#include "hub/subscriber.hpp"
#include "hub/tail.hpp"
#include "hub/topic_index.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t page_events = 128;
constexpr std::size_t page_bytes = 64u << 10;
// How many pages a turn asks for on behalf of those who are behind: live traffic goes first. And
// how many may be under way: so much memory a crowd that resumes at once may cost.
constexpr std::size_t pages_per_turn = 32;
constexpr std::size_t pages_under_way = 64;
// How much of the replay rate may be used at once.
constexpr std::chrono::duration<double> replay_burst{0.1};

matcher_set patterns_of(const subscriber& s) {
    std::vector<topic_pattern> patterns;
    s.each_subscription([&](const subscription& on) { patterns.push_back(on.node->pattern); });
    return make_matchers(std::move(patterns));
}

/// Those for which a slow stream does without an event if a newer one has its key.
matcher_set conflating(const subscriber& s) {
    std::vector<topic_pattern> patterns;
    s.each_subscription([&](const subscription& on) {
        if (on.node->options.slow == slow_policy::conflate) patterns.push_back(on.node->pattern);
    });
    return patterns.empty() ? nullptr : make_matchers(std::move(patterns));
}

}  // namespace

/// The stream that asked the journal, and where the tail ended then.
struct shard::page_request {
    std::uint32_t slot = 0;
    std::array<std::uint8_t, 16> key{};
    position upto;
    std::uint64_t next_seq = 0;
    bool drops = false;  ///< asks only whether there is anything that is to be left out
};

namespace {

/// Where a stream would be that is as far behind as it may be.
rewind_last newest_within(const lag_limits& limits, std::chrono::system_clock::time_point now) {
    rewind_last newest{.count = limits.events != 0 ? limits.events : ~std::uint64_t{0}};
    if (limits.bytes != 0) newest.bytes = limits.bytes;
    if (limits.age.count() != 0) newest.not_before = now - limits.age;
    return newest;
}

}  // namespace

/// A journal's callback that goes on in this shard's thread, at once if it is there already.
template <class Answer>
auto shard::here(page_request asked, void (shard::*then)(const page_request&, result<Answer>)) {
    return [this, asked, then](result<Answer> answer) {
        if (on_.is_here()) return (this->*then)(asked, std::move(answer));
        post([this, asked, then, answer = std::move(answer)]() mutable {
            (this->*then)(asked, std::move(answer));
        });
    };
}

/// Null if it has gone meanwhile.
subscriber* shard::reader_of(const page_request& asked) const {
    subscriber* s = at(asked.slot);
    if (s == nullptr || s->key != asked.key) return nullptr;
    s->behind->reading = false;
    return s;
}

void shard::begin(subscriber& s, stream_request& request) {
    const tail::end end = hub_.tail_->now();
    auto open = std::make_unique<opening>();
    open->event = request.opening_event;
    open->on_gap = request.on_gap;
    s.cursor = end.head;
    s.seen_seq = end.next_seq;
    if (request.last_event_id.empty() && std::holds_alternative<std::monostate>(request.from)) {
        const auto first = begin_stream(s, *open);
        items_.assign(1, {&first, {}, false});
        const std::uint32_t slot = s.slot;
        if (write(s, items_) != outcome::gone)
            schedule(*at(slot), on_.now() + s.profile->heartbeat_interval);
        return;
    }
    open->rewinds = request.last_event_id.empty();
    lag& late = fall_behind(s);
    late.open = std::move(open);
    late.reading = true;
    hub_.record().locate({patterns_of(s), request.last_event_id, request.from,
                          hub_.options()->max_replay_events, end.head},
                         here({s.slot, s.key, end.head, end.next_seq}, &shard::on_start));
}

void shard::on_start(const page_request& asked, result<start_point> start) {
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!start) return end(*s, close_reason::unavailable);
    opening& open = *s->behind->open;
    if (start->unknown) {
        open.verdict = resume_verdict::reset;
        open.rewinds = true;
    } else if (!open.rewinds) {
        open.verdict = start->lost ? resume_verdict::gap : resume_verdict::resumed;
    }
    open.lost = start->lost;
    open.reason = to_string(start->why);
    open.events = start->events;
    s->cursor = std::min(start->at, asked.upto);
    if (!may_ask()) return queue_catch_up(*s);
    ask(*s, asked.upto, asked.next_seq);
}

void shard::ask(subscriber& s, position upto, std::uint64_t next_seq, bool drops) {
    s.behind->reading = true;
    ++pages_asked_;
    hub_.record().read({.patterns = patterns_of(s),
                        .after = s.cursor,
                        .upto = upto,
                        .max_events = drops ? 1 : page_events,
                        .max_bytes = page_bytes,
                        .conflate = drops ? nullptr : conflating(s)},
                       here({s.slot, s.key, upto, next_seq, drops}, &shard::on_page));
}

/// False for an event from before the only topics that ask for it were added.
bool shard::owed(const subscriber& s, const stored_event& e) const {
    if (!s.extras || s.extras->late_topics.empty()) return true;
    bool wanted = false;
    s.each_subscription([&](const subscription& on) {
        const auto late = std::ranges::find(s.extras->late_topics, on.node, &late_topic::node);
        if (late != s.extras->late_topics.end() && e.pos <= late->after) return;
        wanted = wanted || std::ranges::any_of(e.content.topics, [&](const topic& t) {
                     return on.node->pattern.matches(t.str());
                 });
    });
    return wanted;
}

// The verdict, now that the first page is there. Leaves in the page what the stream is to get.
void shard::decide_opening(subscriber& s, opening& open, const std::optional<gap>& lost,
                           read_page& page, position upto) {
    if (lost && open.verdict == resume_verdict::resumed) open.verdict = resume_verdict::gap;
    if (lost && open.lost) {
        open.lost->to = std::max(open.lost->to, lost->to);  // beyond the budget and a trim mark
    } else if (lost) {
        open.lost = lost;
        open.reason = to_string(loss_reason::retention);
    }
    const bool gapped = open.verdict == resume_verdict::gap;
    if (gapped) counters_.gaps.fetch_add(1, std::memory_order_relaxed);
    if (gapped && open.on_gap != gap_policy::replay) {
        page.events.clear();
        page.through = upto;
        open.lost->to = upto;
        open.events = 0;
    }
    const position before_first =
        page.events.empty() ? page.through : position{page.events.front()->pos.value - 1};
    if (open.verdict != resume_verdict::resumed) s.cursor = std::max(s.cursor, before_first);
    if (gapped && open.on_gap == gap_policy::close) s.cursor = open.lost->from;
    if (page.through >= upto) open.events = page.events.size();
}

lost_events shard::told_of(const gap& lost, std::string_view reason) const {
    return {hub_.id_of(lost.from), hub_.id_of(lost.to), reason};
}

std::shared_ptr<const block> shard::gap_block(const subscriber& s, const gap& lost,
                                              std::string_view reason) {
    counters_.gaps.fetch_add(1, std::memory_order_relaxed);
    std::string text;
    s.dialect().gap(told_of(lost, reason), text);
    return encode_cache::control(s.envelope, text);
}

/// How far a stream that began may be behind under this policy. Dropping needs the consent of all
/// its topics, and goes by the most generous; cutting needs one, and goes by the strictest.
std::optional<lag_limits> shard::limits_of(const subscriber& s, slow_policy policy) const {
    if (s.behind->open || s.topic_count() == 0) return std::nullopt;
    const bool strictest = policy == slow_policy::cut;
    std::optional<lag_limits> limits;
    bool all = true;
    const auto choose = [&](auto& chosen, auto offered) {
        const auto zero = decltype(offered){};
        if (strictest) {
            if (offered != zero) chosen = chosen == zero ? offered : std::min(chosen, offered);
        } else {
            chosen = chosen == zero || offered == zero ? zero : std::max(chosen, offered);
        }
    };
    s.each_subscription([&](const subscription& on) {
        const topic_options& options = on.node->options;
        if (options.slow != policy) {
            all = false;
            return;
        }
        if (!limits) {
            limits = options.max_lag;
            return;
        }
        choose(limits->events, options.max_lag.events);
        choose(limits->bytes, options.max_lag.bytes);
        choose(limits->age, options.max_lag.age);
    });
    if (!all && !strictest) return std::nullopt;
    // So few positions cannot be too many events; most often that is all there is to ask.
    const std::uint64_t lag = hub_.tail_->now().head.value - s.cursor.value;
    const bool few = limits && (limits->events == 0 || lag <= limits->events);
    return few && limits->bytes == 0 && limits->age.count() == 0 ? std::nullopt : limits;
}

/// Makes room for those who wait, whatever becomes of the stream that asked.
void shard::page_answered() {
    --pages_asked_;
    if (!catching_up_.empty()) schedule_catch_up();
}

void shard::ask_what_to_drop(subscriber& s, const lag_limits& limits) {
    const tail::end end = hub_.tail_->now();
    s.behind->reading = true;
    ++pages_asked_;
    hub_.record().locate(
        {patterns_of(s), {}, newest_within(limits, std::chrono::system_clock::now())},
        here({s.slot, s.key, end.head, end.next_seq}, &shard::on_drop_point));
}

void shard::on_drop_point(const page_request& asked, result<start_point> start) {
    page_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!start) return end(*s, close_reason::unavailable);
    if (start->at <= s->cursor) return ask(*s, asked.upto, asked.next_seq);
    ask(*s, std::min(start->at, asked.upto), asked.next_seq, true);
}

void shard::on_dropped(subscriber& s, position upto, bool any) {
    std::vector<item> items;
    std::shared_ptr<const block> told;
    if (any) {
        told = gap_block(s, {s.cursor, upto}, "slow");
        items.push_back({&told, {}, false});
    }
    s.cursor = std::max(s.cursor, upto);
    s.behind->dropped = true;
    if (any && write(s, items) != outcome::done) return;  // gone, or blocked on the word
    queue_catch_up(s);
}

// Only while its socket takes nothing: a stream that resumes from far back reads as fast as it can.
void shard::cut_if_far_behind(subscriber& s) {
    const auto limits = limits_of(s, slow_policy::cut);
    if (!limits) return;
    hub_.record().locate(
        {patterns_of(s), {}, newest_within(*limits, std::chrono::system_clock::now())},
        here({s.slot, s.key, hub_.tail_->now().head, 0}, &shard::on_cut_point));
}

/// Null if it has gone or moved on meanwhile.
subscriber* shard::blocked_still(const page_request& asked) const {
    subscriber* s = at(asked.slot);
    return s != nullptr && s->key == asked.key && s->behind && s->behind->blocked ? s : nullptr;
}

void shard::on_cut_point(const page_request& asked, result<start_point> start) {
    subscriber* s = blocked_still(asked);
    if (s == nullptr || !start || start->at <= s->cursor) return;
    hub_.record().read({patterns_of(*s), s->cursor, std::min(start->at, asked.upto), 1},
                       here(asked, &shard::on_cut_page));
}

void shard::on_cut_page(const page_request& asked, result<read_page> page) {
    subscriber* s = blocked_still(asked);
    if (s != nullptr && page && (!page->events.empty() || page->lost)) cut(*s);
}

void shard::on_page(const page_request& asked, result<read_page> page) {
    page_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!page) return end(*s, close_reason::unavailable);
    if (asked.drops) return on_dropped(*s, asked.upto, !page->events.empty() || page->lost);

    // A loss is reported once, and again when more is trimmed: the new one may lie before the mark
    // that was reported.
    std::uint64_t& known = s->more().trims_known;
    std::optional<gap> lost = page->trims > known ? page->lost : std::nullopt;
    known = std::max(known, page->trims);
    // Rewinds and unknown cursors asked for whatever is still stored, so earlier trimming is not a
    // gap.
    const auto pending = std::move(s->behind->open);
    if (pending && pending->rewinds) lost.reset();

    std::shared_ptr<const block> told;
    std::vector<item> items;
    if (pending) {
        decide_opening(*s, *pending, lost, *page, asked.upto);
        told = begin_stream(*s, *pending);
    } else if (lost) {
        told = gap_block(*s, *lost, "slow");
    }
    if (told) items.push_back({&told, {}, false});
    std::shared_ptr<const block> damage;
    if (page->damaged) {
        damage = gap_block(*s, *page->damaged, to_string(loss_reason::lost));
        items.push_back({&damage, {}, false});
    }
    std::vector<encoded_ptr> encoded;
    encoded.reserve(page->events.size());
    for (const event_ptr& e : page->events) {
        if (!owed(*s, *e)) {
            items.push_back({&nothing_to_show(), e->pos, false});
            continue;
        }
        encoded.push_back(cache_->get(e));
        if (!shows(*s, *encoded.back())) {
            items.push_back({&nothing_to_show(), e->pos, false});
            continue;
        }
        items.push_back(
            {&cache_->block_of(*encoded.back(), s->envelope), e->pos, true, is_end(*s, *e)});
    }
    s->behind->blocked = false;
    const outcome result = write(*s, items);
    if (result == outcome::gone) return;
    const auto handed_over = std::ranges::count_if(
        items, [&](const item& i) { return i.is_event && i.pos <= s->cursor; });
    counters_.replayed.fetch_add(static_cast<std::uint64_t>(handed_over),
                                 std::memory_order_relaxed);
    replay_left_ -= static_cast<double>(handed_over);
    if (result == outcome::done && s->finished) return end(*s, close_reason::finished);
    if (pending && pending->verdict == resume_verdict::gap && pending->on_gap == gap_policy::close)
        return end(*s, close_reason::gap);
    if (pending) schedule(*s, on_.now() + s->profile->heartbeat_interval);
    if (result == outcome::blocked) return;
    s->cursor = std::max(s->cursor, page->through);
    if (page->through < asked.upto) return queue_catch_up(*s);
    // Events that were routed since the question may have been passed over already: ask again.
    if (asked.next_seq < next_seq_) return queue_catch_up(*s);
    s->behind.reset();
    s->extras->late_topics.clear();
    counters_.behind.fetch_sub(1, std::memory_order_relaxed);
    s->seen_seq = asked.next_seq;
}

void shard::writable(subscriber& s) {
    if (!s.behind || !s.behind->blocked) return;
    lag& late = *s.behind;
    if (late.pinned) {
        const std::string_view rest = late.pinned->view(s.chunked).substr(late.offset);
        const iovec slice{const_cast<char*>(rest.data()), rest.size()};
        const std::ptrdiff_t taken = s.out->write({&slice, 1});
        if (taken == connection::broken) return close(s, close_reason::broken);
        counters_.bytes.fetch_add(static_cast<std::uint64_t>(taken), std::memory_order_relaxed);
        s.bytes += static_cast<std::uint64_t>(taken);
        s.last_write = on_.now();
        late.since = on_.now();
        if (static_cast<std::size_t>(taken) < rest.size()) {
            late.offset += static_cast<std::size_t>(taken);
            return;
        }
        late.pinned.reset();
        late.offset = 0;
    }
    late.blocked = false;
    if (s.finished) return end(s, close_reason::finished);
    queue_catch_up(s);
}

void shard::queue_catch_up(subscriber& s) {
    if (!s.behind->queued && !s.behind->reading) {
        s.behind->queued = true;
        catching_up_.push_back(s.slot);
    }
    schedule_catch_up();
}

void shard::schedule_catch_up() {
    if (std::exchange(catch_up_scheduled_, true)) return;
    defer([this] { catch_up_turn(); });
}

// A bound on the pages under way, for memory; and one on the events a second, for the others' sake.
bool shard::may_ask() {
    if (pages_asked_ >= pages_under_way) return false;
    const double rate = static_cast<double>(hub_.options()->replay_rate);
    if (rate == 0) return true;
    const std::chrono::duration<double> passed = on_.now() - replay_refilled_;
    replay_refilled_ = on_.now();
    replay_left_ = std::min(replay_left_ + rate * passed.count(), rate * replay_burst.count());
    if (replay_left_ > 0) return true;
    if (!std::exchange(replay_waits_, true)) {
        const std::chrono::duration<double> wait((1 - replay_left_) / rate);
        call_after(std::chrono::ceil<std::chrono::milliseconds>(wait), [this] {
            replay_waits_ = false;
            schedule_catch_up();
        });
    }
    return false;
}

void shard::catch_up_turn() {
    catch_up_scheduled_ = false;
    for (std::size_t pages = 0; pages < pages_per_turn && !catching_up_.empty() && may_ask();
         ++pages) {
        subscriber* s = at(catching_up_.front());
        catching_up_.pop_front();
        // The slot may have a new stream by now, or one that was queued again: only a marked
        // one is served.
        if (s == nullptr || !s->behind || !s->behind->queued) continue;
        s->behind->queued = false;
        if (s->behind->blocked || s->behind->reading) continue;
        // What was dropped a moment ago made room for a page.
        const bool asked = std::exchange(s->behind->dropped, false);
        const auto limits = asked ? std::nullopt : limits_of(*s, slow_policy::drop_oldest);
        const tail::end end = hub_.tail_->now();
        if (limits) {
            ask_what_to_drop(*s, *limits);
        } else {
            ask(*s, end.head, end.next_seq);
        }
    }
    // With all pages under way, the next one that comes goes on; with the rate used up, a timer.
    if (!catching_up_.empty() && may_ask()) schedule_catch_up();
}

opening_facts shard::facts_of(const subscriber& s) const {
    opening_facts facts;
    facts.client = id_of(s);
    facts.topics = topics_of(s);
    return facts;
}

/// Tells the connection; gives the first block, empty if there is nothing to say.
std::shared_ptr<const block> shard::begin_stream(subscriber& s, const opening& open) {
    opening_facts facts = facts_of(s);
    facts.verdict = open.verdict;
    facts.id = hub_.id_of(s.cursor);
    if (open.lost && open.verdict == resume_verdict::gap)
        facts.lost = told_of(*open.lost, open.reason);
    facts.events = open.events;
    facts.retry = spread_around(s.profile->retry);
    s.out->begin(facts);
    std::string text;
    if (open.event) s.dialect().opening(facts, text);
    // Last values are state and no history: without an id, and for whoever cannot know them.
    if (open.verdict != resume_verdict::resumed) append_values(s, patterns_of(s), text);
    if (text.empty())
        s.out->write({});  // a head may wait for it; an error comes back with the next
    return encode_cache::control(s.envelope, text);
}

void shard::append_values(const subscriber& s, const matcher_set& topics, std::string& out) const {
    hub_.record().snapshot({topics, {}, hub_.record().head(), ~std::size_t{0}, ~std::size_t{0}},
                           [&](const result<snapshot_page>& page) {
                               if (!page) return;
                               for (const event_ptr& e : page->values) {
                                   if (!shows(s, *cache_->get(e))) continue;
                                   out.append(cache_->without_id(*e, s.envelope)->raw());
                               }
                           });
}

}  // namespace carillon
