// What is wrong with settings that are well-formed each by itself.
#pragma once

#include "http/server.hpp"
#include "server/identity.hpp"
#include "server/settings.hpp"

#include <memory>

namespace carillon::server {

/// What only right settings can be made into.
struct checked_settings {
    std::shared_ptr<http::server_options> http;
    std::unique_ptr<identity_check> callers;
};

/// What a start, a reload and `carillon config --check` ask of settings. Reads key files; opens no
/// port and touches no data. Error `invalid_request`: one line for each mistake, with its place.
result<checked_settings> check(const loaded_settings& loaded);

/// Codings that answers and streams may have. Unknown names are left out.
std::vector<content_coding> codings_of(const settings& s);

}  // namespace carillon::server
