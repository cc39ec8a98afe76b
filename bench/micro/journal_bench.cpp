// What topics cost: memory of each, what `journal.max_bytes` comes to, a start with many.
#include <carillon/journal/open.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>
#include <unistd.h>

namespace carillon {
namespace {

/// Of this process, as the system counts it.
double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    statm >> all >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string topic_name(std::int64_t i) {
    return "org/" + std::to_string(i % 100) + "/user/" + std::to_string(i);
}

std::shared_ptr<stored_event> event_of(std::string_view topic_text) {
    auto e = std::make_shared<stored_event>();
    e->content.topics.push_back(*topic::parse(topic_text));
    e->content.data = "{\"n\":1}";
    e->content.payload = payload_kind::json;
    return e;
}

/// One event to each of so many topics.
void fill(journal& j, std::int64_t from, std::int64_t to, bool retain = false) {
    constexpr std::int64_t at_once = 1000;
    for (std::int64_t i = from; i < to;) {
        journal::group some;
        for (; i < to && some.size() < at_once; ++i) {
            some.push_back(event_of(topic_name(i)));
            some.back()->content.retain = retain;
        }
        std::promise<void> stored;
        j.append(std::move(some), [&](const auto&, auto) { stored.set_value(); });
        stored.get_future().get();
    }
}

std::string new_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "journal-XXXXXX").string();
    return ::mkdtemp(name.data());
}

sqlite_journal_options options_in(const std::string& folder) {
    sqlite_journal_options o;
    o.path = folder + "/journal.db";
    o.limits.max_topics = 2'000'000;
    return o;
}

/// Memory of a topic beside its event, which the same number of events in one topic takes.
void memory_of_a_topic_in_memory(benchmark::State& state) {
    const std::int64_t count = state.range(0);
    for (auto _ : state) {
        const double empty = resident_bytes();
        auto one = make_memory_journal({.retention_of =
                                            [](std::string_view) {
                                                return retention{.max_events = 10'000'000,
                                                                 .max_bytes = 1u << 30};
                                            },
                                        .max_bytes = 4ull << 30});
        for (std::int64_t i = 0; i < count; i += 1000) {
            journal::group some;
            for (int k = 0; k < 1000; ++k) some.push_back(event_of(topic_name(i)));
            one->append(std::move(some), [](const auto&, auto) {});
        }
        const double events = resident_bytes() - empty;
        auto many =
            make_memory_journal({.max_bytes = 4ull << 30, .limits = {.max_topics = 2'000'000}});
        const double before = resident_bytes();
        fill(*many, 0, count);
        const double all = resident_bytes() - before;
        state.counters["bytes_an_event"] = events / static_cast<double>(count);
        state.counters["bytes_a_topic_beside"] = (all - events) / static_cast<double>(count);
        state.counters["counted_share"] = static_cast<double>(many->stats().memory_bytes) / all;
    }
}
BENCHMARK(memory_of_a_topic_in_memory)->Arg(500'000)->Iterations(1)->Unit(benchmark::kMillisecond);

/// How much the process grows by where `journal.max_bytes` is 256 MiB.
void growth_by_max_bytes(benchmark::State& state) {
    for (auto _ : state) {
        constexpr std::uint64_t most = 256u << 20;
        const double before = resident_bytes();
        auto j = make_memory_journal({.max_bytes = most, .limits = {.max_topics = 2'000'000}});
        fill(*j, 0, state.range(0));
        state.counters["grown_share_of_max_bytes"] =
            (resident_bytes() - before) / static_cast<double>(most);
    }
}
BENCHMARK(growth_by_max_bytes)->Arg(1'500'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void start_with_topics(benchmark::State& state) {
    const std::string folder = new_folder();
    {
        auto j = open_sqlite_journal(options_in(folder));
        if (!j) return state.SkipWithError(j.error().detail.c_str());
        fill(**j, 0, state.range(0));
    }
    for (auto _ : state) {
        const double before = resident_bytes();
        auto j = open_sqlite_journal(options_in(folder));
        state.counters["bytes_a_topic"] =
            (resident_bytes() - before) / static_cast<double>(state.range(0));
        state.PauseTiming();
        if (j) j->reset();
        state.ResumeTiming();
    }
    std::filesystem::remove_all(folder);
}
BENCHMARK(start_with_topics)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

/// 100,000 topics with a last value each: a start, and then a page of the values and the opening of
/// a stream of all of them.
void last_values(benchmark::State& state) {
    const std::string folder = new_folder();
    const std::int64_t count = state.range(0);
    {
        auto j = open_sqlite_journal(options_in(folder));
        if (!j) return state.SkipWithError(j.error().detail.c_str());
        fill(**j, 0, count, true);
    }
    for (auto _ : state) {
        using clock = std::chrono::steady_clock;
        auto lap = [last = clock::now()]() mutable {
            const auto before = std::exchange(last, clock::now());
            return std::chrono::duration<double, std::milli>(last - before).count();
        };
        auto j = open_sqlite_journal(options_in(folder));
        if (!j) return state.SkipWithError(j.error().detail.c_str());
        state.counters["start_ms"] = lap();
        const matcher_set all = make_matchers({*topic_pattern::parse("**")});
        const position head = (*j)->head();
        std::promise<std::size_t> values;
        (*j)->snapshot({all, {}, head},
                       [&](const auto& page) { values.set_value(page->values.size()); });
        state.counters["values_in_page"] = static_cast<double>(values.get_future().get());
        state.counters["page_ms"] = lap();
        std::promise<void> opened;
        (*j)->locate({.patterns = all, .from = rewind_last{10}, .budget = 10'000},
                     [&](const auto&) { opened.set_value(); });
        opened.get_future().get();
        state.counters["open_ms"] = lap();
    }
    std::filesystem::remove_all(folder);
}
BENCHMARK(last_values)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

/// 100 patterns with wildcards in three segments over 100,000 topics: a page of each.
void page_of_many_wildcards(benchmark::State& state) {
    auto j = make_memory_journal({.max_bytes = 4ull << 30});
    fill(*j, 0, 100'000);
    std::vector<topic_pattern> patterns;
    for (int i = 0; i < 100; ++i)
        patterns.push_back(*topic_pattern::parse("*/*/*/" + std::to_string(i * 900)));
    const read_query q{make_matchers(std::move(patterns)), position{0}, j->head()};
    for (auto _ : state) j->read(q, [](const auto& page) { benchmark::DoNotOptimize(page); });
}
BENCHMARK(page_of_many_wildcards)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace carillon
