#include <carillon/base/log.hpp>
#include <carillon/services/calendar.hpp>

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/time_text.hpp"
#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

using store::calendar_event;
using store::time_point;

constexpr std::size_t id_length = 22;
constexpr std::size_t page_events = 256;
// The `lead` of reminders that somebody asked for: no schedule has it.
constexpr std::chrono::seconds on_request{-1};
constexpr std::chrono::hours search_ahead{24 * 366 *
                                          5};  ///< where the next occurrence is looked for

result<> check(const calendar_event& e, const calendar_limits& limits) {
    if (auto fine = check_schedule(e); !fine) return fine;
    const auto refused = [](std::string why) {
        return fail(errc::invalid_request, std::move(why));
    };
    if (e.title.empty()) return refused("`title` is empty");
    if (e.title.size() + e.rule.size() + e.data.size() > limits.max_text)
        return fail(errc::event_too_large,
                    fmt::format("a calendar event has at most {} bytes", limits.max_text));
    if (e.attendees.size() > limits.max_attendees)
        return refused(fmt::format("`attendees` has at most {} users", limits.max_attendees));
    if (std::ranges::find(e.attendees, "") != e.attendees.end())
        return refused("`attendees` names an empty user");
    if (e.reminders.size() > limits.max_reminders)
        return refused(fmt::format("`reminders` has at most {} entries", limits.max_reminders));
    const auto wrong = [](std::chrono::seconds lead) {
        return lead.count() < 0 || lead > std::chrono::hours(24 * 366);
    };
    if (std::ranges::any_of(e.reminders, wrong))
        return refused("`reminders` are times before the start, at most a year");
    if (e.length.count() < 0) return refused("`length` is negative");
    return {};
}

std::string text_of(const calendar_event& e, std::optional<time_point> occurrence) {
    std::string out = R"({"id":)";
    append_json_string(out, e.id);
    out += R"(,"title":)";
    append_json_string(out, e.title);
    out += R"(,"starts":)";
    append_json_string(out, e.starts);
    out += R"(,"zone":)";
    append_json_string(out, e.zone.empty() ? "UTC" : e.zone);
    if (!e.rule.empty()) {
        out += R"(,"rule":)";
        append_json_string(out, e.rule);
    }
    if (occurrence) {
        out += fmt::format(R"(,"startsAt":"{}","endsAt":"{}")", rfc3339(*occurrence),
                           rfc3339(*occurrence + e.length));
    }
    if (!e.data.empty()) out.append(R"(,"data":)").append(e.data);
    return out += '}';
}

message message_of(const calendar_event& e, std::string_view action, std::vector<std::string> users,
                   std::optional<time_point> occurrence = {}) {
    message m;
    m.to.users = std::move(users);
    m.what.kind = "calendar";
    m.what.name = wire::event_name::parse(fmt::format("calendar_event_{}", action)).value();
    m.what.payload = payload_kind::json;
    m.what.data = text_of(e, occurrence);
    return m;
}

bool concerns(const calendar_event& e, std::string_view user) {
    return e.owner == user || std::ranges::find(e.attendees, user) != e.attendees.end();
}

}  // namespace

struct calendar::state : std::enable_shared_from_this<state> {
    state(outbox_relay& r, store::record_store& s, calendar_limits l, wall_clock n)
        : relay(r), records(s), limits(l), now(std::move(n)) {}

    outbox_relay& relay;
    store::record_store& records;
    const calendar_limits limits;
    const wall_clock now;

    std::mutex mutex;                            // guards all below
    std::multimap<time_point, std::string> due;  ///< when to look at which event
    bool started = false;

    void load(std::string after, callback<void> done);
    std::optional<time_point> next_look(const calendar_event& e) const;
    void schedule(const calendar_event& e);
    result<std::uint64_t> remind(store::records& r, const calendar_event& e, time_point occurrence,
                                 std::chrono::seconds lead, std::vector<message>& out) const;
    result<std::uint64_t> remind_due(store::records& r, const calendar_event& e, time_point at,
                                     std::vector<message>& out) const;
    void look_at(std::string id);
    /// Looks at what is stored, and may complete the event.
    using check_first = std::function<result<>(store::records&, calendar_event&)>;
    void save(calendar_event e, std::string_view action, check_first check, callback<void> done);
};

calendar::calendar(outbox_relay& relay, store::record_store& records, calendar_limits limits,
                   wall_clock now)
    : state_(std::make_shared<state>(relay, records, limits, std::move(now))) {}

calendar::~calendar() = default;

void calendar::start(callback<void> done) { state_->load({}, std::move(done)); }

void calendar::state::load(std::string after, callback<void> done) {
    auto page = std::make_shared<std::vector<calendar_event>>();
    records.read(
        [page, after](store::records& r) -> result<> {
            auto some = r.calendar().list({}, after, page_events);
            if (!some) return std::unexpected(some.error());
            *page = std::move(*some);
            return {};
        },
        [self = shared_from_this(), page, done = std::move(done)](result<> ok) mutable {
            if (!ok) return done(std::move(ok));
            for (const calendar_event& e : *page) self->schedule(e);
            if (page->size() == page_events) return self->load(page->back().id, std::move(done));
            {
                const std::lock_guard lock(self->mutex);
                self->started = true;
            }
            done({});
        });
}

