// Every setting: its name, what is said of it, its bounds, and where its value is.
#pragma once

#include "server/settings.hpp"

namespace carillon::server {

/// Calls `visit(setting_info, field)` for every field of an `[[auth.issuers]]` row.
template <class Row, class Visitor>
void each_issuer_field(Row& row, Visitor&& visit) {
    visit({"issuer", "What its tokens say in `iss`. Each issuer has one row."}, row.issuer);
    visit({"keys", "As `auth.keys`, for its tokens alone: files and URLs (https)."}, row.keys);
    visit({"audience", "As `auth.audience`, for its tokens."}, row.audience);
    visit({"user_claim", "As `auth.user_claim`; empty: what that says."}, row.user_claim);
    visit({"session_claim", "As `auth.session_claim`; empty: what that says."}, row.session_claim);
    visit({"roles_claim", "As `auth.roles_claim`; empty: what that says."}, row.roles_claim);
    visit({"user_prefix",
           "What its users' names get in front, such as `partner:`, so that none has another "
           "issuer's user's name."},
          row.user_prefix);
    visit({"roles", "Roles that its tokens may give, others are left out; `*`: all."}, row.roles);
    visit({"grants", "Whether its tokens may say what they grant; otherwise only roles do."},
          row.grants);
}

/// Calls `visit(setting_info, field)` for every setting but the rows of topics and issuers.
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
           "pages `/`, `/home`, `/guides` and `/reference`. `NODE_ENV=production` sets it."},
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
    visit({"auth.max_tickets_per_user", "Tickets of one user that are out; beyond: 429.", 1,
           10'000'000},
          s.auth.max_tickets_per_user);
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
    visit({.name = "http.compression",
           .prose = "Answers that are compressed for clients that take it: `off`, `on`, or from a "
                    "size. Not "
                    "those to requests that say who asks.",
           .reloadable = true},
          s.http.compression);
    visit({.name = "http.codings",
           .prose =
               "Content codings of answers and streams, the favourite first: `br`, `gzip`, `zstd`.",
           .reloadable = true},
          s.http.codings);
    visit(
        {.name = "stream.compression",
         .prose = "Events that are compressed, once for all streams: `off`, `on`, or from a size. "
                  "A row of `[[topics]]` may have its own `compression`.",
         .reloadable = true},
        s.stream.compression);
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
    visit({"stream.max_admin_clients",
           "Streams of the console, which do not count against `stream.max_clients`: an operator "
           "can look when the house is full.",
           1, 1000},
          s.stream.max_admin_clients);
    visit({"stream.max_clients_per_address",
           "Streams from one address (of IPv6: one /64); 0: no limit.", 0, no_limit, true},
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
           "How long before its token's end a stream is told (`carillon.expiring`), but at most "
           "half of "
           "the time that is left when it comes or renews; 0: not at all.",
           0, day, true},
          s.stream.expiry_warning);
    visit({"stream.presence_grace",
           "A user has left a topic with presence only after so long without a stream there.", 0,
           day, true},
          s.stream.presence_grace);
    visit({"stream.max_presence_names",
           "Names of users in the list of a topic's presence; the count is of all.", 0, 100'000,
           true},
          s.stream.max_presence_names);
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
    visit({"publish.max_copied",
           "Bytes of what one publish stores for all its recipients together; one more is 413.",
           1u << 20, no_limit, true},
          s.publish.max_copied);
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
           "Requests that publish or store something, a second from one address, over ten seconds; "
           "0: no limit.",
           0, 1'000'000, true},
          s.rates.publishes_per_address);
    visit({"rates.publishes_per_user",
           "Requests that publish or store something, a second of one user, over ten seconds; 0: "
           "no limit.",
           0, 1'000'000, true},
          s.rates.publishes_per_user);
    visit({"journal.kind",
           "Where events are kept: `sqlite` in `data_dir`, or `memory` until the server ends."},
          s.journal.kind);
    visit({"journal.sync",
           "What an answered event survives, and an answered record: `normal` the end of the "
           "process, `full` a power failure too."},
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
    visit({"topic_service.max_clients",
           "Streams of the topic service; one more is 503. 0: no limit of its own.", 0, 10'000'000},
          s.topic_service.max_clients);
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
    visit({"user_events.new_topics_per_user",
           "Users and rooms without events that the calls of one user (attendees, invitations, "
           "rooms) may address within `user_events.max_age`; one more is 429.",
           1, 10'000'000},
          s.user_events.new_topics_per_user);
    visit({"user_events.topic_share",
           "Per cent of `journal.max_topics` up to which such calls of all users may bring the "
           "journal; beyond, those that need a further topic are refused (503). The rest is for "
           "back ends.",
           1, 100},
          s.user_events.topic_share);
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
    visit({"chat.create_on_join", "Whether the first user that joins an unknown room makes it."},
          s.chat.create_on_join);
    visit({"chat.presence",
           "The listeners that see which members are there: nobody, only programs in the server, "
           "users, or "
           "everyone who listens."},
          s.chat.presence);
    visit({"chat.max_age", "Older messages are removed.", 60'000, 3650 * day}, s.chat.max_age);
    visit({"calendar.max_copied",
           "Bytes of what one change of a calendar event tells all its attendees together; one "
           "more is 413.",
           1024, 1u << 30},
          s.calendar.max_copied);
    visit({"calendar.max_events",
           "Calendar events of one user that is no back end; one more is 413.", 1, 10'000'000},
          s.calendar.max_events);
    visit({"calendar.max_age",
           "Calendar events that took place once and began longer ago are removed; 0: never.", 0,
           3650 * day},
          s.calendar.max_age);
}

}  // namespace carillon::server
