#include "surfaces/users/calendar_routes.hpp"

#include "base/time_text.hpp"
#include "surfaces/support/described.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/sending.hpp"
#include "surfaces/support/surface.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

using services::calendar;
using transport::form;
using transport::route;
namespace rules = transport::rules;

constexpr std::chrono::seconds usual_window = std::chrono::hours(1);

calendar::rights rights_of(const principal& who) {
    return transport::is_admin(who) ? calendar::rights::admin : calendar::rights::owner;
}

/// `2026-03-01T09:00:00` as RFC 5545 has it: without separators. What has another form is left to
/// the service to refuse.
std::string without_separators(std::string text) {
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string with_separators(const std::string& s) {
    if (s.size() != 15) return s;
    return fmt::format("{}-{}-{}T{}:{}:{}", s.substr(0, 4), s.substr(4, 2), s.substr(6, 2),
                       s.substr(9, 2), s.substr(11, 2), s.substr(13, 2));
}

void read_duration(json_body& body, std::string_view field, std::string_view text,
                   std::chrono::seconds& into) {
    const auto d = parse_duration(text);
    if (!d || *d % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
        body.refuse(field, "a duration in whole seconds such as `15m` is expected");
        return;
    }
    into = std::chrono::duration_cast<std::chrono::seconds>(*d);
}

result<store::calendar_event> event_of(std::string_view text) {
    store::calendar_event e;
    std::string length;
    std::vector<std::string> reminders;
    json_body body(text);
    body.text({"id"}, e.id)
        .text({"title"}, e.title, {.needed = presence::required, .max = 1024})
        .text({"starts"}, e.starts, {.needed = presence::required, .max = 32})
        .text({"length"}, length, {.max = 32})
        .text({"zone"}, e.zone, {.max = 64})
        .text({"rule"}, e.rule, {.max = 1024})
        .value({"data"}, e.data)
        .texts({"reminders"}, reminders, {.max_entries = 64, .max_text = 32})
        .texts({"attendees"}, e.attendees, {.max_text = max_id_length});
    e.starts = without_separators(std::move(e.starts));
    if (!length.empty()) read_duration(body, "length", length, e.length);
    for (const std::string& lead : reminders)
        read_duration(body, "reminders", lead, e.reminders.emplace_back());
    if (auto fine = body.done(); !fine) return std::unexpected(fine.error());
    return e;
}

std::string event_json(const store::calendar_event& e) {
    std::vector<std::string> reminders;
    for (const auto lead : e.reminders) reminders.push_back(duration_text(lead));
    json_object out;
    out.text("id", e.id).text("title", e.title).text_if("owner", e.owner);
    out.text("starts", with_separators(e.starts)).text("zone", e.zone.empty() ? "UTC" : e.zone);
    out.text("length", duration_text(e.length)).text_if("rule", e.rule);
    out.texts("reminders", reminders).texts("attendees", e.attendees);
    if (!e.data.empty()) out.raw("data", e.data);
    return out.take();
}

auto answer_count(http::responder answer) {
    return transport::on_loop_of(
        std::move(answer), [](http::responder& to, const result<std::uint64_t>& count) {
            if (!count) return to.send(count.error());
            to.send(http::json_response(200, json_object().number("reminders", *count).take()));
        });
}

}  // namespace

