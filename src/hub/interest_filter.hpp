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

/// Counts topics by hash, as a counting Bloom filter does, so it may say yes wrongly, never no. It
/// grows with the topics: of those that nobody here wants, about one in a hundred is taken for
/// wanted, whether there are ten or a million. `add` and `remove` belong to the shard's thread,
/// `wants` to any.
class interest_filter {
public:
    /// Where a pattern was counted; give it back to `remove`.
    using place = std::uint8_t;

    interest_filter();
    place add(const topic_pattern& p);
    void remove(const topic_pattern& p, place where) noexcept;
    bool wants(const event& e) const noexcept;

private:
    using counter = std::uint8_t;

    // Counters are never moved, since publishers read them: when a table is as full as it should
    // be, the next and larger one takes the newcomers. The last one takes all that come.
    static constexpr std::array<unsigned, 7> table_bits{12, 14, 16, 18, 20, 22, 24};
    // With six counters for each topic, and one topic for sixteen counters, a full table takes one
    // in a thousand unwanted topics for wanted. There are seven tables.
    static constexpr std::size_t counters_of_topic = 6;
    static constexpr std::size_t counters_per_topic = 16;
    static constexpr place none = table_bits.size();

    struct release {
        void operator()(counter* p) const noexcept {
            std::free(p);  // NOLINT(cppcoreguidelines-no-malloc)
        }
    };
    bool make(place t);
    bool counts(std::size_t hash, place t) const noexcept;
    /// Changes the topic's counters that are not full.
    void change(const topic_pattern& p, place t, int by) noexcept;
    static std::size_t index_in(std::size_t hash, std::size_t number, place t) noexcept {
        const std::size_t step = (hash >> 32) | 1;
        return (hash + number * step) & ((std::size_t{1} << table_bits[t]) - 1);
    }

    // Own thread only, but for what the pointers point to.
    std::array<std::unique_ptr<counter, release>, table_bits.size()> owned_;
    std::array<std::size_t, table_bits.size()> used_{};  ///< topics in each table

    // Any thread.
    std::array<std::atomic<counter*>, table_bits.size()> tables_{};
    std::atomic<std::uint32_t> wild_{0};
};

}  // namespace carillon
