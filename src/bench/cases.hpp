// The cases of the performance table, and what one run of a case has at hand.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/coding/content_coding.hpp>

#include "bench/load.hpp"
#include "bench/process.hpp"
#include "bench/report.hpp"
#include "bench/stretch.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::bench {

struct bench_options {
    std::vector<std::string> cases;  ///< names; empty: all
    std::size_t pairs = 1;           ///< runs of each case; medians are reported
    double scale = 1;                ///< multiplies subscribers and events; figures count at 1 only
    std::optional<target> running;   ///< measure this server instead of starting one
    pid_t running_pid = 0;           ///< its process, for CPU and memory; 0: not known
    bool floor_as_server = false;  ///< the floor on both sides, to see what the harness itself adds
    std::vector<std::string> serve_arguments;  ///< more arguments for `carillon serve`
};

using traffic_kind = std::function<result<>(load&)>;

/// One case, pair after pair. Confined to one thread.
class case_run {
public:
    case_run(std::string_view case_name, const bench_options& options, report& results)
        : name_(case_name), options_(options), report_(results) {}

    /// A fresh one each time (unless a running server is measured).
    result<subject> server(const std::vector<std::string>& more_arguments = {}) const;
    /// A fresh floor that writes what `learn` saw.
    result<subject> floor() const;

    /// Connects a crowd of its own to `s`, warms up, and measures `traffic`.
    result<stretch> measured(subject& s, const load_options& crowd, const traffic_kind& warm,
                             const traffic_kind& traffic);
    /// The same traffic on the server and on the floor.
    result<comparison> beside_floor(const std::function<result<stretch>(subject&)>& turn) const;
    /// The same traffic on the server with the durable journal, and in the floor's place with the
    /// one in memory.
    result<comparison> beside_memory(const std::function<result<stretch>(subject&)>& turn) const;

    /// Takes the bytes of the server's responses for the floor. Call before `floor`.
    void learn(load& traffic);
    void deliver_to(floor_script::delivery to) noexcept { script_.to = to; }

    /// Connects, runs, learns, closes the books; failures of the load come with their deliveries
    /// counted.
    result<> drive(load& traffic, const std::function<result<>()>& run);

    std::size_t scaled(std::size_t count) const noexcept;
    std::uint32_t events(std::uint32_t count) const noexcept;
    std::string_view name() const noexcept { return name_; }
    report& results() noexcept { return report_; }

private:
    std::string_view name_;
    const bench_options& options_;
    report& report_;
    floor_script script_ = floor_script::plain();
};

struct bench_case {
    std::string_view name;
    std::string_view what;
    std::size_t subscribers;
    result<> (*run_pair)(case_run&);
};

std::span<const bench_case> all_cases();

/// Runs the chosen cases, pairs times each, telling `progress` what it does. Fails only if a case
/// is not known; what goes wrong in a case is in the report, and the next case runs.
result<report> run_cases(const bench_options& options,
                         const std::function<void(std::string_view)>& progress);

// One pair each. Where a case exists for 1,000 and 10,000 subscribers, the number is a parameter.
result<> fan_out(case_run& run, std::size_t subscribers);
result<> many_publishers(case_run& run, std::size_t subscribers);
result<> event_arrays(case_run& run, std::size_t subscribers);
result<> many_topics(case_run& run);
result<> connecting(case_run& run);
result<> idle_memory(case_run& run);
result<> delivery_latency(case_run& run);
result<> answer_latency(case_run& run);
result<> stalled_readers(case_run& run);
result<> durable_fan_out(case_run& run, std::size_t subscribers);
result<> durable_topics(case_run& run);
result<> durable_publishing(case_run& run);
result<> durable_answers(case_run& run);
result<> line_upload(case_run& run);
result<> resuming_crowd(case_run& run);
result<> identified_memory(case_run& run);
result<> targeted_events(case_run& run);
result<> connecting_with_tokens(case_run& run);
/// `bytes_target`: of identity's.
result<> compressed_fan_out(case_run& run, content_coding coding, double bytes_target);

}  // namespace carillon::bench
