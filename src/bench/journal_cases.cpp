// What durability costs, beside the journal in memory, the disk and bare SQLite; and what it is
// for.
#include "bench/bare_sqlite.hpp"
#include "bench/cases.hpp"
#include "bench/clock.hpp"
#include "bench/load.hpp"
#include "bench/payload.hpp"
#include "bench/upload.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t publisher_count = 64;
constexpr std::uint32_t events_each = 4'000;
constexpr double time_target = 1 / 0.7;
constexpr double cpu_target = 1.5;

constexpr double normal_p50_target_ms = 0.5;
constexpr double normal_p99_target_ms = 3;
constexpr double full_fsyncs_target = 2;
constexpr std::size_t answering_publishers = 32;
constexpr std::uint32_t uploaded_events = 300'000;
constexpr double upload_target = 2.5;
constexpr std::uint32_t missed_events = 10;
constexpr double resume_target = 0.5;

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

result<stretch> published(case_run& run, subject& s) {
    load_options options;
    options.publishers = publisher_count;
    const std::uint32_t each = run.events(events_each / turns);
    auto spent = run.measured(
        s, options, [&](load& traffic) { return traffic.as_fast_as_answered(run.events(50)); },
        [&](load& traffic) { return traffic.as_fast_as_answered(each); });
    if (spent) spent->count = static_cast<double>(each) * publisher_count;
    return spent;
}

// The others' 1,000 probes a second are what is measured; publisher 0 only keeps the time.
result<stretch> asked_for_answers(case_run& run, subject& s) {
    load_options options;
    options.publishers = 1 + answering_publishers;
    options.stamp_arrivals = true;
    return run.measured(
        s, options, [](load& traffic) { return traffic.paced(2, 200ms, 1ms); },
        [&](load& traffic) { return traffic.paced(run.events(50 / turns), 100ms, 1ms); });
}

// What the disk takes to keep a page of a file that grows, at the pace of the publishes: processor
// and disk doze between two of them.
result<> append_and_sync(int file, latency_histogram& found) {
    const std::string page(4096, 'x');
    for (std::uint32_t i = 0; i < 1000 / turns; ++i) {
        sleep_for(1ms);
        const auto begin = now_ns();
        if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()) ||
            ::fdatasync(file) != 0)
            return fail(errc::io_error, "the disk cannot be measured");
        found.record(now_ns() - begin);
    }
    return {};
}

}  // namespace

result<> durable_answers(case_run& run) {
    auto normal_server = run.server({"--journal.kind", "sqlite", "--journal.sync", "normal"});
    if (!normal_server) return std::unexpected(normal_server.error());
    auto full_server = run.server({"--journal.kind", "sqlite", "--journal.sync", "full"});
    if (!full_server) return std::unexpected(full_server.error());
    const scratch_folder folder;  // where the servers' data is
    const net::unique_fd file(
        ::open((folder.path() + "/fsync").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    latency_histogram normal;
    latency_histogram full;
    latency_histogram disk;
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
        for (auto [server, sum] : {std::pair(&*normal_server, &normal), {&*full_server, &full}}) {
            const auto spent = asked_for_answers(run, *server);
            if (!spent) return std::unexpected(spent.error());
            sum->merge(spent->answers);
        }
        if (auto done = append_and_sync(file.get(), disk); !done) return done;
    }
    auto& results = run.results();
    results.add_value(run.name(), "normal: answer p50", "ms", ms(normal.percentile(50)),
                      normal_p50_target_ms);
    results.add_value(run.name(), "normal: answer p99", "ms", ms(normal.percentile(99)),
                      normal_p99_target_ms);
    results.add_ratio(run.name(), "full: answer p50, beside fdatasync", "ms",
                      ms(full.percentile(50)), ms(disk.percentile(50)), full_fsyncs_target);
    results.add_ratio(run.name(), "full: answer p99, beside fdatasync", "ms",
                      ms(full.percentile(99)), ms(disk.percentile(99)), std::nullopt);
    return {};
}

result<> line_upload(case_run& run) {
    const std::uint32_t events = run.events(uploaded_events);
    auto server = run.server({"--journal.kind", "sqlite"});
    if (!server) return std::unexpected(server.error());
    if (auto warm = upload_lines(server->where(), 1000); !warm) return warm;
    const auto before = server->cpu_ns();
    const auto begin = now_ns();
    if (auto done = upload_lines(server->where(), events); !done) return done;
    const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
    sleep_for(2s);  // what was answered is still to be indexed
    const double cpu_us = static_cast<double>(server->cpu_ns() - before) / 1e3 / events;
    server->kill();
    const auto floor = bare_sqlite_us_per_row(events);
    if (!floor) return std::unexpected(floor.error());
    run.results().add_value(run.name(), "events", "/s", events / seconds);
    run.results().add_ratio(run.name(), "CPU per event", "µs", cpu_us, *floor, upload_target);
    return {};
}

result<> resuming_crowd(case_run& run) {
    auto server = run.server({"--journal.kind", "sqlite"});
    if (!server) return std::unexpected(server.error());
    load_options options;
    options.subscribers = run.scaled(10'000);
    load traffic(server->where(), options);
    double live = 0;
    double replayed = 0;
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.one_at_a_time(5); !warm) return warm;
        const auto lived =
            measure(*server, traffic, [&] { return traffic.one_at_a_time(missed_events); });
        if (!lived) return std::unexpected(lived.error());
        live = lived->cpu_us_each();
        traffic.listening().close();
        if (auto noticed = traffic.rest(500ms); !noticed) return noticed;
        const auto connected =
            measure(*server, traffic, [&] { return traffic.connect_subscribers(); });
        if (!connected) return std::unexpected(connected.error());
        if (auto left = traffic.leave(missed_events); !left) return left;
        if (auto noticed = traffic.rest(500ms); !noticed) return noticed;
        const auto back = measure(*server, traffic, [&] { return traffic.come_back(); });
        if (!back) return std::unexpected(back.error());
        replayed = (back->cpu_us - connected->cpu_us) /
                   (static_cast<double>(options.subscribers) * missed_events);
        return {};
    });
    if (!done) return done;
    run.results().add_ratio(run.name(), "CPU per replayed event, beside a live one", "µs", replayed,
                            live, resume_target);
    return {};
}

result<> durable_publishing(case_run& run) {
    const auto found = run.beside_memory([&](subject& s) { return published(run, s); });
    if (!found) return std::unexpected(found.error());
    const auto& [durable, memory] = *found;
    const auto time_each = [](const stretch& s) { return s.seconds * 1e6 / s.count; };
    // The journal in memory stands where the floor does elsewhere.
    run.results().add_ratio(run.name(), "time per publish", "µs", time_each(durable),
                            time_each(memory), time_target);
    run.results().add_ratio(run.name(), "CPU per publish", "µs", durable.cpu_us_each(),
                            memory.cpu_us_each(), cpu_target);
    return {};
}

}  // namespace carillon::bench
