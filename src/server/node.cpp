#include "server/node.hpp"

#include <carillon/base/log.hpp>
#include <carillon/hub/caller_rules.hpp>
#include <carillon/hub/hub.hpp>
#include <carillon/journal/files.hpp>
#include <carillon/journal/open.hpp>
#include <carillon/services/finite_streams.hpp>

#include "base/careful_clock.hpp"
#include "http/server.hpp"
#include "server/admin_routes.hpp"
#include "server/api_documents.hpp"
#include "server/applications.hpp"
#include "server/auth_routes.hpp"
#include "server/endpoints.hpp"
#include "server/identity.hpp"
#include "server/listeners.hpp"
#include "server/live_figures.hpp"
#include "server/settings_check.hpp"
#include "server/webhooks.hpp"
#include "surfaces/topics/topic_surface.hpp"
#include "transport/caller.hpp"
#include "transport/guard.hpp"
#include "transport/loop_executor.hpp"
#include "transport/stream_host.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace carillon::server {

namespace {

constexpr envelope_id full_envelope_number = 1;
constexpr auto trim_interval = std::chrono::milliseconds(250);
constexpr std::uint64_t trims_between_purges = 20;

/// Goes on while the machine sleeps: its waking up is no jump of the clock.
careful_clock::running running_time() {
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return careful_clock::running(std::chrono::seconds(t.tv_sec) +
                                  std::chrono::nanoseconds(t.tv_nsec));
}

std::size_t shard_count(const settings& s) {
    if (s.shards != 0) return s.shards;
    // One core is left to the kernel's network work and, later, the journal's writer.
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 65) - 1;
}

// Descriptors that streams leave to requests, files and the full house's answers.
constexpr std::uint64_t least_files = 64;
constexpr std::uint64_t most_reserved_files = 1024;

std::uint64_t file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/// Each stream has a descriptor: those that are there bound the streams, too.
std::uint64_t stream_capacity(const settings& s) {
    const std::uint64_t files = file_limit();
    const std::uint64_t reserved = std::clamp(files / 8, least_files / 2, most_reserved_files);
    return std::min<std::uint64_t>(s.stream.max_clients, files - std::min(files, reserved));
}

hub_options hub_options_of(const settings& s) {
    hub_options o;
    o.max_clients = stream_capacity(s);
    o.max_durable_clients = s.stream.max_durable_clients;
    o.max_topics_per_client = s.stream.max_topics_per_client;
    o.max_topics_per_event = s.publish.max_topics_per_event;
    o.max_recipients = s.publish.max_recipients;
    o.max_copied = s.publish.max_copied.value;
    o.max_topic_length = s.publish.max_topic_length;
    o.max_event_size = s.publish.max_event_size.value;
    o.max_batch = s.publish.max_batch;
    o.max_replay_events = s.stream.max_replay_events;
    o.replay_rate = s.stream.replay_rate;
    o.encode_cache_bytes = s.stream.encode_cache.value;
    o.cursor_lag = s.stream.cursor_lag;
    o.client_grace = s.stream.client_grace;
    o.expected_downtime = s.drain.expected_downtime;
    o.expiry_warning = s.stream.expiry_warning;
    o.presence_grace = s.stream.presence_grace;
    o.max_presence_names = s.stream.max_presence_names;
    o.max_receipts = s.stream.max_receipts;
    o.options_of = [rows = s](std::string_view topic) {
        const topic_row* row = rows.row_for(topic);
        topic_options options = row != nullptr ? row->options : topic_options{};
        if (row == nullptr || !row->own_compression)
            options.compress_from = rows.stream.compression.from;
        return options;
    };
    o.room_presence = parse_presence_rule(s.chat.presence.value).value_or(presence_rule::off);
    o.envelopes = {std::make_shared<surfaces::full_envelope>()};
    add_envelopes(o.envelopes);
    return o;
}

/// Whether a topic of the hub's own holds events for users.
bool is_of_users(std::string_view topic) {
    return topic == "$all" || topic.starts_with("$user/") || topic.starts_with("$session/") ||
           topic.starts_with("$meta/") || topic.starts_with("$room/");
}

