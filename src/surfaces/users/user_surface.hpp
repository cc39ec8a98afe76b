// System B: the users of an application, and their calendar.
#pragma once

#include "surfaces/support/surface.hpp"

namespace carillon::surfaces {

/// `GET …/sse/connect` is the stream, `POST …/sse/send` sends; the calendar is below `…/calendar`.
extern const surface_kind user_surface_kind;

}  // namespace carillon::surfaces
