// Memory of the server and of the kernel, per subscriber that does nothing and per subscriber that
// stalls.
#include "auth/key.hpp"
#include "bench/cases.hpp"
#include "bench/clock.hpp"
#include "bench/kernel_memory.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr double idle_target_bytes = 640;
constexpr double identified_target_bytes = 800;
constexpr double after_rounds_target = 1.1;
constexpr int rounds = 10;

constexpr std::size_t stalled_of_1000 = 100;
constexpr double others_target = 1.1;
constexpr double stalled_growth_target_kib = 1024;
constexpr double stalled_kernel_target_kib = 64;
constexpr std::uint32_t array_size = 100;
constexpr std::uint32_t paced_events = 200;

double growth(std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to) - static_cast<double>(from);
}

// A first client loads code, fills free lists and makes threads start what they start late.
result<> warm_up(const subject& s) {
    load_options options;
    options.subscribers = 64;
    load traffic(s.where(), options);
    if (auto connected = traffic.connect(); !connected) return connected;
    if (auto sent = traffic.one_at_a_time(20); !sent) return sent;
    return {};
}

struct idle_figures {
    double bytes = 0;         ///< of the process, per subscriber
    double later_bytes = 0;   ///< after the rounds
    double kernel_bytes = 0;  ///< of the server's half of a connection
};

// The kernel's structures of the server's half are what it frees when the server is gone and the
// client still holds its half; the buffers it knows by socket.
result<double> kernel_bytes(subject& s, load& traffic) {
    const auto buffers = buffer_bytes_at(s.where().port());
    if (!buffers) return std::unexpected(buffers.error());
    if (!s.is_ours()) return 0;
    const auto before = read_socket_memory().structures;
    s.kill();
    // Sockets, files and inodes are freed after a grace period of the kernel's; the client must not
    // see its ends close.
    sleep_for(500ms);
    const auto after = read_socket_memory().structures;
    return (growth(after, before) + static_cast<double>(*buffers)) /
           static_cast<double>(traffic.listening().size());
}

