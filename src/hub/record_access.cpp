#include "hub/record_access.hpp"

#include <carillon/hub/hub.hpp>

#include "hub/own_topic.hpp"
#include "hub/visibility.hpp"

#include <algorithm>
#include <utility>

namespace carillon {

namespace {

// Written as JSON in one turn of a loop.
constexpr std::size_t max_page_bytes = 1u << 20;

bool names(const matcher_set& patterns, const topic& t) noexcept {
    return std::ranges::any_of(*patterns,
                               [&](const topic_pattern& p) { return p.str() == t.str(); });
}

/// The predicate for a reader without a stream.
class reader {
public:
    reader(const identity* who, event_filter filter) : filter_(std::move(filter)) {
        if (who != nullptr) who_ = kept_identity(*who);
        if (who != nullptr && who->grants) grants_ = table_.intern(*who->grants);
    }

    bool sees(const event& e, const matcher_set& listened) const {
        visibility_memo memo;
        const viewer v{grants_.get(), &who_, filter_.empty() ? nullptr : &filter_};
        return shows(v, e, memo, [&](const topic& t) { return names(listened, t); });
    }

private:
    grant_table table_;
    kept_identity who_;
    event_filter filter_;
    grants_ptr grants_;
};

/// Until the journal has answered twice.
struct history_call {
    history_call(history_query asked, std::vector<topic_pattern> listened,
                 std::function<void(result<history_page>)> then)
        : q(std::move(asked)),
          patterns(make_matchers(std::move(listened))),
          who(q.who.get(), q.filter),
          done(std::move(then)) {}

    history_query q;
    matcher_set patterns;
    reader who;
    position head;
    std::function<void(result<history_page>)> done;
    history_page page;
};

/// Where the page begins that was asked for without a cursor.
rewind beginning(const history_query& q) {
    if (const auto* last = std::get_if<rewind_last>(&q.from))
        return rewind_last{std::min<std::uint64_t>(last->count, q.max_events)};
    if (std::holds_alternative<rewind_since>(q.from)) return q.from;
    return rewind_last{q.max_events};
}

}  // namespace

std::string_view to_string(loss_reason why) noexcept {
    switch (why) {
        case loss_reason::lost:
            return "lost";
        case loss_reason::budget:
            return "budget";
        case loss_reason::retention:
            break;
    }
    return "retention";
}

std::vector<topic_pattern> own_patterns(const identity* who, const own_spaces& spaces,
                                        const std::vector<topic>& rooms) {
    std::vector<topic_pattern> all;
    const auto add = [&](const std::string& id, topic (*topic_of)(std::string_view)) {
        if (const std::string segment = as_segment(id); !segment.empty())
            all.emplace_back(topic_of(segment));
    };
    if (who != nullptr && spaces.user) add(who->user, user_topic);
    if (who != nullptr && spaces.session) add(who->session, session_topic);
    if (spaces.everyone) all.emplace_back(everyone_topic());
    if (who != nullptr && spaces.attributes) {
        for (const attribute& a : who->attributes) {
            if (const auto t = attribute_topic(a)) all.emplace_back(*t);
        }
    }
    for (const topic& t : rooms) all.emplace_back(t);
    return all;
}

void record_access::history(history_query q, std::function<void(result<history_page>)> done) const {
    std::vector<topic_pattern> listened = own_patterns(q.who.get(), q.spaces, q.rooms);
    listened.insert(listened.end(), q.topics.begin(), q.topics.end());
    auto c = std::make_shared<history_call>(std::move(q), std::move(listened), std::move(done));
    const auto read = [this, c](result<start_point> start) {
        if (!start) return c->done(std::unexpected(start.error()));
        c->head = hub_.record().head();  // not before: the start may be what came meanwhile
        const auto tell = [this, c](const gap& lost, loss_reason why) {
            c->page.lost = {hub_.id_of(lost.from), hub_.id_of(lost.to), to_string(why)};
        };
        if (!c->q.after_id.empty()) {
            c->page.verdict = start->unknown ? resume_verdict::reset
                              : start->lost  ? resume_verdict::gap
                                             : resume_verdict::resumed;
            if (start->lost) tell(*start->lost, start->why);
        }
        hub_.record().read({c->patterns, start->at, c->head, c->q.max_events, max_page_bytes},
                           [this, c, tell](result<read_page> page) {
                               if (!page) return c->done(std::unexpected(page.error()));
                               c->page.more = page->through < c->head;
                               c->page.next = hub_.id_of(page->through);
                               c->page.events = std::move(page->events);
                               std::erase_if(c->page.events, [&](const event_ptr& e) {
                                   return !c->who.sees(e->content, c->patterns);
                               });
                               if (c->page.verdict == resume_verdict::resumed && page->lost) {
                                   c->page.verdict = resume_verdict::gap;
                                   tell(*page->lost, loss_reason::retention);
                               }
                               if (page->damaged && !c->page.lost) {
                                   if (c->page.verdict == resume_verdict::resumed)
                                       c->page.verdict = resume_verdict::gap;
                                   tell(*page->damaged, loss_reason::lost);
                               }
                               c->done(std::move(c->page));
                           });
    };
    hub_.record().locate({c->patterns, c->q.after_id, beginning(c->q)}, read);
}

namespace {

/// Looks for an event, and for what has taken its place since.
class search : public std::enable_shared_from_this<search> {
public:
    search(journal& record, event_reference asked, std::function<void(result<event_ptr>)> then)
        : record_(record),
          what_(std::move(asked)),
          patterns_(make_matchers({topic_pattern(what_.from)})),
          who_(what_.who.get(), {}),
          done_(std::move(then)) {}

