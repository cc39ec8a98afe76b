// What an application's interface is: routes, envelopes, a dialect and a profile.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/calendar.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/notifications.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/services/user_events.hpp>
#include <carillon/store/record_store.hpp>

#include "transport/route.hpp"
#include "transport/stream_host.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::surfaces {

/// What an operator says of clients that describe themselves; for the surface that has such.
struct client_options {
    std::size_t max_metadata = 16;  ///< names in a stream's query
    /// Names that clients may give themselves and be found by, although they prove nothing.
    std::vector<std::string> keys = {};
    bool logging = true;  ///< a line for each that comes
};

/// What an operator says of a surface.
struct surface_options {
    bool enabled = true;                ///< false: 404 `DISABLED` on all its routes
    std::vector<std::string> prefixes;  ///< where its routes are mounted; "" is the root
    stream_profile profile;             ///< without the dialect and the envelope
    client_options clients;
};

/// What surfaces work with. All of it outlives them.
struct surface_context {
    hub& events;
    transport::stream_host& streams;
    store::record_store& records;
    services::outbox_relay& outbox;
    services::notifications& notifications;
    services::user_events& users;
    services::calendar& calendar;
    services::chat& chat;
};

/// One interface. Used by all loops, so immutable or synchronised inside while servers run.
class surface {
public:
    virtual ~surface() = default;
    surface() = default;
    surface(const surface&) = delete;
    surface& operator=(const surface&) = delete;

    /// Its routes below a prefix; they refer to this object. Called once.
    virtual std::vector<transport::route> routes() = 0;
    /// Called now and then on one loop.
    virtual void tick() {}
};

using envelopes = std::vector<std::shared_ptr<const envelope>>;

/// A surface as the server's list has it.
struct surface_kind {
    std::string_view name;   ///< of its section of the settings, and of its streams' profile
    std::string_view title;  ///< in words, for whoever finds it switched off
    /// Numbered one behind the other from the `first` that `make` is told.
    envelopes (*make_envelopes)();
    std::unique_ptr<surface> (*make)(const surface_context& with, surface_options options,
                                     envelope_id first);
};

/// The routes of a surface below each of its prefixes, or each answering 404 `DISABLED`.
std::vector<transport::route> mounted(surface& s, const surface_kind& kind, bool enabled,
                                      const std::vector<std::string>& prefixes);

/// A handler that calls a member with request and responder, and with the principal if it has a
/// use for that.
template <class Object>
transport::route_handler calling(Object& on,
                                 void (Object::*member)(http::request&, http::responder)) {
    return [&on, member](http::request& r, const principal&, http::responder answer) {
        (on.*member)(r, std::move(answer));
    };
}
template <class Object>
transport::route_handler calling(Object& on,
                                 void (Object::*member)(http::request&, const principal&,
                                                        http::responder)) {
    return [&on, member](http::request& r, const principal& who, http::responder answer) {
        (on.*member)(r, who, std::move(answer));
    };
}

}  // namespace carillon::surfaces
