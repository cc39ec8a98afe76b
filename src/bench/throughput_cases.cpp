// CPU per delivered event and per connection.
#include "bench/cases.hpp"

#include <fmt/format.h>

namespace carillon::bench {

namespace {

constexpr double fan_out_target = 1.15;
constexpr double publishers_target = 0.2;
constexpr double arrays_target = 0.15;
constexpr double topics_target = 1.5;
constexpr double connect_target = 1.25;
constexpr double durable_fan_out_target = 1.1;
constexpr double durable_topics_target_us = 4;

constexpr std::uint32_t publisher_count = 32;
constexpr std::uint32_t array_size = 100;

// Events of a turn, for about as many deliveries to any number of subscribers: enough for steady
// figures, few seconds.
std::uint32_t events_for(std::size_t subscribers, std::uint32_t deliveries) {
    return deliveries / static_cast<std::uint32_t>(subscribers) / turns;
}

result<stretch> one_at_a_time(case_run& run, subject& s, std::size_t subscribers) {
    load_options options;
    options.subscribers = run.scaled(subscribers);
    return run.measured(
        s, options, [](load& traffic) { return traffic.one_at_a_time(5); },
        [&](load& traffic) {
            return traffic.one_at_a_time(run.events(events_for(subscribers, 1'000'000)));
        });
}

// 10,000 topics with a subscriber each, in turn.
result<stretch> routed(case_run& run, subject& s) {
    load_options options;
    options.subscribers = run.scaled(10'000);
    options.topics = options.subscribers;
    options.publishers = publisher_count;
    return run.measured(
        s, options, [&](load& traffic) { return traffic.round_robin(run.events(10'000)); },
        [&](load& traffic) { return traffic.round_robin(run.events(100'000 / turns)); });
}

// Counts connections.
result<stretch> connected(case_run& run, subject& s) {
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
    load traffic(s.where(), options);
    auto spent = measure(s, traffic, [&] { return traffic.connect_subscribers(); });
    if (!spent) return spent;
    run.learn(traffic);
    spent->count = static_cast<double>(options.subscribers);
    return spent;
}

/// What a case counts.
struct counted {
    std::string_view one;
    std::string_view many;
};
constexpr counted deliveries{"delivery", "deliveries"};
constexpr counted events{"event", "events"};
constexpr counted connections{"connection", "connections"};

// The server's rate, and its CPU beside the floor's, of which only `floor_cost` counts.
result<> add_costs(case_run& run, const counted& what, const result<comparison>& found,
                   double stretch::* floor_cost, double target) {
    if (!found) return std::unexpected(found.error());
    const auto& [server, floor] = *found;
    auto& results = run.results();
    results.add_value(run.name(), what.many, "/s", server.count / server.seconds);
    if (server.cpu_us == 0) return {};  // it runs elsewhere
    results.add_ratio(run.name(), fmt::format("CPU per {}", what.one), "µs", server.cpu_us_each(),
                      floor.*floor_cost / floor.count, target);
    return {};
}

// The server under traffic that shares writes, beside the floor's events one at a time.
result<> shared_writes(case_run& run, std::size_t subscribers, std::size_t publishers,
                       double target, const traffic_kind& warm, const traffic_kind& traffic_of) {
    load_options options;
    options.subscribers = run.scaled(subscribers);
    options.publishers = publishers;
    const auto server_turn = [&](subject& s) {
        return run.measured(
            s, options,
            [&](load& traffic) -> result<> {
                // Also shows an event that came alone, for the floor to repeat.
                if (auto alone = traffic.one_at_a_time(2); !alone) return alone;
                return warm(traffic);
            },
            traffic_of);
    };
    const auto floor_turn = [&](subject& s) { return one_at_a_time(run, s, subscribers); };
    const auto found = in_turns({[&] { return run.server(); }, server_turn},
                                {[&] { return run.floor(); }, floor_turn});
    return add_costs(run, deliveries, found, &stretch::send_cpu_us, target);
}

}  // namespace

result<> fan_out(case_run& run, std::size_t subscribers) {
    const auto found =
        run.beside_floor([&](subject& s) { return one_at_a_time(run, s, subscribers); });
    return add_costs(run, deliveries, found, &stretch::send_cpu_us, fan_out_target);
}

result<> many_publishers(case_run& run, std::size_t subscribers) {
    const auto each = events_for(subscribers, 8'000'000 / publisher_count);
    return shared_writes(
        run, subscribers, publisher_count, publishers_target,
        [](load& traffic) { return traffic.as_fast_as_answered(2); },
        [&](load& traffic) { return traffic.as_fast_as_answered(run.events(each)); });
}

result<> event_arrays(case_run& run, std::size_t subscribers) {
    const auto count = events_for(subscribers, 10'000'000 / array_size);
    return shared_writes(
        run, subscribers, 1, arrays_target,
        [](load& traffic) { return traffic.arrays(2, array_size); },
        [&](load& traffic) { return traffic.arrays(run.events(count), array_size); });
}

result<> many_topics(case_run& run) {
    run.deliver_to(floor_script::delivery::one_per_topic);
    const auto found = run.beside_floor([&](subject& s) { return routed(run, s); });
    return add_costs(run, events, found, &stretch::cpu_us, topics_target);
}

result<> connecting(case_run& run) {
    const auto found = run.beside_floor([&](subject& s) { return connected(run, s); });
    return add_costs(run, connections, found, &stretch::cpu_us, connect_target);
}

result<> durable_fan_out(case_run& run, std::size_t subscribers) {
    const auto found =
        run.beside_memory([&](subject& s) { return one_at_a_time(run, s, subscribers); });
    if (!found) return std::unexpected(found.error());
    run.results().add_ratio(run.name(), "CPU per delivery, beside memory's", "µs",
                            found->server.cpu_us_each(), found->floor.cpu_us_each(),
                            durable_fan_out_target);
    return {};
}

result<> durable_topics(case_run& run) {
    const auto found = run.beside_memory([&](subject& s) { return routed(run, s); });
    if (!found) return std::unexpected(found.error());
    run.results().add_difference(run.name(), "CPU per event, more than memory's", "µs",
                                 found->server.cpu_us_each(), found->floor.cpu_us_each(),
                                 durable_topics_target_us);
    return {};
}

}  // namespace carillon::bench
