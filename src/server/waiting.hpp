// How long a command waits before it tries again.
#pragma once

#include <chrono>

namespace carillon::server {

/// Doubles from `base` with each failure, up to `most`; a random half of it, so that clients which
/// were cut off together do not come back in step.
std::chrono::milliseconds backoff(std::chrono::milliseconds base, unsigned failures,
                                  std::chrono::milliseconds most);

/// False if the user has interrupted the command (see `catch_interrupts`).
bool wait_uninterrupted(std::chrono::milliseconds time);

}  // namespace carillon::server
