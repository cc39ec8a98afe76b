// One subscriber's way out, as the hub sees it.
#pragma once

#include <carillon/hub/stream_facts.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include <sys/uio.h>

namespace carillon {

/// How blocks are laid out for the connection.
enum class framing : std::uint8_t {
    raw,      ///< as they are: HTTP/1.0, HTTP/2, pipes
    chunked,  ///< each as one HTTP/1.1 chunk (RFC 9112, section 7.1)
};

/// Implemented by transports and embedders; used on the shard's thread only. The hub writes blocks
/// of the event stream and nothing else: a response head and the end of a framing are the
/// connection's own.
class connection {
public:
    static constexpr std::ptrdiff_t broken = -1;

    virtual ~connection() = default;

    /// Asked once, when the stream is registered.
    virtual framing layout() const noexcept { return framing::raw; }

    /// The stream begins: called once, before the first block and before `write`, which follows at
    /// once, if only with nothing to write. A head goes out with that write. A stream may be closed
    /// without it.
    virtual void begin(const opening_facts&) {}

    /// Writes what fits without blocking. Returns the bytes taken (0: none now) or `broken`. What
    /// was taken is the connection's to send; what was not may never be offered again in this form.
    /// After fewer bytes than were offered the connection must call `shard::writable` once it can
    /// take more.
    virtual std::ptrdiff_t write(std::span<const iovec> slices) = 0;

    /// The hub has let go: no further call comes, and none may be made for this subscriber. The
    /// connection sends what it took, ends its framing if the last write was taken whole, and goes;
    /// that may take longer than this call.
    virtual void close(close_reason why) = 0;

    /// True if something was sent and the peer has acknowledged nothing for at least `limit`.
    virtual bool peer_silent_for(std::chrono::milliseconds limit) const = 0;

    /// For listings; empty if there is none.
    virtual std::string remote_address() const = 0;
};

}  // namespace carillon
