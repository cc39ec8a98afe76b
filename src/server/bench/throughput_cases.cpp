// CPU per delivered event and per connection.
#include "server/bench/cases.hpp"

namespace carillon::server::benchmark {

namespace {

using namespace std::chrono_literals;

constexpr double fan_out_target = 1.15;
constexpr double publishers_target = 0.2;
constexpr double arrays_target = 0.15;
constexpr double topics_target = 1.5;
constexpr double connect_target = 1.25;
constexpr double durable_fan_out_target = 1.1;
constexpr double durable_topics_target_us = 4;

constexpr std::uint32_t publisher_count = 32;
constexpr std::uint32_t array_size = 100;
constexpr int connecting_rounds = 3;

// About as many deliveries for any number of subscribers: enough for steady figures, few seconds.
std::uint32_t events_for(std::size_t subscribers, std::uint32_t deliveries) {
    return deliveries / static_cast<std::uint32_t>(subscribers);
}

result<stretch> one_at_a_time(case_run& run, subject& s, std::size_t subscribers, bool is_server) {
    load_options options;
    options.subscribers = run.scaled(subscribers);
    load traffic(s.where(), options);
    stretch spent;
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.one_at_a_time(20); !warm) return warm;
        auto measured = measure(s, traffic, [&] {
            return traffic.one_at_a_time(run.events(events_for(subscribers, 1'000'000)));
        });
        if (!measured) return std::unexpected(measured.error());
        spent = *measured;
        return {};
    });
    if (!done) return std::unexpected(done.error());
    if (is_server) run.learn(traffic);
    return spent;
}

// Of the loop of `send` alone, so that what the floor does to be told about an event is no part of
// the floor.
result<double> floor_us_per_event(case_run& run, std::size_t subscribers) {
    run.deliver_to(floor_script::delivery::everyone);
    auto floor = run.floor();
    if (!floor) return std::unexpected(floor.error());
    const auto spent = one_at_a_time(run, *floor, subscribers, false);
    if (!spent) return std::unexpected(spent.error());
    return spent->send_cpu_us / spent->deliveries;
}

void add_rate(case_run& run, const stretch& spent) {
    run.results().add_value(run.name(), "deliveries", "/s", spent.deliveries / spent.seconds);
}

// The server under `traffic_of`, its CPU per delivery against the one-at-a-time floor.
result<> against_floor(case_run& run, std::size_t subscribers, std::size_t publishers_used,
                       double target, const std::function<result<>(load&, bool warm)>& traffic_of) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    load_options options;
    options.subscribers = run.scaled(subscribers);
    options.publishers = publishers_used;
    stretch spent;
    {
        load traffic(server->where(), options);
        auto done = run.drive(traffic, [&]() -> result<> {
            if (auto alone = traffic.one_at_a_time(2); !alone) return alone;
            run.learn(traffic);
            if (auto warm = traffic_of(traffic, true); !warm) return warm;
            auto measured = measure(*server, traffic, [&] { return traffic_of(traffic, false); });
            if (!measured) return std::unexpected(measured.error());
            spent = *measured;
            return {};
        });
        if (!done) return done;
    }
    server->kill();
    add_rate(run, spent);
    if (!server->has_process()) return {};
    const auto floor = floor_us_per_event(run, subscribers);
    if (!floor) return std::unexpected(floor.error());
    run.results().add_ratio(run.name(), "CPU per delivery", "µs", spent.cpu_us / spent.deliveries,
                            *floor, target);
    return {};
}

