// Streams that end: jobs, and the output of models. Each has one producer, a beginning and an end.
#pragma once

#include <carillon/hub/hub.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

struct finite_stream_options {
    std::size_t max_open = 10'000;  ///< streams that are not closed yet; beyond: `unavailable`
    /// A stream to which nothing was appended for this long is ended; 0: never.
    std::chrono::milliseconds idle_timeout = std::chrono::hours(1);
};

/// A stream is a topic in the hub's own space, `$stream/<id>`, whose first event is
/// `carillon.begin` and whose last is `carillon.end` with `{"reason": "closed" | "idle"}`. Nothing
/// but the calls below writes there, and no event comes behind the end. Which streams are open is
/// kept in the journal, so it survives restarts; until its end is stored, a stream does not depend
/// on what retention or a `ttl` leaves of its events.
///
/// Thread-safe. Callbacks run on any thread, perhaps before the call returns. `h` outlives the
/// service.
class finite_streams {
public:
    using clock = std::chrono::steady_clock;

    /// Waits for the journal to say which streams are open; they are idle from now on.
    explicit finite_streams(hub& h, finite_stream_options options = {},
                            clock::time_point now = clock::now());
    ~finite_streams();
    finite_streams(const finite_streams&) = delete;
    finite_streams& operator=(const finite_streams&) = delete;

    /// Gives the new stream's id: 22 characters of base64url, 128 random bits. Whoever knows it may
    /// write. Errors: `unavailable` (too many are open), and those of `hub::publish`.
    void begin(std::function<void(result<std::string>)> done);

    struct appended {
        std::vector<published> events;
        bool stop_requested = false;  ///< a reader wishes that the producer closes
    };
    /// The events have no topics, are not retained, and are stored all or none, in the order of the
    /// calls as far as one call ends before the next begins. Errors: `not_found`, `conflict` (the
    /// stream is closed, or the key was used with another body), and those of `hub::publish`.
    void append(std::string_view id, std::vector<event> events, std::optional<idempotency_key> key,
                std::function<void(result<appended>)> done);
    void append(std::string_view id, std::vector<event> events,
                std::function<void(result<appended>)> done) {
        append(id, std::move(events), std::nullopt, std::move(done));
    }

    /// Ends the stream behind all that was being appended; whatever comes later is refused. Gives
    /// the end's place. Errors: `not_found`, `conflict` (closed already), and those of
    /// `hub::publish`, after which the stream is open as before.
    void close(std::string_view id, std::function<void(result<published>)> done);

    /// Asks the producer to stop: its next append is told. Forgotten by a restart. Errors:
    /// `not_found`, `conflict`.
    void request_stop(std::string_view id, std::function<void(result<>)> done);

    /// The room of a reader with this cursor (empty: none), for a `stream_request` that is finite;
    /// nothing if the end lies at or before the cursor. Error: `not_found`.
    void read(std::string_view id, std::string cursor,
              std::function<void(result<std::optional<topic>>)> done);

    /// Ends streams whose producers were silent for too long. Call it now and then: each call ends
    /// a few.
    void end_idle(clock::time_point now = clock::now());

    void reload(finite_stream_options options);

    struct counts {
        std::size_t open = 0;
        std::uint64_t ended_idle = 0;  ///< since the start
    };
    counts count() const;

    struct open_stream {
        std::string id;
        std::chrono::milliseconds silent{0};  ///< since the last append, or the server's start
        bool stop_requested = false;
        bool closing = false;
    };
    /// Up to `limit` streams that are open, the one that was silent for longest first.
    std::vector<open_stream> list(std::size_t limit, clock::time_point now = clock::now()) const;

private:
    class registry;
    /// Shared with callbacks of the journal, which may come when the service has gone.
    std::shared_ptr<registry> registry_;
};

}  // namespace carillon::services
