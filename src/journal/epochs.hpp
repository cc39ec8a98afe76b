// Which epoch a position was given in: what makes ids, and what cursors are looked up by.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/string_map.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// An opening of a journal: it gave the positions from `first` to `last`, or none.
struct epoch_range {
    std::string name;
    std::uint64_t first = 1;
    std::uint64_t last = std::numeric_limits<std::uint64_t>::max();  ///< the present one has no end
};

/// Immutable.
class epochs {
public:
    /// In order, at least one; the last is the present one.
    explicit epochs(std::vector<epoch_range> all) : all_(std::move(all)) {
        for (std::size_t i = 0; i < all_.size(); ++i) by_name_.emplace(all_[i].name, i);
    }

    const std::string& present() const noexcept { return all_.back().name; }

    /// The id of the event at `p`, which no later opening changes. Positions before the first known
    /// epoch are counted to it.
    std::string id_of(position p) const {
        auto at = std::ranges::upper_bound(all_, p.value, {}, &epoch_range::first);
        if (at != all_.begin()) --at;
        return cursor{at->name, p}.str();
    }

    /// Where a reader with a cursor of the hub's own form begins; `head`: of the journal now.
    start_point start_of(const cursor& own, std::uint64_t head) const {
        start_point start;
        const auto found = by_name_.find(own.epoch);
        const bool is_present = found != by_name_.end() && found->second + 1 == all_.size();
        if (found == by_name_.end() || (is_present && own.pos.value > head)) {
            start.unknown = true;
            return start;
        }
        const std::uint64_t last = all_[found->second].last;
        start.at = std::min(own.pos, position{last});
        if (own.pos.value > last) {
            // It was given before a power failure or a restore took what it stands for.
            start.lost = gap{start.at, start.at};
            start.why = loss_reason::lost;
        }
        return start;
    }

private:
    std::vector<epoch_range> all_;
    string_map<std::size_t> by_name_;
};

}  // namespace carillon
