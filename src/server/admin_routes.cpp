#include "server/admin_routes.hpp"

#include "base/time_text.hpp"
#include "server/process_figures.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/paging.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/rules.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace carillon::server {

namespace {

using surfaces::json_list;
using surfaces::json_object;
using transport::described_field;
using transport::form;
using transport::route;
namespace rules = transport::rules;

constexpr std::string_view json = "application/json";
constexpr std::size_t listed_streams = 1000;
constexpr surfaces::page_rule notification_page{50, 200};
constexpr surfaces::page_rule name_page{100, 10'000};

std::vector<described_field> page_of(std::string_view after) {
    return {{"limit", form::whole_number, "entries of a page"},
            {after, form::text, "`next` of the page before"}};
}

route reading(std::string path, std::string_view summary, std::string_view meaning,
              std::vector<described_field> query, transport::route_handler handle) {
    return {.method = "GET",
            .path = std::move(path),
            .summary = summary,
            .who = rules::administration,
            .query = std::move(query),
            .answers = {{200, json, meaning}},
            .handle = std::move(handle)};
}

// ---- figures as they come

std::vector<transport::described_event> live_events() {
    return {{.title = "Sample",
             .name = "sample",
             .meaning = "figures of the second before",
             .fields = {{"at", form::whole_number, "milliseconds since 1970"},
                        {"streams", form::whole_number, "open event streams"},
                        {"slow", form::whole_number, "of these, those that are behind"},
                        {"rates", form::object, "what happened, a second"},
                        {"publish", form::object, "percentiles of publishes, in milliseconds"},
                        {"delivery", form::any, "how long this stream's event took, likewise"},
                        {"loops", form::any, "load and turns of each event loop"},
                        {"memory", form::object, "bytes"},
                        {"journal", form::object, "what is kept; `lag` in milliseconds"}}}};
}

route live(const admin_parts& with) {
    auto profile = std::make_shared<stream_profile>();
    profile->name = "console";
    profile->heartbeat_interval = std::chrono::seconds(15);
    profile->quota = with.watchers;
    profile->beyond_max_clients = true;
    return {.method = "GET",
            .path = "/admin/live",
            .summary = "listens to the server's figures, a sample a second",
            .who = rules::administration,
            .answers = {{200, "text/event-stream", "events named `sample`"}},
            .events = live_events(),
            .handle =
                [&live = with.live, &streams = with.streams, profile](
                    http::request& r, const principal& who, http::responder answer) {
                    stream_request asked;
                    asked.rooms = {live_topic()};
                    asked.who = transport::identity_of(who);
                    asked.profile = profile.get();
                    live.watch();
                    streams.open(r, std::move(answer), std::move(asked));
                },
            .refuse = [&streams = with.streams](
                          const http::request& r, http::responder answer,
                          const error& why) { streams.refuse(r, std::move(answer), why); }};
}

// ---- topics

std::string topic_json(const topic_figures& t, std::size_t listeners, const hub& events) {
    json_object out;
    out.text("name", t.name).number("events", t.events).number("bytes", t.bytes);
    if (t.newest.value != 0)
        out.text("newestId", events.id_of(t.newest)).time("newestAt", t.newest_at);
    std::vector<std::string> recent;
    for (const std::uint32_t n : t.recent) recent.push_back(std::to_string(n));
    return out.number("hasValue", t.has_value)
        .number("listeners", listeners)
        .raw("recent", json_list(recent))
        .take();
}

std::string topics_text(const std::vector<topic_figures>& page,
                        const std::vector<std::size_t>& listeners, std::size_t limit,
                        const hub& events, std::uint64_t total) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < page.size(); ++i)
        all.push_back(topic_json(page[i], listeners[i], events));
    json_object out;
    out.number("total", total)
        .number("stretchSeconds", topic_figures::stretch.count())
        .raw("topics", json_list(all));
    if (page.size() == limit) out.text("next", page.back().name);
    return out.take();
}

