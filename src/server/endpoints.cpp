#include "server/endpoints.hpp"

#include "base/json_text.hpp"
#include "server/api_documents.hpp"
#include "server/pages.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#ifndef CARILLON_VERSION
#error "the build defines CARILLON_VERSION"
#endif

namespace carillon::server {

std::string_view version() noexcept { return CARILLON_VERSION; }

namespace {

using transport::route;

constexpr std::string_view json = "application/json";

route health() {
    return {.method = "GET",
            .path = "/health",
            .summary = "tells that the server runs",
            .who = transport::rules::open,
            .answers = {{200, json, "it runs"}},
            .handle =
                [](http::request&, const principal&, http::responder answer) {
                    answer.send(http::json_response(200, R"({"status":"ok"})"));
                },
            .any_host = true,
            .any_page = true};
}

route ready(hub& events, std::function<result<>()> records) {
    return {.method = "GET",
            .path = "/ready",
            .summary = "tells whether the server takes streams and stores events",
            .who = transport::rules::open,
            .answers = {{200, json, "it does"}},
            .handle =
                [&events, records = std::move(records)](http::request&, const principal&,
                                                        http::responder answer) {
                    if (events.draining()) {
                        return answer.send(error{errc::unavailable, "the server is draining"});
                    }
                    if (const auto sound = events.record().health(); !sound) {
                        return answer.send(sound.error());
                    }
                    if (const auto sound = records(); !sound) return answer.send(sound.error());
                    answer.send(http::json_response(200, R"({"status":"ready"})"));
                },
            .any_host = true,
            .any_page = true};
}

route metrics(std::function<std::string()> text, bool any_host) {
    static constexpr std::string_view type = "text/plain; version=0.0.4; charset=utf-8";
    return {.method = "GET",
            .path = "/metrics",
            .summary = "shows figures for Prometheus",
            .who = transport::rules::figures,
            .answers = {{200, type, "the figures"}},
            .handle =
                [text = std::move(text)](http::request&, const principal&, http::responder answer) {
                    answer.send(http::response{200, {{"Content-Type", std::string(type)}}, text()});
                },
            .any_host = any_host};
}

route api(std::function<std::string()> text) {
    return {.method = "GET",
            .path = "/api",
            .summary = "describes the server and its routes",
            .who = transport::rules::open,
            .answers = {{200, json, "name, version and routes"}},
            .handle =
                [text = std::move(text)](http::request&, const principal&, http::responder answer) {
                    answer.send(http::json_response(200, text()));
                },
            .any_page = true};
}

route document(std::string path, std::string_view summary, std::string_view meaning,
               std::function<std::string()> text) {
    return {.method = "GET",
            .path = std::move(path),
            .summary = summary,
            .who = transport::rules::open,
            .answers = {{200, json, meaning}},
            .handle =
                [text = std::move(text)](http::request&, const principal&, http::responder answer) {
                    http::response r = http::json_response(200, text());
                    r.for_everyone = true;
                    answer.send(std::move(r));
                },
            .any_page = true};
}

}  // namespace

std::vector<route> endpoint_routes(const endpoint_sources& from) {
    std::vector<route> shown = demonstration_routes(page_pack::built_in());
    if (from.production)
        shown = transport::switched_off(std::move(shown), "this page is off in production");
    std::vector<route> all{
        health(),
        ready(*from.events, from.records),
        metrics(from.metrics, from.metrics_for_any_host),
        api(from.description),
        document("/openapi.json", "describes all routes for tools", "OpenAPI 3.1", from.openapi),
        document("/asyncapi.json", "describes all streams for tools", "AsyncAPI 3", from.asyncapi)};
    std::ranges::move(shown, std::back_inserter(all));
    std::ranges::move(console_routes(page_pack::built_in()), std::back_inserter(all));
    return all;
}

namespace {

std::string mounts_json(const std::vector<mount>& mounts) {
    std::string text = "{";
    for (const mount& m : mounts) {
        if (!text.ends_with('{')) text += ',';
        append_json_string(text, m.section);
        text += ":[";
        for (const std::string& prefix : m.prefixes) {
            if (!text.ends_with('[')) text += ',';
            append_json_string(text, prefix);
        }
        text += ']';
    }
    return text + '}';
}

}  // namespace

std::string describe(const std::vector<route>& routes, std::string_view topics,
                     const std::vector<mount>& mounts) {
    std::string text = fmt::format(
        R"({{"name":"carillon","version":"{}","endpoints":{{"subscribe":"GET {}/subscribe/{{topic}}",)"
        R"("publish":"POST {}/publish/{{topic}}","history":"GET {}/history?topic={{topic}}",)"
        R"("clients":"GET {}/clients","health":"GET /health","ready":"GET /ready","metrics":"GET /metrics"}})",
        version(), topics, topics, topics, topics);
    text += R"(,"mounts":)" + mounts_json(mounts);
    text += R"(,"routes":[)";
    for (const route& r : routes) {
        if (!text.ends_with('[')) text += ',';
        text += R"({"method":)";
        append_json_string(text, r.method);
        text += R"(,"path":)";
        append_json_string(text, readable_path(r.path));
        text += R"(,"summary":)";
        append_json_string(text, r.summary);
        text += fmt::format(R"(,"access":{{"locally":"{}","otherwise":"{}"}}}})",
                            to_string(r.who.locally), to_string(r.who.otherwise));
    }
    return text + "]}";
}

}  // namespace carillon::server
