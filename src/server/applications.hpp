// What serves applications' users: their records, the services over them, and the surfaces.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/calendar.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/notifications.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/services/user_events.hpp>
#include <carillon/store/record_store.hpp>

#include "server/endpoints.hpp"
#include "server/settings.hpp"
#include "server/user_data.hpp"
#include "surfaces/support/surface.hpp"
#include "transport/route.hpp"
#include "transport/stream_host.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::server {

/// Opens the file of records in `data_dir`; with the memory journal they are in memory, so that
/// both forget together. Errors name the setting.
result<std::unique_ptr<store::record_store>> open_records(const settings& s);
/// Of that file.
std::string record_path_of(const settings& s);
/// Refuses a later version's file and another program's; changes nothing.
result<> check_records(const settings& s);

/// Adds the envelopes of all surfaces to the hub's list. Before the hub is made.
void add_envelopes(std::vector<std::shared_ptr<const envelope>>& to);

/// Made before servers run and destroyed after the hub: what the hub stores at its end is answered
/// here. Threads: `tick` on one loop; the rest where nothing runs.
class applications {
public:
    applications(hub& events, transport::stream_host& streams,
                 std::unique_ptr<store::record_store> records, const settings& s);
    ~applications();
    applications(const applications&) = delete;
    applications& operator=(const applications&) = delete;

    /// They refer to this object. Called once.
    std::vector<transport::route> routes();
    /// Where each interface stands.
    std::vector<mount> mounts() const;

    /// Publishes what an earlier life of the server left, and reads what it shall remind of.
    void start();
    /// Call it every second or so.
    void tick(std::chrono::steady_clock::time_point now);
    /// Ends the work on records: what was begun is done, and what comes later is refused. The loops
    /// have ended, the hub is still there.
    void close();

    services::notifications& notes() noexcept { return notifications_; }
    /// Whether records can be stored now.
    result<> health() const { return records_->health(); }
    /// Events of records that are not published yet.
    std::size_t unpublished() const { return outbox_.unpublished(); }
    std::uint64_t refused_topics() const { return outbox_.refused(); }
    /// How many streams each interface has and may have, by its name.
    std::vector<std::pair<std::string, const stream_quota*>> quotas() const;

private:
    const std::unique_ptr<store::record_store> records_;
    services::outbox_relay outbox_;
    services::notifications notifications_;
    services::user_events users_;
    services::calendar calendar_;
    user_data data_;
    services::chat chat_;
    const settings settings_;
    std::vector<std::unique_ptr<surfaces::surface>> surfaces_;
    std::vector<std::pair<std::string, std::shared_ptr<const stream_quota>>> quotas_;
    std::chrono::steady_clock::time_point trimmed_;
};

}  // namespace carillon::server
