#include "hub/interest_filter.hpp"

#include "base/string_map.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace carillon {

namespace {

// A counter that was ever full stays so: it no longer knows how many it counts.
constexpr std::uint16_t full = std::numeric_limits<std::uint16_t>::max();

}  // namespace

interest_filter::interest_filter() {
    if (!make(0)) throw std::bad_alloc();
}

// Zeroed pages come from the system untouched: a large table costs what is used of it.
bool interest_filter::make(place t) {
    if (owned_[t]) return true;
    const std::size_t size = std::size_t{1} << table_bits[t];
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
    owned_[t].reset(static_cast<std::uint16_t*>(std::calloc(size, sizeof(std::uint16_t))));
    tables_[t].store(owned_[t].get());
    return owned_[t] != nullptr;
}

interest_filter::place interest_filter::add(const topic_pattern& p) {
    if (!p.is_literal()) {
        wild_.fetch_add(1);
        return none;
    }
    place t = 0;
    for (place next = 1; next < none; ++next) {
        const std::size_t enough = (std::size_t{1} << table_bits[t]) / topics_per_counter;
        if (used_[t] < enough || !make(next)) break;
        t = next;
    }
    ++used_[t];
    const std::atomic_ref counter(owned_[t].get()[index_in(string_hash{}(p.str()), t)]);
    if (const std::uint16_t now = counter.load(std::memory_order_relaxed); now != full)
        counter.store(static_cast<std::uint16_t>(now + 1));
    return t;
}

void interest_filter::remove(const topic_pattern& p, place where) noexcept {
    if (where == none) {
        wild_.fetch_sub(1);
        return;
    }
    --used_[where];
    const std::atomic_ref counter(owned_[where].get()[index_in(string_hash{}(p.str()), where)]);
    if (const std::uint16_t now = counter.load(std::memory_order_relaxed); now != full)
        counter.store(static_cast<std::uint16_t>(now - 1));
}

bool interest_filter::counts(std::size_t hash, place t) const noexcept {
    std::uint16_t* const counters = tables_[t].load();
    return counters != nullptr && std::atomic_ref(counters[index_in(hash, t)]).load() != 0;
}

bool interest_filter::wants(const event& e) const noexcept {
    const bool wild = wild_.load() != 0;
    return std::ranges::any_of(e.topics, [&](const topic& t) {
        // No wildcard reaches the hub's own space.
        if (wild && !t.internal()) return true;
        const std::size_t hash = string_hash{}(t.str());
        for (place table = 0; table < none; ++table)
            if (counts(hash, table)) return true;
        return false;
    });
}

}  // namespace carillon
