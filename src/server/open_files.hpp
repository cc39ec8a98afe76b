// How many descriptors this process has open.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace carillon::server {

/// With 100,000 streams it takes tens of milliseconds to look through them, so no caller does.
/// Thread-safe but for construction and destruction.
class open_files {
public:
    /// `from_size`: ask the kernel, where it knows (Linux 6.2 and later).
    explicit open_files(bool from_size = true);
    ~open_files();
    open_files(const open_files&) = delete;
    open_files& operator=(const open_files&) = delete;

    /// Exact where the kernel knows. Elsewhere the newest count: this call has a thread count anew,
    /// and the next call gets that.
    std::uint64_t count();

private:
    const bool from_size_;
    std::atomic<std::uint64_t> newest_;
    std::atomic<bool> counting_{false};
    std::thread counter_;  ///< touched only by the caller that has set `counting_`
};

}  // namespace carillon::server
