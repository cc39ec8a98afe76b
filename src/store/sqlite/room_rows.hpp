// Chat rooms in SQLite.
#pragma once

#include "store/sqlite/statements.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class room_rows final : public room_table {
public:
    explicit room_rows(sqlite::connection& on) : on_(on) {}

    result<> create(const room& r) override;
    result<std::optional<room>> find(std::string_view id) override;
    result<membership> membership_of(std::string_view id, std::string_view user) override;
    result<bool> set_membership(std::string_view id, std::string_view user, membership m) override;
    result<std::vector<std::string>> members(std::string_view id, std::string_view after,
                                             std::size_t limit) override;
    result<std::uint64_t> count_members(std::string_view id) override;
    result<std::uint64_t> count_rooms(std::string_view user) override;
    result<std::uint64_t> remove_if_unused(std::string_view id) override;
    result<std::vector<room>> rooms_of(std::string_view user, std::string_view after,
                                       std::size_t limit) override;
    result<std::vector<std::string>> rooms_with_messages_of(std::string_view user,
                                                            std::size_t limit) override;
    result<std::uint64_t> add(const chat_message& m) override;
    result<std::vector<chat_message>> messages(std::string_view id, std::uint64_t before,
                                               std::size_t limit) override;
    result<std::uint64_t> trim_messages(time_point t, std::size_t limit) override;

private:
    sqlite::connection& on_;
    query create_{on_,
                  "INSERT OR IGNORE INTO rooms (id, name, owner, open, created, presence) "
                  "VALUES (?, ?, ?, ?, ?, ?)"};
    query find_{on_, "SELECT id, name, owner, open, created, presence FROM rooms WHERE id = ?"};
    query state_{on_, "SELECT state FROM members WHERE room = ? AND user = ?"};
    query set_{on_,
               "INSERT INTO members VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET state = ?3 "
               "WHERE state != ?3"};
    query unset_{on_, "DELETE FROM members WHERE room = ? AND user = ?"};
    query members_{on_,
                   "SELECT user FROM members WHERE room = ? AND user > ? AND state = 2 "
                   "ORDER BY user LIMIT ?"};
    query count_members_{on_, "SELECT count(*) FROM members WHERE room = ?"};
    query count_rooms_{on_, "SELECT count(*) FROM members WHERE user = ? AND state = 2"};
    query remove_{on_,
                  "DELETE FROM rooms WHERE id = ?1 "
                  "AND NOT EXISTS (SELECT 1 FROM members WHERE room = ?1) "
                  "AND NOT EXISTS (SELECT 1 FROM messages WHERE room = ?1)"};
    query rooms_{on_,
                 "SELECT r.id, r.name, r.owner, r.open, r.created, r.presence FROM members m "
                 "JOIN rooms r ON r.id = m.room WHERE m.user = ? AND m.room > ? AND m.state = 2 "
                 "ORDER BY m.room LIMIT ?"};
    query spoken_in_{on_, "SELECT DISTINCT room FROM messages WHERE user = ? LIMIT ?"};
    query add_{on_,
               "INSERT INTO messages (id, room, user, text, data, sent) "
               "VALUES (?, ?, ?, ?, ?, ?)"};
    query messages_{on_,
                    "SELECT place, id, room, user, text, data, sent FROM messages "
                    "WHERE room = ? AND place < ? ORDER BY place DESC LIMIT ?"};
    query trim_{on_,
                "DELETE FROM messages WHERE place IN (SELECT place FROM messages "
                "WHERE sent < ? ORDER BY sent LIMIT ?)"};
};

}  // namespace carillon::store