transport::route_handler topics(hub& events) {
    return [&events](http::request& r, const principal&, http::responder answer) {
        const auto limit = surfaces::limit_of(r);
        if (!limit) return answer.send(limit.error());
        const topic_query q{r.query_value("prefix").value_or(""),
                            r.query_value("after").value_or(""), *limit};
        auto page = std::make_shared<const std::vector<topic_figures>>(events.record().topics(q));
        std::vector<topic> names;
        std::vector<std::size_t> rows;  // of which each name is
        for (std::size_t i = 0; i < page->size(); ++i) {
            auto name = topic::parse((*page)[i].name);
            if (!name) continue;
            names.push_back(std::move(*name));
            rows.push_back(i);
        }
        events.count_listeners(
            std::move(names),
            transport::on_loop_of(
                std::move(answer),
                [&events, page, rows = std::move(rows), limit = *limit](
                    http::responder& to, const result<std::vector<std::size_t>>& counted) {
                    if (!counted) return to.send(counted.error());
                    std::vector<std::size_t> listeners(page->size());
                    for (std::size_t i = 0; i < rows.size(); ++i)
                        listeners[rows[i]] = counted->at(i);
                    to.send(http::json_response(200, topics_text(*page, listeners, limit, events,
                                                                 events.record().stats().topics)));
                }));
    };
}

// ---- presence

std::string present_text(const topic& where, const presence_list& who) {
    return json_object()
        .text("topic", where.str())
        .texts("users", who.users)
        .number("count", who.count)
        .number("complete", who.complete)
        .take();
}

transport::route_handler presence(hub& events) {
    return [&events](http::request& r, const principal&, http::responder answer) {
        const auto limit = surfaces::limit_of(r, name_page);
        if (!limit) return answer.send(limit.error());
        if (const auto named = r.query_value("topic")) {
            const auto where = topic::parse(*named);
            if (!where) return answer.send(where.error());
            return answer.send(
                http::json_response(200, present_text(*where, events.presence_of(*where, *limit))));
        }
        std::vector<std::string> rows;
        for (const presence_count& p :
             events.present_topics(r.query_value("prefix").value_or(""), *limit)) {
            rows.push_back(json_object().text("topic", p.topic).number("users", p.users).take());
        }
        answer.send(http::json_response(200, json_object().raw("topics", json_list(rows)).take()));
    };
}

// ---- notifications

std::string notification_json(const store::sent_notification& n) {
    json_object states;
    for (std::size_t i = 0; i < n.recipients.size(); ++i) {
        states.number(to_string(static_cast<store::delivery_state>(i)), n.recipients.at(i));
    }
    json_object out;
    out.text("notificationId", n.what.id);
    out.text_if("notificationType", n.what.type).text_if("action", n.what.action);
    out.text_if("priority", n.what.priority).text_if("title", n.what.title);
    out.text_if("message", n.what.message).text_if("sender", n.what.sender);
    if (!n.what.data.empty()) out.raw("data", n.what.data);
    return out.time("createdAt", n.what.created)
        .raw("recipients", states.take())
        .number("place", n.place)
        .take();
}

transport::route_handler notifications(services::notifications& notes) {
    return [&notes](http::request& r, const principal&, http::responder answer) {
        const auto limit = surfaces::limit_of(r, notification_page);
        if (!limit) return answer.send(limit.error());
        const auto before = surfaces::number_of(r, "before", ~std::uint64_t{0});
        if (!before) return answer.send(before.error());
        notes.newest(
            *before, *limit,
            transport::on_loop_of(
                std::move(answer),
                [limit = *limit](http::responder& to,
                                 const result<std::vector<store::sent_notification>>& page) {
                    if (!page) return to.send(page.error());
                    std::vector<std::string> rows;
                    for (const auto& n : *page) rows.push_back(notification_json(n));
                    json_object out;
                    out.raw("notifications", json_list(rows));
                    if (page->size() == limit) out.number("next", page->back().place);
                    to.send(http::json_response(200, out.take()));
                }));
    };
}

// ---- finite streams

transport::route_handler finite(services::finite_streams& finite) {
    return [&finite](http::request& r, const principal&, http::responder answer) {
        const auto limit = surfaces::limit_of(r, {listed_streams, listed_streams});
        if (!limit) return answer.send(limit.error());
        const auto counts = finite.count();
        std::vector<std::string> rows;
        for (const auto& s : finite.list(*limit)) {
            rows.push_back(json_object()
                               .text("stream", s.id)
                               .number("silentMs", s.silent.count())
                               .number("stopRequested", s.stop_requested)
                               .number("closing", s.closing)
                               .take());
        }
        answer.send(http::json_response(200, json_object()
                                                 .number("open", counts.open)
                                                 .number("endedIdle", counts.ended_idle)
                                                 .raw("streams", json_list(rows))
                                                 .take()));
    };
}

