// The process's environment variables that are settings, and files of such.
#pragma once

#include <carillon/base/result.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

using environment = std::map<std::string, std::string>;

/// `CARILLON_HTTP_MAX_BODY_SIZE` for `http.max_body_size`.
std::string variable_of(std::string_view setting);

/// The variables of this process that are settings: those that begin with `CARILLON_`, and the
/// plain ones below; except those of commands
/// (`CARILLON_CONFIG`, `CARILLON_URL`) and empty ones, which count as not given.
environment environment_settings();

/// Variables by names that applications for Node use, as settings: `PORT`, `CORS_ORIGIN`,
/// `CORS_CREDENTIALS`, `JWT_SECRET`, `JWT_EXPIRES_IN` (seconds, or with a unit), `NODE_ENV`.
struct plain_variable {
    std::string_view variable;
    std::string_view setting;
    std::string value;  ///< as the setting takes it
};
/// Of all that `from` has; of `environment_settings` these are a part.
std::vector<plain_variable> plain_variables(const environment& from);

/// The lines of a `.env` file: `NAME=value`, perhaps after `export`, the value perhaps in quotes;
/// `#` begins a comment. Variables that are no settings are left out. Errors: `io_error`,
/// `invalid_request` with the line's number.
result<environment> read_env_file(const std::string& path);

/// Those that a cluster has set for a Service whose name begins with `carillon`, in order of name.
/// Kubernetes gives every container `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`,
/// `NAME_PORT=tcp://…`, `NAME_PORT_3000_TCP_ADDR` and more for each Service of its namespace;
/// Docker's links have `NAME_PORT=tcp://…`, `NAME_NAME` and `NAME_ENV_…`.
std::vector<std::string> service_variables(const environment& all);

}  // namespace carillon::server
