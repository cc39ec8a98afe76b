// Memory that runs out on demand: the test program's own operator new.
#pragma once

#include <cstdint>

namespace carillon::testing {

/// One at a time. Allocations of the thread that made it never fail: that thread is the client.
class scarce_memory {
public:
    scarce_memory();
    ~scarce_memory();
    scarce_memory(const scarce_memory&) = delete;
    scarce_memory& operator=(const scarce_memory&) = delete;

    /// The n-th allocation from now fails; 0: none.
    void fail_at(std::uint64_t nth);
    /// Since then.
    std::uint64_t allocations() const;
};

}  // namespace carillon::testing
