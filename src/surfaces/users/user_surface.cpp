#include "surfaces/users/user_surface.hpp"

#include "surfaces/support/described.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/room_streams.hpp"
#include "surfaces/support/sending.hpp"
#include "surfaces/support/stream_route.hpp"
#include "surfaces/users/calendar_routes.hpp"
#include "surfaces/users/user_stream.hpp"
#include "transport/on_loop.hpp"
#include "transport/rules.hpp"

#include <iterator>
#include <utility>

namespace carillon::surfaces {

namespace {

using transport::form;
using transport::route;
namespace rules = transport::rules;

std::string connection_json(const client_info& c) {
    json_object out;
    out.text("id", c.id).text_if("userId", c.user).text_if("sessionId", c.session);
    out.text_if("profile", c.profile).text_if("address", c.address);
    out.time("connectedAt", c.connected_at);
    if (c.last_event_at) out.time("lastEventAt", *c.last_event_at);
    return out.number("events", c.events).take();
}

std::vector<transport::described_event> stream_events() {
    return {{"event",
             {},
             "an event; the first one is of the type `connection_established`",
             {{"type", form::text, "such as `notification`, `heartbeat`, or the sender's", true},
              {"data", form::any, "the sender's", true},
              {"userId", form::text, "the recipient; missing if it is for everyone"},
              {"timestamp", form::text, "RFC 3339", true}}}};
}

field_list sent_fields() {
    return joined({{"type", form::text, "the application's own", true},
                   {"data", form::any, "passed on as it is"},
                   {"timestamp", form::text, "RFC 3339"},
                   {"ephemeral", form::flag, "not stored: whoever is away misses it"}},
                  recipient_fields("the recipients; without any: everyone"));
}

field_list count_fields() {
    return {{"userId", form::text, {}, true},
            {"connected", form::flag, {}, true},
            {"connections", form::whole_number, {}, true}};
}

class user_surface final : public surface {
public:
    user_surface(const surface_context& with, surface_options options, envelope_id first)
        : with_(with), profile_(std::move(options.profile)), calendar_(with.calendar) {
        profile_.envelope = first;
        profile_.dialect = std::make_shared<user_dialect>();
    }

    std::vector<route> routes() override;

private:
    void connect(http::request& r, const principal& who, http::responder answer);
    void show_status(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);
    void count(http::request& r, const principal& who, http::responder answer);
    void send(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    stream_profile profile_;
    calendar_routes calendar_;
};

std::vector<route> user_surface::routes() {
    std::vector<route> all;
    all.push_back(
        stream_route(with_.streams, {"/sse/connect", "listens to the caller's events",
                                     rules::user_stream, "events for the caller and for everyone",
                                     stream_events(), calling(*this, &user_surface::connect)}));
    all.push_back({.method = "GET",
                   .path = "/sse/status",
                   .summary = "tells how many streams the caller has",
                   .who = rules::user_stream,
                   .answers = {{200, json_type, "the count", count_fields()}},
                   .handle = calling(*this, &user_surface::show_status)});
    all.push_back({.method = "GET",
                   .path = "/sse/connections",
                   .summary = "lists the streams of all users",
                   .who = rules::administration,
                   .query = joined(page_query(), {{"userId", form::texts, "only these users'"}}),
                   .answers = {{200, json_type, "a page of them",
                                joined({{"total", form::whole_number, "of all", true}},
                                       page_of("connections"))}},
                   .handle = calling(*this, &user_surface::list)});
    all.push_back({.method = "GET",
                   .path = "/sse/users/{user}/connections",
                   .summary = "tells how many streams a user has",
                   .who = rules::administration,
                   .answers = {{200, json_type, "the count", count_fields()}},
                   .handle = calling(*this, &user_surface::count)});
    all.push_back({.method = "POST",
                   .path = "/sse/send",
                   .summary = "sends an event to users, or to everyone",
                   .who = rules::send,
                   .takes = one_object(sent_fields()),
                   .repeatable = true,
                   .answers = {{200, json_type, "the events' ids", published_fields()}},
                   .handle = calling(*this, &user_surface::send)});
    std::ranges::move(calendar_.routes(), std::back_inserter(all));
    return all;
}

void user_surface::connect(http::request& r, const principal& who, http::responder answer) {
    if (who.is_anonymous())
        return answer.send(error{errc::unauthenticated, "a stream of events is a user's"});
    stream_request asked = stream_of(profile_, who);
    asked.spaces = users_spaces;
    open_with_rooms(with_, r, std::move(answer), std::move(asked));
}

void user_surface::show_status(http::request&, const principal& who, http::responder answer) {
    const std::size_t count = with_.events.connections_of(who.user);
    json_object text;
    text.text("userId", who.user).number("connected", count != 0).number("connections", count);
    answer.send(http::json_response(200, text.take()));
}

void user_surface::count(http::request& r, const principal&, http::responder answer) {
    const std::string& user = r.path_rest[0];
    const std::size_t count = with_.events.connections_of(user);
    json_object text;
    text.text("userId", user).number("connected", count != 0).number("connections", count);
    answer.send(http::json_response(200, text.take()));
}

void user_surface::list(http::request& r, const principal&, http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    client_query query;
    query.users = r.query_values("userId");
    query.after = r.query_value("after").value_or("");
    query.limit = *limit;
    with_.users.active_connections(
        std::move(query),
        transport::on_loop_of(
            std::move(answer), [this](http::responder& to, const result<client_page>& page) {
                if (!page) return to.send(page.error());
                std::vector<std::string> all;
                for (const client_info& c : page->clients) all.push_back(connection_json(c));
                json_object text;
                text.number("total", with_.users.connection_count());
                text.raw("connections", json_list(all)).text_if("next", page->next);
                to.send(http::json_response(200, text.take()));
            }));
}

void user_surface::send(http::request& r, const principal& who, http::responder answer) {
    services::user_event what;
    std::vector<std::string> users;
    json_body body(r.body);
    read_event(body, {"type"}, what);
    body.flag({"ephemeral"}, what.ephemeral);
    read_recipients(body, users, with_.events.options()->max_recipients);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    send_to(with_.users, r, who, std::move(what), std::move(users), std::move(answer));
}

envelopes make_envelopes() { return {std::make_shared<user_envelope>()}; }

std::unique_ptr<surface> make(const surface_context& with, surface_options options,
                              envelope_id first) {
    return std::make_unique<user_surface>(with, std::move(options), first);
}

}  // namespace

const surface_kind user_surface_kind{"users", "the service of users", make_envelopes, make};

}  // namespace carillon::surfaces