std::vector<route> calendar_routes::routes() {
    const field_list fields{{"title", form::text, {}, true},
                            {"starts", form::text, "local, such as `2026-03-01T09:00:00`", true},
                            {"id", form::text, "unique; a random one without it"},
                            {"zone", form::text, "an IANA name; UTC without it"},
                            {"length", form::text, "a duration such as `1h`"},
                            {"rule", form::text, "an RRULE of RFC 5545, without its name"},
                            {"reminders", form::texts, "durations before the start"},
                            {"attendees", form::texts, "users"},
                            {"data", form::any, "passed on as it is"}};
    const field_list reminded{{"reminders", form::whole_number, "how many went out", true}};
    std::vector<route> all;
    all.push_back({.method = "POST",
                   .path = "/calendar/events",
                   .summary = "creates an event of the caller's, and tells its attendees",
                   .who = rules::user_stream,
                   .takes = one_object(fields),
                   .repeatable = true,
                   .answers = {{201, json_type, "its id", {{"id", form::text, {}, true}}}},
                   .handle = calling(*this, &calendar_routes::create)});
    all.push_back({.method = "GET",
                   .path = "/calendar/events",
                   .summary = "lists what the caller owns or attends",
                   .who = rules::user_stream,
                   .query = page_query(),
                   .answers = {{200, json_type, "a page of events", page_of("events")}},
                   .handle = calling(*this, &calendar_routes::list)});
    all.push_back({.method = "GET",
                   .path = "/calendar/events/{id}",
                   .summary = "shows an event that the caller owns or attends",
                   .who = rules::user_stream,
                   .answers = {{200, json_type, "the event", joined(fields, {{"owner"}})}},
                   .handle = calling(*this, &calendar_routes::show)});
    all.push_back({.method = "PUT",
                   .path = "/calendar/events/{id}",
                   .summary = "changes an event of the caller's",
                   .who = rules::user_stream,
                   .takes = one_object(fields),
                   .answers = {{204, "", "it is changed"}},
                   .handle = calling(*this, &calendar_routes::change)});
    all.push_back({.method = "DELETE",
                   .path = "/calendar/events/{id}",
                   .summary = "removes an event of the caller's",
                   .who = rules::user_stream,
                   .answers = {{204, "", "it is gone"}},
                   .handle = calling(*this, &calendar_routes::remove)});
    all.push_back({.method = "POST",
                   .path = "/calendar/reminders/upcoming",
                   .summary = "reminds the attendees of what starts soon",
                   .who = rules::send,
                   .takes = maybe_object({{"within", form::text, "a duration such as `1h`"}}),
                   .repeatable = true,
                   .answers = {{200, json_type, "how many reminders went out", reminded}},
                   .handle = calling(*this, &calendar_routes::remind_of_upcoming)});
    all.push_back({.method = "POST",
                   .path = "/calendar/reminders/{id}",
                   .summary = "reminds the attendees of an event's next occurrence",
                   .who = rules::send,
                   .repeatable = true,
                   .answers = {{200, json_type, "how many reminders went out", reminded}},
                   .handle = calling(*this, &calendar_routes::remind_of)});
    return all;
}

void calendar_routes::create(http::request& r, const principal& who, http::responder answer) {
    auto e = event_of(r.body);
    if (!e) return answer.send(e.error());
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    e->owner = who.user;
    calendar_.create(std::move(*e),
                     transport::on_loop_of(std::move(answer),
                                           [](http::responder& to, const result<std::string>& id) {
                                               if (!id) return to.send(id.error());
                                               to.send(http::json_response(
                                                   201, json_object().text("id", *id).take()));
                                           }),
                     std::move(*call),
                     transport::is_sender(who) ? calendar::rights::admin : calendar::rights::owner);
}

void calendar_routes::list(http::request& r, const principal& who, http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    calendar_.list(who.user, r.query_value("after").value_or(""), *limit,
                   transport::on_loop_of(
                       std::move(answer),
                       [limit = *limit](http::responder& to,
                                        const result<std::vector<store::calendar_event>>& page) {
                           if (!page) return to.send(page.error());
                           std::vector<std::string> all;
                           for (const store::calendar_event& e : *page)
                               all.push_back(event_json(e));
                           json_object text;
                           text.raw("events", json_list(all));
                           if (page->size() == limit) text.text("next", page->back().id);
                           to.send(http::json_response(200, text.take()));
                       }));
}

void calendar_routes::show(http::request& r, const principal& who, http::responder answer) {
    calendar_.find(
        r.path_rest[0], who.user, rights_of(who),
        transport::on_loop_of(std::move(answer),
                              [](http::responder& to, const result<store::calendar_event>& e) {
                                  if (!e) return to.send(e.error());
                                  to.send(http::json_response(200, event_json(*e)));
                              }));
}

void calendar_routes::change(http::request& r, const principal& who, http::responder answer) {
    auto e = event_of(r.body);
    if (!e) return answer.send(e.error());
    if (!e->id.empty() && e->id != r.path_rest[0])
        return answer.send(error{errc::invalid_request, "`id`: the path names another event"});
    e->id = r.path_rest[0];
    e->owner = who.user;
    calendar_.change(std::move(*e), who.user, rights_of(who),
                     transport::on_loop_of(std::move(answer), answer_done));
}

void calendar_routes::remove(http::request& r, const principal& who, http::responder answer) {
    calendar_.remove(r.path_rest[0], who.user, rights_of(who),
                     transport::on_loop_of(std::move(answer), answer_done));
}

void calendar_routes::remind_of_upcoming(http::request& r, const principal& who,
                                         http::responder answer) {
    std::chrono::seconds window = usual_window;
    if (!r.body.empty()) {
        std::string text;
        json_body body(r.body);
        body.text({"within"}, text, {.max = 32});
        if (!text.empty()) read_duration(body, "within", text, window);
        if (auto fine = body.done(); !fine) return answer.send(fine.error());
    }
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    calendar_.remind_of_upcoming(window, answer_count(std::move(answer)), std::move(*call));
}

void calendar_routes::remind_of(http::request& r, const principal& who, http::responder answer) {
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    calendar_.remind_of(r.path_rest[0], answer_count(std::move(answer)), std::move(*call));
}

}  // namespace carillon::surfaces
