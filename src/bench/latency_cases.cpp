// How long an event takes to its subscribers, and an answer to its publisher.
#include "bench/cases.hpp"

#include <array>

#include <fmt/format.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr double latency_target = 1.3;
constexpr double answer_target_ms = 5;
constexpr std::size_t probing_publishers = 16;

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

// The floor gets its events by the same POSTs from the same client: both ways begin and end alike.
result<stretch> paced_turn(case_run& run, subject& s) {
    load_options options;
    options.subscribers = run.scaled(1000);
    options.stamp_arrivals = true;
    return run.measured(
        s, options, [](load& traffic) { return traffic.paced(5, 100ms); },
        [&](load& traffic) { return traffic.paced(run.events(100 / turns), 100ms); });
}

}  // namespace

result<> delivery_latency(case_run& run) {
    const auto found = run.beside_floor([&](subject& s) { return paced_turn(run, s); });
    if (!found) return std::unexpected(found.error());
    for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
        const auto target = percent == 99.0 ? std::optional(latency_target) : std::nullopt;
        run.results().add_ratio(run.name(), fmt::format("latency p{}", percent), "ms",
                                ms(found->server.latency.percentile(percent)),
                                ms(found->floor.latency.percentile(percent)), target);
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
    const auto events = run.events(200);
    std::uint64_t skipped = 0;
    const auto spent = run.measured(
        *server, options, [](load& traffic) { return traffic.paced(10, 50ms, 7ms); },
        [&](load& traffic) {
            const auto before = traffic.probes_skipped();
            // 7 ms and 50 ms have no common beat: the probes arrive at every moment of a fan-out.
            auto done = traffic.paced(events, 50ms, 7ms);
            skipped = traffic.probes_skipped() - before;
            return done;
        });
    if (!spent) return std::unexpected(spent.error());
    const auto& answers = spent->answers;
    auto& results = run.results();
    results.add_value(run.name(), "answer p50", "ms", ms(answers.percentile(50)));
    results.add_value(run.name(), "answer p99", "ms", ms(answers.percentile(99)), answer_target_ms);
    results.add_value(run.name(), "events", "/s", events / spent->seconds);
    results.add_value(run.name(), "probes that found all 16 publishers waiting", "",
                      static_cast<double>(skipped));
    return {};
}

}  // namespace carillon::bench
