// How system E words its stream: unnamed events of four shapes, and the end of a replaced stream.
#pragma once

#include <carillon/hub/dialect.hpp>
#include <carillon/hub/envelope.hpp>

#include <string>
#include <string_view>

namespace carillon::surfaces {

/// `{"type": "notification", "notificationId", "notificationType", "action", "priority", "data",
/// "timestamp", "userId"}`, or `{"type": "system" | "custom", "eventType", "data", "timestamp"}`.
/// Shows notifications, broadcasts, announcements and custom events, and no others.
class notification_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;
};

/// The first event is `{"type": "connection", "message", "userId", "timestamp", "resume"}`. A
/// stream whose place another one takes ends with an event `replaced`, whose id bears a suffix: a
/// client that comes back with it is told to stop.
class notification_dialect final : public stream_dialect {
public:
    void opening(const opening_facts& facts, std::string& out) const override;
    void close(const closing_facts& facts, std::string& out) const override;
};

/// Stands behind the id of a replaced stream's last event.
inline constexpr std::string_view replaced_suffix = "~r";

}  // namespace carillon::surfaces
