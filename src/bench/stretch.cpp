#include "bench/stretch.hpp"

#include "bench/clock.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto resting = 20ms;
// A process at rest still looks at its timers.
constexpr std::uint64_t cpu_at_rest_ns = 200'000;
constexpr auto longest_unrest = 10s;

// Passes time by `pass` until the process has had a rest.
result<> until_at_rest(const subject& s,
                       const std::function<result<>(std::chrono::nanoseconds)>& pass) {
    for (auto waited = 0ms; waited < longest_unrest; waited += resting) {
        const auto before = s.cpu_ns();
        if (auto passed = pass(resting); !passed) return passed;
        if (s.cpu_ns() - before <= cpu_at_rest_ns) return {};
    }
    return fail(errc::request_timeout, "the measured process does not come to rest");
}

result<> until_at_rest(const subject& s, load& traffic) {
    return until_at_rest(s, [&](auto time) { return traffic.rest(time); });
}

result<> take_turn(const side& which, subject& s, stretch& sum) {
    const auto spent = which.turn(s);
    if (!spent) return std::unexpected(spent.error());
    sum += *spent;
    // Those who leave cost something as well, but not in the other's turn.
    return until_at_rest(s, [](auto time) -> result<> {
        sleep_for(time);
        return {};
    });
}

}  // namespace

stretch& stretch::operator+=(const stretch& more) {
    cpu_us += more.cpu_us;
    send_cpu_us += more.send_cpu_us;
    seconds += more.seconds;
    count += more.count;
    latency.merge(more.latency);
    answers.merge(more.answers);
    return *this;
}

result<stretch> measure(subject& s, load& traffic, const std::function<result<>()>& run) {
    if (auto rested = until_at_rest(s, traffic); !rested) return std::unexpected(rested.error());
    traffic.listening().latency().clear();
    traffic.publishing().answers().clear();
    const auto cpu = s.cpu_ns();
    const auto send_cpu = s.floor_send_ns();
    const auto deliveries = traffic.listening().delivered();
    const auto begin = now_ns();
    if (auto done = run(); !done) return std::unexpected(done.error());
    const auto end = now_ns();
    if (auto rested = until_at_rest(s, traffic); !rested) return std::unexpected(rested.error());

    stretch spent;
    spent.cpu_us = static_cast<double>(s.cpu_ns() - cpu) / 1e3;
    spent.send_cpu_us = static_cast<double>(s.floor_send_ns() - send_cpu) / 1e3;
    spent.seconds = static_cast<double>(end - begin) / 1e9;
    spent.count = static_cast<double>(traffic.listening().delivered() - deliveries);
    spent.latency = traffic.listening().latency();
    spent.answers = traffic.publishing().answers();
    return spent;
}

result<comparison> in_turns(const side& server, const side& floor) {
    auto first = server.start();
    if (!first) return std::unexpected(first.error());
    comparison both;
    std::optional<subject> second;
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
        if (auto taken = take_turn(server, *first, both.server); !taken)
            return std::unexpected(taken.error());
        if (!second) {
            auto started = floor.start();
            if (!started) return std::unexpected(started.error());
            second = std::move(*started);
        }
        if (auto taken = take_turn(floor, *second, both.floor); !taken)
            return std::unexpected(taken.error());
    }
    return both;
}

}  // namespace carillon::bench
