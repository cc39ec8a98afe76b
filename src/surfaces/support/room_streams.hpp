// Streams that listen to the chat rooms of their user.
#pragma once

#include "surfaces/support/surface.hpp"

#include <string>

namespace carillon::surfaces {

/// Opens a stream that listens, besides what `asked` says, to the rooms of `asked.who`, now and as
/// they change. Answers everything, errors too. The request is taken.
void open_with_rooms(const surface_context& with, http::request& r, http::responder answer,
                     stream_request asked);

/// The same with one room, as long as its user is in it. Error `not_found`.
void open_with_room(const surface_context& with, http::request& r, http::responder answer,
                    stream_request asked, std::string room);

}  // namespace carillon::surfaces
