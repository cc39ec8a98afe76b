// What the topic service answers, and which callers it answers.
#include "surfaces/support/surface.hpp"
#include "surfaces/topics/topic_fields.hpp"
#include "surfaces/topics/topic_surface.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using transport::form;
using transport::route;
namespace rules = transport::rules;

transport::body_rule one_event() { return one_object(event_fields_without_topics()); }

transport::body_rule some_events(field_list fields) {
    transport::body_rule rule = one_object(std::move(fields));
    rule.many = true;
    return rule;
}

transport::body_rule events_or_lines() {
    transport::body_rule rule = some_events(event_fields());
    rule.streamed = transport::line_types();
    return rule;
}

}  // namespace

std::vector<route> topic_surface::routes() {
    std::vector<route> all;
    add_listening(all);
    add_publishing(all);
    add_finite(all);
    add_clients(all);
    for (route& r : all) r.path.insert(0, options_.prefix);
    if (options_.enabled) return all;
    return transport::switched_off(std::move(all), "the topic service is switched off");
}

void topic_surface::add_listening(std::vector<route>& to) {
    const transport::route_refusal as_stream = [this](const http::request& r,
                                                      http::responder answer, const error& why) {
        streams_.refuse(r, std::move(answer), why);
    };
    for (const char* path : {"/subscribe", "/subscribe/{topic...}"}) {
        to.push_back(
            {.method = "GET",
             .path = path,
             .summary = "listens to topics and patterns",
             .who = rules::topic_stream,
             .query = joined(topic_query_fields(), {{"envelope", form::text, "`plain` or `full`"}}),
             .answers = {{200, "text/event-stream", "their events"}},
             .handle = calling(*this, &topic_surface::subscribe),
             .refuse = as_stream});
    }
    for (const char* path : {"/subscribe/$doctor/{name}", "/subscribe/$doctor/{name}/{text...}"}) {
        to.push_back({.method = "GET",
                      .path = path,
                      .summary = "listens to a ping; says how a request arrived (`?ping=`)",
                      .who = rules::topic_stream,
                      .answers = {{200, "text/event-stream", "what pings say"},
                                  {200, json_type, "path, host and client as they arrived"}},
                      .handle = calling(doctor_, &doctor_routes::examine),
                      .refuse = as_stream});
    }
    to.push_back({.method = "GET",
                  .path = "/streams/{stream}",
                  .summary = "reads a stream that ends",
                  .who = rules::topic_stream,
                  .answers = {{200, "text/event-stream", "what was appended"},
                              {204, "", "its end lies at or before the cursor"}},
                  .handle = calling(finite_, &finite_stream_routes::read),
                  .refuse = as_stream});
    to.push_back({.method = "GET",
                  .path = "/history",
                  .summary = "reads what is kept of topics",
                  .who = rules::topic_stream,
                  .query = joined(topic_query_fields(),
                                  {{"limit", form::whole_number, "events of a page, up to 1000"},
                                   {"last", form::whole_number, "so many of the newest"},
                                   {"since", form::text, "a duration, a time, or `earliest`"},
                                   {"last_event_id", form::text, "`next` of the page before"}}),
                  .answers = {{200,
                               json_type,
                               "events, and where to go on",
                               {{"events", form::objects, {}, true},
                                {"next", form::text, {}, true},
                                {"more", form::flag, {}, true},
                                {"resume", form::text, {}, true},
                                {"gap", form::object}}}},
                  .handle = calling(*this, &topic_surface::history)});
}

void topic_surface::add_publishing(std::vector<route>& to) {
    const transport::route_upload lines = [this](http::request& r, const principal& who,
                                                 http::responder answer,
                                                 http::upload_control control) {
        return upload(r, who, std::move(answer), std::move(control));
    };
    for (const char* path : {"/publish", "/publish/{topic...}"}) {
        to.push_back({.method = "POST",
                      .path = path,
                      .summary = "publishes an event, an array of events, or lines",
                      .who = rules::topic_publish,
                      .takes = events_or_lines(),
                      .repeatable = true,
                      .answers = {{200, json_type, "ids and positions", publish_fields(), true},
                                  {202,
                                   json_type,
                                   "the event waits for its time",
                                   {{"scheduledId", form::text, {}, true}}}},
                      .handle = calling(*this, &topic_surface::publish),
                      .upload = lines});
    }
    to.push_back({.method = "DELETE",
                  .path = "/history/{id}",
                  .summary = "takes an event back",
                  .who = rules::topic_publish,
                  .query = {{"topic", form::text, "which one it is of", true}},
                  .answers = {{200, json_type, "where that is told", publish_fields()}},
                  .handle = calling(*this, &topic_surface::erase)});
    to.push_back({.method = "PUT",
                  .path = "/history/{id}",
                  .summary = "puts another content in an event's place",
                  .who = rules::topic_publish,
                  .takes = one_event(),
                  .query = {{"topic", form::text, "which one it is of", true}},
                  .answers = {{200, json_type, "where that is told", publish_fields()}},
                  .handle = calling(*this, &topic_surface::erase)});
    to.push_back({.method = "GET",
                  .path = "/scheduled",
                  .summary = "lists the events that wait for their time",
                  .who = rules::topic_publish,
                  .query = page_query(),
                  .answers = {{200, json_type, "the events, soonest first", page_of("scheduled")}},
                  .handle = calling(*this, &topic_surface::list_scheduled)});
    to.push_back({.method = "DELETE",
                  .path = "/scheduled/{id}",
                  .summary = "calls off an event that waits",
                  .who = rules::topic_publish,
                  .answers = {{204, "", "it is called off"}},
                  .handle = calling(*this, &topic_surface::cancel_scheduled)});
}

