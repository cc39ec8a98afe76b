// The calls of a topic service, for programs that have the hub inside.
#pragma once

#include <carillon/hub/hub.hpp>

#include <string>
#include <string_view>

namespace carillon::services {

/// Clients by their ids. `hub` and `profile` outlive it. Thread-safe, but for `create_client`.
class topic_service {
public:
    explicit topic_service(hub& events, stream_profile profile = {})
        : hub_(events), profile_(std::move(profile)) {}

    /// Opens a stream without topics on `out`, which must stay until its `close` was called or the
    /// client was removed; returns its id. Call it on the shard's thread. Errors: `max_clients`,
    /// `unavailable`, `send_error`.
    result<std::string> create_client(shard& home, connection& out) const;

    using callback = hub::client_callback;
    /// Ends the client's stream. Errors of this and of the calls below: `client_not_found`.
    void remove_client(std::string_view client, callback done = ignore);
    /// The client gets events of the topic, or of topics that the pattern matches, from now on.
    void subscribe(std::string_view client, std::string_view topic, callback done = ignore);
    void unsubscribe(std::string_view client, std::string_view topic, callback done = ignore);
    /// Sends to this client alone. Errors: `send_error`, and those of `hub::publish`.
    void send_event(std::string_view client, event e, hub::publish_callback done = {});
    /// Sends to everyone who listens to one of the event's topics.
    void broadcast(event e, hub::publish_callback done = {});
    /// Sends a heartbeat now. Later ones come by themselves after each `heartbeat_interval` of
    /// silence.
    void start_heartbeat(std::string_view client, callback done = ignore);

private:
    static void ignore(const result<>&) {}

    hub& hub_;
    const stream_profile profile_;
};

}  // namespace carillon::services
