// The routes of streams that end; what they do is `services::finite_streams`.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/hub/principal.hpp>
#include <carillon/services/finite_streams.hpp>

#include "http/server.hpp"
#include "transport/stream_host.hpp"

namespace carillon::surfaces {

/// `POST …/streams` begins one, `POST …/streams/{id}` appends, `POST …/streams/{id}/close` ends it
/// for good, `DELETE` asks its producer to stop. `GET` reads it from the start or from a cursor; if
/// the end lies at or before the cursor it is 204, which stops an EventSource.
class finite_stream_routes {
public:
    finite_stream_routes(hub& h, services::finite_streams& finite, transport::stream_host& streams,
                         const stream_profile& profile)
        : hub_(h), finite_(finite), streams_(streams), profile_(profile) {}

    void begin(http::request& r, http::responder answer);
    void append(http::request& r, const principal& who, http::responder answer);
    void close(http::request& r, http::responder answer);
    void request_stop(http::request& r, http::responder answer);
    void read(http::request& r, const principal& who, http::responder answer);

private:
    hub& hub_;
    services::finite_streams& finite_;
    transport::stream_host& streams_;
    const stream_profile& profile_;
};

}  // namespace carillon::surfaces
