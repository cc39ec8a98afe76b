// How long an event takes to its subscribers, and an answer to its publisher.
#include "server/bench/cases.hpp"

#include <array>

#include <fmt/format.h>

namespace carillon::server::benchmark {

namespace {

using namespace std::chrono_literals;

constexpr double latency_target = 1.3;
constexpr double answer_target_ms = 5;
constexpr std::size_t probing_publishers = 16;

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

// The floor gets its events by the same POSTs from the same client: both ways begin and end alike.
result<latency_histogram> paced_latency(case_run& run, subject& s, bool is_server) {
    load_options options;
    options.subscribers = run.scaled(1000);
    options.stamp_arrivals = true;
    load traffic(s.where(), options);
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.paced(10, 100ms); !warm) return warm;
        traffic.listening().latency().clear();
        return traffic.paced(run.events(100), 100ms);
    });
    if (!done) return std::unexpected(done.error());
    if (is_server) run.learn(traffic);
    return traffic.listening().latency();
}

}  // namespace

result<> delivery_latency(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    const auto found = paced_latency(run, *server, true);
    if (!found) return std::unexpected(found.error());
    server->kill();
    auto floor = run.floor();
    if (!floor) return std::unexpected(floor.error());
    const auto least = paced_latency(run, *floor, false);
    if (!least) return std::unexpected(least.error());
    for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
        const auto target = percent == 99.0 ? std::optional(latency_target) : std::nullopt;
        run.results().add_ratio(run.name(), fmt::format("latency p{}", percent), "ms",
                                ms(found->percentile(percent)), ms(least->percentile(percent)),
                                target);
    }
    return {};
}

result<> answer_latency(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    load_options options;
    options.subscribers = run.scaled(10'000);
    options.publishers = 1 + probing_publishers;
    options.stamp_arrivals = true;
    load traffic(server->where(), options);
    const auto events = run.events(200);
    stretch spent;
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.paced(10, 50ms, 7ms); !warm) return warm;
        traffic.publishing().answers().clear();
        // 7 ms and 50 ms have no common beat: the probes arrive at every moment of a fan-out.
        auto measured = measure(*server, traffic, [&] { return traffic.paced(events, 50ms, 7ms); });
        if (!measured) return std::unexpected(measured.error());
        spent = *measured;
        return {};
    });
    if (!done) return done;
    const auto& answers = traffic.publishing().answers();
    auto& results = run.results();
    results.add_value(run.name(), "answer p50", "ms", ms(answers.percentile(50)));
    results.add_value(run.name(), "answer p99", "ms", ms(answers.percentile(99)), answer_target_ms);
    results.add_value(run.name(), "events", "/s", events / spent.seconds);
    results.add_value(run.name(), "probes that found all 16 publishers waiting", "",
                      static_cast<double>(traffic.probes_skipped()));
    return {};
}

}  // namespace carillon::server::benchmark
