// Rooms and messages as events have them.
#pragma once

#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/records.hpp>

#include <string>
#include <string_view>

namespace carillon::services {

/// `{"id", "roomId", "userId", "message", "data"?, "timestamp"}`.
std::string chat_message_text(const store::chat_message& m);

/// An event of the room's. `more`: what belongs into its data besides, a comma first, or nothing.
event room_event(const topic& where, std::string_view name, const store::room& r,
                 std::string_view user, store::time_point at, std::string_view more = {});

/// `,"room":{"id", "name", "owner", "open"}`.
std::string room_field(const store::room& r);

}  // namespace carillon::services
