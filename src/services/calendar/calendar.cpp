// Events, and the calls of those who keep and attend them.
#include "base/ago.hpp"
#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/time_text.hpp"
#include "services/calendar/calendar_state.hpp"
#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

using store::calendar_event;
using store::time_point;

constexpr std::size_t id_length = 22;
constexpr std::size_t trimmed_at_once = 2000;  ///< reminders

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

bool concerns(const calendar_event& e, std::string_view user) {
    return e.owner == user || std::ranges::find(e.attendees, user) != e.attendees.end();
}

}  // namespace

std::unexpected<error> unknown_calendar_event() {
    return fail(errc::not_found, "there is no calendar event with this id");
}

message calendar_message(const calendar_event& e, std::string_view action,
                         std::vector<std::string> users, std::optional<time_point> occurrence) {
    message m;
    m.to.users = std::move(users);
    m.what.kind = "calendar";
    m.what.name = wire::event_name::parse(fmt::format("calendar_event_{}", action)).value();
    m.what.payload = payload_kind::json;
    m.what.data = text_of(e, occurrence);
    return m;
}

calendar::calendar(outbox_relay& relay, store::record_store& records, calendar_limits limits,
                   wall_clock now)
    : state_(std::make_shared<state>(relay, records, limits, std::move(now))) {}

calendar::~calendar() = default;

void calendar::start(callback<void> done) { state_->load({}, std::move(done)); }

void calendar::state::load(std::string after, callback<void> done) {
    auto page = std::make_shared<std::vector<calendar_event>>();
    records.read(
        [page, after](store::records& r) -> result<> {
            auto some = r.calendar().list({}, after, calendar_page);
            if (!some) return std::unexpected(some.error());
            *page = std::move(*some);
            return {};
        },
        [self = shared_from_this(), page, done = std::move(done)](result<> ok) mutable {
            if (!ok) return done(std::move(ok));
            for (const calendar_event& e : *page) self->schedule(e);
            if (page->size() == calendar_page) return self->load(page->back().id, std::move(done));
            {
                const std::lock_guard lock(self->mutex);
                self->started = true;
            }
            done({});
        });
}

void calendar::trim() {
    const time_point now = state_->now();
    const std::chrono::seconds age = state_->limits.max_age;
    std::string starts;
    if (age.count() != 0) {
        // Local times are up to 14 hours ahead of UTC, and up to 12 behind it.
        starts = rfc3339(ago(ago(now, age), std::chrono::hours(24))).substr(0, 19);
        std::erase_if(starts, [](char c) { return c == '-' || c == ':'; });
    }
    state_->records.write(
        [starts = std::move(starts),
         before = ago(now, state_->limits.keep_reminders)](store::records& r) -> result<> {
            const auto reminders = r.calendar().trim_reminders(before, trimmed_at_once);
            if (!reminders) return std::unexpected(reminders.error());
            if (starts.empty()) return {};
            const auto gone = r.calendar().trim(starts, calendar_page);
            if (!gone) return std::unexpected(gone.error());
            return {};
        },
        [](const result<>&) {});
}

// Writes the event, tells its attendees, and looks at its reminders anew. Answers with its id.
void calendar::state::save(calendar_event e, change how, callback<std::string> done) {
    if (auto fine = check(e, limits); !fine) return done(std::unexpected(fine.error()));
    std::ranges::sort(e.attendees);
    const auto named_twice = std::ranges::unique(e.attendees);
    e.attendees.erase(named_twice.begin(), named_twice.end());
    // Each attendee has a copy.
    if (text_of(e, time_point{}).size() * e.attendees.size() > limits.max_copied)
        return done(fail(errc::payload_too_large,
                         fmt::format("what `attendees` are told has at most {} bytes together "
                                     "(`calendar.max_copied`)",
                                     limits.max_copied)));
    auto kept = std::make_shared<calendar_event>(std::move(e));  // until it is stored
    auto repeated = std::make_shared<bool>(false);
    relay.write(
        [self = shared_from_this(), kept, repeated, how = std::move(how)](
            store::records& r, std::vector<message>& out) -> result<> {
            const auto before = self->relay.made_before(r, how.call);
            if (!before) return std::unexpected(before.error());
            *repeated = before->has_value();
            if (*repeated) {
                kept->id = **before;
                return {};
            }
            if (auto fine = how.check(r, *kept); !fine) return fine;
            if (auto put = r.calendar().put(*kept); !put) return put;
            if (!kept->attendees.empty()) {
                out.push_back(calendar_message(*kept, how.action, kept->attendees));
                out.back().by = how.by;
            }
            return self->relay.remember(r, how.call, kept->id);
        },
        [self = shared_from_this(), kept, repeated,
         done = std::move(done)](const result<outbox_relay::outcome>& written) {
            if (!written) return done(std::unexpected(written.error()));
            if (!*repeated) self->schedule(*kept);
            done(kept->id);
        });
}

void calendar::create(calendar_event e, callback<std::string> done,
                      std::optional<repeatable_call> call, rights as) {
    if (e.id.empty()) e.id = random_token(id_length);
    const bool is_user = as == rights::owner;
    const auto is_new = [is_user, most = state_->limits.max_events](
                            store::records& r, const calendar_event& made) -> result<> {
        const auto there = r.calendar().find(made.id);
        if (!there) return std::unexpected(there.error());
        if (*there) return fail(errc::conflict, "there is a calendar event with this id");
        if (!is_user) return {};
        const auto count = r.calendar().count(made.owner);
        if (!count) return std::unexpected(count.error());
        if (*count < most) return {};
        return fail(
            errc::payload_too_large,
            fmt::format("a user has at most {} calendar events (`calendar.max_events`)", most));
    };
    std::string by = is_user ? e.owner : std::string();
    state_->save(std::move(e), {"created", is_new, std::move(call), std::move(by)},
                 std::move(done));
}

namespace {

result<calendar_event> owned(store::records& r, std::string_view id, std::string_view user,
                             calendar::rights as) {
    auto e = r.calendar().find(id);
    if (!e) return std::unexpected(e.error());
    if (!*e || (as != calendar::rights::admin && (*e)->owner != user))
        return unknown_calendar_event();
    return std::move(**e);
}

}  // namespace

// It stays its owner's, whoever changes it.
void calendar::change(calendar_event e, std::string user, rights as, callback<void> done) {
    std::string by = as == rights::owner ? user : std::string();
    const auto is_theirs = [user = std::move(user), as](store::records& r,
                                                        calendar_event& changed) -> result<> {
        auto before = owned(r, changed.id, user, as);
        if (!before) return std::unexpected(before.error());
        changed.owner = std::move(before->owner);
        return {};
    };
    state_->save(std::move(e), {"updated", is_theirs, std::nullopt, std::move(by)},
                 [done = std::move(done)](const result<std::string>& id) {
                     if (!id) return done(std::unexpected(id.error()));
                     done({});
                 });
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
                out.push_back(calendar_message(*before, "deleted", before->attendees));
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
            if (!*e || (as != rights::admin && !concerns(**e, user)))
                return unknown_calendar_event();
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

}  // namespace carillon::services
