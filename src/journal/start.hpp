// What all journals do alike when an append is repeated, and when a reader begins.
#pragma once

#include <carillon/journal/journal.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace carillon {

/// Gives the events that have positions those from `first` on.
inline void number_from(const journal::group& events, std::uint64_t first) {
    for (const auto& e : events) {
        if (!e->e.ephemeral) e->pos.value = first++;
    }
}

/// Moves the start to just before the newest `newest.size() - 1` events.
inline start_point within_budget(start_point start, std::span<const std::uint64_t> newest,
                                 std::uint64_t head) {
    const position at{newest.size() < 2 ? head : newest[newest.size() - 2] - 1};
    start.lost = gap{start.lost ? start.lost->from : start.at, at};
    start.why = loss_reason::budget;
    start.at = at;
    return start;
}

}  // namespace carillon
