// Everything that an operator can set: declared once here, read from defaults, file, environment
// and flags.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/options.hpp>
#include <carillon/journal/journal.hpp>
#include <carillon/journal/topic.hpp>

#include "server/environment.hpp"
#include "server/surface_settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::server {

/// One `[[topics]]` row. The first whose pattern matches a topic applies.
struct topic_row {
    std::string pattern;
    retention keep;
    topic_options options;
    int line = 0;  ///< in the file
};

struct settings {
    strings listen{"127.0.0.1:3000"};
    std::string data_dir = "carillon-data";
    std::uint64_t shards = 0;
    bool production = false;
    struct {
        choice mode{"default", "default|none"};
        std::string secret;
        choice algorithm{"HS256", "HS256|HS384|HS512"};
        strings keys;
        std::string issuer;
        strings audience;
        std::string user_claim = "sub";
        std::string session_claim = "sid";
        std::string roles_claim = "roles";
        std::string grants_claim = "carillon";
        strings public_topics{"**"};
        strings publish_grants{"publisher=**"};
        strings subscribe_grants;
        milliseconds leeway = std::chrono::seconds(30);
        bool expiry_required = true;
        bool token_in_query = true;
        bool dev_tokens = false;
        bool plain_http = false;
        milliseconds token_lifetime = std::chrono::hours(24);
        std::uint64_t max_remembered_tokens = 100'000;
        std::uint64_t max_tickets = 100'000;
        milliseconds ticket_lifetime = std::chrono::seconds(60);
        milliseconds ticket_grace = std::chrono::seconds(60);
        std::uint64_t max_revocations = 100'000;
        milliseconds revocations_kept = std::chrono::days(30);
        std::string forward_url;
        strings forward_headers{"Cookie", "Authorization"};
        milliseconds forward_timeout = std::chrono::seconds(2);
        milliseconds forward_kept = std::chrono::seconds(10);
        std::uint64_t max_forwarded = 10'000;
    } auth;
    struct {
        byte_count max_target_size{8u << 10};
        byte_count max_head_size{32u << 10};
        byte_count max_body_size{8u << 20};
        milliseconds head_timeout = std::chrono::seconds(10);
        milliseconds body_timeout = std::chrono::seconds(30);
        milliseconds idle_timeout = std::chrono::seconds(75);
        milliseconds write_timeout = std::chrono::seconds(30);
        byte_count max_request_memory{256u << 20};
        byte_count max_response_memory{256u << 20};
        byte_count min_body_rate{500};
        strings allowed_hosts{"localhost", "127.0.0.1", "::1", "*.localhost"};
        strings cors_origins;
        bool cors_credentials = false;
        strings trusted_proxies;
        byte_count send_buffer{16u << 10};
        std::uint64_t backlog = 4096;
    } http;
    struct {
        milliseconds heartbeat_interval = std::chrono::seconds(30);
        milliseconds retry = std::chrono::seconds(3);
        milliseconds client_timeout = std::chrono::seconds(90);
        milliseconds client_grace = std::chrono::seconds(60);
        std::uint64_t max_clients = 100'000;
        std::uint64_t max_clients_per_address = 0;
        std::uint64_t max_durable_clients = 100'000;
        std::uint64_t max_topics_per_client = 100;
        std::uint64_t max_replay_events = 10'000;
        std::uint64_t replay_rate = 200'000;
        byte_count encode_cache{4u << 20};
        std::uint64_t cursor_lag = 10'000;
        milliseconds overload_retry = std::chrono::seconds(10);
        milliseconds expiry_warning = std::chrono::seconds(60);
        milliseconds presence_grace = std::chrono::seconds(30);
        std::uint64_t max_presence_names = 100;
        choice room_presence{"off", "off|hidden|users|everyone"};
        std::uint64_t max_receipts = 100'000;
    } stream;
    struct {
        byte_count max_event_size{1u << 20};
        std::uint64_t max_batch = 1000;
        std::uint64_t max_topic_length = 255;
        std::uint64_t max_topics_per_event = 16;
        std::uint64_t max_recipients = 10'000;
    } publish;
    struct {
        std::uint64_t max_open = 10'000;
        milliseconds idle_timeout = std::chrono::hours(1);
        std::uint64_t max_events = 100'000;
        byte_count max_bytes{16u << 20};
        milliseconds max_age = std::chrono::hours(24);
    } finite_streams;
    struct {
        std::string url;
        std::string secret;
        milliseconds timeout = std::chrono::seconds(5);
        std::uint64_t max_queued = 10'000;
        std::uint64_t attempts = 8;
    } webhook;
    struct {
        std::uint64_t connects_per_address = 0;
        std::uint64_t connects_per_user = 0;
        std::uint64_t publishes_per_address = 0;
        std::uint64_t publishes_per_user = 0;
    } rates;
    struct {
        choice kind{"sqlite", "sqlite|memory"};
        choice sync{"normal", "normal|full"};
        milliseconds idempotency_window = std::chrono::hours(24);
        byte_count max_bytes{256u << 20};
        std::uint64_t max_topics = 1'000'000;
        std::uint64_t max_empty_topics = 100'000;
        std::uint64_t max_scheduled = 100'000;
        byte_count max_scheduled_bytes{64u << 20};
        byte_count max_retained_bytes{64u << 20};
        std::uint64_t max_keys = 500'000;
    } journal;
    struct {
        milliseconds window = std::chrono::seconds(8);
        milliseconds expected_downtime = std::chrono::seconds(5);
    } drain;
    struct {
        bool any_host = false;
        strings listen;
    } metrics;
    struct {
        choice level{"info", "debug|info|warning|error|off"};
        choice format{"auto", "auto|text|json"};
        byte_count max_queued{1u << 20};
    } log;
    struct {
        bool enabled = true;
        std::string prefix = "/events";
    } topic_service;
    struct {
        std::string path = "records.db";
        milliseconds max_age = std::chrono::hours(24 * 90);
        std::uint64_t max_waiting = 10'000;
        byte_count max_text{64u << 10};
    } records;
    struct {
        std::uint64_t max_events = 10'000;
        byte_count max_bytes{16u << 20};
        milliseconds max_age = std::chrono::hours(24 * 7);
    } user_events;
    surface_settings users = surface_defaults::users();
    surface_settings notifications = surface_defaults::notifications();
    surface_settings domains = surface_defaults::domains();
    surface_settings metadata = surface_defaults::metadata();
    struct {
        std::uint64_t max_metadata = 16;
        strings client_keys;
        bool logging = true;
    } metadata_clients;
    struct {
        byte_count max_message{16u << 10};
        byte_count max_data{64u << 10};
        std::uint64_t max_members = 1000;
        std::uint64_t max_rooms = 100;
        std::uint64_t history = 50;
        bool create_on_join = true;
        choice presence{"users", "off|hidden|users|everyone"};
        milliseconds max_age = std::chrono::hours(24 * 90);
    } chat;
    std::vector<topic_row> topics;

