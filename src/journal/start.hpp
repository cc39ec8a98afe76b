// What all journals do alike when an append is repeated, and when a reader begins.
#pragma once

#include <carillon/journal/journal.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace carillon {

inline constexpr std::uint64_t unlimited = ~std::uint64_t{0};

/// Gives the events that have positions those from `first` on.
inline void number_from(const journal::group& events, std::uint64_t first) {
    for (const auto& e : events) {
        if (!e->content.ephemeral) e->pos.value = first++;
    }
}

/// Extends a gap by the position of an event that cannot be given.
inline void note_damage(std::optional<gap>& damaged, position at) {
    const gap one{position{at.value - 1}, at};
    damaged = damaged ? gap{std::min(damaged->from, one.from), std::max(damaged->to, at)} : one;
}

/// For an append whose key came with other contents before.
inline error key_conflict() {
    return {errc::conflict, "the idempotency key was used with another body"};
}

/// An event as far as it matters where a reader begins.
struct stored_size {
    std::uint64_t pos = 0;
    std::uint64_t bytes = 0;
};

/// Which of the newest events are asked for.
struct newest_query {
    std::uint64_t after = 0;
    std::uint64_t count = 0;
    std::uint64_t bytes = ~std::uint64_t{0};
};

/// Puts the newest first, each once, and leaves those that are asked for.
inline void keep_newest(std::vector<stored_size>& all, const newest_query& q) {
    std::ranges::sort(all, std::greater{}, &stored_size::pos);
    const auto repeated = std::ranges::unique(all, {}, &stored_size::pos);
    all.erase(repeated.begin(), repeated.end());
    std::size_t kept = 0;
    for (std::uint64_t bytes = 0; kept < all.size() && kept < q.count; ++kept) {
        bytes += all[kept].bytes;
        if (bytes > q.bytes) break;
    }
    all.resize(kept);
}

/// How many of the newest events are looked for: no more than shows that the budget is used up.
inline std::uint64_t wanted_newest(const rewind_last& last, const start_query& q) {
    return q.budget == unlimited ? last.count : std::min(last.count, q.budget + 1);
}

/// For a reader that rewinds: some of what it asks for, up to `newest`, is gone. 0: nothing is.
inline void tell_loss(start_point& start, std::uint64_t newest) {
    if (newest != 0) start.lost = gap{position{}, position{newest}};
}

/// With `newest` being what follows the start, one more than the budget if there are so many:
/// counts them, or moves the start to where the budget begins.
inline start_point within_budget(start_point start, std::span<const stored_size> newest,
                                 const start_query& q, std::uint64_t head) {
    const auto counted = [&](std::span<const stored_size> some) {
        return static_cast<std::uint64_t>(std::ranges::count_if(
            some, [&](const stored_size& e) { return e.pos <= q.upto.value; }));
    };
    start.events = counted(newest.first(std::min<std::size_t>(newest.size(), q.budget)));
    if (newest.size() <= q.budget) return start;
    const position at{newest.size() < 2 ? head : newest[newest.size() - 2].pos - 1};
    start.lost = gap{start.lost ? start.lost->from : start.at, at};
    start.why = loss_reason::budget;
    start.at = at;
    return start;
}

}  // namespace carillon
