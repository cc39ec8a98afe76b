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
    bool own_compression = false;  ///< the row has the field
    int line = 0;                  ///< in the file
};

/// One `[[auth.issuers]]` row: tokens that are believed beside those of `auth.issuer`.
struct issuer_row {
    std::string issuer;
    strings keys;
    strings audience;
    std::string user_claim, session_claim, roles_claim;  ///< empty: as `auth` has them
    std::string user_prefix;
    strings roles{"*"};
    bool grants = true;
    int line = 0;  ///< in the file
};
inline constexpr std::size_t max_issuers = 64;

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
        std::uint64_t max_tickets_per_user = 1000;
        milliseconds ticket_lifetime = std::chrono::seconds(60);
        milliseconds ticket_grace = std::chrono::seconds(60);
        std::uint64_t max_revocations = 100'000;
        milliseconds revocations_kept = std::chrono::days(30);
        std::string forward_url;
        strings forward_headers{"Cookie", "Authorization"};
        milliseconds forward_timeout = std::chrono::seconds(2);
        milliseconds forward_kept = std::chrono::seconds(10);
        std::uint64_t max_forwarded = 10'000;
        std::vector<issuer_row> issuers;
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
        compression_size compression{1u << 10};
        strings codings{"br", "gzip"};
    } http;
    struct {
        milliseconds heartbeat_interval = std::chrono::seconds(30);
        milliseconds retry = std::chrono::seconds(3);
        milliseconds client_timeout = std::chrono::seconds(90);
        milliseconds client_grace = std::chrono::seconds(60);
        std::uint64_t max_clients = 100'000;
        std::uint64_t max_admin_clients = 8;
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
        std::uint64_t max_receipts = 100'000;
        compression_size compression;
    } stream;
    struct {
        byte_count max_event_size{1u << 20};
        std::uint64_t max_batch = 1000;
        std::uint64_t max_topic_length = 255;
        std::uint64_t max_topics_per_event = 16;
        std::uint64_t max_recipients = 10'000;
        byte_count max_copied{64u << 20};
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
        std::uint64_t max_clients = 1000;
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
        std::uint64_t new_topics_per_user = 10'000;
        std::uint64_t topic_share = 50;
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
    struct {
        byte_count max_copied{4u << 20};
        std::uint64_t max_events = 1000;
        milliseconds max_age{0};
    } calendar;
    std::vector<topic_row> topics;

    /// The row for a topic or pattern; null: the defaults apply.
    const topic_row* row_for(std::string_view topic) const;
};

/// Where a value came from: "default", "carillon.toml:12", "CARILLON_LISTEN", "--listen".
using origins = std::map<std::string, std::string, std::less<>>;

struct setting_sources {
    std::string file;  ///< empty: none
    std::string env_file =
        {};                 ///< further variables, which those of the process win over; empty: none
    environment variables;  ///< as `environment_settings` gives them; an empty one is none
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

/// Names of settings that differ, also of secrets, whose values `print` masks.
std::vector<std::string> changed(const settings& before, const settings& after);
/// Of those, what takes effect only with a restart.
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