retention_lookup retention_of(const settings& s) {
    return [rows = s](std::string_view topic) {
        const topic_row* row = rows.row_for(topic);
        if (row != nullptr) return row->keep;
        if (topic.starts_with("$stream/")) {
            const auto& f = rows.finite_streams;
            return retention{f.max_events, f.max_bytes.value,
                             std::chrono::ceil<std::chrono::seconds>(f.max_age)};
        }
        // Only the last value counts, and that stays without events.
        if (topic.starts_with("$open-stream/") || topic.starts_with("$revoked/"))
            return retention{1, 4096, std::chrono::minutes(1)};
        if (topic.starts_with("$client/")) return retention{1000, 1u << 20, std::chrono::hours(1)};
        if (is_of_users(topic)) {
            const auto& u = rows.user_events;
            return retention{u.max_events, u.max_bytes.value,
                             std::chrono::ceil<std::chrono::seconds>(u.max_age)};
        }
        return retention{};
    };
}

journal_limits journal_limits_of(const settings& s) {
    return {.max_topics = s.journal.max_topics,
            .max_empty_topics = s.journal.max_empty_topics,
            .max_scheduled = s.journal.max_scheduled,
            .max_scheduled_bytes = s.journal.max_scheduled_bytes.value,
            .max_retained_bytes = s.journal.max_retained_bytes.value,
            .max_keys = s.journal.max_keys};
}

std::string journal_path_of(const settings& s) {
    return (std::filesystem::path(s.data_dir) / "journal.db").string();
}

/// A start that one of the files refuses leaves the other as it is, too.
result<> check_files(const settings& s) {
    if (s.journal.kind.value == "memory") return {};
    if (auto known = check_journal_format(journal_path_of(s)); !known) return known;
    return check_records(s);
}

result<std::unique_ptr<journal>> open_journal(const settings& s) {
    const auto window =
        std::chrono::duration_cast<std::chrono::seconds>(s.journal.idempotency_window);
    if (s.journal.kind.value == "memory") {
        memory_journal_options o;
        o.retention_of = retention_of(s);
        o.max_bytes = s.journal.max_bytes.value;
        o.limits = journal_limits_of(s);
        o.idempotency_window = window;
        return make_memory_journal(std::move(o));
    }
    std::error_code why;
    const std::filesystem::path folder(s.data_dir);
    const bool made = std::filesystem::create_directories(folder, why);
    // Stored events are for the server and those who look after it.
    using std::filesystem::perms;
    if (made && !why) {
        std::filesystem::permissions(folder,
                                     perms::owner_all | perms::group_read | perms::group_exec, why);
    }
    if (why) {
        return fail(errc::io_error, fmt::format("`data_dir = {}`: {}", s.data_dir, why.message()));
    }
    sqlite_journal_options o;
    o.path = journal_path_of(s);
    o.sync = s.journal.sync.value == "full" ? journal_sync::full : journal_sync::normal;
    o.retention_of = retention_of(s);
    o.limits = journal_limits_of(s);
    o.idempotency_window = window;
    return open_sqlite_journal(std::move(o));
}

transport::stream_limits stream_limits_of(const settings& s) {
    return {s.stream.max_clients_per_address, s.stream.overload_retry, codings_of(s)};
}

services::finite_stream_options finite_options_of(const settings& s) {
    return {s.finite_streams.max_open, s.finite_streams.idle_timeout};
}

std::vector<topic_pattern> public_topics_of(const settings& s) {
    std::vector<topic_pattern> all;
    for (const std::string& text : s.auth.public_topics) {
        if (auto pattern = topic_pattern::parse(text)) all.push_back(*pattern);
    }
    return all;
}

surfaces::topic_surface_options topic_options_of(const settings& s) {
    surfaces::topic_surface_options o;
    o.enabled = s.topic_service.enabled;
    o.prefix = s.topic_service.prefix;
    o.full = full_envelope_number;
    o.public_topics = public_topics_of(s);
    o.profile = {"topics", 0, s.stream.heartbeat_interval, s.stream.retry, s.stream.client_timeout};
    o.profile.quota =
        std::make_shared<stream_quota>("the topic service", s.topic_service.max_clients);
    return o;
}

/// Without a key nobody could prove anything: then a developer's own machine is open, or, if that
/// is written out, everything is.
transport::access_policy policy_of(const settings& s, const identity_check& callers) {
    return {.asks = callers.has_keys() || s.auth.dev_tokens || s.auth.mode.value != "none",
            .local_defaults = !callers.has_keys() && !s.production};
}

webhook_options hook_options_of(const settings& s) {
    return {s.webhook.url,
            s.webhook.secret,
            s.webhook.timeout,
            s.webhook.max_queued,
            static_cast<unsigned>(s.webhook.attempts),
            s.auth.plain_http};
}

