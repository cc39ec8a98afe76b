// The event-stream format: what encoding an event costs, and how fast bytes are taken apart again.
#include <carillon/journal/topic.hpp>
#include <carillon/wire/encoder.hpp>
#include <carillon/wire/parser.hpp>

#include "base/utf8.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

namespace {

using namespace carillon;

constexpr std::size_t event_count = 256;
/// What one read from a socket brings at most in the command line's client.
constexpr std::size_t read_size = 16u << 10;

/// JSON of the given size, as publishers send it: one line.
std::string payload(std::size_t size) {
    static constexpr std::string_view text =
        R"({"id":4711,"name":"Grete Minde","amount":12.50,"ok":true},)";
    std::string out;
    while (out.size() < size) out += text;
    out.resize(size);
    return out;
}

std::string lines(std::size_t size, std::size_t line_size) {
    std::string out = payload(size);
    for (std::size_t i = line_size; i < out.size(); i += line_size + 1) out[i] = '\n';
    return out;
}

/// Counts, so that nothing can be left out by the optimiser.
struct counter final : wire::parser_listener {
    void on_event(const wire::message& m) override {
        ++events;
        bytes += m.data.size();
    }
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
};

void encode(benchmark::State& state, std::string_view data) {
    const auto name = wire::event_name::parse("order.changed");
    wire::block b;
    b.name = &*name;
    b.data = data;
    std::string out;
    for (auto _ : state) {
        out.clear();
        wire::append(out, b, "k3v9x0aq.1234567");
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * data.size()));
}

void encode_one_line(benchmark::State& state) {
    encode(state, payload(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(encode_one_line)->Arg(150)->Arg(1 << 10)->Arg(64 << 10);

void encode_many_lines(benchmark::State& state) {
    encode(state, lines(static_cast<std::size_t>(state.range(0)), 80));
}
BENCHMARK(encode_many_lines)->Arg(1 << 10)->Arg(64 << 10);

void parse(benchmark::State& state, std::string_view data, std::size_t piece) {
    const auto name = wire::event_name::parse("order.changed");
    wire::block b;
    b.name = &*name;
    b.data = data;
    std::string stream;
    for (std::size_t i = 0; i < event_count; ++i) wire::append(stream, b, "k3v9x0aq.1234567");
    counter seen;
    wire::parser parser(seen);
    for (auto _ : state) {
        for (std::string_view rest = stream; !rest.empty();) {
            const std::string_view now = rest.substr(0, piece);
            benchmark::DoNotOptimize(parser.feed(now).has_value());
            rest.remove_prefix(now.size());
        }
    }
    if (seen.events != event_count * static_cast<std::uint64_t>(state.iterations())) {
        state.SkipWithError("events were lost");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(seen.events));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * stream.size()));
}

void parse_one_line(benchmark::State& state) {
    parse(state, payload(static_cast<std::size_t>(state.range(0))), read_size);
}
BENCHMARK(parse_one_line)->Arg(150)->Arg(1 << 10)->Arg(64 << 10);

void parse_many_lines(benchmark::State& state) {
    parse(state, lines(static_cast<std::size_t>(state.range(0)), 80), read_size);
}
BENCHMARK(parse_many_lines)->Arg(1 << 10)->Arg(64 << 10);

void parse_in_packets(benchmark::State& state) {
    parse(state, payload(150), static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(parse_in_packets)->Arg(1)->Arg(64)->Arg(1448);

void check_utf8(benchmark::State& state, std::string_view sample) {
    std::string text;
    while (text.size() < static_cast<std::size_t>(state.range(0))) text += sample;
    for (auto _ : state) benchmark::DoNotOptimize(carillon::is_utf8(text));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void check_ascii(benchmark::State& state) { check_utf8(state, payload(50)); }
BENCHMARK(check_ascii)->Arg(150)->Arg(64 << 10);

void check_german(benchmark::State& state) {
    check_utf8(state,
               "Zw\xC3\xB6lf Boxk\xC3\xA4mpfer jagen Viktor quer \xC3\xBC"
               "ber den Deich. ");
}
BENCHMARK(check_german)->Arg(150)->Arg(64 << 10);

void check_japanese(benchmark::State& state) {
    check_utf8(state, "\xE3\x81\x84\xE3\x82\x8D\xE3\x81\xAF\xE3\x81\xAB\xE3\x81\xBB\xE3\x81\xB8");
}
BENCHMARK(check_japanese)->Arg(150)->Arg(64 << 10);

void match_pattern(benchmark::State& state, std::string_view pattern, std::string_view name) {
    const auto parsed = topic_pattern::parse(pattern);
    for (auto _ : state) {
        benchmark::DoNotOptimize(name);
        benchmark::DoNotOptimize(parsed->matches(name));
    }
}
BENCHMARK_CAPTURE(match_pattern, literal, "shop/42/orders", "shop/42/orders");
BENCHMARK_CAPTURE(match_pattern, one_segment, "shop/*/orders", "shop/42/orders");
BENCHMARK_CAPTURE(match_pattern, the_rest, "shop/42/**", "shop/42/orders/7/items");
BENCHMARK_CAPTURE(match_pattern, elsewhere, "shop/43/**", "shop/42/orders/7/items");

}  // namespace
