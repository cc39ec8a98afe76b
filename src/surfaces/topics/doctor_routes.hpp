// What `carillon doctor` needs of a hub that it looks at through a proxy.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/hub/principal.hpp>

#include "http/server.hpp"
#include "transport/stream_host.hpp"

#include <vector>

namespace carillon::surfaces {

/// A stream on `$doctor/<name>`, and how the hub understood a request. Both are below the path of
/// streams, since a proxy lets that through. They are open to whoever may listen to something: to
/// everybody if a topic is public, else to those that say who they are. What comes over the stream
/// is a short text of its own listener's. Nothing is stored. Immutable; what it is given outlives
/// it.
class doctor_routes {
public:
    doctor_routes(hub& h, transport::stream_host& streams, const stream_profile& profile,
                  const std::vector<topic_pattern>& public_topics)
        : hub_(h), public_(public_topics), streams_(streams), profile_(profile) {}

    /// Opens the stream; with `?ping=TEXT` publishes TEXT to it instead, and answers with the
    /// request's path, host, client and more as they arrived.
    void examine(http::request& r, const principal& who, http::responder answer);

private:
    hub& hub_;
    const std::vector<topic_pattern>& public_;
    transport::stream_host& streams_;
    const stream_profile& profile_;
};

}  // namespace carillon::surfaces
