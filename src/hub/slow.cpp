// Streams that do not read as fast as events come: what their topics' policies leave out, and which
// streams they cut.
#include <carillon/hub/hub.hpp>

#include "hub/question.hpp"

#include <algorithm>

namespace carillon {

namespace {

/// Where a stream would be that is as far behind as it may be.
rewind newest_within(const lag_limits& limits, std::chrono::system_clock::time_point now) {
    // A time alone is found without a look at every event.
    if (limits.events == 0 && limits.bytes == 0) return rewind_since{now - limits.age};
    rewind_last newest{.count = limits.events != 0 ? limits.events : ~std::uint64_t{0}};
    if (limits.bytes != 0) newest.bytes = limits.bytes;
    if (limits.age.count() != 0) newest.not_before = now - limits.age;
    return newest;
}

}  // namespace

/// How far a stream that began may be behind under this policy. Dropping needs the consent of all
/// its topics, and goes by the most generous; cutting needs one, and goes by the strictest.
std::optional<lag_limits> replayer::limits_of(const subscriber& s, slow_policy policy) const {
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
        const topic_options& options = *on.node->options;
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
    const std::uint64_t lag = home_.tail_end().head.value - s.cursor.value;
    const bool few = limits && (limits->events == 0 || lag <= limits->events);
    return few && limits->bytes == 0 && limits->age.count() == 0 ? std::nullopt : limits;
}

void replayer::ask_what_to_drop(subscriber& s, const lag_limits& limits) {
    const position head = home_.tail_end().head;
    ask(s, [&](journal& record) {
        // Events of a topic from before it was added do not count.
        record.locate({reading_of(s, head).patterns,
                       {},
                       newest_within(limits, std::chrono::system_clock::now())},
                      here(question_of(s, head), &replayer::on_drop_point));
    });
}

void replayer::on_drop_point(const question& asked, result<start_point> start) {
    question_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!start) return home_.end(*s, close_reason::unavailable);
    if (start->at <= s->cursor) return ask_page(*s);
    ask_dropped(*s, {.after = s->cursor, .upto = std::min(start->at, asked.upto)});
}

/// Is there anything between the cursor and `dropped.upto`? Asked of one page after the other until
/// an event shows up: the cursor stays where it is until the stream was told.
void replayer::ask_dropped(subscriber& s, const drop_walk& dropped) {
    const reading r = reading_of(s, dropped.upto);
    question asked = question_of(s, r.upto);
    asked.dropped = dropped;
    asked.dropped.upto = r.upto;
    ask(s, [&](journal& record) {
        record.read({r.patterns, dropped.after, r.upto, 1, page_bytes},
                    here(asked, &replayer::on_drop_page));
    });
}

void replayer::on_drop_page(const question& asked, result<read_page> page) {
    question_answered();
    subscriber* s = reader_of(asked);
    if (s == nullptr) return;
    if (!page) return home_.end(*s, close_reason::unavailable);
    drop_walk dropped = asked.dropped;
    std::uint64_t& known = s->behind->trims_known;
    dropped.trimmed = dropped.trimmed || page->lost;
    if (page->lost && page->trims > known) dropped.lost = std::max(dropped.lost, page->lost->to);
    known = std::max(known, page->trims);
    if (page->events.empty() && page->through < asked.upto) {
        dropped.after = std::max(dropped.after, page->through);
        return ask_dropped(*s, dropped);
    }
    // Without an event it is what retention took, also of what is not left out.
    const position to = page->events.empty() ? dropped.lost : std::max(dropped.lost, asked.upto);
    std::shared_ptr<const block> told;
    if (to > s->cursor) told = gap_block(*s, {s->cursor, to}, "slow");
    // What is true is not left out with what happened, or with what the stream was told before.
    if (told || dropped.trimmed) {
        s->behind->values = value_walk{nullptr, asked.upto};
        s->behind->walked = s->cursor.value;
    }
    s->cursor = std::max(s->cursor, asked.upto);
    const auto begins = [&](const late_topic& l) { return l.after <= s->cursor; };
    if (std::ranges::any_of(s->behind->late_topics, begins)) known = 0;  // that was of fewer topics
    s->behind->dropped = true;
    const item word{&told, {}};
    if (told && home_.write(*s, {&word, 1}) != outcome::done) return;  // gone, or blocked on it
    queue(*s);
}

// Only while its socket takes nothing: a stream that resumes from far back reads as fast as it can.
void replayer::check_lag(subscriber& s) {
    const auto limits = s.behind->lag_asked ? std::nullopt : limits_of(s, slow_policy::cut);
    if (!limits) return;
    s.behind->lag_asked = true;
    const position head = home_.tail_end().head;
    home_.record().locate({reading_of(s, head).patterns,
                           {},
                           newest_within(*limits, std::chrono::system_clock::now())},
                          here(question_of(s, head), &replayer::on_cut_point));
}

/// Null if it has gone or moved on meanwhile.
subscriber* replayer::blocked_still(const question& asked) const {
    subscriber* s = home_.at(asked.slot);
    if (s == nullptr || s->key != asked.key || !s->behind) return nullptr;
    s->behind->lag_asked = false;
    return s->behind->blocked ? s : nullptr;
}

void replayer::on_cut_point(const question& asked, result<start_point> start) {
    subscriber* s = blocked_still(asked);
    if (s == nullptr || !start || start->at <= s->cursor) return;
    const reading r = reading_of(*s, std::min(start->at, asked.upto));
    s->behind->lag_asked = true;
    home_.record().read({r.patterns, s->cursor, r.upto, 1, page_bytes},
                        here(asked, &replayer::on_cut_page));
}

void replayer::on_cut_page(const question& asked, result<read_page> page) {
    subscriber* s = blocked_still(asked);
    if (s != nullptr && page && (!page->events.empty() || page->lost)) home_.cut(*s);
}

}  // namespace carillon
