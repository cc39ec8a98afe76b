// Figures of the server, a sample a second, for those who watch.
#pragma once

#include <carillon/hub/hub.hpp>

#include "net/loop.hpp"
#include "server/endpoints.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// Where samples are published, as ephemeral events named `sample`. Reached by no wildcard.
topic live_topic();

/// Counts of a histogram between two samples.
using bucket_counts = std::vector<std::uint64_t>;
/// The value below which `share` of the counted things lie, interpolated within its bucket; for
/// those beyond all bounds, the last bound. Negative: nothing was counted.
double percentile(std::span<const double> bounds, const bucket_counts& counts, double share);

/// Costs nothing while nobody watches: a sample is an event of the hub, its receipt says how many
/// streams it was for, and when that was nobody for a few times, sampling ends until `watch` is
/// called again. Its own events are left out of the rates of events.
///
/// Confined to the loop, but for `watch`. Made before the loop runs, destroyed after the hub.
class live_figures {
public:
    using clock = std::chrono::steady_clock;

    /// `read` is called on the loop.
    live_figures(net::loop& on, hub& events, std::function<metric_sources()> read);

    /// A stream that listens to `live_topic` is about to open. From any thread.
    void watch();

private:
    /// Counters as they are at one moment.
    struct reading {
        clock::time_point at;
        hub_stats hub;
        std::uint64_t requests = 0, refused = 0, rate_limited = 0, trimmed = 0;
        double cpu = 0;
        struct loop {
            bucket_counts turns;
            std::uint64_t busy = 0;  ///< nanoseconds
            std::uint64_t delivered = 0;
        };
        std::vector<loop> loops;
    };

    reading take(const metric_sources& of, double cpu_seconds) const;
    void tick();
    void begin();
    void told(std::size_t watchers, bool known, clock::duration took);
    std::string sample(const metric_sources& of, const reading& now);
    std::string rates_json(const metric_sources& of, const reading& now, double seconds) const;
    std::string loops_json(const metric_sources& of, const reading& now, double seconds) const;

    net::loop& on_;
    hub& events_;
    const std::function<metric_sources()> read_;
    bool running_ = false;
    unsigned unwatched_ = 0;  ///< samples in a row that were for nobody
    reading before_;
    std::uint64_t own_published_ = 0, own_delivered_ = 0;  ///< since the sample before
    double commit_ms_ = -1;                                ///< of the sample before: until stored
    double delivery_ms_ = -1;                              ///< until all watching streams had it
};

}  // namespace carillon::server
