// Which finite streams are open, and what each of them waits for.
#pragma once

#include <carillon/services/finite_streams.hpp>

#include "base/string_map.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

inline constexpr std::string_view idle_reason = "idle";

/// Decides, in one step each, whether an append or the end may be stored: an end waits for the
/// appends that began before it, and no append begins after it. Synchronised inside; calls nobody.
class open_streams {
public:
    using clock = finite_streams::clock;
    enum class state : std::uint8_t { unknown, open, closing };

    explicit open_streams(finite_stream_options options) : options_(options) {}

    /// A stream that was open when the server ended: it counts, however many may be open.
    void restore(std::string id, clock::time_point now);
    /// False if as many are open as may be.
    bool add(const std::string& id, clock::time_point now);

    /// `open`: the caller stores, and then calls `end_append`.
    state begin_append(std::string_view id, clock::time_point now);
    struct after_append {
        bool stop = false;     ///< somebody asked the producer to stop
        bool may_end = false;  ///< it was the last one that the end waited for
    };
    after_append end_append(std::string_view id);

    using close_callback = std::function<void(result<published>)>;
    /// `open`: `done` waits for the end, which the caller stores if `may_end`; else the last append
    /// does.
    state begin_close(std::string_view id, std::string_view reason, const close_callback& done,
                      bool& may_end);
    std::string reason_of(std::string_view id) const;

    state request_stop(std::string_view id);
    /// `closing`: `again` waits for the end.
    state wait_if_closing(std::string_view id, std::function<void()> again);

    /// Those who waited for an end.
    struct waiters {
        close_callback close;
        std::vector<std::function<void()>> readers;
    };
    /// The stream is closed, or was never stored.
    waiters remove(std::string_view id);
    /// The end could not be stored: the stream is open as before.
    waiters reopen(std::string_view id, clock::time_point now);
    /// Forgets all, callbacks too.
    void clear();

    /// Up to `limit` streams to which nothing was appended for the idle time.
    std::vector<std::string> idle(clock::time_point now, std::size_t limit);
    void reload(finite_stream_options options);
    finite_streams::counts count() const;
    std::vector<finite_streams::open_stream> list(std::size_t limit, clock::time_point now) const;

private:
    struct record {
        std::string_view id;  ///< the key's
        clock::time_point active;
        std::list<record*>::iterator place{};  ///< in by_activity_
        std::size_t appending = 0;
        std::string_view reason;  ///< why it is being closed; empty: it is not
        bool stop = false;
        waiters waiting;
    };
    record* find(std::string_view id) const;
    void insert(std::string id, clock::time_point now);
    void touch(record& r, clock::time_point now);

    mutable std::mutex mutex_;  // guards all below
    finite_stream_options options_;
    string_map<std::unique_ptr<record>> records_;
    std::list<record*> by_activity_;  ///< the one that was silent for longest first
    std::uint64_t ended_idle_ = 0;
};

}  // namespace carillon::services
