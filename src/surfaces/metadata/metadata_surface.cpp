#include "surfaces/metadata/metadata_surface.hpp"

#include <carillon/base/log.hpp>
#include <carillon/services/metadata_events.hpp>

#include "surfaces/metadata/client_parameters.hpp"
#include "surfaces/metadata/metadata_stream.hpp"
#include "surfaces/support/connections.hpp"
#include "surfaces/support/described.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/sending.hpp"
#include "surfaces/support/stream_route.hpp"
#include "transport/json_slices.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using transport::form;
using transport::route;

constexpr std::size_t rows_of_statistics = 100;

field_list notify_fields() {
    return {{"event", form::text, "the event's name; `notification` without it"},
            {"data", form::any, "passed on as it is"},
            {"id", form::text, "the sender's own, in place of the hub's"},
            {"retry", form::whole_number, "milliseconds until clients come back"},
            {"sessionId"},
            {"sessionIds", form::texts},
            {"clientIds", form::texts},
            {"metadata", form::object, "what clients are known to have"},
            {"broadcast", form::flag, "for everyone, as without any recipient"}};
}

std::vector<transport::described_event> client_events() {
    return {{"opening",
             "carillon.open",
             "the first event: the verdict on the cursor",
             {{"resume", form::text, {}, true}, {"client"}}},
            {"notification", "notification", "a notification, or a test", {}},
            {"event", {}, "an event under the sender's own name", {}}};
}

/// `metadata`: an object of strings, numbers and booleans.
void read_metadata(json_body& from, std::vector<attribute>& into) {
    std::string text;
    from.object({"metadata"}, text);
    if (text.empty()) return;
    auto members = transport::object_members(text);
    if (!members) return;  // the body was checked as a whole
    for (auto& [name, slice] : *members) {
        if (name.empty() || slice.starts_with('{') || slice.starts_with('[') || slice == "null") {
            from.refuse("metadata", "an object of strings, numbers and booleans is expected");
            return;
        }
        auto value = transport::decode_string(slice);
        into.push_back({std::move(name), value ? std::move(*value) : std::string(slice)});
    }
}

void read_id_and_retry(json_body& from, services::named_event& into) {
    std::string id;
    std::int64_t retry = -1;
    from.text({"id"}, id).number({"retry"}, retry, 0, 86'400'000);
    if (!id.empty()) {
        auto own = wire::event_id::parse(id);
        if (!own) {
            from.refuse("id", own.error().detail);
            return;
        }
        into.id = std::move(*own);
    }
    if (retry >= 0) into.retry = std::chrono::milliseconds(retry);
}

void read_filter(json_body& from, services::client_filter& into, std::size_t most) {
    std::string session;
    read_recipients(from, into.users, most);
    from.not_null({"sessionId", "sessionIds", "clientIds", "metadata"});
    from.text({"sessionId"}, session, {.max = max_id_length});
    from.texts({"sessionIds"}, into.sessions, {.max_entries = most, .max_text = max_id_length});
    if (!session.empty() && !into.sessions.empty())
        from.refuse("sessionId", "`sessionIds` names sessions already");
    if (!session.empty()) into.sessions.push_back(std::move(session));
    from.texts({"clientIds"}, into.clients, {.max_entries = most, .max_text = 256});
    read_metadata(from, into.metadata);
    // A list without entries is a slip of the sender's: it must not become "everyone".
    const std::pair<std::string_view, bool> lists[] = {{"sessionId", into.sessions.empty()},
                                                       {"sessionIds", into.sessions.empty()},
                                                       {"clientIds", into.clients.empty()},
                                                       {"metadata", into.metadata.empty()}};
    for (const auto& [name, empty] : lists) {
        if (empty && from.has(name)) from.refuse(name, "this may not be empty");
    }
}

