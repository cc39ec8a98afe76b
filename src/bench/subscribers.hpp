// The measured subscribers: they connect, read, and check every event.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/wire/parser.hpp>

#include "bench/delivery.hpp"
#include "bench/poller.hpp"
#include "bench/socket.hpp"
#include "bench/statistics.hpp"
#include "bench/stream.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::bench {

struct subscriber_options {
    std::size_t lanes = 1;        ///< publishers whose sequences are followed
    bool stamp_arrivals = false;  ///< latencies end when the kernel has the bytes
    std::size_t stalling =
        0;  ///< the first so many get a small receive buffer and no say in latencies
    /// Further lines of a subscriber's request, each with its end; null: none.
    std::function<std::string(std::size_t subscriber)> fields = {};
    /// A stream without topics, whose first event is its opening whatever it says; empty: topics'.
    std::string stream = {};
};

/// Confined to one thread. The first failure of any subscriber ends the run: see `problem`.
class subscribers final : public ready_handler, private wire::parser_listener {
public:
    using topic_of = std::function<std::string(std::size_t subscriber)>;

    subscribers(poller& p, const target& where, const subscriber_options& options);

    /// Begins to connect `count` subscribers, at most 128 at a time. Closes earlier ones.
    void open(std::size_t count, topic_of topic);
    /// Closes all; what they missed is not counted.
    void close();

    /// Those whose opening event arrived. A subscriber sees every event that is published
    /// afterwards.
    std::size_t ready() const noexcept { return ready_; }
    bool all_ready() const noexcept { return ready_ == streams_.size(); }
    std::size_t size() const noexcept { return streams_.size(); }

    /// Stops reading the first `stalling` subscribers, or reads on.
    void stall();
    void resume();

    /// Call once per turn, before the poller's.
    void begin_turn() noexcept { reader_.synchronise(); }

    /// Events that reached those who read, since the last `open`.
    std::uint64_t delivered() const noexcept { return ledger_.counts().delivered; }
    delivery_ledger& ledger() noexcept { return ledger_; }
    /// From just before the request was sent to arrival.
    latency_histogram& latency() noexcept { return latency_; }
    /// The first bytes that the first subscriber got.
    const std::string& first_bytes() const noexcept { return first_bytes_; }
    std::set<std::uint64_t> stalling_names() const;

    const std::optional<error>& problem() const noexcept { return problem_; }

private:
    struct subscriber {
        net::unique_fd fd;
        bool connected = false;
        bool ready = false;
        stream_state stream;
    };

    void start_more();
    void on_ready(std::uint32_t index, std::uint32_t events) override;
    void send_request(std::uint32_t index);
    void receive(std::uint32_t index);
    void on_event(const wire::message& m) override;
    void fail_with(error problem);

    poller& poller_;
    target target_;
    subscriber_options options_;
    stamped_reader reader_;
    stream_decoder decoder_{*this};
    topic_of topic_;
    std::vector<subscriber> streams_;
    std::size_t started_ = 0;
    std::size_t ready_ = 0;
    std::size_t connections_made_ = 0;
    delivery_ledger ledger_{0, 1};
    latency_histogram latency_;
    std::string first_bytes_;
    std::vector<char> buffer_;
    std::optional<error> problem_;

    // Of the read that is being decoded.
    std::size_t current_ = 0;
    std::uint64_t arrived_ns_ = 0;
};

}  // namespace carillon::bench
