#include "hub/replayer.hpp"

#include <carillon/hub/hub.hpp>

#include "base/random.hpp"
#include "hub/hub_core.hpp"
#include "hub/question.hpp"
#include "hub/record_access.hpp"

#include <algorithm>

namespace carillon {

namespace {

// How many pages a turn asks for on behalf of streams that are behind: live traffic goes first. And
// how many may be under way: so much memory a crowd that resumes at once may cost.
constexpr std::size_t pages_per_turn = 32;
constexpr std::size_t pages_under_way = 64;
// How much of the replay rate may be used at once.
constexpr std::chrono::duration<double> replay_burst{0.1};

// Events that may be routed for a stream while it waits for its last page.
constexpr std::size_t joined_events = 512;
constexpr std::size_t joined_bytes = 256u << 10;

/// One more than a stream may get shows that there are more.
rewind within(rewind from, std::uint64_t budget) {
    if (auto* last = std::get_if<rewind_last>(&from); last != nullptr && last->count > budget)
        last->count = budget + 1;
    return from;
}

/// The same object as long as the patterns are the same: a journal looks them up once.
const matcher_set& kept_in(matcher_set& last, std::vector<topic_pattern> now) {
    if (!last || *last != now) last = make_matchers(std::move(now));
    return last;
}

}  // namespace

/// Null if it has gone meanwhile.
subscriber* replayer::reader_of(const question& asked) const {
    subscriber* s = home_.at(asked.slot);
    if (s == nullptr || s->key != asked.key) return nullptr;
    s->behind->reading = false;
    return s;
}

replayer::question replayer::question_of(const subscriber& s, position upto) const {
    return {.slot = s.slot, .key = s.key, .upto = upto};
}

void replayer::begin(subscriber& s, const stream_request& request) {
    const tail::end end = home_.tail_end();
    s.cursor = end.head;
    s.seen_seq = end.next_seq;
    backlog& b = home_.fall_behind(s);
    b.open = std::make_unique<opening>(request);
    const bool owed = s.durable() != nullptr && s.durable()->values_owed;
    b.open->values_owed = b.open->values_owed || owed;
    b.joining = true;
    const bool rewinds = !request.snapshot && !std::holds_alternative<std::monostate>(request.from);
    if (request.last_event_id.empty() && !rewinds) {
        if (request.snapshot && request.snapshot->at < end.head) {
            s.cursor = request.snapshot->at;
            b.stop_joining();
        }
        output out;
        if (write(s, out, start(s, out))) next(s);
        return;
    }
    b.stop_joining();
    // A finite stream is read from its beginning to its end, however long it is.
    const bool whole = s.finite && !std::holds_alternative<rewind_last>(request.from);
    const std::uint64_t budget = home_.owner().options()->max_replay_events;
    b.reading = true;
    home_.record().locate(
        {kept_in(b.patterns, s.patterns()), request.last_event_id, within(request.from, budget),
         whole ? ~std::uint64_t{0} : budget, end.head},
        here(question_of(s, end.head), &replayer::on_start));
}

void replayer::on_start(const question& asked, result<start_point> start) {
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!start) return home_.end(*s, close_reason::unavailable);
    if (start->unknown && s->behind->open->known_cursor)
        return home_.close(*s, close_reason::unknown_cursor);
    s->behind->open->found(*start);
    s->cursor = std::min(start->at, asked.upto);
    if (!may_ask()) return queue(*s);
    ask_page(*s);
}

void replayer::step(subscriber& s) {
    backlog& b = *s.behind;
    if (b.open) return ask_page(s);
    if (b.given) return send_given(s);
    if (b.values) return ask_values(s);
    // What was dropped a moment ago made room for a page.
    const bool made_room = std::exchange(b.dropped, false);
    const auto limits = made_room ? std::nullopt : limits_of(s, slow_policy::drop_oldest);
    if (limits) return ask_what_to_drop(s, *limits);
    ask_page(s);
}

