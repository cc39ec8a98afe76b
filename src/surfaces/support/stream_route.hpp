// What the streams of users have in common, whichever surface they are of.
#pragma once

#include "surfaces/support/described.hpp"
#include "surfaces/support/surface.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::surfaces {

struct described_stream {
    std::string path;
    std::string_view summary;
    transport::access_rule who;
    std::string_view shows;  ///< in a few words
    std::vector<transport::described_event> events;
    transport::route_handler handle;
    field_list query = {};
};

/// A caller who is not let in is refused as `stream_host::refuse` does it. `streams` outlives the
/// route.
transport::route stream_route(transport::stream_host& streams, described_stream what);

/// All of a user's own but rooms.
inline constexpr own_spaces users_spaces{
    .user = true, .session = true, .everyone = true, .attributes = true};

/// A stream of the caller's that listens to nothing yet. The profile outlives it.
stream_request stream_of(const stream_profile& profile, const principal& who);

}  // namespace carillon::surfaces
