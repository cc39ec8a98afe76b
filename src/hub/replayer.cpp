#include "hub/replayer.hpp"

#include <carillon/hub/hub.hpp>

#include "base/random.hpp"
#include "hub/question.hpp"
#include "hub/record_access.hpp"

#include <algorithm>

namespace carillon {

namespace {

// How many pages a turn asks for on behalf of those who are behind: live traffic goes first. And
// how many may be under way: so much memory a crowd that resumes at once may cost.
constexpr std::size_t pages_per_turn = 32;
constexpr std::size_t pages_under_way = 64;
// How much of the replay rate may be used at once.
constexpr std::chrono::duration<double> replay_burst{0.1};

/// Those for which a slow stream does without an event if a newer one has its key.
matcher_set conflating(const subscriber& s) {
    std::vector<topic_pattern> patterns;
    s.each_subscription([&](const subscription& on) {
        if (on.node->options.slow == slow_policy::conflate) patterns.push_back(on.node->pattern);
    });
    return patterns.empty() ? nullptr : make_matchers(std::move(patterns));
}

}  // namespace

/// Null if it has gone meanwhile.
subscriber* replayer::reader_of(const question& asked) const {
    subscriber* s = home_.at(asked.slot);
    if (s == nullptr || s->key != asked.key) return nullptr;
    s->behind->reading = false;
    return s;
}

replayer::question replayer::question_of(const subscriber& s, tail::end end) const {
    return {s.slot, s.key, end.head, end.next_seq};
}

void replayer::begin(subscriber& s, const stream_request& request) {
    const tail::end end = home_.tail_end();
    auto open = std::make_unique<opening>();
    open->event = request.opening_event;
    open->on_gap = request.on_gap;
    s.cursor = end.head;
    s.seen_seq = end.next_seq;
    if (request.last_event_id.empty() && std::holds_alternative<std::monostate>(request.from)) {
        const auto first = begin_stream(s, *open);
        const item opened{&first, {}};
        if (home_.write(s, {&opened, 1}) != outcome::gone) home_.schedule_heartbeat(s);
        return;
    }
    open->rewinds = request.last_event_id.empty();
    lag& late = home_.fall_behind(s);
    late.open = std::move(open);
    late.reading = true;
    home_.record().locate({s.patterns(), request.last_event_id, request.from,
                           home_.owner().options()->max_replay_events, end.head},
                          here(question_of(s, end), &replayer::on_start));
}

void replayer::on_start(const question& asked, result<start_point> start) {
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!start) return home_.end(*s, close_reason::unavailable);
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
    if (!may_ask()) return queue(*s);
    ask(*s, asked.upto, asked.next_seq);
}

void replayer::ask(subscriber& s, position upto, std::uint64_t next_seq) {
    s.behind->reading = true;
    ++asked_;
    home_.record().read({.patterns = s.patterns(),
                         .after = s.cursor,
                         .upto = upto,
                         .max_events = page_events,
                         .max_bytes = page_bytes,
                         .conflate = conflating(s)},
                        here(question_of(s, {upto, next_seq}), &replayer::on_page));
}

