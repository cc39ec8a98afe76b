#include "server/endpoints.hpp"
#include "server/log_sink.hpp"
#include "server/process_figures.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace carillon::server {

namespace {

using labels = std::vector<std::pair<std::string, std::string>>;

/// Families in the making; counters are read when they are asked for, so the hot path locks
/// nothing.
class families {
public:
    void counter(const std::string& name, const std::string& help, double value,
                 const labels& of = {}) {
        add(name, help, prometheus::MetricType::Counter, of).counter.value = value;
    }
    void gauge(const std::string& name, const std::string& help, double value,
               const labels& of = {}) {
        add(name, help, prometheus::MetricType::Gauge, of).gauge.value = value;
    }
    void histogram(const std::string& name, const std::string& help, std::span<const double> bounds,
                   std::span<const std::uint64_t> counts, double sum, const labels& of = {}) {
        auto& h = add(name, help, prometheus::MetricType::Histogram, of).histogram;
        for (std::size_t i = 0; i < counts.size(); ++i) {
            h.sample_count += counts[i];
            const bool last = i == bounds.size();
            h.bucket.push_back(
                {h.sample_count, last ? std::numeric_limits<double>::infinity() : bounds[i]});
        }
        h.sample_sum = sum;
    }
    std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
    prometheus::ClientMetric& add(const std::string& name, const std::string& help,
                                  prometheus::MetricType type, const labels& of) {
        auto family = std::ranges::find(all_, name, &prometheus::MetricFamily::name);
        if (family == all_.end()) {
            all_.push_back({name, help, type, {}});
            family = std::prev(all_.end());
        }
        auto& metric = family->metric.emplace_back();
        for (const auto& [label, value] : of) metric.label.push_back({label, value});
        return metric;
    }
    std::vector<prometheus::MetricFamily> all_;
};

// The names that Prometheus' client libraries agree on.
void add_process(families& f) {
    const process_figures p = read_process();
    if (p.resident_bytes != 0) {
        f.gauge("process_resident_memory_bytes", "Resident memory.",
                static_cast<double>(p.resident_bytes));
        f.gauge("process_start_time_seconds", "When the process began, since 1970.", p.started);
    }
    f.counter("process_cpu_seconds_total", "User and system CPU time.", p.cpu_seconds);
    f.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(p.open_files));
    f.gauge("process_max_fds", "How many may be open.", static_cast<double>(p.max_files));
}

void add_loops(families& f, const std::vector<const net::loop_counters*>& loops) {
    std::uint64_t failed = 0;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        failed += loops[i]->failed_allocations.load(std::memory_order_relaxed);
        const labels of{{"loop", std::to_string(i)}};
        const auto& turns = loops[i]->turns;
        std::array<std::uint64_t, net::turn_times::bounds.size() + 1> counts{};
        std::ranges::transform(turns.counts, counts.begin(),
                               [](const auto& n) { return n.load(std::memory_order_relaxed); });
        f.histogram("carillon_loop_turn_seconds",
                    "What the turns of an event loop took, without waiting for something to do.",
                    turns.bounds, counts,
                    static_cast<double>(turns.nanoseconds.load(std::memory_order_relaxed)) / 1e9,
                    of);
        f.gauge("carillon_loop_longest_turn_seconds", "The longest turn since the start.",
                static_cast<double>(loops[i]->turns.longest.load(std::memory_order_relaxed)) / 1e9,
                of);
    }
    f.counter("carillon_failed_allocations_total",
              "Requests, tasks and streams that ended for want of memory.",
              static_cast<double>(failed));
}

void add_budgets(families& f, const metric_sources& of) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    const std::string held = "carillon_http_memory_bytes";
    f.gauge(held, "What requests being read and answers not taken hold.",
            number(of.requests.used()), {{"of", "requests"}});
    f.gauge(held, "", number(of.responses.used()), {{"of", "responses"}});
    const std::string refused = "carillon_http_memory_refused_total";
    f.counter(refused, "How often there was no room for more of it.", number(of.requests.refused()),
              {{"of", "requests"}});
    f.counter(refused, "", number(of.responses.refused()), {{"of", "responses"}});
}

void add_streams(families& f, const metric_sources& of) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    const hub_stats s = of.events.stats();
    const transport::refusal_counters& refused = of.refused;
    f.gauge("carillon_subscribers", "Open event streams.", number(s.subscribers));
    f.counter("carillon_connections_total", "Event streams opened.", number(s.connections));
    for (const auto& [name, quota] : of.quotas) {
        if (quota == nullptr) continue;
        const labels whose{{"surface", name}};
        f.gauge("carillon_surface_streams", "Open event streams of one interface.",
                number(quota->taken()), whose);
        f.gauge("carillon_surface_max_streams", "How many there may be; 0: no limit of its own.",
                number(quota->most()), whose);
    }
    const std::string refusals = "carillon_refused_streams_total";
    f.counter(refusals, "Streams told to come back later.", number(refused.full),
              {{"reason", "full"}});
    f.counter(refusals, "", number(refused.address), {{"reason", "address"}});
    f.counter(refusals, "", number(refused.draining), {{"reason", "draining"}});
    f.counter("carillon_events_published_total", "Events published.", number(s.published));
    f.histogram("carillon_publish_seconds",
                "What publishes took from the call until their events were stored.",
                hub_stats::publish_bounds, s.publish_times,
                std::chrono::duration<double>(s.publish_time).count());
    f.counter("carillon_events_delivered_total", "Events handed to connections, live and replayed.",
              number(s.delivered));
    f.counter("carillon_replayed_events_total", "Events handed to connections from the journal.",
              number(s.replayed));
    f.counter("carillon_bytes_sent_total", "Bytes of event streams.", number(s.bytes));
    f.counter("carillon_compressed_text_bytes_total",
              "Bytes of compressed streams before compression.", number(s.text));
    f.counter("carillon_compressed_bytes_total", "Bytes of compressed streams as they were sent.",
              number(s.coded));
    f.counter("carillon_gaps_total", "Gaps told to clients.", number(s.gaps));
    f.gauge("carillon_slow_subscribers", "Streams that are behind.", number(s.slow));
    f.gauge("carillon_durable_clients", "Durable clients, connected or waited for.",
            number(s.durable_clients));
    f.counter("carillon_slow_cuts_total", "Streams cut by a slow policy.", number(s.slow_cuts));
    f.counter("carillon_dead_peers_total", "Streams whose peer acknowledged nothing.",
              number(s.dead_peers));
    f.counter("carillon_fan_out_yields_total", "Fan-outs that let other work in between.",
              number(s.fan_out_yields));
    f.gauge("carillon_topics_subscribed",
            "Topics and patterns with a listener, summed over shards.", number(s.topics));
}

