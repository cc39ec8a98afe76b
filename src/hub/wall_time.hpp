// Wall-clock time as it is kept and printed: milliseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>

namespace carillon {

inline std::int64_t wall_ms() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace carillon
