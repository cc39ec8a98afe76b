// How an event looks on a stream.
#pragma once

#include <carillon/journal/event.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

/// A pure function from an event to one block of an event stream, or to nothing. Immutable and
/// thread-safe: each shard encodes an event once per envelope and shares the bytes among all its
/// subscribers.
class envelope {
public:
    virtual ~envelope() = default;
    /// Appends the block, with its blank line, and returns true; or leaves `out` alone and returns
    /// false if streams of this kind do not show the event. `id` is what belongs in the `id:` line;
    /// empty for ephemeral events.
    virtual bool encode(const stored_event& e, std::string_view id, std::string& out) const = 0;
};

/// Place in the hub's list of envelopes.
using envelope_id = std::uint8_t;

/// `id`, `event`, `retry`, `data`, after the comment lines; nothing else. Every hub's envelope 0.
class plain_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;
};

}  // namespace carillon
