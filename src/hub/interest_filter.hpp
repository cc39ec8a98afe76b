// Which topics a shard may want: told to publishers without a lock.
#pragma once

#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace carillon {

/// Counts topics by hash, so it may say yes wrongly, never no. It grows with the topics: up to
/// one in three of those that nobody here wants is taken for wanted, whether there are ten or a
/// million. `add` and `remove` belong to the shard's thread, `wants` to any.
class interest_filter {
public:
    /// Where a pattern was counted; give it back to `remove`.
    using place = std::uint8_t;

    interest_filter();
    place add(const topic_pattern& p);
    void remove(const topic_pattern& p, place where) noexcept;
    bool wants(const event& e) const noexcept;

private:
    // Counters are never moved, since publishers read them: when a table is as full as it should
    // be, the next and larger one takes the newcomers. The last one takes all that come.
    static constexpr std::array<unsigned, 4> table_bits{12, 16, 20, 24};
    static constexpr std::size_t topics_per_counter = 8;  ///< one topic for so many counters
    static constexpr place none = table_bits.size();

    struct release {
        void operator()(std::uint16_t* p) const noexcept {
            std::free(p);  // NOLINT(cppcoreguidelines-no-malloc)
        }
    };
    bool make(place t);
    bool counts(std::size_t hash, place t) const noexcept;
    static std::size_t index_in(std::size_t hash, place t) noexcept {
        return hash & ((std::size_t{1} << table_bits[t]) - 1);
    }

    // Own thread only, but for what the pointers point to.
    std::array<std::unique_ptr<std::uint16_t, release>, table_bits.size()> owned_;
    std::array<std::size_t, table_bits.size()> used_{};  ///< topics in each table

    // Any thread.
    std::array<std::atomic<std::uint16_t*>, table_bits.size()> tables_{};
    std::atomic<std::uint32_t> wild_{0};
};

}  // namespace carillon
