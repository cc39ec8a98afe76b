// Events for people rather than topics: to a user, to some, to sessions, to streams with metadata,
// to everyone. Nothing is stored but the event.
#pragma once

#include <carillon/hub/hub.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    void update(user_event what, std::string_view kind, std::optional<idempotency_key> key,
                hub::publish_callback done);

    /// Whether the user listens anywhere, and how many streams there are of them, or of all.
    bool has_connection(std::string_view user) const { return hub_.connections_of(user) != 0; }
    std::size_t connection_count(std::string_view user) const { return hub_.connections_of(user); }
    std::size_t connection_count() const { return hub_.subscribers(); }
    /// A page of the streams of all users.
    void active_connections(client_query q, std::function<void(result<client_page>)> done) {
        hub_.list_clients(std::move(q), std::move(done));
    }

    /// Opens a stream of the user's events on `out`, without HTTP; returns its client's id. `out`
    /// must stay until its `close` was called. Call it on the shard's thread; `profile` outlives
    /// the stream. Errors: `invalid_request` (no user), `max_clients`, `unavailable`, `send_error`.
    result<std::string> create_connection(shard& home, connection& out, std::string user,
                                          const stream_profile& profile) const;

    /// Ready calls for what applications tell their users. The type is the family and the action
    /// behind it: a leave request that is "approved" goes out as `leave_request_approved`. `data`
    /// is one JSON value's text. Errors: as of `send`.
    using users = std::vector<std::string>;
    void send_notification(users to, std::string data, hub::publish_callback done = {});
    void send_calendar_notification(users to, std::string event, std::string_view action,
                                    hub::publish_callback done = {});
    void send_employee_notification(users to, std::string employee, std::string_view action,
                                    hub::publish_callback done = {});
    void send_leave_notification(users to, std::string request, std::string_view action,
                                 hub::publish_callback done = {});
    void send_chat_notification(users to, std::string text, std::string_view action,
                                hub::publish_callback done = {});
    void send_task_notification(users to, std::string task, std::string_view action,
                                hub::publish_callback done = {});
    void send_project_notification(users to, std::string project, std::string_view action,
                                   hub::publish_callback done = {});
    void send_dashboard_update(users to, std::string data, hub::publish_callback done = {});
    void send_alert(users to, std::string data, hub::publish_callback done = {});
    /// To everyone.
    void send_system_notification(std::string data, hub::publish_callback done = {});

private:
    void send_family(users to, std::string_view family, std::string_view action, std::string data,
                     hub::publish_callback done);
    void publish(audience to, user_event what, std::string_view kind,
                 std::optional<idempotency_key> key, hub::publish_callback done);

    hub& hub_;
};

}  // namespace carillon::services
