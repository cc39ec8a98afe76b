#include "server/endpoints.hpp"

#include <fmt/format.h>

#ifndef CARILLON_VERSION
#error "the build defines CARILLON_VERSION"
#endif

namespace carillon::server {

std::string_view version() noexcept { return CARILLON_VERSION; }

void add_endpoints(http::router& routes, const endpoint_sources& from) {
    // Load balancers and probes ask by address, and nothing is secret in these two.
    const http::route_rules for_probes{.any_host = true, .any_page = true};
    const http::route_rules for_anyone{.any_page = true};
    routes.add(
        "GET", "/health",
        [](http::request&, http::responder answer) {
            answer.send(http::json_response(200, R"({"status":"ok"})"));
        },
        {}, for_probes);
    routes.add(
        "GET", "/ready",
        [events = from.events](http::request&, http::responder answer) {
            if (events->draining())
                return answer.send(error{errc::unavailable, "the server is draining"});
            if (const auto health = events->record().health(); !health)
                return answer.send(health.error());
            answer.send(http::json_response(200, R"({"status":"ready"})"));
        },
        {}, for_probes);
    routes.add(
        "GET", "/metrics",
        [text = from.metrics](http::request&, http::responder answer) {
            answer.send(http::response{
                200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, text()});
        },
        {}, {.any_host = from.metrics_for_any_host});
    routes.add(
        "GET", "/api",
        [prefix = from.topic_prefix](http::request&, http::responder answer) {
            answer.send(http::json_response(
                200,
                fmt::format(
                    R"({{"name":"carillon","version":"{}","endpoints":{{"subscribe":"GET {}/subscribe/{{topic}}",)"
                    R"("publish":"POST {}/publish/{{topic}}","history":"GET {}/history?topic={{topic}}",)"
                    R"("clients":"GET {}/clients","health":"GET /health","ready":"GET /ready","metrics":"GET /metrics"}}}})",
                    version(), prefix, prefix, prefix, prefix)));
        },
        {}, for_anyone);
    routes.add(
        "GET", "/",
        [](http::request&, http::responder answer) {
            answer.send(
                http::response{200,
                               {{"Content-Type", "text/html; charset=utf-8"},
                                {"Cache-Control", "no-cache"},
                                {"Content-Security-Policy",
                                 "default-src 'self'; img-src data:; style-src 'unsafe-inline'; "
                                 "script-src 'unsafe-inline'; base-uri 'none'; form-action "
                                 "'none'; frame-ancestors 'none'"}},
                               std::string(start_page())});
        },
        {}, for_anyone);
}

}  // namespace carillon::server
