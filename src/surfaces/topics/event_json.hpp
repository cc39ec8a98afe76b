// Events and clients as JSON text.
#pragma once

#include <carillon/hub/stream.hpp>
#include <carillon/journal/event.hpp>

#include <string>
#include <string_view>

namespace carillon::surfaces {

/// `{"id"?, "position"?, "event"?, "data", "topics", "metadata"?, "timestamp"}`; `data` in the
/// publisher's own spelling.
void append_event_json(std::string& out, const stored_event& e, std::string_view id);

/// The record of a client: id, topics, metadata, connectedAt, lastEventId, lastEventAt,
/// lastHeartbeatAt, …
void append_client_json(std::string& out, const client_info& c);

}  // namespace carillon::surfaces
