// The process's environment variables that begin with `CARILLON_`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

using environment = std::map<std::string, std::string>;

/// `CARILLON_HTTP_MAX_BODY_SIZE` for `http.max_body_size`.
std::string variable_of(std::string_view setting);

/// The variables of this process that begin with `CARILLON_`, except those of commands
/// (`CARILLON_CONFIG`, `CARILLON_URL`) and empty ones, which count as not given.
environment environment_settings();

/// Those that a cluster has set for a Service whose name begins with `carillon`, in order of name.
/// Kubernetes gives every container `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`,
/// `NAME_PORT=tcp://…`, `NAME_PORT_3000_TCP_ADDR` and more for each Service of its namespace;
/// Docker's links have `NAME_PORT=tcp://…`, `NAME_NAME` and `NAME_ENV_…`.
std::vector<std::string> service_variables(const environment& all);

}  // namespace carillon::server
