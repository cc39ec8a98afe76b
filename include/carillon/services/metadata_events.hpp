// Events for listeners that describe themselves: by user, session, stream or metadata.
#pragma once

#include <carillon/hub/hub.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

/// What is sent. Streams show it under the name `event`.
struct named_event {
    std::string event = "notification";
    std::string data{};                  ///< one JSON value's text, checked; empty: null
    std::optional<wire::event_id> id{};  ///< the sender's own, in place of the hub's
    std::optional<std::chrono::milliseconds> retry{};
    std::optional<idempotency_key> key{};  ///< a repeated call with it stores nothing more
};

/// Streams that satisfy all that is named here. Several users, sessions or clients are
/// alternatives, and then nothing else may be named beside them.
struct client_filter {
    std::vector<std::string> users{};
    std::vector<std::string> sessions{};
    std::vector<std::string> clients{};  ///< ids of streams
    std::vector<attribute> metadata{};   ///< of which the rarest stands first

    bool empty() const noexcept {
        return users.empty() && sessions.empty() && clients.empty() && metadata.empty();
    }
};

/// Attributes that an identity has for its streams to be found by a filter that names a user or a
/// session beside something else. They are for `audience::all_of`.
std::vector<attribute> filter_attributes(std::string_view user, std::string_view session);

/// Events are of the kind "custom", those for everyone "broadcast"; one with the name
/// "notification" and an object for data is a notification. They are stored for each recipient.
/// Callbacks run on any thread, and may be left out. Errors: `invalid_request` (nobody is named,
/// alternatives beside something else, an event name that is empty, begins with `carillon.` or
/// holds a line end, data that is no JSON), and those of `hub::publish`. Thread-safe. The hub
/// outlives it.
class metadata_events {
public:
    explicit metadata_events(hub& h) : hub_(h) {}

    using callback = hub::publish_callback;
    void notify_user(std::string user, named_event what, callback done = {});
    /// To streams whose identity has all of these attributes: what they merely claim to be does
    /// not count.
    void notify_with_metadata(std::vector<attribute> metadata, named_event what,
                              callback done = {});
    void notify(client_filter to, named_event what, callback done = {});
    void broadcast(named_event what, callback done = {});

private:
    void publish(audience to, named_event what, std::string_view kind, callback done);

    hub& hub_;
};

}  // namespace carillon::services
