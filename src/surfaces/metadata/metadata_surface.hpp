// System D: clients with metadata.
#pragma once

#include "surfaces/support/surface.hpp"

namespace carillon::surfaces {

/// The stream stands at the prefix itself, `…/test`, `…/clients` and `…/notify` below it.
extern const surface_kind metadata_surface_kind;

}  // namespace carillon::surfaces
