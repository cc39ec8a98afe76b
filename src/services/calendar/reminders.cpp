// Reminders: by schedule, and on request.
#include <carillon/base/log.hpp>

#include "services/calendar/calendar_state.hpp"
#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

using store::calendar_event;
using store::time_point;

// The `lead` of reminders that somebody asked for: no schedule has it.
constexpr std::chrono::seconds on_request{-1};
// Events that one tick looks at: after a start all of them are due.
constexpr std::size_t looks_at_once = 500;
constexpr std::chrono::hours search_ahead{24 * 366 *
                                          5};  ///< where the next occurrence is looked for

bool at_the_same_times(const calendar_event& a, const calendar_event& b) {
    return a.starts == b.starts && a.zone == b.zone && a.rule == b.rule &&
           a.reminders == b.reminders;
}

}  // namespace

/// When the first reminder is due that was not at `seen`; nothing: never. The past: look at once.
std::optional<time_point> calendar::state::next_look(const calendar_event& e,
                                                     time_point seen) const {
    if (e.reminders.empty() || e.attendees.empty()) return std::nullopt;
    std::optional<time_point> soonest;
    for (const std::chrono::seconds lead : e.reminders) {
        const auto found = occurrences(e, seen + lead + std::chrono::milliseconds(1),
                                       seen + lead + search_ahead, 1);
        if (!found || found->empty()) continue;
        const time_point at = found->front() - lead;
        soonest = soonest ? std::min(*soonest, at) : at;
    }
    return soonest;
}

// Looks at once: a reminder may have fallen due while nobody looked.
void calendar::state::schedule(const calendar_event& e) {
    if (e.reminders.empty() || e.attendees.empty()) return;
    const std::lock_guard lock(mutex);
    due.emplace(time_point{}, e.id);
}

result<std::uint64_t> calendar::state::remind(store::records& r, const calendar_event& e,
                                              time_point occurrence, std::chrono::seconds lead,
                                              std::vector<message>& out) const {
    std::vector<std::string> users;
    for (const std::string& user : e.attendees) {
        const auto first = r.calendar().begin_reminder(e.id, user, occurrence, lead);
        if (!first) return std::unexpected(first.error());
        if (*first) users.push_back(user);
    }
    const std::uint64_t count = users.size();
    if (count != 0) out.push_back(calendar_message(e, "reminder", std::move(users), occurrence));
    return count;
}

result<std::vector<calendar::state::due_reminder>> calendar::state::due_of(const calendar_event& e,
                                                                           time_point at) const {
    std::vector<due_reminder> all;
    for (const std::chrono::seconds lead : e.reminders) {
        const auto soon =
            occurrences(e, at, at + lead + std::chrono::milliseconds(1), limits.max_reminded);
        if (!soon) return std::unexpected(soon.error());
        for (const time_point occurrence : *soon) all.push_back({occurrence, lead});
    }
    return all;
}

result<std::optional<std::uint64_t>> calendar::state::count_of(
    store::records& r, const std::optional<repeatable_call>& call) const {
    const auto before = relay.made_before(r, call);
    if (!before) return std::unexpected(before.error());
    if (!*before) return std::nullopt;
    return std::optional<std::uint64_t>(std::stoull(**before));
}

void calendar::state::send(std::shared_ptr<const looks> all, callback<std::uint64_t> done,
                           std::optional<repeatable_call> call) {
    auto count = std::make_shared<std::uint64_t>(0);
    relay.write(
        [self = shared_from_this(), all, count, call = std::move(call)](
            store::records& r, std::vector<message>& out) -> result<> {
            *count = 0;
            const auto before = self->count_of(r, call);
            if (!before) return std::unexpected(before.error());
            if (*before) {
                *count = **before;
                return {};
            }
            for (const look& one : *all) {
                const auto now_there = r.calendar().find(one.e.id);
                if (!now_there) return std::unexpected(now_there.error());
                if (!*now_there || !at_the_same_times(**now_there, one.e)) continue;
                for (const due_reminder& d : one.due) {
                    const auto sent = self->remind(r, **now_there, d.occurrence, d.lead, out);
                    if (!sent) return std::unexpected(sent.error());
                    *count += *sent;
                }
            }
            return self->relay.remember(r, call, std::to_string(*count));
        },
        [count, done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            done(*count);
        });
}

void calendar::state::look_at(std::string id) {
    auto found = std::make_shared<looks>();
    records.read(
        [self = shared_from_this(), id, found](store::records& r) -> result<> {
            auto e = r.calendar().find(id);
            if (!e) return std::unexpected(e.error());
            if (!*e) return {};  // removed meanwhile
            const time_point at = self->now();
            auto reminders = self->due_of(**e, at);
            if (!reminders) return std::unexpected(reminders.error());
            found->push_back({std::move(**e), std::move(*reminders), at});
            return {};
        },
        [self = shared_from_this(), id, found](const result<>& read) {
            if (!read) return self->look_again(id, read.error());
            if (found->empty()) return;
            if (found->front().due.empty()) return self->plan(found->front());
            self->send(found, [self, id, found](const result<std::uint64_t>& sent) {
                if (!sent) return self->look_again(id, sent.error());
                self->plan(found->front());
            });
        });
}

