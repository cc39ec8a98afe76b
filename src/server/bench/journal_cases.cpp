// What durability costs, beside the journal in memory.
#include "server/bench/cases.hpp"
#include "server/bench/load.hpp"

namespace carillon::server::benchmark {

namespace {

constexpr std::size_t publisher_count = 64;
constexpr std::uint32_t events_each = 2'000;
constexpr double time_target = 1 / 0.7;
constexpr double cpu_target = 1.5;

/// Microseconds per event.
struct cost {
    double time = 0;
    double cpu = 0;
};

result<cost> published(case_run& run, const char* kind) {
    auto server = run.server({"--journal.kind", kind});
    if (!server) return std::unexpected(server.error());
    load_options options;
    options.publishers = publisher_count;
    load traffic(server->where(), options);
    cost spent;
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.as_fast_as_answered(run.events(200)); !warm) return warm;
        const std::uint32_t each = run.events(events_each);
        auto measured =
            measure(*server, traffic, [&] { return traffic.as_fast_as_answered(each); });
        if (!measured) return std::unexpected(measured.error());
        const double events = static_cast<double>(each) * publisher_count;
        spent = {measured->seconds * 1e6 / events, measured->cpu_us / events};
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return spent;
}

}  // namespace

result<> durable_publishing(case_run& run) {
    const auto memory = published(run, "memory");
    if (!memory) return std::unexpected(memory.error());
    const auto durable = published(run, "sqlite");
    if (!durable) return std::unexpected(durable.error());
    // The journal in memory stands where the floor does elsewhere.
    run.results().add_ratio(run.name(), "time per publish", "µs", durable->time, memory->time,
                            time_target);
    run.results().add_ratio(run.name(), "CPU per publish", "µs", durable->cpu, memory->cpu,
                            cpu_target);
    return {};
}

}  // namespace carillon::server::benchmark
