// Long work under a lock, in slices.
#pragma once

#include <chrono>
#include <cstddef>
#include <thread>

namespace carillon {

/// Calls `slice`, which takes the lock for a moment and gives true when it is through, with the
/// lock free in between. Gives up after very many: then the caller does the rest in one go.
template <class Slice>
void in_slices(Slice&& slice) {
    constexpr std::size_t most_slices = 10'000;
    constexpr std::chrono::microseconds pause{50};
    for (std::size_t i = 0; i < most_slices && !slice(); ++i) std::this_thread::sleep_for(pause);
}

}  // namespace carillon