void add_limits(families& f, const metric_sources& of) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    if (of.rates != nullptr) {
        const std::string held = "carillon_rate_limited_total";
        f.counter(held, "Requests that came too often.",
                  number(of.rates->held_back(transport::rated::connect)), {{"of", "connect"}});
        f.counter(held, "", number(of.rates->held_back(transport::rated::publish)),
                  {{"of", "publish"}});
    }
    const webhook_counts hooks = of.hooks.value_or(webhook_counts{});
    f.gauge("carillon_webhooks_queued", "Webhooks not delivered yet.", number(hooks.queued));
    const std::string told = "carillon_webhooks_total";
    f.counter(told, "Webhooks that have ended.", number(hooks.delivered),
              {{"result", "delivered"}});
    f.counter(told, "", number(hooks.dropped), {{"result", "dropped"}});
}

void add_journal(families& f, journal& j) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    const journal_stats record = j.stats();
    f.gauge("carillon_journal_events", "Events in the journal, once per topic.",
            number(record.events));
    f.gauge("carillon_journal_bytes", "Bytes of these events.", number(record.bytes));
    f.gauge("carillon_journal_topics", "Topics the journal knows.", number(record.topics));
    f.counter("carillon_journal_trimmed_total", "Events that retention took.",
              number(record.trimmed));
    f.gauge("carillon_journal_memory_bytes", "Memory that topics, and events in memory, take.",
            number(record.memory_bytes));
    f.gauge("carillon_journal_scheduled_events", "Events that wait for their time.",
            number(record.scheduled));
    f.gauge("carillon_journal_scheduled_bytes", "Bytes of these events.",
            number(record.scheduled_bytes));
    f.gauge("carillon_journal_retained_bytes", "Bytes of last values.",
            number(record.retained_bytes));
    f.gauge("carillon_journal_keys", "Idempotency keys that are remembered.", number(record.keys));
    f.counter("carillon_journal_keys_forgotten_total",
              "Idempotency keys forgotten before their time, since there were too many.",
              number(record.keys_forgotten));
    f.gauge("carillon_journal_head_position", "Position of the newest event.",
            number(j.head().value));
    f.gauge("carillon_journal_writable", "0 while events cannot be stored.", j.health() ? 1 : 0);
}

void add_services(families& f, const metric_sources& of) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    const services::finite_streams::counts& finite = of.finite;
    f.gauge("carillon_finite_streams_open", "Streams that end and have not ended yet.",
            number(finite.open));
    f.counter("carillon_finite_streams_ended_idle_total",
              "Streams that were ended because their producers were silent.",
              number(finite.ended_idle));
    f.gauge("carillon_records_writable", "0 while records cannot be stored.",
            of.records_sound ? 1 : 0);
    f.gauge("carillon_outbox_waiting", "Events of records that wait for the journal.",
            number(of.outbox));
    f.counter("carillon_user_topics_refused_total",
              "Calls of users that would have made too many topics.", number(of.refused_topics));
    f.counter("carillon_log_lines_dropped_total",
              "Log lines dropped because nobody read them in time.", number(log_lines_dropped()));
    f.gauge("carillon_draining", "1 while the server drains.", of.events.draining() ? 1 : 0);
}

void add_http(families& f, const metric_sources& of) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    std::uint64_t accepted = 0, open = 0, ok = 0, client = 0, server = 0;
    for (const http::server_counters* c : of.http) {
        accepted += c->accepted.load(std::memory_order_relaxed);
        open += c->open.load(std::memory_order_relaxed);
        ok += c->responses_2xx.load(std::memory_order_relaxed);
        client += c->responses_4xx.load(std::memory_order_relaxed);
        server += c->responses_5xx.load(std::memory_order_relaxed);
    }
    f.counter("carillon_http_connections_total", "Connections accepted.", number(accepted));
    f.gauge("carillon_http_connections", "Connections that are no event stream.", number(open));
    const std::string responses = "carillon_http_responses_total";
    f.counter(responses, "Responses, an event stream once when it opens.", number(ok),
              {{"code", "2xx"}});
    f.counter(responses, "", number(client), {{"code", "4xx"}});
    f.counter(responses, "", number(server), {{"code", "5xx"}});
}

}  // namespace

std::string metrics_text(const metric_sources& of) {
    families f;
    f.gauge("carillon_build_info", "1, with the version.", 1,
            {{"version", std::string(version())}});
    add_streams(f, of);
    add_limits(f, of);
    add_journal(f, of.events.record());
    add_services(f, of);
    add_http(f, of);
    add_loops(f, of.loops);
    add_budgets(f, of);
    add_process(f);
    return f.text();
}

}  // namespace carillon::server
