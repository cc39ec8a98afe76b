// System E: notifications kept in a database.
#pragma once

#include "surfaces/support/surface.hpp"

namespace carillon::surfaces {

/// `GET …/notifications` is the stream; `POST …/notifications`, `…/system` and `…/custom` send.
extern const surface_kind notification_surface_kind;

}  // namespace carillon::surfaces
