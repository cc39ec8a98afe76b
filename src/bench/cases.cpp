#include "bench/cases.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace carillon::bench {

namespace {

constexpr std::array<bench_case, 24> cases = {{
    {"fanout-1000", "one event at a time to 1,000 subscribers", 1000,
     [](case_run& r) { return fan_out(r, 1000); }},
    {"fanout-10000", "one event at a time to 10,000 subscribers", 10000,
     [](case_run& r) { return fan_out(r, 10000); }},
    {"publishers-1000", "32 publishers as fast as answers come, 1,000 subscribers", 1000,
     [](case_run& r) { return many_publishers(r, 1000); }},
    {"publishers-10000", "32 publishers as fast as answers come, 10,000 subscribers", 10000,
     [](case_run& r) { return many_publishers(r, 10000); }},
    {"arrays-1000", "one publisher sends arrays of 100, 1,000 subscribers", 1000,
     [](case_run& r) { return event_arrays(r, 1000); }},
    {"arrays-10000", "one publisher sends arrays of 100, 10,000 subscribers", 10000,
     [](case_run& r) { return event_arrays(r, 10000); }},
    {"topics", "10,000 topics with one subscriber each, 32 publishers", 10000, many_topics},
    {"connect", "10,000 subscribers connect", 10000, connecting},
    {"idle", "memory of 10,000 idle subscribers, now and after ten rounds", 10000, idle_memory},
    {"latency", "10 events/s to 1,000 subscribers", 1000, delivery_latency},
    {"answer", "publishers are answered while 10,000 subscribers get 20 events/s", 10000,
     answer_latency},
    {"stalled", "100 of 1,000 subscribers stop reading", 1000, stalled_readers},
    {"durable-fanout-1000", "fanout-1000 with the durable journal, beside memory's", 1000,
     [](case_run& r) { return durable_fan_out(r, 1000); }},
    {"durable-fanout-10000", "fanout-10000 with the durable journal, beside memory's", 10000,
     [](case_run& r) { return durable_fan_out(r, 10000); }},
    {"durable-topics", "topics with the durable journal, beside memory's", 10000, durable_topics},
    {"durable", "64 publishers, no subscribers: the durable journal beside the one in memory", 0,
     durable_publishing},
    {"durable-answers", "1,000 durable publishes/s, sync normal and full, beside an fsync", 0,
     durable_answers},
    {"upload", "one upload of newline-delimited JSON, beside bare SQLite", 0, line_upload},
    {"resume", "10,000 subscribers come back and have missed 10 events each", 10000,
     resuming_crowd},
    {"targeted", "events to one user, and to 100 by metadata, among 100,000 (in process)", 0,
     targeted_events},
    {"tokens", "10,000 subscribers connect, each with an ES256 token of its own", 10000,
     connecting_with_tokens},
    {"identified", "memory of 10,000 idle subscribers with user, session and three metadata keys",
     10000, identified_memory},
    {"gzip", "1 KiB JSON events to 1,000 gzip streams, beside identity", 1000,
     [](case_run& r) { return compressed_fan_out(r, content_coding::gzip, 0.4); }},
    {"brotli", "1 KiB JSON events to 1,000 br streams, beside identity", 1000,
     [](case_run& r) { return compressed_fan_out(r, content_coding::br, 0.35); }},
}};

result<std::vector<const bench_case*>> chosen(const std::vector<std::string>& names) {
    std::vector<const bench_case*> found;
    for (const auto& c : cases)
        if (names.empty() || std::find(names.begin(), names.end(), c.name) != names.end())
            found.push_back(&c);
    for (const auto& name : names) {
        const auto is_named = [&](const bench_case& c) { return c.name == name; };
        if (std::none_of(cases.begin(), cases.end(), is_named))
            return fail(errc::not_found, fmt::format("no such case: {}", name));
    }
    return found;
}

}  // namespace

std::span<const bench_case> all_cases() { return cases; }

result<subject> case_run::server(const std::vector<std::string>& more_arguments) const {
    if (options_.running) return subject::running(*options_.running, options_.running_pid);
    if (!options_.floor_as_server) {
        auto arguments = options_.serve_arguments;
        arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
        return subject::start_server(arguments);
    }
    auto script = floor_script::plain();
    script.to = script_.to;
    return subject::start_floor(script);
}

result<subject> case_run::floor() const { return subject::start_floor(script_); }

result<stretch> case_run::measured(subject& s, const load_options& crowd, const traffic_kind& warm,
                                   const traffic_kind& traffic) {
    load connected(s.where(), crowd);
    result<stretch> spent = stretch();
    const auto done = drive(connected, [&]() -> result<> {
        if (auto warmed = warm(connected); !warmed) return warmed;
        spent = measure(s, connected, [&] { return traffic(connected); });
        if (!spent) return std::unexpected(spent.error());
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return spent;
}

result<comparison> case_run::beside_floor(
    const std::function<result<stretch>(subject&)>& turn) const {
    return in_turns({[this] { return server(); }, turn}, {[this] { return floor(); }, turn});
}

result<comparison> case_run::beside_memory(
    const std::function<result<stretch>(subject&)>& turn) const {
    const auto with_journal = [this](const char* kind) {
        return [this, kind] { return server({"--journal.kind", kind}); };
    };
    return in_turns({with_journal("sqlite"), turn}, {with_journal("memory"), turn});
}

void case_run::learn(load& traffic) {
    const auto sample = sample_response(traffic.listening().first_bytes());
    if (!sample.opening.empty()) script_.opening = sample.opening;
    if (!sample.before.empty()) {
        script_.before = sample.before;
        script_.after = sample.after;
    }
    const auto& answer = traffic.publishing().first_answer();
    if (!answer.empty()) script_.answer = answer;
}

result<> case_run::drive(load& traffic, const std::function<result<>()>& run) {
    auto done = traffic.connect();
    if (done) done = run();
    learn(traffic);
    report_.add_deliveries(traffic.close_books());
    return done;
}

std::size_t case_run::scaled(std::size_t count) const noexcept {
    return std::max<std::size_t>(
        1, static_cast<std::size_t>(std::lround(static_cast<double>(count) * options_.scale)));
}

std::uint32_t case_run::events(std::uint32_t count) const noexcept {
    return static_cast<std::uint32_t>(scaled(count));
}

result<report> run_cases(const bench_options& options,
                         const std::function<void(std::string_view)>& progress) {
    const auto selected = chosen(options.cases);
    if (!selected) return std::unexpected(selected.error());
    report results;
    std::vector<case_run> runs;
    for (const auto* c : *selected) runs.emplace_back(c->name, options, results);
    for (std::size_t pair = 0; pair < options.pairs; ++pair) {
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const auto& c = *(*selected)[i];
            progress(fmt::format("[{}/{}] {}: {}", pair + 1, options.pairs, c.name, c.what));
            if (auto done = c.run_pair(runs[i]); !done)
                results.add_problem(fmt::format("{}: {}", c.name, done.error().detail));
        }
    }
    return results;
}

}  // namespace carillon::bench
