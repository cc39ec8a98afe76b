// What the system says of this process.
#pragma once

#include <cstdint>

namespace carillon::server {

struct process_figures {
    std::uint64_t resident_bytes = 0;  ///< 0: the system does not say
    double started = 0;                ///< seconds since 1970
    double cpu_seconds = 0;            ///< user and system, of all threads
    std::uint64_t open_files = 0;
    std::uint64_t max_files = 0;
};

/// Thread-safe; reads a few files below /proc.
process_figures read_process();

}  // namespace carillon::server
