// From an HTTP request to an event stream of the hub.
#pragma once

#include <carillon/base/log.hpp>
#include <carillon/coding/content_coding.hpp>
#include <carillon/hub/hub.hpp>

#include "http/server.hpp"
#include "transport/event_stream.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::transport {

struct stream_limits {
    std::size_t max_clients_per_address = 0;  ///< 0: no limit
    std::chrono::milliseconds overload_retry =
        std::chrono::seconds(10);              ///< told with the 200 form, up to twice as long
    std::vector<content_coding> codings = {};  ///< that streams may have, the favourite first
};

/// `10m`, `24h`, `7d`, `30s`, `500ms` ago; `earliest`; an RFC 3339 time; seconds since 1970.
result<std::chrono::system_clock::time_point> parse_since(
    std::string_view text, std::chrono::system_clock::time_point now);

/// The cursor of a request: `Last-Event-ID`, else `last_event_id`, `lastEventId`, `lastEventID` or
/// `evs_last_event_id` in the query. Empty if there is none.
std::string cursor_of(const http::request& r);

/// `?last=n` or `?since=…`.
result<rewind> rewind_of(const http::request& r);

/// `?on_gap=replay|live|close`; replay if it is not there.
result<gap_policy> gap_policy_of(const http::request& r);

/// What a reader asks to see of its topics' events: `?events=a,b` by name ("message" for those
/// without one) and `?where.KEY=VALUE` by a member of their metadata; all conditions hold, of the
/// values of `events` one does. Error `invalid_request`: an empty or too long word, too many.
inline constexpr std::size_t max_filter_words = 50;
result<event_filter> filter_of(const http::request& r);

/// Streams that were told to come back later, by what stood in their way.
struct refusal_counters {
    std::atomic<std::uint64_t> full{0}, address{0}, draining{0};
};

/// Opens streams on the shard of the loop that the request came to. Shared by all loops; loops are
/// added before any runs.
class stream_host {
public:
    stream_host(hub& h, stream_limits limits);

    void add_loop(net::loop& l, shard& s);

    /// `asked` has topics, profile, envelope, and where it begins if the request does not say; the
    /// rest comes from the request: cursor, unless there is one already, rewind, `client`, `open`,
    /// `heartbeat`, framing. Answers everything, errors too.
    void open(http::request& r, http::responder answer, stream_request asked);

    /// Answers a request for a stream that is not opened: if it may be later, an EventSource is
    /// told when to come back in a response that does not end it for good.
    void refuse(const http::request& r, http::responder answer, const error& why) const;

    void reload(stream_limits limits);
    /// Before loops run. The watcher gets all streams, and outlives them.
    void watch_by(stream_watcher& w) noexcept { watcher_ = &w; }
    const refusal_counters& refusals() const noexcept { return refusals_; }

private:
    shard& shard_of(const net::loop& l) const;
    bool may_compress(const std::vector<topic_pattern>& topics) const;
    void note_refusal(const http::request& r, const error& why) const;

    hub& hub_;
    std::atomic<std::shared_ptr<const stream_limits>> limits_;
    std::vector<std::pair<const net::loop*, shard*>> shards_;
    address_counts addresses_;
    stream_watcher* watcher_ = nullptr;
    mutable refusal_counters refusals_;
    mutable log::gate refusal_lines_{50};
};

}  // namespace carillon::transport
