// A sixth surface, as docs/guide/add-a-surface.md builds it: teams watch their deployments.
#pragma once

#include "surfaces/support/surface.hpp"

namespace carillon::surfaces {

/// `GET …/watch` is a stream of the caller's deployments, `POST …/` reports one.
extern const surface_kind deploy_surface_kind;

}  // namespace carillon::surfaces
