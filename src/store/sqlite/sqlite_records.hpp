// All records on one connection, and what concerns a user in all of them.
#pragma once

#include "store/sqlite/calendar_rows.hpp"
#include "store/sqlite/call_rows.hpp"
#include "store/sqlite/notification_rows.hpp"
#include "store/sqlite/outbox_rows.hpp"
#include "store/sqlite/room_rows.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class sqlite_records final : public records {
public:
    explicit sqlite_records(sqlite::connection& on) : on_(on) {}

    notification_table& notifications() override { return notifications_; }
    outbox_table& outbox() override { return outbox_; }
    calendar_table& calendar() override { return calendar_; }
    room_table& rooms() override { return rooms_; }
    call_table& calls() override { return calls_; }

    result<std::string> export_user(std::string_view user) override;
    result<std::uint64_t> erase_user(std::string_view user) override;

private:
    sqlite::connection& on_;
    notification_rows notifications_{on_};
    outbox_rows outbox_{on_};
    calendar_rows calendar_{on_};
    room_rows rooms_{on_};
    call_rows calls_{on_};
};

}  // namespace carillon::store