/// When the first reminder of an occurrence that has not begun is due; nothing: never.
std::optional<time_point> calendar::state::next_look(const calendar_event& e) const {
    if (e.reminders.empty() || e.attendees.empty()) return std::nullopt;
    const time_point time = now();
    std::optional<time_point> soonest;
    for (const std::chrono::seconds lead : e.reminders) {
        // What is due already was sent by the look that schedules this one.
        const auto found = occurrences(e, time + lead + std::chrono::milliseconds(1),
                                       time + lead + search_ahead, 1);
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
    if (count != 0) out.push_back(message_of(e, "reminder", std::move(users), occurrence));
    return count;
}

result<std::uint64_t> calendar::state::remind_due(store::records& r, const calendar_event& e,
                                                  time_point at, std::vector<message>& out) const {
    std::uint64_t count = 0;
    for (const std::chrono::seconds lead : e.reminders) {
        const auto soon =
            occurrences(e, at, at + lead + std::chrono::milliseconds(1), limits.max_reminded);
        if (!soon) return std::unexpected(soon.error());
        for (const time_point occurrence : *soon) {
            const auto sent = remind(r, e, occurrence, lead, out);
            if (!sent) return sent;
            count += *sent;
        }
    }
    return count;
}

void calendar::state::look_at(std::string id) {
    auto found = std::make_shared<std::optional<calendar_event>>();
    relay.write(
        [self = shared_from_this(), id, found](store::records& r,
                                               std::vector<message>& out) -> result<> {
            auto e = r.calendar().find(id);
            if (!e) return std::unexpected(e.error());
            *found = std::move(*e);
            if (!*found) return {};  // removed meanwhile
            const auto sent = self->remind_due(r, **found, self->now(), out);
            if (!sent) return std::unexpected(sent.error());
            return {};
        },
        [self = shared_from_this(), id, found](const result<outbox_relay::outcome>& done) {
            std::optional<time_point> next;
            if (!done) {
                log::warning("reminders wait", {{"event", id}, {"reason", done.error().detail}});
                next = self->now() + std::chrono::seconds(10);
            } else if (*found) {
                next = self->next_look(**found);
            }
            if (!next) return;
            const std::lock_guard lock(self->mutex);
            self->due.emplace(*next, id);
        });
}

void calendar::tick() {
    std::vector<std::string> ids;
    const time_point time = state_->now();
    {
        const std::lock_guard lock(state_->mutex);
        if (!state_->started) return;
        const auto end = state_->due.upper_bound(time);
        for (auto at = state_->due.begin(); at != end; ++at) ids.push_back(at->second);
        state_->due.erase(state_->due.begin(), end);
    }
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    ids.erase(repeated.begin(), repeated.end());
    for (std::string& id : ids) state_->look_at(std::move(id));
}

void calendar::trim() {
    const std::chrono::seconds age = state_->limits.max_age;
    if (age.count() == 0) return;
    // Local times are up to 14 hours ahead of UTC, and up to 12 behind it.
    std::string starts = rfc3339(state_->now() - age - std::chrono::hours(24)).substr(0, 19);
    std::erase_if(starts, [](char c) { return c == '-' || c == ':'; });
    state_->records.write(
        [starts = std::move(starts)](store::records& r) -> result<> {
            const auto gone = r.calendar().trim(starts, page_events);
            if (!gone) return std::unexpected(gone.error());
            return {};
        },
        [](const result<>&) {});
}

// Writes the event, tells its attendees, and looks at its reminders anew.
void calendar::state::save(calendar_event e, std::string_view action, check_first check_stored,
                           callback<void> done) {
    if (auto fine = check(e, limits); !fine) return done(std::move(fine));
    std::ranges::sort(e.attendees);
    const auto repeated = std::ranges::unique(e.attendees);
    e.attendees.erase(repeated.begin(), repeated.end());
    auto kept = std::make_shared<calendar_event>(std::move(e));  // until it is stored
    relay.write(
        [kept, action, check_stored = std::move(check_stored)](
            store::records& r, std::vector<message>& out) -> result<> {
            if (auto fine = check_stored(r, *kept); !fine) return fine;
            if (auto put = r.calendar().put(*kept); !put) return put;
            if (!kept->attendees.empty()) out.push_back(message_of(*kept, action, kept->attendees));
            return {};
        },
        [self = shared_from_this(), kept,
         done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            self->schedule(*kept);
            done({});
        });
}

void calendar::create(calendar_event e, callback<std::string> done) {
    if (e.id.empty()) e.id = random_token(id_length);
    const std::string id = e.id;
    state_->save(
        std::move(e), "created",
        [](store::records& r, const calendar_event& made) -> result<> {
            const auto there = r.calendar().find(made.id);
            if (!there) return std::unexpected(there.error());
            if (*there) return fail(errc::conflict, "there is a calendar event with this id");
            return {};
        },
        [id, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(id);
        });
}

namespace {

std::unexpected<error> unknown_event() {
    return fail(errc::not_found, "there is no calendar event with this id");
}

result<calendar_event> owned(store::records& r, std::string_view id, std::string_view user,
                             calendar::rights as) {
    auto e = r.calendar().find(id);
    if (!e) return std::unexpected(e.error());
    if (!*e || (as != calendar::rights::admin && (*e)->owner != user)) return unknown_event();
    return std::move(**e);
}

}  // namespace

// It stays its owner's, whoever changes it.
void calendar::change(calendar_event e, std::string user, rights as, callback<void> done) {
    state_->save(
        std::move(e), "updated",
        [user = std::move(user), as](store::records& r, calendar_event& changed) -> result<> {
            auto before = owned(r, changed.id, user, as);
            if (!before) return std::unexpected(before.error());
            changed.owner = std::move(before->owner);
            return {};
        },
        std::move(done));
}

void calendar::remove(std::string id, std::string user, rights as, callback<void> done) {
    state_->relay.write(
        [id = std::move(id), user = std::move(user), as](store::records& r,
                                                         std::vector<message>& out) -> result<> {
            const auto before = owned(r, id, user, as);
            if (!before) return std::unexpected(before.error());
            const auto gone = r.calendar().remove(id);
            if (!gone) return std::unexpected(gone.error());
            if (!before->attendees.empty())
                out.push_back(message_of(*before, "deleted", before->attendees));
            return {};
        },
        [done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            done({});
        });
}

void calendar::find(std::string id, std::string user, rights as, callback<calendar_event> done) {
    auto found = std::make_shared<calendar_event>();
    state_->records.read(
        [found, id = std::move(id), user = std::move(user), as](store::records& r) -> result<> {
            auto e = r.calendar().find(id);
            if (!e) return std::unexpected(e.error());
            if (!*e || (as != rights::admin && !concerns(**e, user))) return unknown_event();
            *found = std::move(**e);
            return {};
        },
        [found, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*found));
        });
}

