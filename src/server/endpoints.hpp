// What the server answers besides the surfaces: health, metrics, description, the page.
#pragma once

#include <carillon/hub/hub.hpp>

#include "http/server.hpp"
#include "transport/stream_host.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// Everything that `/metrics` shows, in Prometheus' text format.
std::string metrics_text(hub& h, const transport::refusal_counters& refused,
                         const std::vector<const http::server_counters*>& http);

struct endpoint_sources {
    hub* events = nullptr;
    std::function<std::string()> metrics;
    std::string topic_prefix;
    bool metrics_for_any_host = false;  ///< `/metrics` answers whatever `Host` says
};

void add_endpoints(http::router& routes, const endpoint_sources& from);

std::string_view version() noexcept;
std::string_view start_page() noexcept;

}  // namespace carillon::server