// A topic that was added later begins where it was added: its events, and what retention took of
// them, are none of the stream's business before that.
replayer::reading replayer::reading_of(const subscriber& s, position head) const {
    std::vector<topic_pattern> patterns;
    std::vector<topic_pattern> conflating;
    patterns.reserve(s.topic_count());
    const auto& late = s.behind->late_topics;
    s.each_subscription([&](const subscription& on) {
        const auto added = std::ranges::find(late, on.node, &late_topic::node);
        if (added != late.end() && added->after > s.cursor) {
            head = std::min(head, added->after);
            return;
        }
        patterns.push_back(on.node->pattern);
        // One that filters may not be shown the newer one.
        if (on.node->options->slow == slow_policy::conflate && !s.filters)
            conflating.push_back(on.node->pattern);
    });
    backlog& b = *s.behind;
    return {kept_in(b.patterns, std::move(patterns)),
            conflating.empty() ? nullptr : kept_in(b.conflating, std::move(conflating)), head};
}

void replayer::ask_page(subscriber& s) {
    backlog& b = *s.behind;
    const tail::end end = home_.tail_end();
    const reading r = reading_of(s, end.head);
    b.stop_joining();
    s.seen_seq = end.next_seq;
    b.joining = r.upto >= end.head;
    ask(s, [&](journal& record) {
        record.read({.patterns = r.patterns,
                     .after = s.cursor,
                     .upto = r.upto,
                     .max_events = page_events,
                     .max_bytes = page_bytes,
                     .conflate = r.conflating,
                     .last_values_too = true},
                    here(question_of(s, r.upto), &replayer::on_page));
    });
}

void replayer::on_page(const question& asked, result<read_page> page) {
    question_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!page) return home_.end(*s, close_reason::unavailable);
    backlog& b = *s->behind;
    // A loss is told once, and again when more is trimmed: the new one may lie before the mark that
    // was told.
    const std::optional<gap> lost = page->trims > b.trims_known ? page->lost : std::nullopt;
    b.trims_known = std::max(b.trims_known, page->trims);
    output out;
    std::unique_ptr<opening> begun;
    if (b.open) {
        s->cursor = b.open->decide(s->cursor, lost, *page, asked.upto);
        // What is true comes before what happened: the page is read again behind it.
        if (b.open->stands_alone()) b.stop_joining();
        begun = start(*s, out);
        if (begun->stands_alone()) {
            if (write(*s, out, std::move(begun))) next(*s);
            return;
        }
    } else if (lost) {
        out.add_control(0, gap_block(*s, *lost, "slow"));
    }
    if (page->damaged)
        out.add_control(1, gap_block(*s, *page->damaged, to_string(loss_reason::lost)));
    out.encoded.reserve(page->events.size());
    for (const event_ptr& e : page->events) {
        out.encoded.push_back(home_.cache().get(e));
        out.items.push_back(home_.event_item(*s, *out.encoded.back()));
    }
    if (!write(*s, out, std::move(begun))) return;
    s->cursor = std::max(s->cursor, page->through);
    if (page->through < asked.upto) b.stop_joining();
    next(*s);
}

/// What the stream does after all that was to be written was.
void replayer::next(subscriber& s) {
    backlog& b = *s.behind;
    if (!b.given && !b.values) {
        const auto begins = std::ranges::find_if(
            b.late_topics, [&](const late_topic& l) { return l.values && l.after <= s.cursor; });
        if (begins != b.late_topics.end()) {
            begins->values = false;
            b.values = value_walk{begins->node, begins->after};
            b.walked = 0;
        }
    }
    if (b.given || b.values) {
        // The first page at once: most often it is the only one. Others wait their turn.
        return b.walked == 0 && asked_ < pages_under_way ? step(s) : queue(s);
    }
    // What is known of losses was known of fewer topics.
    if (std::erase_if(b.late_topics, [&](const late_topic& l) { return l.after <= s.cursor; }) != 0)
        b.trims_known = 0;
    if (b.joining && b.late_topics.empty()) return go_live(s);
    queue(s);
}

