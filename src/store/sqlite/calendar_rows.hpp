// The calendar in SQLite.
#pragma once

#include "store/sqlite/statements.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class calendar_rows final : public calendar_table {
public:
    explicit calendar_rows(sqlite::connection& on) : on_(on) {}

    result<> put(const calendar_event& e) override;
    result<std::optional<calendar_event>> find(std::string_view id) override;
    result<bool> remove(std::string_view id) override;
    result<std::vector<calendar_event>> list(std::string_view user, std::string_view after_id,
                                             std::size_t limit) override;
    result<std::uint64_t> count(std::string_view owner) override;
    result<bool> begin_reminder(std::string_view id, std::string_view user, time_point occurrence,
                                std::chrono::seconds lead) override;
    result<std::uint64_t> trim(std::string_view starts, std::size_t limit) override;
    result<std::uint64_t> trim_reminders(time_point t, std::size_t limit) override;

private:
    result<> add_attendees(calendar_event& e);

    sqlite::connection& on_;
    query put_{on_,
               "INSERT OR REPLACE INTO calendar (id, title, owner, starts, length, zone, "
               "rule, data, reminders) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    query find_{on_,
                "SELECT id, title, owner, starts, length, zone, rule, data, reminders "
                "FROM calendar WHERE id = ?"};
    query list_{on_,
                "SELECT id, title, owner, starts, length, zone, rule, data, reminders "
                "FROM calendar WHERE id > ? ORDER BY id LIMIT ?"};
    query list_of_user_{on_,
                        "SELECT id, title, owner, starts, length, zone, rule, data, reminders "
                        "FROM calendar WHERE id IN (SELECT id FROM calendar WHERE owner = ?1 "
                        "UNION SELECT event FROM attendees WHERE user = ?1) AND id > ?2 "
                        "ORDER BY id LIMIT ?3"};
    query count_{on_, "SELECT count(*) FROM calendar WHERE owner = ?"};
    query attendees_{on_, "SELECT user FROM attendees WHERE event = ? ORDER BY user"};
    query attend_{on_, "INSERT OR IGNORE INTO attendees VALUES (?, ?)"};
    query unattend_{on_, "DELETE FROM attendees WHERE event = ?"};
    query forget_{on_, "DELETE FROM reminders WHERE event = ?"};
    query remove_{on_, "DELETE FROM calendar WHERE id = ?"};
    query remind_{on_, "INSERT OR IGNORE INTO reminders VALUES (?, ?, ?, ?)"};
    query old_{on_, "SELECT id FROM calendar WHERE rule = '' AND starts < ? LIMIT ?"};
    query trim_{on_,
                "DELETE FROM reminders WHERE (event, user, occurrence, lead) IN (SELECT "
                "event, user, occurrence, lead FROM reminders WHERE occurrence < ? LIMIT ?)"};
};

}  // namespace carillon::store