void calendar::list(std::string user, std::string after_id, std::size_t limit,
                    callback<std::vector<calendar_event>> done) {
    limit = std::clamp<std::size_t>(limit, 1, state_->limits.max_page);
    auto all = std::make_shared<std::vector<calendar_event>>();
    state_->records.read(
        [all, user = std::move(user), after = std::move(after_id),
         limit](store::records& r) -> result<> {
            auto some = r.calendar().list(user, after, limit);
            if (!some) return std::unexpected(some.error());
            *all = std::move(*some);
            return {};
        },
        [all, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*all));
        });
}

void calendar::remind_of_upcoming(std::chrono::seconds window, callback<std::uint64_t> done) {
    if (window.count() <= 0 || window > state_->limits.max_window) {
        return done(fail(errc::invalid_request,
                         fmt::format("the window is at least a second and at most {} hours",
                                     state_->limits.max_window.count())));
    }
    auto count = std::make_shared<std::uint64_t>(0);
    state_->relay.write(
        [self = state_, count, window](store::records& r, std::vector<message>& out) -> result<> {
            *count = 0;
            const time_point time = self->now();
            std::string after;
            for (;;) {
                const auto page = r.calendar().list({}, after, page_events);
                if (!page) return std::unexpected(page.error());
                for (const calendar_event& e : *page) {
                    const auto soon =
                        occurrences(e, time, time + window, self->limits.max_reminded);
                    if (!soon) continue;  // a rule that was accepted by an earlier version
                    for (const time_point occurrence : *soon) {
                        const auto sent = self->remind(r, e, occurrence, on_request, out);
                        if (!sent) return std::unexpected(sent.error());
                        *count += *sent;
                    }
                }
                if (page->size() < page_events) break;
                after = page->back().id;
            }
            const auto trimmed =
                r.calendar().trim_reminders(time - self->limits.keep_reminders, page_events);
            if (!trimmed) return std::unexpected(trimmed.error());
            return {};
        },
        [count, done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            done(*count);
        });
}

void calendar::remind_of(std::string id, callback<std::uint64_t> done) {
    auto count = std::make_shared<std::uint64_t>(0);
    state_->relay.write(
        [self = state_, count, id = std::move(id)](store::records& r,
                                                   std::vector<message>& out) -> result<> {
            *count = 0;
            const auto e = r.calendar().find(id);
            if (!e) return std::unexpected(e.error());
            if (!*e) return unknown_event();
            const time_point time = self->now();
            const auto next = occurrences(**e, time, time + search_ahead, 1);
            if (!next) return std::unexpected(next.error());
            if (next->empty())
                return fail(errc::not_found, "the calendar event does not take place any more");
            const auto sent = self->remind(r, **e, next->front(), on_request, out);
            if (!sent) return std::unexpected(sent.error());
            *count = *sent;
            return {};
        },
        [count, done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            done(*count);
        });
}

}  // namespace carillon::services
