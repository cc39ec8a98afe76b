// What those see who look after a server: figures as they come, topics, presence, notifications,
// finite streams, health, settings. All of it is an admin's.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/finite_streams.hpp>
#include <carillon/services/notifications.hpp>

#include "server/endpoints.hpp"
#include "server/live_figures.hpp"
#include "server/settings.hpp"
#include "transport/route.hpp"
#include "transport/stream_host.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::server {

struct admin_parts {
    hub& events;
    transport::stream_host& streams;
    services::finite_streams& finite;
    services::notifications& notes;
    live_figures& live;
    std::shared_ptr<stream_quota> watchers;  ///< of `live`
    std::function<metric_sources()> figures;
    std::function<std::string()> settings;  ///< `settings_json` of those in force
};

/// `GET /admin/live`, `/admin/live/history`, `/admin/topics`, `/admin/presence`,
/// `/admin/notifications`,
/// `/admin/streams`, `/admin/health`, `/admin/settings`. They refer to the parts' objects.
std::vector<transport::route> admin_routes(const admin_parts& with);

/// `{"settings": [{"name", "value", "default", "from", "origin", "reloadable",
/// "secret"?, "afterRestart"?, "variable", "prose"}], "topics": […]}`; `from` is `default`, `file`,
/// `environment` or `flag`. Secrets, and what stands before the host in a URL, are masked. A
/// setting that only a restart changes has the value of `started`; `afterRestart` is then what
/// `latest` says, if it differs.
std::string settings_json(const loaded_settings& started, const loaded_settings& latest);

}  // namespace carillon::server
