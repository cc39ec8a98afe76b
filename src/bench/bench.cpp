#include "bench/bench.hpp"

#include "bench/cases.hpp"
#include "net/listener.hpp"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace carillon::bench {

namespace {

constexpr int unsound = 1;
constexpr int bad_arguments = 2;
// The client's own descriptors besides those of subscribers: publishers, epoll, files of /proc.
constexpr std::size_t other_descriptors = 100;

enum class output : std::uint8_t { text, json, markdown };

struct command_line {
    bench_options options;
    std::string url;
    bool list = false;
    bool json = false;
    bool markdown = false;
    std::string server = "carillon";
};

void describe(CLI::App& app, command_line& to) {
    app.add_option("--case", to.options.cases, "Run only this case; may be repeated (see --list)")
        ->allow_extra_args(false);
    app.add_option("--pairs", to.options.pairs,
                   "Runs of each case, server and floor in turn; the table shows medians")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_option("--scale", to.options.scale,
                   "Fewer subscribers and events, for a quick look: 0.1 is a tenth")
        ->check(CLI::Range(0.001, 1.0))
        ->capture_default_str();
    app.add_option("--url", to.url, "Measure the server that runs there instead of starting one");
    app.add_option("--pid", to.options.running_pid,
                   "Process of the server at --url, for its CPU and memory");
    app.add_flag("--list", to.list, "Show the cases and end");
    app.add_flag("--json", to.json,
                 "Print the results as one JSON object, with the figures of each run");
    app.add_flag("--markdown", to.markdown, "Print the results as a Markdown table");
    app.add_option("serve-arguments", to.options.serve_arguments,
                   "After --: more arguments for the `carillon serve` that is started");
    // For checking the harness: "floor" measures the floor against itself.
    app.add_option("--server", to.server, "")->group("");
    app.footer(
        "Without --url the server is this program, in a process of its own.\n"
        "Exit code: 1 if any delivery was lost, doubled or out of order, or a case failed.\n"
        "A target that was missed is in the table and no failure. Targets are meant for --scale "
        "1,\n"
        "on a machine with nothing else to do.");
}

result<> complete(command_line& given) {
    given.options.floor_as_server = given.server == "floor";
    if (given.url.empty()) return {};
    auto where = target::parse_url(given.url);
    if (!where) return std::unexpected(where.error());
    given.options.running = *where;
    return {};
}

// Enough descriptors for the largest case in this process; the server's has the same limit.
result<> check_file_limit(const bench_options& options) {
    std::size_t most = 0;
    for (const auto& c : all_cases()) {
        const bool chosen =
            options.cases.empty() ||
            std::find(options.cases.begin(), options.cases.end(), c.name) != options.cases.end();
        if (chosen) most = std::max(most, c.subscribers);
    }
    const auto needed =
        static_cast<std::size_t>(static_cast<double>(most) * options.scale) + other_descriptors;
    const auto limit = net::raise_file_limit();
    if (limit >= needed) return {};
    return fail(errc::unavailable,
                fmt::format("{} open files are needed and {} are allowed; raise the limit "
                            "(ulimit -Hn {}), or run with --scale or --case",
                            needed, limit, needed));
}

void list_cases() {
    for (const auto& c : all_cases()) fmt::print("{:<22}{}\n", c.name, c.what);
}

int complain(const error& problem) {
    fmt::print(stderr, "carillon bench: {}\n", problem.detail);
    return bad_arguments;
}

}  // namespace

int run(int argc, char** argv) {
    CLI::App app("Measures deliveries, CPU, latency and memory, and checks every delivery.",
                 "carillon bench");
    command_line given;
    describe(app, given);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : bad_arguments;
    }
    if (given.list) {
        list_cases();
        return 0;
    }
    if (auto completed = complete(given); !completed) return complain(completed.error());
    if (auto enough = check_file_limit(given.options); !enough) return complain(enough.error());

    const auto results =
        run_cases(given.options, [](std::string_view line) { fmt::print(stderr, "{}\n", line); });
    if (!results) return complain(results.error());
    if (given.json)
        fmt::print("{}\n", results->json());
    else
        fmt::print("{}", given.markdown ? results->markdown() : results->text());
    return results->sound() ? 0 : unsound;
}

}  // namespace carillon::bench
