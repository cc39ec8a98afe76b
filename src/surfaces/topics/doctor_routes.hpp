// What `carillon doctor` needs of a hub that it looks at through a proxy.
#pragma once

#include <carillon/hub/hub.hpp>

#include "http/server.hpp"
#include "transport/stream_host.hpp"

namespace carillon::surfaces {

/// A stream on `$doctor/<name>`, and how the hub understood a request. Both are below the path of
/// streams, since a proxy lets that through, and open to everybody: what comes over the stream is a
/// short text of its own listener's. Nothing is stored. Immutable; what it is given outlives it.
class doctor_routes {
public:
    doctor_routes(hub& h, transport::stream_host& streams, const stream_profile& profile)
        : hub_(h), streams_(streams), profile_(profile) {}

    /// Opens the stream; with `?ping=TEXT` publishes TEXT to it instead, and answers with the
    /// request's path, host, client and more as they arrived.
    void examine(http::request& r, http::responder answer);

private:
    hub& hub_;
    transport::stream_host& streams_;
    const stream_profile& profile_;
};

}  // namespace carillon::surfaces
