// One subscriber's way out, as the hub sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include <sys/uio.h>

namespace carillon {

enum class close_reason : std::uint8_t {
    removed,      ///< by a caller
    replaced,     ///< the same client connected again
    drained,      ///< the server is going down
    slow,         ///< the topic's slow policy cuts
    dead,         ///< the peer acknowledges nothing
    broken,       ///< a write failed
    unavailable,  ///< the journal could not be read
    finished,     ///< a finite stream has come to its end
    gap,          ///< events are lost, and the stream asked to end then
};

/// Implemented by transports and embedders; used on the shard's thread only.
class connection {
public:
    static constexpr std::ptrdiff_t broken = -1;

    virtual ~connection() = default;

    /// Writes what fits without blocking. Returns the bytes taken (0: none now) or `broken`. After
    /// fewer bytes than were offered the connection must call `shard::writable` once it can take
    /// more.
    virtual std::ptrdiff_t write(std::span<const iovec> slices) = 0;

    /// The hub has let go: no further call comes, and none may be made for this subscriber. Flush
    /// what was taken, then end.
    virtual void close(close_reason why) = 0;

    /// True if something was sent and the peer has acknowledged nothing for at least `limit`.
    virtual bool peer_silent_for(std::chrono::milliseconds limit) const = 0;

    /// For listings; empty if there is none.
    virtual std::string remote_address() const = 0;
};

}  // namespace carillon
