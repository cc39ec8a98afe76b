// What each subscriber was owed and what it got. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace carillon::bench {

struct delivery_counts {
    std::uint64_t delivered = 0;     ///< events that arrived, whatever their order
    std::uint64_t lost = 0;          ///< never arrived
    std::uint64_t doubled = 0;       ///< arrived again
    std::uint64_t out_of_order = 0;  ///< arrived after a later one of the same publisher
    std::uint64_t malformed = 0;     ///< arrived with other data than was sent

    bool clean() const noexcept { return lost + doubled + out_of_order + malformed == 0; }
    delivery_counts& operator+=(const delivery_counts& other) noexcept;
    friend bool operator==(const delivery_counts&, const delivery_counts&) = default;
};

/// Follows every (subscriber, lane) by its next expected sequence number. A number that was skipped
/// is lost until it arrives late, and then out of order; any other repetition is doubled. Confined
/// to one thread.
class delivery_ledger {
public:
    delivery_ledger(std::size_t subscribers, std::size_t lanes);

    void record(std::size_t subscriber, std::uint32_t lane, std::uint32_t sequence);
    void record_malformed() noexcept { ++counts_.malformed; }

    /// Counts as lost what `subscriber` did not get of the `sent` events of `lane`. Call once, when
    /// all is over.
    void close(std::size_t subscriber, std::uint32_t lane, std::uint32_t sent);

    const delivery_counts& counts() const noexcept { return counts_; }

private:
    struct missing_event {
        std::size_t place;
        std::uint32_t sequence;
        friend auto operator<=>(const missing_event&, const missing_event&) = default;
    };
    void skip(std::size_t place, std::uint32_t from, std::uint32_t to);

    std::size_t lanes_;
    std::vector<std::uint32_t> next_;  ///< by subscriber, then lane
    std::set<missing_event> missing_;  ///< empty as long as all goes well
    delivery_counts counts_;
};

}  // namespace carillon::bench
