// A stream that a program reads without HTTP: for services that listen themselves, and for tests.
#pragma once

#include <carillon/hub/hub.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace carillon {

/// One event as a browser would dispatch it; the hub's own are among them.
struct stream_message {
    std::string type;  ///< "message" for one without a name
    std::string data;
    std::string id;  ///< the last event id then: a cursor
};

/// What waits for its reader. Beyond either the stream is behind and is served from the journal
/// once there is room, like a socket that takes no more.
struct local_stream_limits {
    std::size_t max_messages = 1000;
    std::size_t max_bytes = 1u << 20;  ///< of their data; one larger message is taken all the same
};

/// Thread-safe. The hub outlives it; when it goes, the stream ends.
class local_stream {
public:
    /// Opens a stream on one of the hub's shards; `asked.out` is not used, and without a profile it
    /// has the default one. It opens meanwhile: what comes first is read with `next`, also that the
    /// hub refused it.
    static std::unique_ptr<local_stream> open(hub& on, stream_request asked,
                                              local_stream_limits most = {});
    ~local_stream();
    local_stream(const local_stream&) = delete;
    local_stream& operator=(const local_stream&) = delete;

    /// The next message, waited for at most so long. Nothing then, and at the end.
    std::optional<stream_message> next(std::chrono::milliseconds patience = {});
    /// `call` runs on the shard's thread when there is something to read, or the end. It does not
    /// block, and does not end the stream.
    void on_ready(std::function<void()> call);
    /// Why it has ended, if it has and all was read.
    std::optional<close_reason> ended() const;
    /// An error if the hub refused it: those of `shard::open`.
    result<> opened() const;

private:
    class state;
    explicit local_stream(std::shared_ptr<state> s) : state_(std::move(s)) {}
    /// Shared with the shard, which lets go on its own thread.
    const std::shared_ptr<state> state_;
};

}  // namespace carillon
