// A measured crowd: subscribers and publishers on one thread, and the ways in which they make
// traffic.
#pragma once

#include <carillon/base/result.hpp>

#include "bench/poller.hpp"
#include "bench/publishers.hpp"
#include "bench/subscribers.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::bench {

struct load_options {
    std::size_t subscribers = 0;
    std::size_t publishers = 1;
    std::size_t topics = 1;  ///< subscriber n listens to topic n modulo this
    bool stamp_arrivals =
        false;  ///< latencies by the kernel's clock; costs a little of everybody's CPU
    std::size_t stalling = 0;
    /// As in `subscriber_options`.
    std::function<std::string(std::size_t subscriber)> fields = {};
    std::string stream = {};
};

/// Every way of publishing returns when all that was published has arrived at all subscribers that
/// read it and every publisher has its answer; it fails if that does not happen in time. Confined
/// to one thread.
class load {
public:
    load(const target& where, const load_options& options);
    load(const load&) = delete;
    load& operator=(const load&) = delete;

    /// Connects everyone and waits for the opening event of each.
    result<> connect();
    result<> connect_subscribers();

    /// Publisher 0 sends event k + 1 when all subscribers have event k: nothing can coalesce.
    result<> one_at_a_time(std::uint32_t events);
    /// Every publisher sends its next event when the last was answered.
    result<> as_fast_as_answered(std::uint32_t events_per_publisher);
    /// Publisher 0 sends arrays, the next when the last was answered.
    result<> arrays(std::uint32_t count, std::uint32_t events_per_array);
    /// All publishers, as fast as answered, one topic after the other.
    result<> round_robin(std::uint32_t events);
    /// Publisher 0 sends one event per `interval`; meanwhile the other publishers, in turn, send
    /// one per `probe_interval` to a topic that nobody listens to (0: none).
    result<> paced(std::uint32_t events, std::chrono::nanoseconds interval,
                   std::chrono::nanoseconds probe_interval = {});

    /// All leave, publisher 0 sends `events`, and all come back with the cursor from before. The
    /// second half is a call of its own, to be measured.
    result<> leave(std::uint32_t events);
    result<> come_back();

    void stall();
    /// Reads on, and waits until those who had stalled have everything.
    result<> resume();

    /// Turns without publishing, for as long as `time`.
    result<> rest(std::chrono::nanoseconds time);

    /// Closes the books: what anyone did not get by now is lost.
    delivery_counts close_books();

    subscribers& listening() noexcept { return subscribers_; }
    publishers& publishing() noexcept { return publishers_; }
    std::uint64_t probes_skipped() const noexcept { return probes_skipped_; }

private:
    result<> turn_until(const std::function<bool()>& done);
    std::uint64_t progress() const noexcept;
    result<> turn(std::chrono::nanoseconds limit);
    void post_event(std::size_t publisher, std::size_t topic, std::uint32_t lane);
    void probe();
    std::size_t readers() const noexcept;
    std::function<std::string(std::size_t)> topics(std::string suffix = {}) const;
    result<> all_arrived();

    load_options options_;
    poller poller_;
    subscribers subscribers_;
    publishers publishers_;
    std::vector<std::uint32_t> sent_;  ///< by lane; with several topics, by topic
    std::uint64_t owed_ = 0;           ///< deliveries to those who read
    std::string body_;
    std::string cursor_;  ///< of those who left
    bool stalled_ = false;
    std::size_t next_probe_ = 1;
    std::uint64_t probes_skipped_ = 0;
};

}  // namespace carillon::bench
