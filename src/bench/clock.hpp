// The one clock of the measurements, and waiting.
#pragma once

#include <chrono>
#include <cstdint>

#include <time.h>

namespace carillon::bench {

/// CLOCK_MONOTONIC in nanoseconds: what payloads are stamped with, comparable between processes.
inline std::uint64_t now_ns() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
}

inline void sleep_for(std::chrono::nanoseconds time) noexcept {
    using namespace std::chrono_literals;
    const timespec t{time / 1s, (time % 1s).count()};
    ::nanosleep(&t, nullptr);
}

}  // namespace carillon::bench
