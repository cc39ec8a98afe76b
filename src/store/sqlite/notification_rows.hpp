// Notifications in SQLite: one row for each, one in the inbox of each recipient, and a count of
// what each user has not read.
#pragma once

#include "store/sqlite/statements.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class notification_rows final : public notification_table {
public:
    explicit notification_rows(sqlite::connection& on) : on_(on) {}

    result<> insert(const notification& n, std::span<const std::string> recipients) override;
    result<std::optional<notification>> find(std::string_view id) override;
    result<std::vector<inbox_entry>> list(const inbox_query& q) override;
    result<std::uint64_t> count_unread(std::string_view user) override;
    result<bool> mark_read(std::string_view user, std::string_view id, time_point at) override;
    result<std::uint64_t> mark_all_read(std::string_view user, time_point at) override;
    result<> log(std::string_view id, const delivery& d) override;
    result<pending_deliveries> pending(std::string_view user) override;
    result<std::uint64_t> settle(std::string_view user, std::uint64_t position,
                                 time_point at) override;
    result<std::vector<delivery>> deliveries(std::string_view id, std::string_view after_user,
                                             std::size_t limit) override;
    result<std::vector<sent_notification>> newest(std::uint64_t before, std::size_t limit) override;
    result<std::uint64_t> trim(time_point t, std::size_t limit) override;

private:
    result<std::int64_t> place_of(std::string_view id);

    sqlite::connection& on_;
    query insert_{on_,
                  "INSERT OR IGNORE INTO notifications (id, type, action, priority, title, "
                  "message, data, sender, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    query deliver_{on_,
                   "INSERT OR IGNORE INTO inbox (user, place, state, connections, updated) "
                   "VALUES (?, ?, 0, 0, ?)"};
    query count_{on_,
                 "INSERT INTO unread VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1"};
    query place_{on_, "SELECT place FROM notifications WHERE id = ?"};
    query find_{on_,
                "SELECT id, type, action, priority, title, message, data, sender, created "
                "FROM notifications WHERE id = ?"};
    query list_{on_,
                "SELECT n.id, n.type, n.action, n.priority, n.title, n.message, n.data, "
                "n.sender, n.created, i.place, i.state, i.read FROM inbox i "
                "JOIN notifications n USING (place) WHERE i.user = ? AND i.place < ? "
                "ORDER BY i.place DESC LIMIT ?"};
    query list_unread_{on_,
                       "SELECT n.id, n.type, n.action, n.priority, n.title, n.message, "
                       "n.data, n.sender, n.created, i.place, i.state, i.read FROM inbox i "
                       "INDEXED BY inbox_unread JOIN notifications n USING (place) "
                       "WHERE i.user = ? AND i.place < ? AND i.read IS NULL "
                       "ORDER BY i.place DESC LIMIT ?"};
    query unread_{on_, "SELECT count FROM unread WHERE user = ?"};
    query in_inbox_{on_, "SELECT 1 FROM inbox WHERE user = ? AND place = ?"};
    query read_{on_,
                "UPDATE inbox SET read = ?3, state = 4, updated = ?3 "
                "WHERE user = ?1 AND place = ?2 AND read IS NULL"};
    query read_all_{on_,
                    "UPDATE inbox SET read = ?2, state = 4, updated = ?2 "
                    "WHERE user = ?1 AND read IS NULL"};
    query uncount_{on_, "UPDATE unread SET count = count - ?2 WHERE user = ?1"};
    query log_{on_,
               "UPDATE inbox SET state = ?3, connections = ?4, updated = ?5, "
               "position = max(position, ?6) "
               "WHERE user = ?1 AND place = ?2 AND state != 4"};
    query pending_{on_,
                   "SELECT ifnull(min(nullif(i.position, 0)), 0), "
                   "iif(min(i.position) = 0, min(n.created), NULL) "
                   "FROM inbox i INDEXED BY inbox_pending JOIN notifications n USING (place) "
                   "WHERE i.user = ? AND i.state < 2"};
    query settle_{on_,
                  "UPDATE inbox INDEXED BY inbox_pending SET state = 2, connections = 1, "
                  "updated = ?3 WHERE user = ?1 AND state < 2 AND position BETWEEN 1 AND ?2"};
    query deliveries_{on_,
                      "SELECT user, state, connections, updated FROM inbox INDEXED BY "
                      "inbox_of_notification WHERE place = ? AND user > ? "
                      "ORDER BY user LIMIT ?"};
    query newest_{on_,
                  "SELECT id, type, action, priority, title, message, data, sender, created, "
                  "place FROM notifications WHERE place < ? ORDER BY place DESC LIMIT ?"};
    query states_{on_,
                  "SELECT state, count(*) FROM inbox WHERE place = ? "
                  "GROUP BY state"};
    query oldest_{on_,
                  "SELECT place FROM notifications WHERE created < ? ORDER BY created LIMIT ?"};
    query uncount_trimmed_{on_,
                           "UPDATE unread SET count = count - 1 WHERE user IN (SELECT user "
                           "FROM inbox WHERE place = ? AND read IS NULL)"};
    query empty_inboxes_{on_, "DELETE FROM inbox WHERE place = ?"};
    query remove_{on_, "DELETE FROM notifications WHERE place = ?"};
};

}  // namespace carillon::store
