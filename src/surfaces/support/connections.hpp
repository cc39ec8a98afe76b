// Streams that are there, as listings show them.
#pragma once

#include <carillon/hub/hub.hpp>

#include "http/server.hpp"

#include <string>

namespace carillon::surfaces {

/// `{"id", "userId"?, "sessionId"?, "surface", "metadata"?, "address", "connectedAt",
/// "lastEventId"?, "lastEventAt"?, "eventsSent", "bytesSent"}`.
std::string connection_json(const client_info& c);

/// Answers with a page of the streams that the query asks for, under `member`: `?limit=` and
/// `?after=` are the request's.
void list_connections(hub& h, const http::request& r, http::responder answer, client_query q,
                      std::string member);

}  // namespace carillon::surfaces
