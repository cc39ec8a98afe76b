#include "store/sqlite/sqlite_records.hpp"

#include <array>

namespace carillon::store {

namespace {

// SQLite writes the JSON: one row a statement, with one column. Payloads go in as JSON, since they
// were checked when they came.
struct part {
    std::string_view name;
    std::string_view sql;
};
constexpr std::array parts{
    part{"notifications",
         "SELECT coalesce(json_group_array(json_object('id', n.id, 'type', n.type, 'action', "
         "n.action, 'priority', n.priority, 'title', n.title, 'message', n.message, 'data', "
         "CASE n.data WHEN '' THEN NULL ELSE json(n.data) END, 'createdAt', n.created, 'readAt', "
         "i.read)), '[]') FROM inbox i JOIN notifications n USING (place) WHERE i.user = ?"},
    part{"sent", "SELECT coalesce(json_group_array(id), '[]') FROM notifications WHERE sender = ?"},
    part{"calendarEvents",
         "SELECT coalesce(json_group_array(json_object('id', id, 'title', title, 'startsAt', "
         "starts, 'zone', zone, 'rule', rule)), '[]') FROM calendar WHERE owner = ?"},
    part{"attends", "SELECT coalesce(json_group_array(event), '[]') FROM attendees WHERE user = ?"},
    part{"rooms", "SELECT coalesce(json_group_array(room), '[]') FROM members WHERE user = ?"},
    part{"messages",
         "SELECT coalesce(json_group_array(json_object('id', id, 'room', room, 'text', text, "
         "'sentAt', sent)), '[]') FROM messages WHERE user = ?"}};

constexpr std::array<std::string_view, 12> erasures{
    // What was for this user alone is nobody's.
    "DELETE FROM notifications WHERE place IN (SELECT i.place FROM inbox i WHERE i.user = ?1 AND "
    "NOT EXISTS (SELECT 1 FROM inbox o WHERE o.place = i.place AND o.user != ?1))",
    "DELETE FROM inbox WHERE user = ?",
    "DELETE FROM unread WHERE user = ?",
    "UPDATE notifications SET sender = '' WHERE sender = ?",
    "DELETE FROM attendees WHERE event IN (SELECT id FROM calendar WHERE owner = ?)",
    "DELETE FROM calendar WHERE owner = ?",
    "DELETE FROM attendees WHERE user = ?",
    "DELETE FROM reminders WHERE user = ?",
    "DELETE FROM members WHERE user = ?",
    "DELETE FROM messages WHERE user = ?",
    "DELETE FROM calls WHERE owner = ?",
    "UPDATE rooms SET owner = '' WHERE owner = ?"};

}  // namespace

result<std::string> sqlite_records::export_user(std::string_view user) {
    std::string all = "{";
    for (const part& p : parts) {
        if (all.size() > 1) all += ',';
        all.append(1, '"').append(p.name).append("\":");
        query asked(on_, p.sql);
        const auto done =
            asked.each([&](const sqlite::statement& row) { all += row.bytes(0); }, user);
        if (!done) return std::unexpected(done.error());
    }
    return all += '}';
}

result<std::uint64_t> sqlite_records::erase_user(std::string_view user) {
    std::uint64_t changed = 0;
    for (const std::string_view sql : erasures) {
        query erase(on_, sql);
        const auto rows = erase.run(user);
        if (!rows) return std::unexpected(rows.error());
        changed += *rows;
    }
    return changed;
}

}  // namespace carillon::store
