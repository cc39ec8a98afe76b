#include "server/applications.hpp"

#include <carillon/base/log.hpp>

#include "surfaces/domains/domain_surface.hpp"
#include "surfaces/metadata/metadata_surface.hpp"
#include "surfaces/notifications/notification_surface.hpp"
#include "surfaces/users/user_surface.hpp"

#include <array>
#include <filesystem>
#include <iterator>

#include <fmt/format.h>

namespace carillon::server {

namespace {

struct surface_line {
    const surfaces::surface_kind& kind;
    surface_settings settings::* section;
};

/// All surfaces but the topic service, each with its section of the settings. A further one is a
/// line here.
constexpr std::array surface_lines{
    surface_line{surfaces::user_surface_kind, &settings::users},
    surface_line{surfaces::domain_surface_kind, &settings::domains},
    surface_line{surfaces::metadata_surface_kind, &settings::metadata},
    surface_line{surfaces::notification_surface_kind, &settings::notifications},
};

// The topic service's full envelope is number 1.
constexpr envelope_id first_envelope = 2;

constexpr auto trim_interval = std::chrono::seconds(5);

services::notification_limits notification_limits_of(const settings& s) {
    services::notification_limits l;
    l.max_recipients = s.publish.max_recipients;
    l.max_text = s.records.max_text.value;
    l.max_age = std::chrono::ceil<std::chrono::seconds>(s.records.max_age);
    return l;
}

services::outbox_limits outbox_limits_of(const settings& s) {
    return {.window = std::chrono::ceil<std::chrono::seconds>(s.journal.idempotency_window),
            .max_calls = s.journal.max_keys,
            .max_waiting = s.records.max_waiting,
            .new_topics_per_user = s.user_events.new_topics_per_user,
            .new_topics_window = std::chrono::ceil<std::chrono::seconds>(s.user_events.max_age),
            .user_topic_share = s.user_events.topic_share};
}

services::calendar_limits calendar_limits_of(const settings& s) {
    services::calendar_limits l;
    l.max_text = s.records.max_text.value;
    l.max_copied = s.calendar.max_copied.value;
    l.max_events = s.calendar.max_events;
    l.max_age = std::chrono::ceil<std::chrono::seconds>(s.calendar.max_age);
    return l;
}

services::chat_limits chat_limits_of(const settings& s) {
    services::chat_limits l;
    l.max_text = s.chat.max_message.value;
    l.max_data = s.chat.max_data.value;
    l.max_members = s.chat.max_members;
    l.max_rooms = s.chat.max_rooms;
    l.history = s.chat.history;
    l.create_on_join = s.chat.create_on_join;
    l.max_age = std::chrono::ceil<std::chrono::seconds>(s.chat.max_age);
    return l;
}

surfaces::surface_options options_of(const settings& all, const surface_settings& s,
                                     std::string_view name, std::string_view title) {
    surfaces::surface_options o;
    o.clients = {all.metadata_clients.max_metadata, all.metadata_clients.client_keys,
                 all.metadata_clients.logging};
    o.enabled = s.enabled;
    o.prefixes = s.prefix;
    o.profile.name = name;
    o.profile.heartbeat_interval = s.heartbeat_interval;
    o.profile.retry = s.retry;
    o.profile.client_timeout = s.client_timeout;
    o.profile.max_per_user = s.max_per_user;
    o.profile.inactivity = s.inactivity;
    o.profile.quota = std::make_shared<stream_quota>(std::string(title), s.max_clients);
    return o;
}

void log_failure(std::string_view what, const result<>& done) {
    if (!done) log::error(what, {{"reason", done.error().detail}});
}

std::unexpected<error> named(const std::string& path, const error& why) {
    return fail(why.code, fmt::format("`records.path`: {}: {}", path, why.detail));
}

}  // namespace

std::string record_path_of(const settings& s) {
    return (std::filesystem::path(s.data_dir) / s.records.path).string();
}

result<> check_records(const settings& s) {
    if (s.journal.kind.value == "memory" || s.records.path.empty()) return {};
    const std::string path = record_path_of(s);
    if (auto known = store::check_record_format(path); !known) return named(path, known.error());
    return {};
}

result<std::unique_ptr<store::record_store>> open_records(const settings& s) {
    store::record_store_options o;
    o.max_waiting = s.records.max_waiting;
    if (s.journal.kind.value == "memory") {
        o.readers = 1;  // in memory one who reads keeps the writer out
        return store::open_record_store(std::move(o));
    }
    const std::string path = record_path_of(s);
    o.path = path;
    // A record and its event are one promise: both are on the disk when the caller is answered.
    if (s.journal.sync.value == "full") o.sync = store::record_sync::full;
    auto opened = store::open_record_store(std::move(o));
    if (opened) return opened;
    return named(path, opened.error());
}

void add_envelopes(std::vector<std::shared_ptr<const envelope>>& to) {
    for (const surface_line& line : surface_lines)
        std::ranges::move(line.kind.make_envelopes(), std::back_inserter(to));
}

applications::applications(hub& events, transport::stream_host& streams,
                           std::unique_ptr<store::record_store> records, const settings& s)
    : records_(std::move(records)),
      outbox_(events, *records_, outbox_limits_of(s)),
      notifications_(
          events, outbox_, *records_,
          [&events](std::string_view user) { return events.connections_of(user); },
          notification_limits_of(s)),
      users_(events),
      calendar_(outbox_, *records_, calendar_limits_of(s)),
      data_(events, *records_),
      chat_(events, outbox_, *records_, chat_limits_of(s)),
      settings_(s) {
    const surfaces::surface_context with{events,         streams, *records_, outbox_,
                                         notifications_, users_,  calendar_, chat_};
    envelope_id first = first_envelope;
    for (const surface_line& line : surface_lines) {
        auto options = options_of(s, s.*line.section, line.kind.name, line.kind.title);
        quotas_.emplace_back(line.kind.name, options.profile.quota);
        surfaces_.push_back(line.kind.make(with, std::move(options), first));
        first = static_cast<envelope_id>(first + line.kind.make_envelopes().size());
    }
}

applications::~applications() = default;

std::vector<transport::route> applications::routes() {
    std::vector<transport::route> all = data_.routes();
    for (std::size_t i = 0; i < surfaces_.size(); ++i) {
        const surface_settings& section = settings_.*surface_lines.at(i).section;
        std::ranges::move(surfaces::mounted(*surfaces_[i], surface_lines.at(i).kind,
                                            section.enabled, section.prefix),
                          std::back_inserter(all));
    }
    return all;
}

std::vector<mount> applications::mounts() const {
    std::vector<mount> all;
    for (const surface_line& line : surface_lines) {
        const surface_settings& section = settings_.*line.section;
        all.push_back({line.kind.name, section.enabled ? section.prefix : strings()});
    }
    return all;
}

void applications::start() {
    outbox_.start([](const result<>& done) {
        log_failure("events of records that an earlier run left are not published yet", done);
    });
    calendar_.start([](const result<>& done) { log_failure("reminders cannot be read", done); });
}

void applications::tick(std::chrono::steady_clock::time_point now) {
    outbox_.tick();
    calendar_.tick();
    for (const auto& s : surfaces_) s->tick();
    if (now - trimmed_ < trim_interval) return;
    trimmed_ = now;
    outbox_.trim();
    notifications_.trim();
    chat_.trim();
    calendar_.trim();
}

std::vector<std::pair<std::string, const stream_quota*>> applications::quotas() const {
    std::vector<std::pair<std::string, const stream_quota*>> all;
    for (const auto& [name, quota] : quotas_) all.emplace_back(name, quota.get());
    return all;
}

void applications::close() { records_->close(); }

}  // namespace carillon::server
