// System C: notifications, realtime updates, chat and the system's state, one stream for each.
#pragma once

#include "surfaces/support/surface.hpp"

namespace carillon::surfaces {

/// `/notifications/…`, `/realtime/…`, `/chat/…` and `/system/…`.
extern const surface_kind domain_surface_kind;

}  // namespace carillon::surfaces
