#include "server/endpoints.hpp"

#include <algorithm>
#include <fstream>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

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

void add_process(families& f) {
    std::ifstream statm("/proc/self/statm");
    double size = 0, resident = 0;
    statm >> size >> resident;
    f.gauge("process_resident_memory_bytes", "Resident memory.",
            resident * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    f.counter("process_cpu_seconds_total", "User and system CPU time.",
              static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC));
}

}  // namespace

std::string metrics_text(const hub& h, const journal_stats& record,
                         const std::vector<const http::server_counters*>& http) {
    const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
    const hub_stats s = h.stats();
    families f;
    f.gauge("carillon_build_info", "1, with the version.", 1,
            {{"version", std::string(version())}});
    f.gauge("carillon_subscribers", "Open event streams.", number(s.subscribers));
    f.counter("carillon_connections_total", "Event streams opened.", number(s.connections));
    f.counter("carillon_events_published_total", "Events published.", number(s.published));
    f.counter("carillon_events_delivered_total", "Events handed to connections, live and replayed.",
              number(s.delivered));
    f.counter("carillon_replayed_events_total", "Events handed to connections from the journal.",
              number(s.replayed));
    f.counter("carillon_bytes_sent_total", "Bytes of event streams.", number(s.bytes));
    f.counter("carillon_gaps_total", "Gaps told to clients.", number(s.gaps));
    f.gauge("carillon_slow_subscribers", "Streams that are behind.", number(s.slow));
    f.counter("carillon_slow_cuts_total", "Streams cut by a slow policy.", number(s.slow_cuts));
    f.counter("carillon_dead_peers_total", "Streams whose peer acknowledged nothing.",
              number(s.dead_peers));
    f.counter("carillon_fan_out_yields_total", "Fan-outs that let other work in between.",
              number(s.fan_out_yields));
    f.gauge("carillon_topics_subscribed",
            "Topics and patterns with a listener, summed over shards.", number(s.topics));
    f.gauge("carillon_journal_events", "Events in the journal, once per topic.",
            number(record.events));
    f.gauge("carillon_journal_bytes", "Bytes of these events.", number(record.bytes));
    f.gauge("carillon_journal_topics", "Topics the journal knows.", number(record.topics));
    f.counter("carillon_journal_trimmed_total", "Events that retention took.",
              number(record.trimmed));
    f.gauge("carillon_draining", "1 while the server drains.", h.draining() ? 1 : 0);
    std::uint64_t accepted = 0, open = 0, ok = 0, client = 0, server = 0;
    for (const http::server_counters* c : http) {
        accepted += c->accepted.load(std::memory_order_relaxed);
        open += c->open.load(std::memory_order_relaxed);
        ok += c->responses_2xx.load(std::memory_order_relaxed);
        client += c->responses_4xx.load(std::memory_order_relaxed);
        server += c->responses_5xx.load(std::memory_order_relaxed);
    }
    f.counter("carillon_http_connections_total", "Connections accepted.", number(accepted));
    f.gauge("carillon_http_connections", "Connections that are no event stream.", number(open));
    const std::string responses = "carillon_http_responses_total";
    f.counter(responses, "Responses that are no event stream.", number(ok), {{"code", "2xx"}});
    f.counter(responses, "", number(client), {{"code", "4xx"}});
    f.counter(responses, "", number(server), {{"code", "5xx"}});
    add_process(f);
    return f.text();
}

}  // namespace carillon::server
