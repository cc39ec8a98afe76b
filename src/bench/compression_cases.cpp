// What compression costs and spares, beside the same streams as they are.
#include "bench/cases.hpp"
#include "bench/clock.hpp"
#include "bench/coded_crowd.hpp"

#include <fmt/format.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t subscribers = 1000;
constexpr std::uint32_t events_of_a_turn = 60;
constexpr double cpu_target = 1;
constexpr double memory_target_bytes = 64;

struct coded_figures {
    double bytes = 0;   ///< on the wire
    double memory = 0;  ///< of the process, for each subscriber; of the first turn
    bool has_memory = false;
};

result<stretch> coded_turn(case_run& run, subject& s, content_coding coding, coded_figures& found) {
    const std::size_t crowd = run.scaled(subscribers);
    coded_crowd traffic(s.where(), coding);
    const auto memory = s.pss_bytes();
    if (auto up = traffic.connect(crowd); !up) return std::unexpected(up.error());
    if (coding != content_coding::identity && !traffic.has_coding())
        return fail(errc::internal, "the stream is not compressed");
    if (!std::exchange(found.has_memory, true)) {
        found.memory = (static_cast<double>(s.pss_bytes()) - static_cast<double>(memory)) /
                       static_cast<double>(crowd);
    }
    if (auto warm = traffic.one_at_a_time(5); !warm) return std::unexpected(warm.error());
    traffic.rest(100ms);
    const auto bytes = traffic.bytes();
    const auto cpu = s.cpu_ns();
    const auto begin = now_ns();
    const std::uint32_t events = run.events(events_of_a_turn);
    if (auto done = traffic.one_at_a_time(events); !done) return std::unexpected(done.error());
    stretch spent;
    spent.seconds = static_cast<double>(now_ns() - begin) / 1e9;
    traffic.rest(50ms);
    spent.cpu_us = static_cast<double>(s.cpu_ns() - cpu) / 1e3;
    spent.count = static_cast<double>(events) * static_cast<double>(crowd);
    found.bytes += static_cast<double>(traffic.bytes() - bytes);
    return spent;
}

}  // namespace

result<> compressed_fan_out(case_run& run, content_coding coding, double bytes_target) {
    coded_figures coded;
    coded_figures plain;
    const auto spent =
        in_turns({[&] { return run.server({"--stream.compression", "on"}); },
                  [&](subject& s) { return coded_turn(run, s, coding, coded); }},
                 {[&] { return run.server(); },
                  [&](subject& s) { return coded_turn(run, s, content_coding::identity, plain); }});
    if (!spent) return std::unexpected(spent.error());
    auto& results = run.results();
    results.add_ratio(run.name(), "CPU per delivery, beside identity's", "µs",
                      spent->server.cpu_us_each(), spent->floor.cpu_us_each(), cpu_target);
    results.add_ratio(run.name(), "bytes per delivery, beside identity's", "B",
                      coded.bytes / spent->server.count, plain.bytes / spent->floor.count,
                      bytes_target);
    results.add_difference(run.name(), "memory per subscriber, more than identity's", "B",
                           coded.memory, plain.memory, memory_target_bytes);
    return {};
}

}  // namespace carillon::bench