/// `?clientIds=a,b` and `?clientIds=a&clientIds=b`.
std::vector<std::string> list_in(const http::request& r, std::string_view name) {
    std::vector<std::string> all;
    for (const std::string& value : r.query_values(name)) {
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = rest.find(',');
            if (end != 0) all.emplace_back(rest.substr(0, end));
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    return all;
}

client_query query_of(const http::request& r) {
    client_query q;
    q.ids = list_in(r, "clientIds");
    q.users = r.query_values("userId");
    q.sessions = r.query_values("sessionId");
    return q;
}

std::string statistics_json(const hub_census& c) {
    json_object users;
    for (const census_row& row : c.by_user) users.number(row.name, row.streams);
    json_object text;
    text.number("totalClients", c.streams).raw("clientsByUser", users.take());
    text.number("averageConnectionDuration", c.average_age.count());
    text.number("totalEventsSent", c.events);
    if (c.last_event_at) return text.time("lastEventTime", *c.last_event_at).take();
    return text.raw("lastEventTime", "null").take();
}

class metadata_surface final : public surface {
public:
    metadata_surface(const surface_context& with, surface_options options, envelope_id first)
        : with_(with),
          events_(with.events),
          profile_(std::move(options.profile)),
          clients_(std::move(options.clients)) {
        profile_.envelope = first;
    }

    std::vector<route> routes() override;

private:
    void connect(http::request& r, const principal& who, http::responder answer);
    void test(http::request& r, const principal& who, http::responder answer);
    void notify(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    services::metadata_events events_;
    stream_profile profile_;  ///< constant after construction
    const client_options clients_;
};

std::vector<route> metadata_surface::routes() {
    std::vector<route> all;
    all.push_back(
        stream_route(with_.streams, {"",
                                     "listens as a client that describes itself",
                                     transport::rules::metadata_stream,
                                     "events for this client",
                                     client_events(),
                                     calling(*this, &metadata_surface::connect),
                                     {{"userId", form::text, "whose it is"},
                                      {"sessionId", form::text, "which session of theirs"}}}));
    all.push_back({.method = "POST",
                   .path = "/test",
                   .summary = "sends a message to a user, to try things out",
                   .who = transport::rules::metadata_test,
                   .takes = one_object({{"userId", form::text, "the recipient", true},
                                        {"message", form::text, {}, true}}),
                   .repeatable = true,
                   .answers = {{200, json_type, "the event's id", published_fields()}},
                   .handle = calling(*this, &metadata_surface::test)});
    all.push_back({.method = "POST",
                   .path = "/notify",
                   .summary = "sends an event to clients by user, session, id or metadata",
                   .who = transport::rules::send,
                   .takes = one_object(joined(notify_fields(),
                                              recipient_fields("without any recipient: everyone"))),
                   .repeatable = true,
                   .answers = {{200, json_type, "the events' ids", published_fields()}},
                   .handle = calling(*this, &metadata_surface::notify)});
    all.push_back({.method = "GET",
                   .path = "/clients",
                   .summary = "lists clients, with figures about them",
                   .who = transport::rules::metadata_clients,
                   .query = joined(page_query(), {{"userId", form::texts, "only these users'"},
                                                  {"sessionId", form::texts, "these sessions'"},
                                                  {"clientIds", form::texts, "these ids"}}),
                   .answers = {{200, json_type, "a page of clients, and figures of all",
                                joined(page_of("clients"), {{"stats", form::object, {}, true}})}},
                   .handle = calling(*this, &metadata_surface::list)});
    return all;
}

void metadata_surface::connect(http::request& r, const principal& who, http::responder answer) {
    auto client = described_by(r, who, clients_);
    if (!client) return answer.send(client.error());
    stream_request asked = stream_of(profile_, who);
    asked.spaces = users_spaces;
    asked.spaces.session = client->session_is_known;
    asked.metadata = std::move(client->metadata);
    asked.who = std::move(client->who);
    if (clients_.logging)
        log::info("a client connects", {{"user", asked.who->user},
                                        {"session", asked.who->session},
                                        {"address", r.client.str()}});
    with_.streams.open(r, std::move(answer), std::move(asked));
}

void metadata_surface::test(http::request& r, const principal& who, http::responder answer) {
    std::string user, message;
    json_body body(r.body);
    body.text({"userId"}, user, {.needed = presence::required, .max = max_id_length})
        .text({"message"}, message, {.needed = presence::required, .max = 64u << 10});
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    json_object data;
    data.text("message", message).time("timestamp", std::chrono::system_clock::now());
    events_.notify_user(std::move(user),
                        {.event = "notification", .data = data.take(), .key = std::move(*once)},
                        answer_published(std::move(answer)));
}

void metadata_surface::notify(http::request& r, const principal& who, http::responder answer) {
    services::named_event what;
    services::client_filter to;
    bool everyone = false;
    json_body body(r.body);
    body.text({"event"}, what.event).value({"data"}, what.data).flag({"broadcast"}, everyone);
    read_id_and_retry(body, what);
    read_filter(body, to, with_.events.options()->max_recipients);
    // A call that names nobody means everybody, as the document's `broadcast` does.
    if (everyone && !to.empty()) body.refuse("broadcast", "a broadcast names nobody");
    if (body.has("broadcast") && !everyone && to.empty())
        body.refuse("broadcast", "this is false, and nobody is named");
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    what.key = std::move(*once);
    if (clients_.logging)
        log::info("clients are notified", {{"event", what.event}, {"by", who.user}});
    auto done = answer_published(std::move(answer));
    if (to.empty()) return events_.broadcast(std::move(what), std::move(done));
    events_.notify(std::move(to), std::move(what), std::move(done));
}

void metadata_surface::list(http::request& r, const principal&, http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    client_query q = query_of(r);
    q.profiles = {profile_.name};
    q.limit = *limit;
    q.after = r.query_value("after").value_or("");
    struct call {
        client_query q;
        std::function<void(result<std::string>)> done;
    };
    auto c = std::make_shared<call>(
        std::move(q),
        transport::on_loop_of(std::move(answer), [](http::responder& to, result<std::string> text) {
            if (!text) return to.send(text.error());
            to.send(http::json_response(200, std::move(*text)));
        }));
    with_.events.census(
        c->q, rows_of_statistics, [&h = with_.events, c](const result<hub_census>& figures) {
            if (!figures) return c->done(std::unexpected(figures.error()));
            h.list_clients(
                c->q, [c, figures = statistics_json(*figures)](const result<client_page>& page) {
                    if (!page) return c->done(std::unexpected(page.error()));
                    std::vector<std::string> clients;
                    for (const client_info& one : page->clients)
                        clients.push_back(connection_json(one));
                    json_object text;
                    text.raw("clients", json_list(clients)).raw("stats", figures);
                    c->done(text.text_if("next", page->next).take());
                });
        });
}

envelopes make_envelopes() { return {std::make_shared<metadata_envelope>()}; }

std::unique_ptr<surface> make(const surface_context& with, surface_options options,
                              envelope_id first) {
    return std::make_unique<metadata_surface>(with, std::move(options), first);
}

}  // namespace

const surface_kind metadata_surface_kind{"metadata", "the metadata service", make_envelopes, make};

}  // namespace carillon::surfaces
