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
constexpr std::size_t idle_subscribers = 10'000;
constexpr std::size_t first_subscribers = 64;
constexpr std::uint32_t first_events = 20;

/// Adds to `bytes` what came on the wire.
result<stretch> coded_turn(case_run& run, subject& s, content_coding coding, double& bytes_of_all) {
    const std::size_t crowd = run.scaled(subscribers);
    coded_crowd traffic(s.where(), coding);
    if (auto up = traffic.connect(crowd); !up) return std::unexpected(up.error());
    if (coding != content_coding::identity && !traffic.has_coding())
        return fail(errc::internal, "the stream is not compressed");
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
    bytes_of_all += static_cast<double>(traffic.bytes() - bytes);
    return spent;
}

/// What a stream keeps, of the server's process. A first crowd and its events load code and fill
/// free lists and caches.
result<double> memory_of_a_stream(const case_run& run, content_coding coding,
                                  const std::vector<std::string>& arguments) {
    auto server = run.server(arguments);
    if (!server) return std::unexpected(server.error());
    {
        coded_crowd first(server->where(), coding);
        if (auto up = first.connect(first_subscribers); !up) return std::unexpected(up.error());
        if (auto sent = first.one_at_a_time(first_events); !sent)
            return std::unexpected(sent.error());
    }
    coded_crowd traffic(server->where(), coding);
    traffic.rest(1s);
    const auto before = server->pss_bytes();
    const std::size_t crowd = run.scaled(idle_subscribers);
    if (auto up = traffic.connect(crowd); !up) return std::unexpected(up.error());
    if (auto sent = traffic.one_at_a_time(3); !sent) return std::unexpected(sent.error());
    traffic.rest(1s);
    return (static_cast<double>(server->pss_bytes()) - static_cast<double>(before)) /
           static_cast<double>(crowd);
}

result<> compare_memory(case_run& run, content_coding coding) {
    const auto coded = memory_of_a_stream(run, coding, {"--stream.compression", "on"});
    if (!coded) return std::unexpected(coded.error());
    const auto plain = memory_of_a_stream(run, content_coding::identity, {});
    if (!plain) return std::unexpected(plain.error());
    run.results().add_difference(run.name(), "memory per subscriber, more than identity's", "B",
                                 *coded, *plain, memory_target_bytes);
    return {};
}

}  // namespace

result<> compressed_fan_out(case_run& run, content_coding coding, double bytes_target) {
    double coded = 0;
    double plain = 0;
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
                      coded / spent->server.count, plain / spent->floor.count, bytes_target);
    return compare_memory(run, coding);
}

}  // namespace carillon::bench
