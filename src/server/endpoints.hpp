// What the server answers besides the surfaces: health, metrics, description, the page.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/finite_streams.hpp>

#include "http/server.hpp"
#include "server/webhooks.hpp"
#include "transport/rate_limits.hpp"
#include "transport/route.hpp"
#include "transport/stream_host.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::server {

/// Everything that `/metrics` shows, in Prometheus' text format.
/// What figures are read from.
struct metric_sources {
    hub& events;
    const transport::refusal_counters& refused;
    std::vector<const http::server_counters*> http;
    std::vector<const net::loop_counters*> loops;
    const http::byte_budget& requests;
    const http::byte_budget& responses;
    services::finite_streams::counts finite;
    const transport::rate_limits* rates = nullptr;
    std::optional<webhook_counts> hooks = {};  ///< nothing: nobody asks for them
    std::size_t outbox = 0;                    ///< events of records that are not published yet
    std::uint64_t refused_topics = 0;          ///< calls of users that needed too many new ones
    bool records_sound = true;                 ///< records can be stored
    std::vector<std::pair<std::string, const stream_quota*>> quotas = {};  ///< of interfaces
};
std::string metrics_text(const metric_sources& of);
struct endpoint_sources {
    hub* events = nullptr;
    std::function<result<>()> records;         ///< whether records can be stored
    std::function<std::string()> metrics;      ///< the text of `/metrics`
    std::function<std::string()> description;  ///< the text of `/api`
    std::function<std::string()> openapi;      ///< the text of `/openapi.json`
    std::function<std::string()> asyncapi;     ///< the text of `/asyncapi.json`
    bool production = false;                   ///< without the pages to try things out
    bool metrics_for_any_host = false;         ///< `/metrics` answers whatever `Host` says
};

/// They refer to the hub.
std::vector<transport::route> endpoint_routes(const endpoint_sources& from);

/// Where an interface stands, by its section of the settings.
struct mount {
    std::string_view section;
    std::vector<std::string> prefixes;  ///< none: it is turned off
};

/// Name, version, mounts and all routes as a JSON object. `topics` is the prefix of the topic
/// service.
std::string describe(const std::vector<transport::route>& routes, std::string_view topics,
                     const std::vector<mount>& mounts);

std::string_view version() noexcept;

}  // namespace carillon::server
