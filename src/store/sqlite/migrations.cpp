#include "store/sqlite/migrations.hpp"

#include <array>

#include <fmt/format.h>

namespace carillon::store {

namespace {

// One step a version. A step that was released is never changed: files out there have it behind
// them.
constexpr std::array steps{
    R"(
CREATE TABLE store (id TEXT NOT NULL);
INSERT INTO store VALUES (lower(hex(randomblob(16))));

CREATE TABLE notifications (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL, action TEXT NOT NULL, priority TEXT NOT NULL,
    title TEXT NOT NULL, message TEXT NOT NULL, data TEXT NOT NULL,
    sender TEXT NOT NULL, created INTEGER NOT NULL);
CREATE INDEX notifications_created ON notifications (created);
CREATE TABLE inbox (
    user TEXT NOT NULL, place INTEGER NOT NULL,
    state INTEGER NOT NULL, connections INTEGER NOT NULL, updated INTEGER NOT NULL, read INTEGER,
    PRIMARY KEY (user, place)) WITHOUT ROWID;
CREATE INDEX inbox_unread ON inbox (user, place) WHERE read IS NULL;
CREATE INDEX inbox_of_notification ON inbox (place, user);
CREATE TABLE unread (user TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);

CREATE TABLE calendar (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, owner TEXT NOT NULL,
    starts TEXT NOT NULL, length INTEGER NOT NULL, zone TEXT NOT NULL, rule TEXT NOT NULL,
    data TEXT NOT NULL, reminders TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX calendar_owner ON calendar (owner, id);
CREATE TABLE attendees (event TEXT NOT NULL, user TEXT NOT NULL,
    PRIMARY KEY (event, user)) WITHOUT ROWID;
CREATE INDEX attendees_user ON attendees (user, event);
CREATE TABLE reminders (event TEXT NOT NULL, user TEXT NOT NULL, occurrence INTEGER NOT NULL,
    lead INTEGER NOT NULL, PRIMARY KEY (event, user, occurrence, lead)) WITHOUT ROWID;
CREATE INDEX reminders_occurrence ON reminders (occurrence);

CREATE TABLE rooms (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, open INTEGER NOT NULL,
    created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE members (room TEXT NOT NULL, user TEXT NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (room, user)) WITHOUT ROWID;
CREATE INDEX members_user ON members (user, room);
CREATE TABLE messages (
    place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL,
    user TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, sent INTEGER NOT NULL);
CREATE INDEX messages_room ON messages (room, place);
CREATE INDEX messages_user ON messages (user);
CREATE INDEX messages_sent ON messages (sent);
)",
    R"(
ALTER TABLE inbox ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbox_pending ON inbox (user, position) WHERE state < 2;
)",
    R"(
CREATE TABLE calls (
    number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, made TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (owner, key));
CREATE INDEX calls_at ON calls (at);
CREATE INDEX calendar_once ON calendar (starts) WHERE rule = '';
)",
    R"(
ALTER TABLE rooms ADD COLUMN presence TEXT NOT NULL DEFAULT '';
CREATE INDEX rooms_owner ON rooms (owner);
CREATE INDEX reminders_user ON reminders (user);
)"};

}  // namespace

int newest_version() noexcept { return static_cast<int>(steps.size()); }

result<> check_file(sqlite::connection& on) {
    const auto program = on.number("PRAGMA application_id");
    const auto version = on.number("PRAGMA user_version");
    const auto tables = on.number("SELECT count(*) FROM sqlite_master");
    for (const auto& asked : {program, version, tables}) {
        if (!asked) return std::unexpected(asked.error());
    }
    if (*tables != 0 && *program != application_id)
        return fail(errc::io_error, "the file of records is another program's");
    if (*version > newest_version()) {
        return fail(errc::io_error,
                    fmt::format("the file of records was made by a later version (format {}; this "
                                "program knows {})",
                                *version, newest_version()));
    }
    return {};
}

result<> migrate(sqlite::connection& on) {
    if (auto ours = check_file(on); !ours) return ours;
    const auto version = on.number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version == newest_version()) return {};
    sqlite::transaction all(on);
    if (auto begun = all.begin(); !begun) return begun;
    for (auto at = static_cast<std::size_t>(*version); at < steps.size(); ++at) {
        if (auto done = on.execute(steps[at]); !done) return done;
    }
    const std::string marks = fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                          application_id, newest_version());
    if (auto done = on.execute(marks.c_str()); !done) return done;
    return all.commit();
}

}  // namespace carillon::store
