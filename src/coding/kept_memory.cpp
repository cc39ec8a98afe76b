#include "coding/kept_memory.hpp"

#include <new>
#include <utility>

namespace carillon::coding {

void* kept_memory::take(void* self, std::size_t bytes) noexcept {
    auto& kept = *static_cast<kept_memory*>(self);
    try {
        block b;
        // A block of twice the size would be missed soon by whoever needs it.
        const auto fit = kept.free_.lower_bound(bytes);
        if (fit != kept.free_.end() && fit->first <= 2 * bytes) {
            b = {std::move(fit->second), fit->first};
            kept.free_bytes_ -= b.size;
            kept.free_.erase(fit);
        } else {
            b = {bytes_ptr(new char[bytes]), bytes};
        }
        void* const at = b.bytes.get();
        kept.used_.emplace(at, std::move(b));
        return at;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void kept_memory::give_back(void* self, void* block) noexcept {
    auto& kept = *static_cast<kept_memory*>(self);
    const auto found = kept.used_.find(block);
    if (found == kept.used_.end()) return;
    try {
        if (kept.free_bytes_ + found->second.size <= most) {
            const std::size_t size = found->second.size;
            kept.free_.emplace(size, std::move(found->second.bytes));
            kept.free_bytes_ += size;
        }
    } catch (const std::bad_alloc&) {
        // Then it is not kept.
    }
    kept.used_.erase(found);
}

}  // namespace carillon::coding
