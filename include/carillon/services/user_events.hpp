// Events for people rather than topics: to a user, to some, to sessions, to streams with metadata,
// to everyone. Nothing is stored but the event.
#pragma once

#include <carillon/hub/hub.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::services {

/// What is sent. `type` is the application's own word for it ("leave_request_approved"); listeners
/// that go by event names have it as the name.
struct user_event {
    std::string type{};
    std::string data{};       ///< one JSON value's text, checked; empty: null
    std::string timestamp{};  ///< the sender's own, or empty
    bool ephemeral = false;   ///< not stored: whoever is away misses it
};

/// Thread-safe. The hub outlives it.
class user_events {
public:
    explicit user_events(hub& h) : hub_(h) {}

    /// Stored in the journal for each recipient: a user who is away gets it on their return. The
    /// kind is "custom". Errors: `invalid_request` (no recipient, a type that is empty, begins with
    /// `carillon.` or holds a line end), and those of `hub::publish`.
    void send(audience to, user_event what, std::optional<idempotency_key> key,
              hub::publish_callback done);
    /// The same to everyone who listens, of the kind "broadcast".
    void send_to_all(user_event what, std::optional<idempotency_key> key,
                     hub::publish_callback done);
    /// An announcement of the operators, to everyone, of the kind "system".
    void announce(user_event what, std::optional<idempotency_key> key, hub::publish_callback done);
    /// A change of the application's state, to everyone who listens to changes: of the kind
    /// "realtime", or "entity" if it is about one.
    void update(user_event what, std::string_view kind, hub::publish_callback done);

private:
    void publish(audience to, user_event what, std::string_view kind,
                 std::optional<idempotency_key> key, hub::publish_callback done);

    hub& hub_;
};

}  // namespace carillon::services
