// Figures of the server: a sample a second for those who watch, and some that are kept for those
// who come later.
#pragma once

#include <carillon/hub/hub.hpp>

#include "net/loop.hpp"
#include "server/endpoints.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
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

/// The newest samples, oldest first. Synchronised inside.
class sample_history {
public:
    explicit sample_history(std::size_t most) : most_(most) {}

    /// A JSON object. Beyond `most` the oldest goes.
    void add(std::string sample);
    /// A JSON array of all.
    std::string json() const;

private:
    const std::size_t most_;
    mutable std::mutex mutex_;
    std::deque<std::string> samples_;
};

/// Costs next to nothing while nobody watches: a sample is an event of the hub, its receipt says
/// how many streams it was for, and when that was nobody for a few times, sampling ends until
/// `watch` is called again. Only the samples that are kept are taken all the time, and seldom. Its
/// own events are left out of the rates of events.
///
/// Confined to the loop, but for `watch` and `history`. Made before the loop runs, destroyed after
/// the hub.
class live_figures {
public:
    using clock = std::chrono::steady_clock;

    /// Ten minutes are kept, as plots show them.
    static constexpr std::chrono::seconds kept_interval{5};
    static constexpr std::size_t kept_samples = 120;

    /// `read` is called on the loop.
    live_figures(net::loop& on, hub& events, std::function<metric_sources()> read);

    /// A stream that listens to `live_topic` is about to open. From any thread.
    void watch();

    /// The samples that are kept, as JSON: `{"intervalMs", "samples"}`, oldest first. From any
    /// thread.
    std::string history() const;

private:
    /// Counters as they are at one moment; events without its own.
    struct reading {
        clock::time_point at;
        hub_stats hub;
        std::uint64_t published = 0, delivered = 0;
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
    void keep();
    void told(std::size_t watchers, bool known, clock::duration took);
    std::string sample(const metric_sources& of, const reading& now, const reading& before) const;

    net::loop& on_;
    hub& events_;
    const std::function<metric_sources()> read_;
    bool running_ = false;
    unsigned unwatched_ = 0;  ///< samples in a row that were for nobody
    reading before_;          ///< of the last sample for those who watch
    reading kept_before_;     ///< of the last one that was kept
    std::uint64_t own_published_ = 0, own_delivered_ = 0;  ///< in all
    double commit_ms_ = -1;    ///< of the sample before, while it runs: until stored
    double delivery_ms_ = -1;  ///< the same: until all watching streams had it
    sample_history kept_{kept_samples};
};

}  // namespace carillon::server