    void run() {
        record_.locate({patterns_, what_.id}, [self = shared_from_this()](result<start_point> at) {
            if (!at) return self->done_(std::unexpected(at.error()));
            if (at->unknown || at->lost || at->at.value == 0) return self->not_found();
            self->look(at->at);
        });
    }

private:
    // Each replacement costs a look; beyond, the newest one has to be named.
    static constexpr int most_replacements = 32;

    void look(position pos) {
        record_.read({.patterns = patterns_,
                      .after = position{pos.value - 1},
                      .upto = pos,
                      .max_events = 1,
                      .erased_too = true},
                     [self = shared_from_this(), pos](result<read_page> page) {
                         if (!page) return self->done_(std::unexpected(page.error()));
                         const bool found =
                             !page->events.empty() && page->events.front()->pos == pos;
                         if (!found) return self->not_found();
                         self->judge(page->events.front());
                     });
    }

    void judge(const event_ptr& e) {
        if (what_.may_change) {
            if (auto may = what_.may_change(e->content); !may)
                return done_(std::unexpected(may.error()));
        } else if (!who_.sees(e->content, patterns_)) {
            return not_found();
        }
        if (e->erased && e->erased_by > e->pos && replacements_ < most_replacements) {
            ++replacements_;
            return look(e->erased_by);
        }
        const auto& name = e->content.name;
        const bool replaces = name && name->str() == "carillon.replaced";
        if (!shown_at(*e, std::chrono::system_clock::now()) || (replacements_ != 0 && !replaces))
            return not_found();
        done_(e);
    }

    void not_found() const {
        done_(fail(errc::not_found, "no stored event of this topic has this id"));
    }

    journal& record_;
    const event_reference what_;
    const matcher_set patterns_;
    const reader who_;
    const std::function<void(result<event_ptr>)> done_;
    int replacements_ = 0;
};

}  // namespace

void record_access::find(event_reference what, std::function<void(result<event_ptr>)> done) const {
    // Until the last answer has come.
    std::make_shared<search>(hub_.record(), std::move(what), std::move(done))->run();
}

std::string record_access::id_of(const stored_event& e) const { return hub_.id_of(e); }

void record_access::last_values_below(const topic& prefix, position after,
                                      std::function<void(result<snapshot_page>)> done) const {
    hub_.record().snapshot(
        {make_matchers({topic_pattern::below(prefix)}), after, hub_.record().head()},
        std::move(done));
}

void record_access::last_of(const topic& where, std::function<void(result<event_ptr>)> done) const {
    struct call {
        matcher_set patterns;
        std::function<void(result<event_ptr>)> done;
    };
    auto c = std::make_shared<call>(make_matchers({topic_pattern(where)}), std::move(done));
    hub_.record().locate({c->patterns, {}, rewind_last{1}}, [this, c](result<start_point> at) {
        if (!at) return c->done(std::unexpected(at.error()));
        const position head = hub_.record().head();  // not before: it may have come meanwhile
        hub_.record().read({c->patterns, at->at, head, 1}, [c](result<read_page> page) {
            if (!page) return c->done(std::unexpected(page.error()));
            c->done(page->events.empty() ? nullptr : page->events.back());
        });
    });
}

void record_access::locate(const topic& where, std::string id,
                           std::function<void(result<std::optional<position>>)> done) const {
    struct call {
        matcher_set patterns;
        std::string id;
        std::function<void(result<std::optional<position>>)> done;
    };
    auto c = std::make_shared<call>(make_matchers({topic_pattern(where)}), std::move(id),
                                    std::move(done));
    hub_.record().locate({c->patterns, c->id}, [c](result<start_point> at) {
        if (!at) return c->done(std::unexpected(at.error()));
        c->done(at->unknown ? std::nullopt : std::optional(at->at));
    });
}

}  // namespace carillon
