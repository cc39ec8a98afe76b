// The system's state as system C shows it.
#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/connections.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/on_loop.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using transport::form;

field_list figure_fields() {
    field_list all{{"timestamp", form::text, {}, true}};
    for (const char* name :
         {"activeConnections", "totalConnections", "eventsPublished", "eventsDelivered",
          "bytesDelivered", "slowConnections", "uptimeSeconds"})
        all.push_back({name, form::whole_number, {}, true});
    return all;
}

/// Nobody publishes here: a stream has to listen to something.
topic heartbeat_room() { return topic::parse("$heartbeat").value(); }

/// The first heartbeat goes out with the opening, so that a page sees that it is heard.
class heartbeat_dialect final : public stream_dialect {
public:
    void opening(const opening_facts& facts, std::string& out) const override {
        stream_dialect::opening(facts, out);
        stream_dialect::heartbeat({std::chrono::system_clock::now(), true}, out);
    }
};

}  // namespace

system_domain::system_domain(const surface_context& with, const domain_streams& streams,
                             stream_profile profile)
    : with_(with),
      streams_(streams),
      beats_(std::move(profile)),
      started_(std::chrono::steady_clock::now()) {
    beats_.dialect = std::make_shared<heartbeat_dialect>();
}

void system_domain::add_routes(std::vector<transport::route>& to) {
    to.push_back(streams_.route("/system/status/stream", "listens to the system's status",
                                {{"system-status",
                                  "system-status",
                                  "the operators' words, with what else they say",
                                  {{"status"}, {"message"}, {"timestamp"}}}},
                                calling(*this, &system_domain::listen)));
    to.push_back(streams_.route("/system/heartbeat", "listens to heartbeats alone",
                                {{"heartbeat", "heartbeat", "that the stream lives", {}}},
                                calling(*this, &system_domain::beat)));
    to.push_back({.method = "POST",
                  .path = "/system/status/update",
                  .summary = "tells everyone the system's status",
                  .who = transport::rules::administration,
                  .takes = open_to_more({{"status"}, {"message"}, {"timestamp"}}),
                  .repeatable = true,
                  .answers = {{200, json_type, "the event's id", published_fields()}},
                  .handle = calling(*this, &system_domain::update)});
    to.push_back({.method = "GET",
                  .path = "/system/stats",
                  .summary = "shows figures of the streams",
                  .who = transport::rules::open,
                  .answers = {{200, json_type, "the figures", figure_fields()}},
                  .handle = calling(*this, &system_domain::show_stats)});
    to.push_back({.method = "GET",
                  .path = "/system/connections",
                  .summary = "lists who listens",
                  .who = transport::rules::administration,
                  .query = page_query(),
                  .answers = {{200, json_type, "a page of streams",
                               joined({{"total", form::whole_number, "of all", true}},
                                      page_of("connections"))}},
                  .handle = calling(*this, &system_domain::list_connections)});
    to.push_back(
        {.method = "GET",
         .path = "/system/health",
         .summary = "tells that the server runs",
         .who = transport::rules::open,
         .answers = {{200,
                      json_type,
                      "it runs",
                      {{"status", form::text, {}, true}, {"timestamp", form::text, {}, true}}}},
         .handle = calling(*this, &system_domain::show_health)});
}

void system_domain::listen(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"system"}, dispatch::named);
    if (!asked) return answer.send(asked.error());
    asked->spaces.everyone = true;
    streams_.open(r, std::move(answer), std::move(*asked));
}

void system_domain::beat(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {}, dispatch::named);
    if (!asked) return answer.send(asked.error());
    asked->profile = &beats_;
    asked->rooms = {heartbeat_room()};
    asked->heartbeat_event = true;
    streams_.open(r, std::move(answer), std::move(*asked));
}

void system_domain::update(http::request& r, const principal& who, http::responder answer) {
    auto data = open_object(r.body, {}, {"status", "message", "timestamp"});
    if (!data) return answer.send(data.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    services::user_event what;
    what.type = "system-status";
    what.data = std::move(*data);
    with_.users.announce(std::move(what), std::move(*once), answer_published(std::move(answer)));
}

void system_domain::show_stats(http::request&, const principal&, http::responder answer) {
    const hub_stats s = with_.events.stats();
    json_object text;
    text.number("activeConnections", s.subscribers)
        .number("totalConnections", s.connections)
        .number("eventsPublished", s.published)
        .number("eventsDelivered", s.delivered)
        .number("bytesDelivered", s.bytes)
        .number("slowConnections", s.slow)
        .number("uptimeSeconds", std::chrono::duration_cast<std::chrono::seconds>(
                                     std::chrono::steady_clock::now() - started_)
                                     .count())
        .time("timestamp", std::chrono::system_clock::now());
    answer.send(http::json_response(200, text.take()));
}

void system_domain::list_connections(http::request& r, const principal&, http::responder answer) {
    surfaces::list_connections(with_.events, r, std::move(answer), {}, "connections");
}

void system_domain::show_health(http::request&, const principal&, http::responder answer) {
    if (with_.events.draining())
        return answer.send(error{errc::unavailable, "the server is draining"});
    json_object text;
    text.text("status", "ok").time("timestamp", std::chrono::system_clock::now());
    answer.send(http::json_response(200, text.take()));
}

}  // namespace carillon::surfaces
