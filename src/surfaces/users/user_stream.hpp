// How system B words its stream: unnamed events, `{"type", "data", "userId"?, "timestamp"}`.
#pragma once

#include <carillon/hub/dialect.hpp>
#include <carillon/hub/envelope.hpp>

#include <string>
#include <string_view>

namespace carillon::surfaces {

/// `type` is the sender's, `notification`, `system_notification` or `chat_…`. Changes of the
/// application's state and events of topics are not shown.
class user_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;
};

/// All are unnamed. The first event is `connection_established`; a heartbeat is an event of the
/// type `heartbeat`, without an id.
class user_dialect final : public stream_dialect {
public:
    void opening(const opening_facts& facts, std::string& out) const override;
    void heartbeat(const heartbeat_facts& facts, std::string& out) const override;
    /// `chat_presence`, or `presence` of a topic.
    void presence(std::string_view topic, std::string_view room, const presence_list& who,
                  std::string& out) const override;
};

}  // namespace carillon::surfaces