// ---- health

std::string check_json(std::string_view name, const result<>& sound) {
    json_object out;
    out.text("name", name).number("ok", sound.has_value());
    if (!sound) out.text("detail", sound.error().detail);
    return out.take();
}

std::string limit_json(std::string_view name, std::string_view unit, std::uint64_t used,
                       std::uint64_t limit, std::string_view setting) {
    return json_object()
        .text("name", name)
        .text("unit", unit)
        .number("used", used)
        .number("limit", limit)
        .text_if("setting", setting)
        .take();
}

std::string health_text(const metric_sources& of) {
    const result<> stores = of.events.record().health();
    const result<> records =
        of.records_sound ? result<>{} : fail(errc::unavailable, "records cannot be stored");
    const result<> takes = of.events.draining()
                               ? result<>(fail(errc::unavailable, "the server is draining"))
                               : result<>{};
    const process_figures p = read_process();
    const hub_stats h = of.events.stats();
    const auto o = of.events.options();
    const std::vector<std::string> checks{
        check_json("events", stores), check_json("records", records), check_json("streams", takes)};
    const std::vector<std::string> limits{
        limit_json("streams", "count", h.subscribers, o->max_clients, "stream.max_clients"),
        limit_json("durable clients", "count", h.durable_clients, o->max_durable_clients,
                   "stream.max_durable_clients"),
        limit_json("memory of requests", "bytes", of.requests.used(), of.requests.limit(),
                   "http.max_request_memory"),
        limit_json("memory of answers", "bytes", of.responses.used(), of.responses.limit(),
                   "http.max_response_memory"),
        limit_json("open files", "count", p.open_files, p.max_files, {})};
    const bool well = stores && records && takes;
    return json_object()
        .text("status", well                   ? "ready"
                        : of.events.draining() ? "draining"
                                               : "impaired")
        .text("version", version())
        .time("startedAt", std::chrono::system_clock::time_point(std::chrono::milliseconds(
                               static_cast<std::int64_t>(p.started * 1000))))
        .raw("checks", json_list(checks))
        .raw("limits", json_list(limits))
        .take();
}

}  // namespace

std::vector<route> admin_routes(const admin_parts& with) {
    std::vector<described_field> topic_page = page_of("after");
    topic_page.push_back({"prefix", form::text, "what names begin with"});
    return {live(with),
            reading("/admin/live/history", "shows figures of the last ten minutes",
                    "samples as `/admin/live` sends them, oldest first", {},
                    [&live = with.live](http::request&, const principal&, http::responder to) {
                        to.send(http::json_response(200, live.history()));
                    }),
            reading("/admin/topics", "lists topics with figures and listeners", "a page of topics",
                    std::move(topic_page), topics(with.events)),
            reading("/admin/presence", "tells where users are present, or who is in one topic",
                    "topics, those with most users first, or one topic's users",
                    {{"topic", form::text, "of which the users are asked for"},
                     {"prefix", form::text, "what names begin with"},
                     {"limit", form::whole_number, "entries, up to 10000"}},
                    presence(with.events)),
            reading("/admin/notifications", "lists the notifications of all users, newest first",
                    "a page of them", page_of("before"), notifications(with.notes)),
            reading("/admin/streams", "lists streams that end and have not ended yet",
                    "those that were silent for longest first",
                    {{"limit", form::whole_number, "entries, up to 1000"}}, finite(with.finite)),
            reading("/admin/health", "tells what works, and how near the limits are",
                    "checks and limits", {},
                    [figures = with.figures](http::request&, const principal&, http::responder to) {
                        to.send(http::json_response(200, health_text(figures())));
                    }),
            reading("/admin/settings", "shows the settings in force, and where each came from",
                    "settings, secrets masked", {},
                    [text = with.settings](http::request&, const principal&, http::responder to) {
                        to.send(http::json_response(200, text()));
                    })};
}

}  // namespace carillon::server
