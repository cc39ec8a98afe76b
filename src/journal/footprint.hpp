// What events and topics take of memory, allocations included.
#pragma once

#include "journal/topic_log.hpp"

#include <cstddef>
#include <string>

namespace carillon {

/// What a block of `size` bytes costs, about as common allocators have it: steps of 16 bytes, and
/// of a fourth of a power of two beyond 128.
constexpr std::size_t allocated(std::size_t size) noexcept {
    std::size_t step = 16;
    for (std::size_t limit = 128; size > limit; limit *= 2) step = limit / 4;
    return (size + step - 1) / step * step;
}

inline std::size_t footprint(const std::string& text) noexcept {
    static const std::size_t in_place = std::string().capacity();
    return text.capacity() > in_place ? allocated(text.capacity() + 1) : 0;
}

/// What an event has beside the object.
std::size_t footprint(const event& e) noexcept;

/// A stored one behind its pointer, with its place among all.
std::size_t footprint(const stored_event& e) noexcept;

/// A remembered key, with its entry and its place by age.
std::size_t key_footprint(const std::string& key) noexcept;

/// A topic that has nothing in memory, with its places in all indexes.
std::size_t footprint(const topic_log& log) noexcept;

/// What an event adds to each of its topics.
std::size_t footprint_in_topic(const stored_event& e) noexcept;

}  // namespace carillon