/// False for an event from before the only topics that ask for it were added.
bool replayer::owed(const subscriber& s, const stored_event& e) const {
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
void replayer::decide_opening(subscriber& s, opening& open, const std::optional<gap>& lost,
                              read_page& page, position upto) {
    if (lost && open.verdict == resume_verdict::resumed) open.verdict = resume_verdict::gap;
    if (lost && open.lost) {
        open.lost->to = std::max(open.lost->to, lost->to);  // beyond the budget and a trim mark
    } else if (lost) {
        open.lost = lost;
        open.reason = to_string(loss_reason::retention);
    }
    const bool gapped = open.verdict == resume_verdict::gap;
    if (gapped) home_.count().gaps.fetch_add(1, std::memory_order_relaxed);
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

lost_events replayer::told_of(const gap& lost, std::string_view reason) const {
    return {home_.owner().id_of(lost.from), home_.owner().id_of(lost.to), reason};
}

std::shared_ptr<const block> replayer::gap_block(const subscriber& s, const gap& lost,
                                                 std::string_view reason) {
    home_.count().gaps.fetch_add(1, std::memory_order_relaxed);
    std::string text;
    s.dialect().gap(told_of(lost, reason), text);
    return home_.control(s, text);
}

void replayer::on_page(const question& asked, result<read_page> page) {
    question_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!page) return home_.end(*s, close_reason::unavailable);

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
    if (told) items.push_back({&told, {}});
    std::shared_ptr<const block> damage;
    if (page->damaged) {
        damage = gap_block(*s, *page->damaged, to_string(loss_reason::lost));
        items.push_back({&damage, {}});
    }
    std::vector<std::shared_ptr<encoded_event>> encoded;
    encoded.reserve(page->events.size());
    for (const event_ptr& e : page->events) {
        if (!owed(*s, *e)) {
            items.push_back({&nothing_to_show(), e->pos, item_kind::skipped});
            continue;
        }
        encoded.push_back(home_.cache().get(e));
        items.push_back(home_.event_item(*s, *encoded.back()));
    }
    s->behind->blocked = false;
    const outcome result = home_.write(*s, items);
    if (result == outcome::gone) return;
    const auto handed_over = std::ranges::count_if(
        items, [&](const item& i) { return i.kind == item_kind::event && i.pos <= s->cursor; });
    home_.count().replayed.fetch_add(static_cast<std::uint64_t>(handed_over),
                                     std::memory_order_relaxed);
    allowed_ -= static_cast<double>(handed_over);
    if (result == outcome::done && s->finished) return home_.end(*s, close_reason::finished);
    if (pending && pending->verdict == resume_verdict::gap && pending->on_gap == gap_policy::close)
        return home_.end(*s, close_reason::gap);
    if (pending) home_.schedule_heartbeat(*s);
    if (result == outcome::blocked) return;
    s->cursor = std::max(s->cursor, page->through);
    if (page->through < asked.upto) return queue(*s);
    // Events that were routed since the question may have been passed over already: ask again.
    if (asked.next_seq < home_.next_seq()) return queue(*s);
    s->extras->late_topics.clear();
    home_.go_live(*s, asked.next_seq);
}

/// Makes room for those who wait, whatever becomes of the stream that asked.
void replayer::question_answered() {
    --asked_;
    if (!waiting_.empty()) schedule_turn();
}

void replayer::queue(subscriber& s) {
    if (!s.behind->queued && !s.behind->reading) {
        s.behind->queued = true;
        waiting_.push_back(s.slot);
    }
    schedule_turn();
}

void replayer::schedule_turn() {
    if (std::exchange(turn_scheduled_, true)) return;
    home_.defer([this] { turn(); });
}

// A bound on the pages under way, for memory; and one on the events a second, for the others' sake.
bool replayer::may_ask() {
    if (asked_ >= pages_under_way) return false;
    const double rate = static_cast<double>(home_.owner().options()->replay_rate);
    if (rate == 0) return true;
    const std::chrono::duration<double> passed = home_.on().now() - refilled_;
    refilled_ = home_.on().now();
    allowed_ = std::min(allowed_ + rate * passed.count(), rate * replay_burst.count());
    if (allowed_ > 0) return true;
    if (!std::exchange(waits_for_rate_, true)) {
        const std::chrono::duration<double> wait((1 - allowed_) / rate);
        home_.call_after(std::chrono::ceil<std::chrono::milliseconds>(wait), [this] {
            waits_for_rate_ = false;
            schedule_turn();
        });
    }
    return false;
}

void replayer::turn() {
    turn_scheduled_ = false;
    for (std::size_t pages = 0; pages < pages_per_turn && !waiting_.empty() && may_ask(); ++pages) {
        subscriber* s = home_.at(waiting_.front());
        waiting_.pop_front();
        // The slot may have a new stream by now, or one that was queued again: only a marked
        // one is served.
        if (s == nullptr || !s->behind || !s->behind->queued) continue;
        s->behind->queued = false;
        if (s->behind->blocked || s->behind->reading) continue;
        // What was dropped a moment ago made room for a page.
        const bool asked = std::exchange(s->behind->dropped, false);
        const auto limits = asked ? std::nullopt : limits_of(*s, slow_policy::drop_oldest);
        const tail::end end = home_.tail_end();
        if (limits) {
            ask_what_to_drop(*s, *limits);
        } else {
            ask(*s, end.head, end.next_seq);
        }
    }
    // With all pages under way, the next one that comes goes on; with the rate used up, a timer.
    if (!waiting_.empty() && may_ask()) schedule_turn();
}

/// Tells the connection; gives the first block, empty if there is nothing to say.
std::shared_ptr<const block> replayer::begin_stream(subscriber& s, const opening& open) {
    opening_facts facts = home_.facts_of(s);
    facts.verdict = open.verdict;
    facts.id = home_.owner().id_of(s.cursor);
    if (open.lost && open.verdict == resume_verdict::gap)
        facts.lost = told_of(*open.lost, open.reason);
    facts.events = open.events;
    facts.retry = spread_around(s.profile->retry);
    s.out->begin(facts);
    std::string text;
    if (open.event) s.dialect().opening(facts, text);
    if (!s.behind) home_.append_presence(s, text);
    // Last values are state and no history: without an id, and for whoever cannot know them.
    if (open.verdict != resume_verdict::resumed) append_values(s, s.patterns(), text);
    if (text.empty())
        s.out->write({});  // a head may wait for it; an error comes back with the next
    return home_.control(s, text);
}

void replayer::append_values(const subscriber& s, const matcher_set& topics,
                             std::string& out) const {
    home_.record().snapshot({topics, {}, home_.record().head(), ~std::size_t{0}, ~std::size_t{0}},
                            [&](const result<snapshot_page>& page) {
                                if (!page) return;
                                for (const event_ptr& e : page->values) {
                                    if (!home_.shows(s, *home_.cache().get(e))) continue;
                                    out.append(home_.cache().without_id(*e, s.envelope)->raw());
                                }
                            });
}

}  // namespace carillon
