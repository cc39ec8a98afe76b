// Several short texts in one piece of memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace carillon {

/// Texts that are kept together and do not change: as strings, each would cost 32 bytes beside its
/// own. A value that can be moved only; without texts it has no memory.
class packed_texts {
public:
    /// Reads the texts in their order. The views hold as long as the memory that is read.
    class reader {
    public:
        /// The next one; empty if there is none.
        std::string_view next() noexcept;

    private:
        friend class packed_texts;
        explicit reader(const char* at) noexcept : at_(at) {}
        std::size_t number() noexcept;

        const char* at_;  ///< null: there are none
        std::size_t left_ = at_ == nullptr ? 0 : number();
    };

    packed_texts() = default;
    explicit packed_texts(std::span<const std::string_view> texts);

    bool empty() const noexcept { return bytes_ == nullptr; }
    reader read() const noexcept { return reader(bytes_.get()); }
    /// Empty if there are not so many. Walks over those before it.
    std::string_view operator[](std::size_t place) const noexcept;

private:
    /// How many there are, then of each its length and itself. Numbers are in groups of 7 bits, the
    /// lowest first, each byte but the last with the highest bit set.
    std::unique_ptr<char[]> bytes_;
};

}  // namespace carillon