void replayer::go_live(subscriber& s) {
    output out;
    out.encoded = std::move(s.behind->joined);
    std::ranges::sort(out.encoded, {}, &encoded_event::seq);
    const auto repeated = std::ranges::unique(out.encoded);
    out.encoded.erase(repeated.begin(), repeated.end());
    for (const auto& e : out.encoded) out.items.push_back(home_.event_item(s, *e));
    if (!out.items.empty()) {
        s.behind->blocked = false;
        if (home_.write(s, out.items) != outcome::done) return;
        if (s.finished) return home_.end(s, close_reason::finished);
    }
    home_.go_live(s);
}

void replayer::collect(subscriber& s) {
    backlog& b = *s.behind;
    if (!b.joining) return;
    home_.take_due(s, [&b](const std::shared_ptr<encoded_event>& e) {
        b.joined.push_back(e);
        b.joined_bytes += e->event->content.size();
    });
    if (b.joined.size() > joined_events || b.joined_bytes > joined_bytes) b.stop_joining();
}

void replayer::add_topic(subscriber& s, const topic_node& node, position after, bool wants_values) {
    if (!s.behind && !wants_values) return;
    const bool was_live = !s.behind;
    backlog& b = home_.fall_behind(s);
    b.late_topics.push_back({&node, after, wants_values});
    if (!was_live) return b.stop_joining();
    b.joining = true;  // it has all that was routed
    b.presence_told = true;
    const std::uint32_t slot = s.slot;
    next(s);
    // Live at once, it is told by the caller who is there; later, when it goes live.
    if (home_.at(slot) == &s && s.behind) s.behind->presence_told = false;
}

bool replayer::owes_values(const subscriber& s) noexcept {
    if (!s.behind) return false;
    const backlog& b = *s.behind;
    return b.given || b.values || std::ranges::any_of(b.late_topics, &late_topic::values);
}

void replayer::forget_topic(subscriber& s, const topic_node& node) {
    backlog& b = *s.behind;
    std::erase_if(b.late_topics, [&](const late_topic& l) { return l.node == &node; });
    if (!b.values || b.values->of != &node) return;
    b.values.reset();
    b.walked = 0;
}

void replayer::ask_values(subscriber& s) {
    backlog& b = *s.behind;
    question asked = question_of(s, b.values->upto);
    asked.values = b.values;
    asked.walked = b.walked;
    std::vector<topic_pattern> patterns;
    s.each_subscription([&](const subscription& on) {
        const bool late =
            std::ranges::find(b.late_topics, on.node, &late_topic::node) != b.late_topics.end();
        if (b.values->of == nullptr ? !late : on.node == b.values->of)
            patterns.push_back(on.node->pattern);
    });
    matcher_set of_one;
    matcher_set& last = b.values->of == nullptr ? b.patterns : of_one;
    ask(s, [&](journal& record) {
        record.snapshot({kept_in(last, std::move(patterns)), position{b.walked}, asked.upto,
                         page_events, page_bytes},
                        here(asked, &replayer::on_values));
    });
}

void replayer::on_values(const question& asked, result<snapshot_page> page) {
    question_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!page) return home_.end(*s, close_reason::unavailable);
    backlog& b = *s->behind;
    // The topic may have been taken away meanwhile.
    if (b.values != asked.values || b.walked != asked.walked) return next(*s);
    output out;
    for (const event_ptr& e : page->values) add_value(*s, out, e, e->pos.value);
    if (!write(*s, out)) return;
    b.walked = page->through.value;
    if (page->through >= asked.upto) {
        if (b.values->of == nullptr) b.values_owed = false;
        b.values.reset();
        if (!s->token().empty() && !owes_values(*s))
            home_.owner().inside().directory.owe_values(s->token(), false);
    }
    next(*s);
}

void replayer::send_given(subscriber& s) {
    backlog& b = *s.behind;
    output out;
    std::size_t bytes = 0;
    const auto given = b.given;
    for (std::size_t i = b.walked; i < given->events.size() && bytes < page_bytes; ++i) {
        add_value(s, out, given->events[i], i + 1);
        bytes += given->events[i]->content.size();
    }
    if (!write(s, out)) return;
    if (b.walked >= given->events.size()) {
        b.given.reset();
        b.walked = 0;
    }
    next(s);
}