transport::rate_settings rates_of(const settings& s) {
    static constexpr std::uint64_t seconds = 10;
    const auto a_minute = [](std::uint64_t n) {
        return transport::rate{n, std::chrono::minutes(1)};
    };
    const auto a_second = [](std::uint64_t n) {
        return transport::rate{n * seconds, std::chrono::seconds(seconds)};
    };
    return {a_minute(s.rates.connects_per_address), a_minute(s.rates.connects_per_user),
            a_second(s.rates.publishes_per_address), a_second(s.rates.publishes_per_user)};
}

/// `callers` outlives the hub.
caller_rules caller_rules_of(const settings& s, identity_check& callers) {
    caller_rules rules;
    rules.holds = [&callers](const identity& who) { return !callers.revoked().concern(who); };
    if (!policy_of(s, callers).asks) return rules;
    rules.may_listen = [open = public_topics_of(s)](const identity* who, const topic_pattern& t) {
        const bool admin =
            who != nullptr && std::ranges::find(who->roles, "admin") != who->roles.end();
        return admin || transport::may_listen(who != nullptr ? who->grants.get() : nullptr, open, t)
                            .has_value();
    };
    return rules;
}

}  // namespace

struct node::parts {
    struct worker {
        net::loop loop;
        transport::loop_executor executor{loop};
        std::unique_ptr<http::server> server;
        std::unique_ptr<http::server> metric_server;  ///< the first worker's, if there is one
        std::thread thread;

        /// Ends the loop when no connection is left, or at the deadline.
        void finish(std::chrono::steady_clock::time_point deadline);
    };

    explicit parts(loaded_settings s) : started(std::move(s)), current(started.values) {
        tell_settings(started);
    }

    const loaded_settings started;
    settings current;
    std::atomic<std::shared_ptr<const std::string>> settings_text;  ///< those in force
    std::unique_ptr<web_client> hook_client;
    std::unique_ptr<webhooks> hooks;  ///< null: nobody is told; streams tell it to their end
    std::vector<net::listening_socket> listeners, metric_listeners;
    std::vector<std::unique_ptr<worker>> workers;
    std::unique_ptr<applications> apps;  ///< before the hub, so that it goes after it
    std::unique_ptr<live_figures> live;  ///< the same
    const std::shared_ptr<stream_quota> watchers =
        std::make_shared<stream_quota>("the console", current.stream.max_admin_clients);
    std::unique_ptr<revocation_list> revoked;  ///< what the hub answers at its end goes through it
    std::unique_ptr<hub> events;
    std::unique_ptr<transport::stream_host> streams;
    std::unique_ptr<services::finite_streams> finite;
    std::unique_ptr<surfaces::topic_surface> topics;
    std::unique_ptr<identity_check> callers;
    transport::rate_limits rates{rates_of(current)};
    http::byte_budget requests{current.http.max_request_memory.value};
    http::byte_budget responses{current.http.max_response_memory.value};
    std::string description, openapi, asyncapi;  ///< of all routes
    http::router routes, metric_routes;
    std::atomic<bool> drained{false};
    careful_clock clock;      ///< of the first worker
    std::uint64_t trims = 0;  ///< the same

    void build(std::unique_ptr<journal> record, std::unique_ptr<store::record_store> records,
               const std::shared_ptr<const http::server_options>& http);
    void add_routes();
    void add_metric_server(const std::shared_ptr<const http::server_options>& http);
    metric_sources figures() const;
    void tell_settings(const loaded_settings& latest) {
        settings_text.store(std::make_shared<const std::string>(settings_json(started, latest)));
    }
    void trim_regularly();
};

