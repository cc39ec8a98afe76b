#include "journal/footprint.hpp"

namespace carillon {

namespace {

// Counters of `shared_ptr`, in one block with the event.
constexpr std::size_t control_block = 16;
// An entry of a map by text, with its share of the buckets.
constexpr std::size_t map_entry = allocated(sizeof(std::string) + 3 * sizeof(void*)) + 16;
// An entry in each of: names in order, topics by name (open addressing), topics by age.
constexpr std::size_t topic_entries = 11 + 14 + 18;

}  // namespace

std::size_t footprint(const event& c) noexcept {
    std::size_t total = allocated(c.topics.capacity() * sizeof(topic));
    for (const topic& t : c.topics) total += footprint(t.str());
    if (c.id) total += footprint(c.id->str());
    if (c.name) total += footprint(c.name->str());
    for (const std::string* text :
         {&c.data, &c.kind, &c.key, &c.comment, &c.metadata, &c.timestamp})
        total += footprint(*text);
    return total;
}

std::size_t footprint(const stored_event& e) noexcept {
    return allocated(sizeof(stored_event) + control_block) + footprint(e.content) +
           sizeof(event_ptr);
}

std::size_t key_footprint(const std::string& key) noexcept {
    return map_entry + 2 * sizeof(void*) + 40 + footprint(key);
}

std::size_t footprint(const topic_log& log) noexcept {
    return allocated(log.memory()) + topic_entries;
}

std::size_t footprint_in_topic(const stored_event& e) noexcept {
    std::size_t total = sizeof(event_ptr);
    if (e.content.id) total += map_entry + footprint(e.content.id->str());
    if (!e.content.key.empty()) total += map_entry + footprint(e.content.key);
    return total;
}

}  // namespace carillon