void topic_surface::add_finite(std::vector<route>& to) {
    to.push_back({.method = "POST",
                  .path = "/streams",
                  .summary = "begins a stream that ends",
                  .who = rules::topic_publish,
                  .answers = {{201, json_type, "its id", {{"stream", form::text, {}, true}}}},
                  .handle = calling(finite_, &finite_stream_routes::begin)});
    to.push_back({.method = "POST",
                  .path = "/streams/{stream}",
                  .summary = "appends to a stream",
                  .who = rules::topic_publish,
                  .takes = some_events(event_fields_without_topics()),
                  .repeatable = true,
                  .answers = {{200,
                               json_type,
                               "whether a reader asked to stop",
                               {{"stopRequested", form::flag, {}, true},
                                {"id"},
                                {"position", form::whole_number}}}},
                  .handle = calling(finite_, &finite_stream_routes::append)});
    to.push_back({.method = "POST",
                  .path = "/streams/{stream}/close",
                  .summary = "ends a stream for good",
                  .who = rules::topic_publish,
                  .answers = {{200,
                               json_type,
                               "where it ends",
                               {{"stream", form::text, {}, true},
                                {"id"},
                                {"position", form::whole_number}}}},
                  .handle = calling(finite_, &finite_stream_routes::close)});
    // A caller with the id reads the stream, and may lose interest in it.
    to.push_back({.method = "DELETE",
                  .path = "/streams/{stream}",
                  .summary = "asks a stream's producer to stop",
                  .who = rules::topic_stream,
                  .answers = {{202, "", "the producer is told when it appends"}},
                  .handle = calling(finite_, &finite_stream_routes::request_stop)});
}

void topic_surface::add_clients(std::vector<route>& to) {
    to.push_back(
        {.method = "GET",
         .path = "/clients",
         .summary = "lists who listens",
         .who = rules::administration,
         .query = joined(client_query_fields(), page_query()),
         .answers = {{200, json_type, "the clients",
                      joined({{"total", form::whole_number, "of all", true}}, page_of("clients"))}},
         .handle = calling(clients_, &client_routes::list)});
    to.push_back(
        {.method = "DELETE",
         .path = "/clients",
         .summary = "ends the streams that the query names",
         .who = rules::administration,
         .query = client_query_fields(),
         .answers =
             {{200, json_type, "how many they were", {{"ended", form::whole_number, {}, true}}}},
         .handle = calling(clients_, &client_routes::end_all)});
    to.push_back({.method = "GET",
                  .path = "/stats",
                  .summary = "counts streams by user, topic and kind",
                  .who = rules::administration,
                  .query = joined(client_query_fields(),
                                  {{"top", form::whole_number, "rows of each list, up to 100"}}),
                  .answers = {{200,
                               json_type,
                               "the figures",
                               {{"streams", form::whole_number, {}, true},
                                {"users", form::whole_number, {}, true},
                                {"durable", form::whole_number, {}, true},
                                {"slow", form::whole_number, {}, true},
                                {"averageDurationMs", form::whole_number, {}, true},
                                {"events", form::whole_number, {}, true},
                                {"bytes", form::whole_number, {}, true},
                                {"lastEventAt"},
                                {"byUser", form::objects, {}, true},
                                {"byTopic", form::objects, {}, true},
                                {"byProfile", form::objects, {}, true},
                                {"sinceStart", form::object, {}, true}}}},
                  .handle = calling(clients_, &client_routes::statistics)});
    to.push_back({.method = "GET",
                  .path = "/clients/{id}",
                  .summary = "shows one client",
                  .who = rules::client_call,
                  .answers = {{200, json_type, "the client", client_fields()}},
                  .handle = calling(clients_, &client_routes::show)});
    to.push_back({.method = "DELETE",
                  .path = "/clients/{id}",
                  .summary = "ends a client's stream",
                  .who = rules::client_call,
                  .answers = {{204, "", "it ends"}},
                  .handle = calling(clients_, &client_routes::remove)});
    to.push_back(
        {.method = "POST",
         .path = "/clients/{id}/send",
         .summary = "sends an event to one client alone",
         .who = rules::client_call,
         .takes = one_event(),
         .repeatable = true,
         .answers =
             {{200, json_type, "its id and position", {{"id"}, {"position", form::whole_number}}}},
         .handle = calling(clients_, &client_routes::send)});
    to.push_back({.method = "POST",
                  .path = "/clients/{id}/heartbeat",
                  .summary = "sends a heartbeat to one client now",
                  .who = rules::client_call,
                  .answers = {{204, "", "it is sent"}},
                  .handle = calling(clients_, &client_routes::beat)});
    for (const char* method : {"PUT", "DELETE"}) {
        to.push_back({.method = method,
                      .path = "/clients/{id}/topics/{topic...}",
                      .summary = std::string_view(method) == "PUT"
                                     ? "adds a topic to a client's stream"
                                     : "takes a topic from a client's stream",
                      .who = rules::client_call,
                      .answers = {{204, "", "done"}},
                      .handle = calling(clients_, &client_routes::change_topic)});
    }
}

}  // namespace carillon::surfaces