void node::parts::build(std::unique_ptr<journal> record,
                        std::unique_ptr<store::record_store> records,
                        const std::shared_ptr<const http::server_options>& http) {
    events = std::make_unique<hub>(hub_options_of(current), std::move(record));
    if (!current.webhook.url.empty()) {
        hook_client = std::make_unique<web_client>();
        hooks = std::make_unique<webhooks>(hook_options_of(current),
                                           [this](web_request r, web_client::callback done) {
                                               hook_client->ask(std::move(r), std::move(done));
                                           });
    }
    streams = std::make_unique<transport::stream_host>(*events, stream_limits_of(current));
    if (hooks) streams->watch_by(*hooks);
    revoked = std::make_unique<revocation_list>(*events, callers->revoked());
    ask_of_callers(*events, caller_rules_of(current, *callers));
    finite = std::make_unique<services::finite_streams>(*events, finite_options_of(current));
    topics = std::make_unique<surfaces::topic_surface>(*events, *finite, *streams,
                                                       topic_options_of(current));
    apps = std::make_unique<applications>(*events, *streams, std::move(records), current);
    for (std::size_t i = 0; i < shard_count(current); ++i)
        workers.emplace_back(std::make_unique<worker>());
    live = std::make_unique<live_figures>(workers.front()->loop, *events,
                                          [this] { return figures(); });
    add_routes();
    for (const auto& made : workers) {
        worker& w = *made;
        streams->add_loop(w.loop, events->add_shard(w.executor));
        w.server = std::make_unique<http::server>(w.loop, routes, http);
    }
    add_metric_server(http);
}

void node::parts::add_routes() {
    std::vector<transport::route> all = topics->routes();
    std::ranges::move(apps->routes(), std::back_inserter(all));
    std::ranges::move(
        endpoint_routes({events.get(), [this] { return apps->health(); },
                         [this] { return metrics_text(figures()); }, [this] { return description; },
                         [this] { return openapi; }, [this] { return asyncapi; },
                         current.production, current.metrics.any_host}),
        std::back_inserter(all));
    std::ranges::move(
        auth_routes({*callers, *events, *revoked,
                     std::chrono::duration_cast<std::chrono::seconds>(current.auth.token_lifetime),
                     current.auth.revocations_kept, public_topics_of(current)}),
        std::back_inserter(all));
    std::ranges::move(
        admin_routes({*events, *streams, *finite, apps->notes(), *live, watchers,
                      [this] { return figures(); }, [this] { return *settings_text.load(); }}),
        std::back_inserter(all));
    openapi = openapi_document(all);
    asyncapi = asyncapi_document(all);
    std::vector<mount> mounts = apps->mounts();
    const auto& at = current.topic_service;
    mounts.push_back({"topic_service", at.enabled ? strings{at.prefix} : strings()});
    description = describe(all, at.prefix, mounts);
    auto policy = policy_of(current, *callers);
    policy.rates = &rates;
    transport::mount(routes, std::move(all), *callers, policy);
}

void node::parts::add_metric_server(const std::shared_ptr<const http::server_options>& http) {
    if (metric_listeners.empty()) return;
    std::vector<transport::route> all =
        endpoint_routes({events.get(), [this] { return apps->health(); },
                         [this] { return metrics_text(figures()); }, [this] { return description; },
                         [this] { return openapi; }, [this] { return asyncapi; }, true, true});
    std::erase_if(all, [](const transport::route& r) { return !r.any_host; });
    transport::mount(metric_routes, std::move(all), *callers, {.asks = false});
    auto& w = *workers.front();
    w.metric_server = std::make_unique<http::server>(w.loop, metric_routes, http);
}

metric_sources node::parts::figures() const {
    metric_sources of{*events, streams->refusals(), {}, {}, requests, responses, finite->count()};
    for (const auto& w : workers) {
        of.http.push_back(&w->server->counters());
        of.loops.push_back(&w->loop.counters());
    }
    of.rates = &rates;
    if (hooks) of.hooks = hooks->counts();
    of.outbox = apps->unpublished();
    of.refused_topics = apps->refused_topics();
    of.records_sound = apps->health().has_value();
    of.quotas = apps->quotas();
    of.quotas.emplace_back("topics", topics->quota());
    of.quotas.emplace_back("console", watchers.get());
    return of;
}

void node::parts::worker::finish(std::chrono::steady_clock::time_point deadline) {
    constexpr auto step = std::chrono::milliseconds(5);
    if (server->counters().open.load(std::memory_order_relaxed) != 0 && loop.now() < deadline) {
        loop.call_after(step, [this, deadline] { finish(deadline); });
        return;
    }
    loop.at_end_of_turn([this] { loop.stop(); });
}

void node::parts::trim_regularly() {
    events->record().trim(clock.time(std::chrono::system_clock::now(), running_time()));
    finite->end_idle();
    if (hooks) hooks->tick();
    if (++trims % trims_between_purges == 0) callers->purge();
    apps->tick(std::chrono::steady_clock::now());
    workers.front()->loop.call_after(trim_interval, [this] { trim_regularly(); });
}

node::node() = default;

node::~node() { stop(); }

