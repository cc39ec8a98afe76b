// Memory that an encoder gives back and asks for again.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <unordered_map>

namespace carillon::coding {

/// Brotli has no reset: each block is a new encoder, whose tables would otherwise come from fresh
/// pages. Keeps what is freed, up to `most` bytes. Confined to one thread.
class kept_memory {
public:
    static constexpr std::size_t most = 2u << 20;

    /// For BrotliEncoderCreateInstance; `self` is a `kept_memory*`. Null without memory.
    static void* take(void* self, std::size_t bytes) noexcept;
    static void give_back(void* self, void* block) noexcept;

private:
    using bytes_ptr = std::unique_ptr<char[]>;  // NOLINT(modernize-avoid-c-arrays): raw memory
    struct block {
        bytes_ptr bytes;
        std::size_t size = 0;
    };

    std::unordered_map<void*, block> used_;
    std::multimap<std::size_t, bytes_ptr> free_;  ///< by size
    std::size_t free_bytes_ = 0;
};

}  // namespace carillon::coding