result<idle_figures> idle(case_run& run, subject& s, int rounds_here, bool is_server,
                          load_options options = {}) {
    if (options.stream.empty()) {
        if (auto warm = warm_up(s); !warm) return std::unexpected(warm.error());
    }
    options.subscribers = run.scaled(10'000);
    options.publishers = 0;
    load traffic(s.where(), options);
    if (auto rested = traffic.rest(1s); !rested) return std::unexpected(rested.error());
    const auto count = static_cast<double>(options.subscribers);
    const auto base = s.pss_bytes();

    idle_figures found;
    for (int round = 0; round <= rounds_here; ++round) {
        traffic.listening().close();
        if (auto noticed = traffic.rest(500ms); !noticed) return std::unexpected(noticed.error());
        if (auto up = traffic.connect_subscribers(); !up) return std::unexpected(up.error());
        if (round > 0 && round < rounds_here) continue;
        if (auto rested = traffic.rest(1s); !rested) return std::unexpected(rested.error());
        (round == 0 ? found.bytes : found.later_bytes) = growth(base, s.pss_bytes()) / count;
    }
    if (is_server) run.learn(traffic);
    const auto kernel = kernel_bytes(s, traffic);
    found.kernel_bytes = kernel.value_or(0);
    return found;
}

struct crowd_figures {
    latency_histogram without;
    latency_histogram with;
    double growth_kib = 0;  ///< of the server, while some did not read
    double kernel_kib_per_socket = 0;
};

load_options crowd_options(const case_run& run) {
    load_options options;
    options.subscribers = run.scaled(1000);
    options.stalling = run.scaled(stalled_of_1000);
    options.stamp_arrivals = true;
    return options;
}

// Fills the sockets of those who do not read: 3,000 events are about 600 KB, far more than any
// socket may hold.
result<> burst(load& traffic) {
    for (int i = 0; i < 30; ++i)
        if (auto sent = traffic.arrays(1, array_size); !sent) return sent;
    return traffic.rest(200ms);
}

// A burst, then a steady pace, whose latencies are kept.
result<> burst_then_pace(case_run& run, load& traffic, latency_histogram& latencies) {
    if (auto sent = burst(traffic); !sent) return sent;
    traffic.listening().latency().clear();
    if (auto sent = traffic.paced(run.events(paced_events), 25ms); !sent) return sent;
    latencies.merge(traffic.listening().latency());
    return {};
}

// The same traffic with all reading, with the stalled, and with all reading again: the two outer
// ones average what the machine does meanwhile.
result<> stall_between(case_run& run, subject& s, load& traffic, crowd_figures& found) {
    latency_histogram unused;
    if (auto warm = burst_then_pace(run, traffic, unused); !warm) return warm;
    if (auto sent = burst_then_pace(run, traffic, found.without); !sent) return sent;

    const auto names = traffic.listening().stalling_names();
    const auto idle_buffers = buffer_bytes_at(s.where().port(), names);
    const auto before = s.pss_bytes();
    traffic.stall();
    if (auto sent = burst_then_pace(run, traffic, found.with); !sent) return sent;
    found.growth_kib = growth(before, s.pss_bytes()) / 1024;
    const auto full_buffers = buffer_bytes_at(s.where().port(), names);
    if (idle_buffers && full_buffers)
        found.kernel_kib_per_socket =
            growth(*idle_buffers, *full_buffers) / 1024 / static_cast<double>(names.size());
    if (auto read = traffic.resume(); !read) return read;
    return burst_then_pace(run, traffic, found.without);
}

// How much a fresh server grows by the third of the same bursts if nobody stalls: that is the
// journal, whose tables grow in jumps, so only the same events from the start tell its share.
result<double> growth_without_stalling(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    load traffic(server->where(), crowd_options(run));
    double grown_kib = 0;
    auto done = run.drive(traffic, [&]() -> result<> {
        for (int phase = 0; phase < 3; ++phase) {
            const auto before = server->pss_bytes();
            if (auto sent = burst(traffic); !sent) return sent;
            if (auto sent = traffic.one_at_a_time(run.events(paced_events)); !sent) return sent;
            grown_kib = growth(before, server->pss_bytes()) / 1024;
        }
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return grown_kib;
}

}  // namespace

result<> idle_memory(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    const bool server_was_ours = server->is_ours();
    const auto found = idle(run, *server, rounds, true);
    if (!found) return std::unexpected(found.error());
    server->kill();
    if (!server->has_process()) return {};
    auto floor = run.floor();
    if (!floor) return std::unexpected(floor.error());
    const auto least = idle(run, *floor, 0, false);
    if (!least) return std::unexpected(least.error());
    auto& results = run.results();
    results.add_value(run.name(), "server memory per idle subscriber", "B", found->bytes,
                      idle_target_bytes, least->bytes);
    results.add_quotient(run.name(), "the same after ten rounds ÷ before", "B", found->later_bytes,
                         found->later_bytes / found->bytes, after_rounds_target);
    if (server_was_ours)
        results.add_value(run.name(), "kernel memory per idle subscriber", "B", found->kernel_bytes,
                          {}, least->kernel_bytes);
    return {};
}

// Users' streams, of a server that remembers no tokens: what it remembers of those is bounded, and
// the same whether their streams are there or not.
result<> identified_memory(case_run& run) {
    constexpr std::string_view secret = "a secret of the benchmark, of more than thirty-two bytes";
    const auto key = auth::key::from_secret(secret, auth::algorithm::hs256);
    if (!key) return std::unexpected(key.error());
    auto server =
        run.server({"--auth.secret", std::string(secret), "--auth.max_remembered_tokens", "2"});
    if (!server) return std::unexpected(server.error());
    if (!server->has_process()) return {};
    load_options options;
    options.stream = "/api/sse/connect";
    options.fields = [&key](std::size_t n) {
        const auto claims = fmt::format(
            R"({{"sub":"user-{}","sid":"session-{}","team":"t{}","site":"s{}","plan":"p{}","exp":4102444800}})",
            n, n, n % 50, n % 10, n % 3);
        return fmt::format("Authorization: Bearer {}\r\n", (*key)->sign(claims).value_or(""));
    };
    {
        load_options first = options;
        first.subscribers = 64;
        first.publishers = 0;
        load warm(server->where(), first);
        if (auto done = warm.connect(); !done) return done;
    }
    const auto found = idle(run, *server, 0, false, options);
    if (!found) return std::unexpected(found.error());
    run.results().add_value(run.name(), "server memory per idle subscriber with an identity", "B",
                            found->bytes, identified_target_bytes);
    return {};
}

result<> stalled_readers(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    crowd_figures found;
    {
        load traffic(server->where(), crowd_options(run));
        const auto traffic_run = [&] { return stall_between(run, *server, traffic, found); };
        if (auto done = run.drive(traffic, traffic_run); !done) return done;
    }
    auto& results = run.results();
    const auto without = static_cast<double>(found.without.percentile(99)) / 1e6;
    const auto with = static_cast<double>(found.with.percentile(99)) / 1e6;
    results.add_quotient(run.name(), "others' p99 ÷ that without", "ms", with, with / without,
                         others_target);
    results.add_value(run.name(), "kernel memory per stalled socket", "KiB",
                      found.kernel_kib_per_socket, stalled_kernel_target_kib);
    // A server that runs already cannot be had fresh, without what its journal keeps.
    if (!server->is_ours()) return {};
    server->kill();
    const auto least = growth_without_stalling(run);
    if (!least) return std::unexpected(least.error());
    results.add_value(run.name(), "server memory growth, beyond that without", "KiB",
                      found.growth_kib - *least, stalled_growth_target_kib);
    results.add_value(run.name(), "server memory growth without", "KiB", *least);
    return {};
}

}  // namespace carillon::bench