result<stretch> routed(case_run& run, subject& s, bool is_server) {
    load_options options;
    options.subscribers = run.scaled(10'000);
    options.topics = options.subscribers;
    options.publishers = publisher_count;
    load traffic(s.where(), options);
    stretch spent;
    auto done = run.drive(traffic, [&]() -> result<> {
        if (auto warm = traffic.round_robin(run.events(10'000)); !warm) return warm;
        auto measured =
            measure(s, traffic, [&] { return traffic.round_robin(run.events(60'000)); });
        if (!measured) return std::unexpected(measured.error());
        spent = *measured;
        return {};
    });
    if (!done) return std::unexpected(done.error());
    if (is_server) run.learn(traffic);
    return spent;
}

// CPU per connection in µs.
result<double> connected(case_run& run, subject& s, bool is_server) {
    load_options options;
    options.publishers = 0;
    options.subscribers = 64;
    {
        // The first connections also load code and fill free lists; that is the price of a start,
        // not of a connection.
        load warm(s.where(), options);
        if (auto done = warm.connect(); !done) return std::unexpected(done.error());
    }
    options.subscribers = run.scaled(10'000);
    double spent_us = 0;
    for (int i = 0; i < connecting_rounds; ++i) {
        load traffic(s.where(), options);
        auto spent = measure(s, traffic, [&] { return traffic.connect_subscribers(); });
        if (!spent) return std::unexpected(spent.error());
        if (is_server) run.learn(traffic);
        spent_us += spent->cpu_us;
    }
    return spent_us / static_cast<double>(options.subscribers * connecting_rounds);
}

// CPU per delivery in µs with one kind of journal.
template <class Traffic>
result<double> with_journal(case_run& run, const char* kind, Traffic traffic_on) {
    auto server = run.server({"--journal.kind", kind});
    if (!server) return std::unexpected(server.error());
    const result<stretch> spent = traffic_on(*server);
    if (!spent) return std::unexpected(spent.error());
    return spent->cpu_us / spent->deliveries;
}

}  // namespace

result<> fan_out(case_run& run, std::size_t subscribers) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    const auto spent = one_at_a_time(run, *server, subscribers, true);
    if (!spent) return std::unexpected(spent.error());
    server->kill();
    add_rate(run, *spent);
    if (!server->has_process()) return {};
    const auto floor = floor_us_per_event(run, subscribers);
    if (!floor) return std::unexpected(floor.error());
    run.results().add_ratio(run.name(), "CPU per delivery", "µs", spent->cpu_us / spent->deliveries,
                            *floor, fan_out_target);
    return {};
}

result<> many_publishers(case_run& run, std::size_t subscribers) {
    const auto each = events_for(subscribers, 8'000'000 / publisher_count);
    return against_floor(run, subscribers, publisher_count, publishers_target,
                         [&](load& traffic, bool warm) {
                             return traffic.as_fast_as_answered(warm ? 4 : run.events(each));
                         });
}

result<> event_arrays(case_run& run, std::size_t subscribers) {
    const auto count = events_for(subscribers, 8'000'000) / array_size;
    return against_floor(run, subscribers, 1, arrays_target, [&](load& traffic, bool warm) {
        return traffic.arrays(warm ? 2 : run.events(count), array_size);
    });
}

result<> many_topics(case_run& run) {
    run.deliver_to(floor_script::delivery::one_per_topic);
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    const auto spent = routed(run, *server, true);
    if (!spent) return std::unexpected(spent.error());
    server->kill();
    add_rate(run, *spent);
    if (!server->has_process()) return {};
    auto floor = run.floor();
    if (!floor) return std::unexpected(floor.error());
    const auto least = routed(run, *floor, false);
    if (!least) return std::unexpected(least.error());
    run.results().add_ratio(run.name(), "CPU per event", "µs", spent->cpu_us / spent->deliveries,
                            least->cpu_us / least->deliveries, topics_target);
    return {};
}

result<> durable_fan_out(case_run& run, std::size_t subscribers) {
    const auto traffic = [&](subject& s) { return one_at_a_time(run, s, subscribers, true); };
    const auto memory = with_journal(run, "memory", traffic);
    if (!memory) return std::unexpected(memory.error());
    const auto durable = with_journal(run, "sqlite", traffic);
    if (!durable) return std::unexpected(durable.error());
    run.results().add_ratio(run.name(), "CPU per delivery, beside memory's", "µs", *durable,
                            *memory, durable_fan_out_target);
    return {};
}

result<> durable_topics(case_run& run) {
    const auto traffic = [&](subject& s) { return routed(run, s, true); };
    const auto memory = with_journal(run, "memory", traffic);
    if (!memory) return std::unexpected(memory.error());
    const auto durable = with_journal(run, "sqlite", traffic);
    if (!durable) return std::unexpected(durable.error());
    run.results().add_difference(run.name(), "CPU per event, more than memory's", "µs", *durable,
                                 *memory, durable_topics_target_us);
    return {};
}

result<> connecting(case_run& run) {
    auto server = run.server();
    if (!server) return std::unexpected(server.error());
    const auto spent = connected(run, *server, true);
    if (!spent) return std::unexpected(spent.error());
    server->kill();
    if (!server->has_process()) return {};
    auto floor = run.floor();
    if (!floor) return std::unexpected(floor.error());
    const auto least = connected(run, *floor, false);
    if (!least) return std::unexpected(least.error());
    run.results().add_ratio(run.name(), "CPU per connection", "µs", *spent, *least, connect_target);
    return {};
}

}  // namespace carillon::server::benchmark
