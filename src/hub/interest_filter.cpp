#include "hub/interest_filter.hpp"

#include "base/string_map.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace carillon {

namespace {

// A counter that was ever full stays so: it no longer knows how many it counts.
constexpr std::uint8_t full = std::numeric_limits<std::uint8_t>::max();

}  // namespace

interest_filter::interest_filter() {
    if (!make(0)) throw std::bad_alloc();
}

// Zeroed pages come from the system untouched: a large table costs what is used of it.
bool interest_filter::make(place t) {
    if (owned_[t]) return true;
    const std::size_t size = std::size_t{1} << table_bits[t];
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
    owned_[t].reset(static_cast<counter*>(std::calloc(size, sizeof(counter))));
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
        const std::size_t enough = (std::size_t{1} << table_bits[t]) / counters_per_topic;
        if (used_[t] < enough || !make(next)) break;
        t = next;
    }
    ++used_[t];
    change(p, t, 1);
    return t;
}

void interest_filter::remove(const topic_pattern& p, place where) noexcept {
    if (where == none) {
        wild_.fetch_sub(1);
        return;
    }
    --used_[where];
    change(p, where, -1);
}

void interest_filter::change(const topic_pattern& p, place t, int by) noexcept {
    const std::size_t hash = string_hash{}(p.str());
    for (std::size_t i = 0; i < counters_of_topic; ++i) {
        const std::atomic_ref one(owned_[t].get()[index_in(hash, i, t)]);
        if (const counter now = one.load(std::memory_order_relaxed); now != full)
            one.store(static_cast<counter>(now + by));
    }
}

bool interest_filter::counts(std::size_t hash, place t) const noexcept {
    counter* const counters = tables_[t].load();
    if (counters == nullptr) return false;
    for (std::size_t i = 0; i < counters_of_topic; ++i) {
        if (std::atomic_ref(counters[index_in(hash, i, t)]).load() == 0) return false;
    }
    return true;
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