void calendar::state::plan(const look& last) {
    const auto next = next_look(last.e, last.at);
    if (!next) return;
    const std::lock_guard lock(mutex);
    due.emplace(*next, last.e.id);
}

void calendar::state::look_again(const std::string& id, const error& why) {
    if (why.code == errc::invalid_request) {  // an earlier version has taken it
        return log::error("a calendar event's reminders are left out",
                          {{"event", id}, {"reason", why.detail}});
    }
    log::warning("reminders wait", {{"event", id}, {"reason", why.detail}});
    const std::lock_guard lock(mutex);
    due.emplace(now() + std::chrono::seconds(10), id);
}

void calendar::tick() {
    std::vector<std::string> ids;
    const time_point time = state_->now();
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->started) return;
        const auto end = state_->due.upper_bound(time);
        auto at = state_->due.begin();
        for (; at != end && ids.size() < looks_at_once; ++at) ids.push_back(at->second);
        state_->due.erase(state_->due.begin(), at);
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    for (std::string& id : ids) state_->look_at(std::move(id));
}

/// A walk through all events, a page at a time: the writer serves others between two pages.
struct calendar::state::sweep {
    time_point from, to;
    std::string after;
    bool is_last = false;
    std::uint64_t count = 0;
    callback<std::uint64_t> done;
    std::optional<repeatable_call> call;
};

void calendar::remind_of_upcoming(std::chrono::seconds window, callback<std::uint64_t> done,
                                  std::optional<repeatable_call> call) {
    if (window.count() <= 0 || window > state_->limits.max_window) {
        return done(fail(errc::invalid_request,
                         fmt::format("the window is at least a second and at most {} hours",
                                     state_->limits.max_window.count())));
    }
    auto s = std::make_shared<state::sweep>();
    s->from = state_->now();
    s->to = s->from + window;
    s->done = std::move(done);
    s->call = std::move(call);
    state_->sweep_on(std::move(s));
}

// A call that ends half-way leaves nothing of itself behind, and its repetition goes on where it
// was: what was sent is not sent again.
void calendar::state::end_sweep(std::shared_ptr<sweep> s) {
    if (!s->call) return s->done(s->count);
    relay.write(
        [self = shared_from_this(), s](store::records& r, std::vector<message>&) -> result<> {
            const auto before = self->count_of(r, s->call);
            if (!before) return std::unexpected(before.error());
            if (!*before) return self->relay.remember(r, s->call, std::to_string(s->count));
            s->count = **before;
            return {};
        },
        [s](const result<outbox_relay::outcome>& written) {
            if (!written) return s->done(std::unexpected(written.error()));
            s->done(s->count);
        });
}

void calendar::state::sweep_on(std::shared_ptr<sweep> s) {
    auto found = std::make_shared<looks>();
    records.read(
        [self = shared_from_this(), s, found](store::records& r) -> result<> {
            const auto before = self->count_of(r, s->call);
            if (!before) return std::unexpected(before.error());
            s->is_last = before->has_value();
            if (s->is_last) return {};
            auto page = r.calendar().list({}, s->after, calendar_page);
            if (!page) return std::unexpected(page.error());
            s->is_last = page->size() < calendar_page;
            if (!s->is_last) s->after = page->back().id;
            for (calendar_event& e : *page) {
                const auto soon = occurrences(e, s->from, s->to, self->limits.max_reminded);
                if (!soon || soon->empty()) continue;  // or a rule that an earlier version took
                look& one = found->emplace_back(look{std::move(e), {}, s->from});
                for (const time_point at : *soon) one.due.push_back({at, on_request});
            }
            return {};
        },
        [self = shared_from_this(), s, found](const result<>& read) {
            if (!read) return s->done(std::unexpected(read.error()));
            const auto go_on = [self, s](const result<std::uint64_t>& sent) {
                if (!sent) return s->done(std::unexpected(sent.error()));
                s->count += *sent;
                if (s->is_last) return self->end_sweep(s);
                self->sweep_on(s);
            };
            if (found->empty()) return go_on(0);
            self->send(found, go_on);
        });
}

void calendar::remind_of(std::string id, callback<std::uint64_t> done,
                         std::optional<repeatable_call> call) {
    auto found = std::make_shared<state::looks>();
    state_->records.read(
        [self = state_, found, id = std::move(id), call](store::records& r) -> result<> {
            const auto before = self->count_of(r, call);
            if (!before) return std::unexpected(before.error());
            if (*before) return {};
            auto e = r.calendar().find(id);
            if (!e) return std::unexpected(e.error());
            if (!*e) return unknown_calendar_event();
            const time_point time = self->now();
            const auto next = occurrences(**e, time, time + search_ahead, 1);
            if (!next) return std::unexpected(next.error());
            if (next->empty())
                return fail(errc::not_found, "the calendar event does not take place any more");
            found->push_back({std::move(**e), {{next->front(), on_request}}, time});
            return {};
        },
        [self = state_, found, done = std::move(done), call](const result<>& read) {
            if (!read) return done(std::unexpected(read.error()));
            self->send(found, done, call);
        });
}

}  // namespace carillon::services
