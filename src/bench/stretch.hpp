// What a stretch of traffic took, and how two processes are compared.
#pragma once

#include <carillon/base/result.hpp>

#include "bench/load.hpp"
#include "bench/process.hpp"
#include "bench/statistics.hpp"

#include <functional>

namespace carillon::bench {

/// What a stretch of traffic took, or several of them together.
struct stretch {
    double cpu_us = 0;       ///< of the whole process
    double send_cpu_us = 0;  ///< floor only: of its loops of `send`
    double seconds = 0;
    double count = 0;           ///< deliveries, unless the case counts something else
    latency_histogram latency;  ///< of the deliveries
    latency_histogram answers;  ///< to the publishers

    double cpu_us_each() const noexcept { return cpu_us / count; }
    stretch& operator+=(const stretch& more);
};

/// Lets `run` make its traffic, and measures only that, from a process at rest until it rests
/// again: what it puts off counts as well.
result<stretch> measure(subject& s, load& traffic, const std::function<result<>()>& run);

/// One side of a comparison.
struct side {
    std::function<result<subject>()> start;         ///< called before its first turn
    std::function<result<stretch>(subject&)> turn;  ///< brings its own subscribers
};

struct comparison {
    stretch server;
    stretch floor;
};

/// Turns of each side. A case divides what it sends among them.
constexpr std::uint32_t turns = 5;

/// Both processes live side by side and have their turns in alternation, the server first: whatever
/// else the machine does in this time meets both.
result<comparison> in_turns(const side& server, const side& floor);

}  // namespace carillon::bench
