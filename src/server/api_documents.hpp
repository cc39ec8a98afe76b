// The server's routes as documents that tools read. Made from the list that is mounted, so that
// they cannot drift from it.
#pragma once

#include "transport/route.hpp"

#include <string>
#include <vector>

namespace carillon::server {

/// A route's path as people write it: `{topic...}` is `{topic}`.
std::string readable_path(std::string path);

/// OpenAPI 3.1: every route with its parameters, body, answers and who may call it.
std::string openapi_document(const std::vector<transport::route>& routes);
/// AsyncAPI 3: every stream as a channel, with the events that it may bring.
std::string asyncapi_document(const std::vector<transport::route>& routes);

}  // namespace carillon::server