    /// The row for a topic or pattern; null: the defaults apply.
    const topic_row* row_for(std::string_view topic) const;
};

/// Calls `visit(setting_info, field)` for every setting but the topic rows.
template <class Settings, class Visitor>
void each_setting(Settings& s, Visitor&& visit) {  // NOLINT(readability-function-size): a list
    constexpr std::uint64_t no_limit = ~std::uint64_t{0};
    constexpr std::uint64_t day = 86'400'000;
    visit({"listen",
           "Where to listen: HOST:PORT, [V6]:PORT, unix:/path, or `systemd` for sockets handed "
           "over."},
          s.listen);
    visit({"data_dir",
           "Folder for durable data; made if it is missing. The memory journal needs none."},
          s.data_dir);
    visit({"shards", "Event loops, one thread each; 0: one less than the cores, at least one.", 0,
           64},
          s.shards);
    visit({"production",
           "Turns off what is for a developer's machine: local defaults, development tokens, the "
           "page at `/`. `NODE_ENV=production` sets it."},
          s.production);
    visit(
        {"auth.mode",
         "`none` must be written out to listen beyond loopback while no key says whose tokens are "
         "believed."},
        s.auth.mode);
    visit({.name = "auth.secret",
           .prose =
               "Secret that signs and verifies tokens with `auth.algorithm`; with a key, callers "
               "are asked who they are.",
           .secret = true},
          s.auth.secret);
    visit({"auth.algorithm", "What `auth.secret` is used with."}, s.auth.algorithm);
    visit(
        {"auth.keys",
         "Whose tokens are believed: files with PEM keys, JSON Web Keys or sets of them, and URLs "
         "of key sets (https)."},
        s.auth.keys);
    visit({"auth.issuer", "A token's `iss` must be this; empty: it is not looked at."},
          s.auth.issuer);
    visit({"auth.audience",
           "A token's `aud` must name one of these; empty: a token with `aud` is refused."},
          s.auth.audience);
    visit({"auth.user_claim", "The claim that names the user."}, s.auth.user_claim);
    visit({"auth.session_claim", "The claim that names the session."}, s.auth.session_claim);
    visit({"auth.roles_claim", "The claim that lists the roles."}, s.auth.roles_claim);
    visit({"auth.grants_claim",
           "The claim with the topic patterns that a token grants: an object with the lists "
           "`publish` and `subscribe`."},
          s.auth.grants_claim);
    visit({"auth.public_topics",
           "Topics that everybody may listen to; for others a token must grant it."},
          s.auth.public_topics);
    visit({"auth.publish_grants",
           "What roles may publish under, each `role=pattern`, unless a token says it itself; "
           "`{user}` is the caller."},
          s.auth.publish_grants);
    visit({"auth.subscribe_grants",
           "What roles may listen to, private events included; in the same form."},
          s.auth.subscribe_grants);
    visit({"auth.leeway", "How far clocks may be apart when a token's times are compared.", 0,
           3'600'000},
          s.auth.leeway);
    visit({"auth.expiry_required", "Whether a token without `exp` is refused."},
          s.auth.expiry_required);
    visit({"auth.token_in_query",
           "Whether `?token=` is looked at; a proxy may write it into its log."},
          s.auth.token_in_query);
    visit({"auth.dev_tokens",
           "Whether tokens that anybody can make (Base64 of userId:username:email:roles) are "
           "believed."},
          s.auth.dev_tokens);
    visit({"auth.plain_http", "Whether keys may be fetched over http beyond loopback."},
          s.auth.plain_http);
    visit({"auth.token_lifetime", "How long tokens that this server signs are valid.", 1000,
           365 * day},
          s.auth.token_lifetime);
    visit({"auth.max_remembered_tokens", "Verified tokens that need no second signature check.", 2,
           10'000'000},
          s.auth.max_remembered_tokens);
    visit({"auth.max_tickets", "Tickets that are out; beyond: 503 to those who ask for one.", 1,
           10'000'000},
          s.auth.max_tickets);
    visit({"auth.ticket_lifetime", "How long a new ticket waits for its first stream.", 1000, day},
          s.auth.ticket_lifetime);
    visit(
        {"auth.ticket_grace", "How long a ticket's stream may be away before it returns.", 0, day},
        s.auth.ticket_grace);
    visit({"auth.max_revocations", "Revocations in force; beyond: 503 to those who revoke.", 1,
           10'000'000},
          s.auth.max_revocations);
    visit({"auth.revocations_kept",
           "How long a revocation is remembered: as long as the longest token is valid.", 60'000,
           3650 * day},
          s.auth.revocations_kept);
    visit(
        {"auth.forward_url",
         "A back end that is asked who calls, with the caller's headers: 2xx with claims as JSON, "
         "or 401."},
        s.auth.forward_url);
    visit({"auth.forward_headers", "Headers that are passed on to it."}, s.auth.forward_headers);
    visit({"auth.forward_timeout", "How long its answer is waited for; then 503.", 10, 60'000},
          s.auth.forward_timeout);
    visit({"auth.forward_kept", "How long its answer is believed for the same headers.", 0, day},
          s.auth.forward_kept);
    visit({"auth.max_forwarded", "Answers of it that are remembered.", 2, 10'000'000},
          s.auth.max_forwarded);
    visit({"http.max_target_size", "Bytes of a request target; beyond: 414.", 64, 1u << 20, true},
          s.http.max_target_size);
    visit({"http.max_head_size", "Bytes of a request head; beyond: 431.", 256, 1u << 20, true},
          s.http.max_head_size);
    visit(
        {"http.max_body_size", "Bytes of a buffered request body; beyond: 413.", 0, no_limit, true},
        s.http.max_body_size);
    visit({"http.head_timeout",
           "From the first byte of a request to the end of its head; then 408.", 1, day, true},
          s.http.head_timeout);
    visit({"http.body_timeout", "Without progress of a request body; then 408.", 1, day, true},
          s.http.body_timeout);
    visit({"http.idle_timeout", "How long a connection may stay without a request.", 1, day, true},
          s.http.idle_timeout);
    visit({"http.write_timeout", "How long a response may wait for the client to take it.", 1, day,
           true},
          s.http.write_timeout);
    visit({"http.max_request_memory",
           "Bytes of request bodies that are being read, of all connections together; beyond: 503.",
           64u << 10, no_limit, true},
          s.http.max_request_memory);
    visit({"http.max_response_memory",
           "Bytes of answers that clients have not taken, with their socket buffers, of all "
           "connections together; beyond: 503.",
           64u << 10, no_limit, true},
          s.http.max_response_memory);
    visit({"http.min_body_rate",
           "Bytes a second that a buffered body brings at least, averaged over "
           "`http.body_timeout`; less: 408. 0: none.",
           0, no_limit, true},
          s.http.min_body_rate);
    visit({"http.allowed_hosts",
           "Names and networks (`10.0.0.0/8`) that a `Host` header may be; `*` admits all, "
           "`*.example.com` one label.",
           0, no_limit, true},
          s.http.allowed_hosts);
    visit({"http.cors_origins",
           "Origins of pages that may use this server: exact, `https://*.example.com`, or `*`.", 0,
           no_limit, true},
          s.http.cors_origins);
    visit({"http.cors_credentials",
           "Whether pages of those origins may send cookies and credentials.", 0, no_limit, true},
          s.http.cors_credentials);
    visit({"http.trusted_proxies",
           "Addresses or networks whose Forwarded and X-Forwarded-For are believed.", 0, no_limit,
           true},
          s.http.trusted_proxies);
    visit({"http.send_buffer",
           "SO_SNDBUF of a connection; bounds what a stalled reader holds in the kernel.", 4096,
           64u << 20},
          s.http.send_buffer);
    visit({"http.backlog", "Connections that may wait to be accepted.", 1, 1u << 20},
          s.http.backlog);
    visit({"stream.heartbeat_interval", "A comment goes out after this long without an event.", 100,
           day},
          s.stream.heartbeat_interval);
    visit({"stream.retry", "What clients get as `retry:`, plus or minus 20 % each.", 1, day},
          s.stream.retry);
    visit({"stream.client_timeout", "A peer that acknowledges nothing for this long is dead.", 100,
           day},
          s.stream.client_timeout);
    visit({"stream.client_grace", "How long a durable client (`?client=`) may be away.", 0, day,
           true},
          s.stream.client_grace);
    visit({"stream.max_clients", "Streams over all shards.", 1, no_limit, true},
          s.stream.max_clients);
    visit({"stream.max_clients_per_address", "Streams from one address; 0: no limit.", 0, no_limit,
           true},
          s.stream.max_clients_per_address);
    visit({"stream.max_durable_clients",
           "Durable clients (`?client=`), connected or waited for; beyond: 503 to new ones.", 1,
           no_limit, true},
          s.stream.max_durable_clients);
    visit({"stream.max_topics_per_client", "Topics and patterns that one stream may listen to.", 1,
           100'000, true},
          s.stream.max_topics_per_client);
    visit({"stream.max_replay_events",
           "Events replayed to one connection; more missed than that is a gap.", 0, no_limit, true},
          s.stream.max_replay_events);
    visit({"stream.replay_rate",
           "Events a second that one loop replays to all streams that come back; 0: no limit.", 0,
           no_limit, true},
          s.stream.replay_rate);
    visit({"stream.encode_cache",
           "Encoded events that one loop keeps for streams that come or catch up.", 65'536,
           no_limit, true},
          s.stream.encode_cache);
    visit({"stream.cursor_lag",
           "Positions a stream's cursor may lag behind before `carillon.cursor` moves it.", 1,
           no_limit, true},
          s.stream.cursor_lag);
    visit({"stream.overload_retry",
           "When clients that cannot be served are told to come back; up to twice as long.", 1, day,
           true},
          s.stream.overload_retry);
    visit({"stream.expiry_warning",
           "How long before its token's end a stream is told (`carillon.expiring`); 0: not at all.",
           0, day, true},
          s.stream.expiry_warning);
    visit({"stream.presence_grace",
           "A user has left a topic with presence only after so long without a stream there.", 0,
           day, true},
          s.stream.presence_grace);
    visit({"stream.max_presence_names",
           "Names of users in what a stream is told of a topic's presence; the count is of all.", 0,
           100'000, true},
          s.stream.max_presence_names);
    visit({"stream.room_presence", "Whether chat rooms have presence, and who sees it."},
          s.stream.room_presence);
    visit({"stream.max_receipts",
           "Events whose receipts are waited for at once; of more nothing is known.", 0, no_limit,
           true},
          s.stream.max_receipts);
    visit({"publish.max_event_size", "Bytes of one event.", 1, 1u << 30, true},
          s.publish.max_event_size);
    visit({"publish.max_batch", "Events in one array.", 1, 1'000'000, true}, s.publish.max_batch);
    visit({"publish.max_topic_length", "Bytes of a topic.", 1, topic::max_size, true},
          s.publish.max_topic_length);
    visit({"publish.max_topics_per_event", "Topics of one event.", 1, 1000, true},
          s.publish.max_topics_per_event);
    visit({"publish.max_recipients",
           "Recipients of one publish to users, sessions or clients, times its events.", 1,
           1'000'000, true},
          s.publish.max_recipients);
    visit({"finite_streams.max_open", "Streams that end and have not ended yet; one more is 503.",
           1, 10'000'000, true},
          s.finite_streams.max_open);
    visit({"finite_streams.idle_timeout",
           "A stream that ends is ended when nothing was appended for this long; 0: never.", 0,
           30 * day, true},
          s.finite_streams.idle_timeout);
    visit({"finite_streams.max_events", "Events kept of one stream that ends; the oldest go first.",
           1, no_limit, true},
          s.finite_streams.max_events);
    visit({"finite_streams.max_bytes", "Bytes kept of one stream that ends.", 1, no_limit, true},
          s.finite_streams.max_bytes);
    visit({"finite_streams.max_age", "How long the events of a stream that ends are kept.", 1000,
           30 * day, true},
          s.finite_streams.max_age);
    visit({"webhook.url", "Where clients that come and go are told (https, or loopback)."},
          s.webhook.url);
    visit({.name = "webhook.secret",
           .prose = "Signs what is told (`webhook-signature`): `whsec_` and Base64, or any text.",
           .secret = true},
          s.webhook.secret);
    visit({"webhook.timeout", "How long an answer is waited for.", 10, 60'000}, s.webhook.timeout);
    visit({"webhook.max_queued", "Webhooks not delivered yet; beyond, new ones are dropped.", 1,
           10'000'000},
          s.webhook.max_queued);
    visit({"webhook.attempts", "How often one is tried.", 1, 100}, s.webhook.attempts);
    visit({"rates.connects_per_address",
           "Streams that one address (of IPv6, one /64) may open a minute; 0: no limit.", 0,
           1'000'000, true},
          s.rates.connects_per_address);
    visit({"rates.connects_per_user", "Streams that one user may open a minute; 0: no limit.", 0,
           1'000'000, true},
          s.rates.connects_per_user);
    visit({"rates.publishes_per_address",
           "Publishing requests a second from one address, over ten seconds; 0: no limit.", 0,
           1'000'000, true},
          s.rates.publishes_per_address);
    visit({"rates.publishes_per_user",
           "Publishing requests a second of one user, over ten seconds; 0: no limit.", 0, 1'000'000,
           true},
          s.rates.publishes_per_user);
    visit({"journal.kind",
           "Where events are kept: `sqlite` in `data_dir`, or `memory` until the server ends."},
          s.journal.kind);
    visit({"journal.sync",
           "What an answered event survives: `normal` the end of the process, `full` a power "
           "failure too."},
          s.journal.sync);
    visit({"journal.idempotency_window", "How long an `Idempotency-Key` is remembered.", 1000,
           30 * day},
          s.journal.idempotency_window);
    visit({"journal.max_bytes",
           "Memory that the memory journal takes, topics and keys included; the oldest events go "
           "first.",
           0, no_limit},
          s.journal.max_bytes);
    visit({"journal.max_topics",
           "Topics that the journal knows; beyond, publishing to new ones is refused (503).", 1,
           no_limit},
          s.journal.max_topics);
    visit({"journal.max_empty_topics", "Topics remembered for their trim mark alone.", 1, no_limit},
          s.journal.max_empty_topics);
    visit({"journal.max_scheduled",
           "Events that wait for their `deliverAt`; beyond, more are refused (503).", 0, no_limit},
          s.journal.max_scheduled);
    visit({"journal.max_scheduled_bytes", "Bytes of these events; likewise.", 0, no_limit},
          s.journal.max_scheduled_bytes);
    visit({"journal.max_retained_bytes",
           "Bytes of the last values of all topics; beyond, more are refused (503).", 0, no_limit},
          s.journal.max_retained_bytes);
    visit({"journal.max_keys",
           "Idempotency keys that are remembered; beyond, the oldest is forgotten before its time.",
           0, no_limit},
          s.journal.max_keys);
    visit({"drain.window", "Streams end spread over this time when the server is told to stop.", 0,
           day, true},
          s.drain.window);
    visit({"drain.expected_downtime",
           "Streams that end are told to come back after this, up to twice as long.", 1, day, true},
          s.drain.expected_downtime);
    visit(
        {"metrics.any_host",
         "Whether `/metrics` answers whatever `Host` says, as scrapers that ask by address need."},
        s.metrics.any_host);
    visit({"metrics.listen",
           "Further addresses that show `/metrics`, `/health` and `/ready` to everybody, whatever "
           "`Host` says."},
          s.metrics.listen);
    visit({"log.level", "The lowest level that is written.", 0, no_limit, true}, s.log.level);
    visit({"log.format", "`auto`: text on a terminal, JSON lines elsewhere."}, s.log.format);
    visit({"log.max_queued",
           "Bytes of log lines that wait while nobody reads them; beyond: dropped and counted.",
           4096, 1u << 30, true},
          s.log.max_queued);
    visit({"topic_service.enabled", "Whether the topic service answers; otherwise 404 DISABLED."},
          s.topic_service.enabled);
    visit({"topic_service.prefix", "Where the topic service is mounted."}, s.topic_service.prefix);
    visit({"records.path",
           "File of notifications, calendar and chat, in `data_dir` unless it begins with a slash. "
           "With the memory journal records are in memory too."},
          s.records.path);
    visit({"records.max_age", "Older notifications are removed.", 60'000, 3650 * day},
          s.records.max_age);
    visit({"records.max_waiting", "Records that may wait to be stored; one more is 503.", 1,
           10'000'000},
          s.records.max_waiting);
    visit({"records.max_text", "Bytes of a record's texts together.", 1024, 16u << 20},
          s.records.max_text);
    visit({"user_events.max_events",
           "Events kept for one user, and for everyone; the oldest go first.", 1, no_limit, true},
          s.user_events.max_events);
    visit(
        {"user_events.max_bytes", "Bytes kept for one user, and for everyone.", 1, no_limit, true},
        s.user_events.max_bytes);
    visit({"user_events.max_age", "How long events for users are kept.", 1000, 3650 * day, true},
          s.user_events.max_age);
    static const surface_names users("users"), notifications("notifications"), domains("domains"),
        metadata("metadata");
    users.each(s.users, visit);
    notifications.each(s.notifications, visit);
    domains.each(s.domains, visit);
    metadata.each(s.metadata, visit);
    visit({"metadata.max_metadata", "Names of metadata in the query of one stream.", 0, 64},
          s.metadata_clients.max_metadata);
    visit({"metadata.client_keys",
           "Names of metadata that clients may give themselves and be sent events by, although no "
           "token says so."},
          s.metadata_clients.client_keys);
    visit({"metadata.logging", "Whether each client that connects is logged."},
          s.metadata_clients.logging);
    visit({"chat.max_message", "Bytes of a message's text; one more is 413.", 1, 1u << 20},
          s.chat.max_message);
    visit({"chat.max_data", "Bytes of a message's data; one more is 413.", 0, 1u << 20},
          s.chat.max_data);
    visit({"chat.max_members", "Members of one room, those who are invited included.", 1, 100'000},
          s.chat.max_members);
    visit({"chat.max_rooms", "Rooms that one user is in.", 1, 1000}, s.chat.max_rooms);
    visit({"chat.history", "Messages that are told on joining, and at the start of a stream.", 0,
           1000},
          s.chat.history);
    visit({"chat.create_on_join", "Whether an unknown room is made by who joins it first."},
          s.chat.create_on_join);
    visit({"chat.presence",
           "Who is told which members listen: nobody, only programs in the server, users, or "
           "everyone who listens."},
          s.chat.presence);
    visit({"chat.max_age", "Older messages are removed.", 60'000, 3650 * day}, s.chat.max_age);
}

/// Where a value came from: "default", "carillon.toml:12", "CARILLON_LISTEN", "--listen".
using origins = std::map<std::string, std::string, std::less<>>;

struct setting_sources {
    std::string file;  ///< empty: none
    std::string env_file =
        {};                 ///< further variables, which those of the process win over; empty: none
    environment variables;  ///< as `environment_settings` gives them
    std::vector<std::pair<std::string, std::string>>
        flags;  ///< setting name, text; lists may repeat
};

struct loaded_settings {
    settings values;
    origins from;
    /// Variables that a cluster has set for its Services and that are no settings.
    std::vector<std::string> ignored;
};

/// Defaults, file, environment, flags, in that order. On failure the detail has one line per
/// mistake, each with its place and, for an unknown name, the nearest valid one.
result<loaded_settings> load(const setting_sources& sources);

/// Names of settings that differ and take effect only with a restart.
std::vector<std::string> changed_beyond_reload(const settings& before, const settings& after);

struct printed_setting {
    setting_info info;
    std::string value;  ///< as it would be written in TOML
};
std::vector<printed_setting> print(const settings& s);

/// The reference page in Markdown, and a commented sample file.
std::string reference_page();
std::string sample_file();

}  // namespace carillon::server