result<std::unique_ptr<node>> node::create(loaded_settings loaded, checked_settings checked) {
    const settings& s = loaded.values;
    if (const std::uint64_t files = file_limit(); files < least_files) {
        return fail(errc::unavailable,
                    fmt::format("only {} file descriptors are allowed; at least {} are needed "
                                "(`ulimit -n`, LimitNOFILE)",
                                files, least_files));
    }
    // The journal first: a port that is open says that somebody answers there.
    if (auto known = check_files(s); !known) return std::unexpected(known.error());
    auto record = open_journal(s);
    if (!record) return std::unexpected(record.error());
    auto records = open_records(s);
    if (!records) return std::unexpected(records.error());
    auto listeners = open_listeners(s);
    if (!listeners) return std::unexpected(listeners.error());
    auto metric_listeners = open_metric_listeners(s);
    if (!metric_listeners) return std::unexpected(metric_listeners.error());
    std::unique_ptr<node> made(new node);
    made->parts_ = std::make_unique<parts>(std::move(loaded));
    made->parts_->listeners = std::move(*listeners);
    made->parts_->metric_listeners = std::move(*metric_listeners);
    made->parts_->callers = std::move(checked.callers);
    checked.http->requests = &made->parts_->requests;
    checked.http->responses = &made->parts_->responses;
    made->parts_->build(std::move(*record), std::move(*records), checked.http);
    for (const auto& w : made->parts_->workers) {
        for (const auto& socket : made->parts_->listeners) {
            if (auto ok = w->server->accept_on(socket.fd.get()); !ok)
                return std::unexpected(ok.error());
        }
    }
    const auto& first = made->parts_->workers.front();
    for (const auto& socket : made->parts_->metric_listeners) {
        if (auto ok = first->metric_server->accept_on(socket.fd.get()); !ok)
            return std::unexpected(ok.error());
    }
    return made;
}

void node::start() {
    parts* p = parts_.get();
    p->apps->start();
    p->workers.front()->loop.post([p] { p->trim_regularly(); });
    for (const auto& w : p->workers) {
        w->thread = std::thread([loop = &w->loop] { loop->run(); });
    }
}

void node::drain() {
    parts_->events->drain(parts_->current.drain.window,
                          [p = parts_.get()] { p->drained.store(true); });
}

bool node::drained() const { return parts_->drained.load(); }

void node::stop(std::chrono::milliseconds grace) {
    if (!parts_) return;
    for (auto& socket : parts_->listeners) socket.file.reset();
    for (auto& socket : parts_->metric_listeners) socket.file.reset();
    const auto deadline = std::chrono::steady_clock::now() + grace;
    for (const auto& w : parts_->workers) {
        w->loop.post([s = w->server.get()] {
            s->stop_accepting();
            s->close_when_idle();
        });
        if (w->metric_server) {
            w->loop.post([s = w->metric_server.get()] {
                s->stop_accepting();
                s->close_when_idle();
            });
        }
        // What was posted before runs first: answers that are due go out.
        w->loop.post([w = w.get(), deadline] { w->finish(deadline); });
    }
    for (const auto& w : parts_->workers) {
        if (w->thread.joinable()) w->thread.join();
    }
    parts_->apps->close();
    parts_->listeners.clear();
}

result<> node::reload(const loaded_settings& latest) {
    const auto checked = check(latest);
    if (!checked) return std::unexpected(checked.error());
    const settings& s = latest.values;
    checked->http->requests = &parts_->requests;
    checked->http->responses = &parts_->responses;
    parts_->requests.limit(s.http.max_request_memory.value);
    parts_->responses.limit(s.http.max_response_memory.value);
    parts_->current = s;
    parts_->tell_settings(latest);
    parts_->events->reload(hub_options_of(s));
    parts_->events->record().set_retention(retention_of(s));
    parts_->streams->reload(stream_limits_of(s));
    parts_->rates.reload(rates_of(s));
    parts_->finite->reload(finite_options_of(s));
    for (const auto& w : parts_->workers) {
        w->loop.post(
            [server = w->server.get(), options = checked->http] { server->reload(options); });
    }
    return {};
}

std::vector<std::string> node::addresses() const {
    std::vector<std::string> all;
    for (const auto& socket : parts_->listeners) all.push_back(socket.bound.str());
    return all;
}

std::size_t node::streams() const { return parts_->events->subscribers(); }
std::size_t node::shards() const { return parts_->workers.size(); }

}  // namespace carillon::server