void replayer::add_value(const subscriber& s, output& out, const event_ptr& e,
                         std::uint64_t walked) {
    out.encoded.push_back(home_.cache().get(e));
    encoded_event& value = *out.encoded.back();
    const auto& block = home_.shows(s, value)
                            ? home_.cache().block_of(value, encode_cache::without_id(s.form))
                            : nothing_to_show();
    out.items.push_back({&block, position{walked}, item_kind::value});
}

/// The stream begins: its first block is in `out`, and what comes before its events is known.
std::unique_ptr<opening> replayer::start(subscriber& s, output& out) {
    backlog& b = *s.behind;
    auto begun = std::move(b.open);
    if (begun->verdict == resume_verdict::gap)
        home_.count().gaps.fetch_add(1, std::memory_order_relaxed);
    if (begun->wants_values()) {
        b.given = std::move(begun->given);
        if (b.given && b.given->events.empty()) b.given.reset();
        b.values = value_walk{nullptr, s.cursor};
        b.values_owed = !s.finite && (b.given || home_.record().stats().retained_bytes != 0);
    }
    out.add_control(0, begin_stream(s, *begun));
    return begun;
}

/// False if the stream has ended or takes no more: then nothing is left to do for it now.
bool replayer::write(subscriber& s, output& out, std::unique_ptr<opening> begun) {
    s.behind->blocked = false;
    const outcome how = home_.write(s, out.items);
    if (how == outcome::gone) return false;
    std::uint64_t events = 0;
    std::uint64_t values = 0;
    for (const item& i : out.items) {
        events += i.kind == item_kind::event && i.pos <= s.cursor ? 1 : 0;
        values += i.kind == item_kind::value && i.pos.value <= s.behind->walked ? 1 : 0;
    }
    home_.count().replayed.fetch_add(events, std::memory_order_relaxed);
    allowed_ -= static_cast<double>(events + values);
    if (how == outcome::done && s.finished) {
        home_.end(s, close_reason::finished);
        return false;
    }
    if (begun) {
        if (begun->ends_at_once()) {
            home_.end(s, close_reason::gap);
            return false;
        }
        home_.schedule_heartbeat(s);
    }
    return how == outcome::done;
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

/// Makes room for streams that wait, whatever becomes of the one that asked.
void replayer::question_answered() {
    --asked_;
    if (!waiting_.empty()) schedule_turn();
}

void replayer::queue(subscriber& s) {
    if (!s.behind->queued && !s.behind->reading) {
        waiting_.push_back(s.slot);
        s.behind->queued = true;
    }
    schedule_turn();
}

void replayer::schedule_turn() {
    if (turn_scheduled_) return;
    home_.defer([this] { turn(); });
    turn_scheduled_ = true;
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
    if (!waits_for_rate_) {
        const std::chrono::duration<double> wait((1 - allowed_) / rate);
        home_.call_after(std::chrono::ceil<std::chrono::milliseconds>(wait), [this] {
            waits_for_rate_ = false;
            schedule_turn();
        });
        waits_for_rate_ = true;
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
        if (!s->behind->blocked && !s->behind->reading)
            home_.guarded(home_.name_of(*s), [&] { step(*s); });
    }
    // With all pages under way, the next one that comes goes on; with the rate used up, a timer.
    if (!waiting_.empty() && may_ask()) schedule_turn();
}

/// Tells the connection; gives the first block, empty if there is nothing to say.
std::shared_ptr<const block> replayer::begin_stream(subscriber& s, const opening& open) {
    opening_facts facts = home_.facts_of(s);
    facts.verdict = open.verdict;
    facts.id = home_.resume_id(s);
    if (open.lost && open.verdict == resume_verdict::gap)
        facts.lost = told_of(*open.lost, open.reason);
    facts.events = open.events;
    facts.retry = spread_around(s.profile->retry);
    s.out->begin(facts);
    std::string text;
    if (open.event) s.dialect().opening(facts, text);
    if (s.behind->joining && open.verdict == resume_verdict::fresh) {
        home_.append_presence(s, text);
        s.behind->presence_told = true;
    }
    auto first = encode_cache::opening(s.form, text);
    if (first->bytes.empty())
        s.out->write({});  // a head may wait for it; an error comes back with the next
    return first;
}

}  // namespace carillon
