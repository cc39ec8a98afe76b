// Memory that runs out on demand: the test program's own operator new.
#pragma once

#include <cstdint>

namespace carillon::testing {

// ThreadSanitizer brings an operator new of its own, and lets no other be linked.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CARILLON_MEMORY_IS_THE_CHECKERS
#endif
#endif
#ifdef CARILLON_MEMORY_IS_THE_CHECKERS
inline constexpr bool memory_can_be_scarce = false;
#else
inline constexpr bool memory_can_be_scarce = true;
#endif

/// One at a time.
class scarce_memory {
public:
    /// Whose allocations may fail. The thread that made it may be the client.
    enum class threads : std::uint8_t { others, all };
    explicit scarce_memory(threads whose = threads::others);
    ~scarce_memory();
    scarce_memory(const scarce_memory&) = delete;
    scarce_memory& operator=(const scarce_memory&) = delete;

    /// The n-th allocation from now fails; 0: none.
    void fail_at(std::uint64_t nth);
    /// Since then.
    std::uint64_t allocations() const;

    /// While it is there, no allocation fails, and none is counted.
    class plenty {
    public:
        plenty();
        ~plenty();
        plenty(const plenty&) = delete;
        plenty& operator=(const plenty&) = delete;
    };
};

}  // namespace carillon::testing
