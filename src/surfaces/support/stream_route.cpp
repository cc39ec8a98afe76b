#include "surfaces/support/stream_route.hpp"

#include "transport/caller.hpp"

#include <utility>

namespace carillon::surfaces {

transport::route stream_route(transport::stream_host& streams, described_stream what) {
    return {.method = "GET",
            .path = std::move(what.path),
            .summary = what.summary,
            .who = what.who,
            .query = std::move(what.query),
            .answers = {{200, "text/event-stream", what.shows}},
            .events = std::move(what.events),
            .handle = std::move(what.handle),
            .refuse = [&streams](const http::request& r, http::responder answer, const error& why) {
                streams.refuse(r, std::move(answer), why);
            }};
}

stream_request stream_of(const stream_profile& profile, const principal& who) {
    stream_request asked;
    asked.profile = &profile;
    asked.envelope = profile.envelope;
    asked.who = transport::identity_of(who);
    return asked;
}

}  // namespace carillon::surfaces
