#include "server/live_figures.hpp"

#include "server/log_sink.hpp"
#include "server/process_figures.hpp"
#include "surfaces/support/json_answer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::server {

namespace {

using surfaces::json_object;

constexpr auto interval = std::chrono::seconds(1);
constexpr auto first_interval = std::chrono::milliseconds(200);
/// A server that has just started has something to show soon.
constexpr auto first_kept = std::chrono::seconds(1);
/// A stream that is just opening may miss a sample.
constexpr unsigned unwatched_samples = 3;

double milliseconds_of(live_figures::clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

/// A number with what can be seen of it.
std::string figure(double value) { return fmt::format("{:.4g}", value); }
std::string figure_or_null(double value) { return value < 0 ? "null" : figure(value); }

std::uint64_t grown(std::uint64_t now, std::uint64_t before) { return now - std::min(now, before); }

bucket_counts grown(const auto& now, const auto& before) {
    bucket_counts all(now.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = grown(now[i], i < before.size() ? before[i] : 0);
    return all;
}

std::string percentiles_json(std::span<const double> bounds, const bucket_counts& counts) {
    json_object out;
    std::uint64_t all = 0;
    for (const std::uint64_t n : counts) all += n;
    out.number("count", all);
    for (const auto& [name, share] : {std::pair("p50", 0.5), {"p90", 0.9}, {"p99", 0.99}}) {
        const double seconds = percentile(bounds, counts, share);
        out.raw(name, seconds < 0 ? "null" : figure(seconds * 1000));
    }
    return out.take();
}

std::string budget_json(std::uint64_t used, std::uint64_t limit) {
    return json_object().number("used", used).number("limit", limit).take();
}

std::string memory_json(const metric_sources& of, const process_figures& p,
                        const journal_stats& kept) {
    return json_object()
        .number("resident", p.resident_bytes)
        .number("journal", kept.memory_bytes)
        .raw("requests", budget_json(of.requests.used(), of.requests.limit()))
        .raw("responses", budget_json(of.responses.used(), of.responses.limit()))
        .take();
}

std::string journal_json(const metric_sources& of, const journal_stats& kept, double commit_ms) {
    return json_object()
        .number("events", kept.events)
        .number("bytes", kept.bytes)
        .number("topics", kept.topics)
        .number("head", of.events.record().head().value)
        .number("scheduled", kept.scheduled)
        .number("keys", kept.keys)
        .number("writable", of.events.record().health().has_value())
        .raw("lag", figure_or_null(commit_ms))
        .take();
}

std::string rates_json(const auto& now, const auto& before, double seconds) {
    const auto a_second = [&](std::uint64_t is, std::uint64_t was) {
        return figure(static_cast<double>(grown(is, was)) / seconds);
    };
    const hub_stats& h = now.hub;
    const hub_stats& b = before.hub;
    return json_object()
        .raw("published", a_second(now.published, before.published))
        .raw("delivered", a_second(now.delivered, before.delivered))
        .raw("replayed", a_second(h.replayed, b.replayed))
        .raw("bytes", a_second(h.bytes, b.bytes))
        .raw("opened", a_second(h.connections, b.connections))
        .raw("requests", a_second(now.requests, before.requests))
        .raw("refused", a_second(now.refused, before.refused))
        .raw("rateLimited", a_second(now.rate_limited, before.rate_limited))
        .raw("gaps", a_second(h.gaps, b.gaps))
        .raw("cuts", a_second(h.slow_cuts + h.dead_peers, b.slow_cuts + b.dead_peers))
        .raw("trimmed", a_second(now.trimmed, before.trimmed))
        .take();
}

std::string loops_json(const metric_sources& of, const auto& now, const auto& before,
                       double seconds) {
    std::vector<std::string> all;
    const auto shards = of.events.shards();
    for (std::size_t i = 0; i < now.loops.size(); ++i) {
        const auto& is = now.loops[i];
        const auto was =
            i < before.loops.size() ? before.loops[i] : std::decay_t<decltype(now.loops[i])>{};
        const double busy = static_cast<double>(grown(is.busy, was.busy)) / 1e9 / seconds;
        json_object out;
        out.raw("busy", figure(std::min(busy, 1.0)))
            .raw("turns", percentiles_json(net::turn_times::bounds, grown(is.turns, was.turns)))
            .raw("longest", figure(static_cast<double>(of.loops[i]->turns.longest.load()) / 1e6));
        if (i < shards.size()) {
            const shard_counters& c = shards[i]->counters();
            out.number("streams", c.subscribers.load())
                .number("slow", c.behind.load())
                .number("topics", c.topics.load())
                .raw("delivered",
                     figure(static_cast<double>(grown(is.delivered, was.delivered)) / seconds));
        }
        all.push_back(out.take());
    }
    return surfaces::json_list(all);
}

}  // namespace

topic live_topic() { return topic::parse("$console/live").value(); }

double percentile(std::span<const double> bounds, const bucket_counts& counts, double share) {
    std::uint64_t all = 0;
    for (const std::uint64_t n : counts) all += n;
    if (all == 0) return -1;
    const double rank = share * static_cast<double>(all);
    double passed = 0;
    for (std::size_t i = 0; i < bounds.size() && i < counts.size(); ++i) {
        const auto here = static_cast<double>(counts[i]);
        if (here > 0 && passed + here >= rank) {
            const double low = i == 0 ? 0 : bounds[i - 1];
            return low + (bounds[i] - low) * (rank - passed) / here;
        }
        passed += here;
    }
    return bounds.back();
}

live_figures::live_figures(net::loop& on, hub& events, std::function<metric_sources()> read)
    : on_(on), events_(events), read_(std::move(read)) {
    on_.call_after(first_kept, [this] { keep(); });
}

void sample_history::add(std::string sample) {
    const std::lock_guard lock(mutex_);
    samples_.push_back(std::move(sample));
    if (samples_.size() > most_) samples_.pop_front();
}

std::string sample_history::json() const {
    const std::lock_guard lock(mutex_);
    return fmt::format("[{}]", fmt::join(samples_, ","));
}

std::string live_figures::history() const {
    return json_object()
        .number("intervalMs", std::chrono::milliseconds(kept_interval).count())
        .raw("samples", kept_.json())
        .take();
}

// Before the first one nothing was read: its rates are those since the start.
void live_figures::keep() {
    const metric_sources of = read_();
    const process_figures p = read_process();
    reading now = take(of, p.cpu_seconds);
    if (kept_before_.at == clock::time_point()) kept_before_.at = now.at - first_kept;
    kept_.add(sample(of, now, kept_before_));
    kept_before_ = std::move(now);
    on_.call_after(kept_interval, [this] { keep(); });
}

void live_figures::watch() {
    on_.post([this] { begin(); });
}

void live_figures::begin() {
    unwatched_ = 0;
    if (std::exchange(running_, true)) return;
    before_ = take(read_(), read_process().cpu_seconds);
    commit_ms_ = delivery_ms_ = -1;
    on_.call_after(first_interval, [this] { tick(); });
}

live_figures::reading live_figures::take(const metric_sources& of, double cpu_seconds) const {
    reading r;
    r.at = clock::now();
    r.hub = of.events.stats();
    r.published = grown(r.hub.published, own_published_);
    r.delivered = grown(r.hub.delivered, own_delivered_);
    r.cpu = cpu_seconds;
    r.trimmed = of.events.record().stats().trimmed;
    r.refused = of.refused.full.load() + of.refused.address.load() + of.refused.draining.load();
    if (of.rates != nullptr) {
        r.rate_limited = of.rates->held_back(transport::rated::connect) +
                         of.rates->held_back(transport::rated::publish);
    }
    for (const http::server_counters* c : of.http)
        r.requests += c->responses_2xx.load() + c->responses_4xx.load() + c->responses_5xx.load();
    const auto shards = of.events.shards();
    for (std::size_t i = 0; i < of.loops.size(); ++i) {
        reading::loop& l = r.loops.emplace_back();
        for (const auto& n : of.loops[i]->turns.counts) l.turns.push_back(n.load());
        l.busy = of.loops[i]->turns.nanoseconds.load();
        if (i < shards.size()) l.delivered = shards[i]->counters().delivered.load();
    }
    return r;
}

// Times between a sample and its receipt tell how long an event takes now.
void live_figures::tick() {
    const metric_sources of = read_();
    const reading now = take(of, read_process().cpu_seconds);
    event e;
    e.topics.push_back(live_topic());
    e.name = wire::event_name::parse("sample").value();
    e.data = sample(of, now, before_);
    e.payload = payload_kind::json;
    e.ephemeral = true;
    before_ = now;
    ++own_published_;
    const auto began = clock::now();
    std::vector<event> one;
    one.push_back(std::move(e));
    events_.publish_own(
        std::move(one), std::nullopt,
        [this, began](const result<std::vector<published>>& stored) {
            const auto took = clock::now() - began;
            on_.post([this, took, ok = stored.has_value()] {
                commit_ms_ = ok ? milliseconds_of(took) : -1;
                if (!ok) told(0, true, took);
            });
        },
        [this, began](const std::vector<delivery_receipt>& all) {
            const auto took = clock::now() - began;
            on_.post([this, took, r = all.empty() ? delivery_receipt{} : all.front()] {
                own_delivered_ += r.handed;
                told(r.matched, r.known, took);
            });
        });
    on_.call_after(interval, [this] {
        if (unwatched_ < unwatched_samples) return tick();
        running_ = false;
    });
}

void live_figures::told(std::size_t watchers, bool known, clock::duration took) {
    if (known && watchers == 0) {
        ++unwatched_;
        return;
    }
    unwatched_ = 0;
    delivery_ms_ = known ? milliseconds_of(took) : -1;
}

std::string live_figures::sample(const metric_sources& of, const reading& now,
                                 const reading& before) const {
    const double seconds =
        std::max(std::chrono::duration<double>(now.at - before.at).count(), 1e-3);
    const process_figures p = read_process();
    const journal_stats kept = of.events.record().stats();
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    json_object out;
    out.number("at", std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count())
        .raw("started", fmt::format("{:.0f}", p.started * 1000))
        .number("streams", now.hub.subscribers)
        .number("slow", now.hub.slow)
        .number("durable", now.hub.durable_clients)
        .number("listened", now.hub.topics)
        .raw("rates", rates_json(now, before, seconds))
        .raw("publish", percentiles_json(hub_stats::publish_bounds,
                                         grown(now.hub.publish_times, before.hub.publish_times)))
        .raw("delivery", figure_or_null(running_ ? delivery_ms_ : -1))
        .raw("loops", loops_json(of, now, before, seconds))
        .raw("memory", memory_json(of, p, kept))
        .raw("journal", journal_json(of, kept, running_ ? commit_ms_ : -1))
        .raw("cpu", figure(std::max(now.cpu - before.cpu, 0.0) / seconds))
        .number("files", p.open_files)
        .number("outbox", of.outbox)
        .number("recordsWritable", of.records_sound)
        .number("finiteStreams", of.finite.open)
        .number("droppedLogLines", log_lines_dropped())
        .number("draining", of.events.draining());
    return out.take();
}

}  // namespace carillon::server
