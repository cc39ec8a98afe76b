#include "journal/sqlite/schema.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::sqlite {

namespace {

constexpr const char* tables = R"(
CREATE TABLE events(pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE topics(row INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, trimmed INTEGER NOT NULL DEFAULT 0,
                    events INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
                    counted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE topic_events(topic INTEGER NOT NULL, pos INTEGER NOT NULL, size INTEGER NOT NULL, flags INTEGER NOT NULL,
                          PRIMARY KEY(topic, pos)) WITHOUT ROWID;
CREATE TABLE own_ids(id TEXT NOT NULL, topic INTEGER NOT NULL, pos INTEGER NOT NULL,
                     PRIMARY KEY(id, topic, pos)) WITHOUT ROWID;
CREATE TABLE scheduled(id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, record BLOB NOT NULL);
CREATE INDEX scheduled_by_due ON scheduled(due);
CREATE TABLE retained(topic INTEGER PRIMARY KEY, pos INTEGER NOT NULL, at INTEGER NOT NULL, record BLOB NOT NULL);
CREATE INDEX retained_by_pos ON retained(pos);
CREATE TABLE expiring(at INTEGER NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY(at, pos)) WITHOUT ROWID;
CREATE TABLE answers(key TEXT PRIMARY KEY, hash BLOB NOT NULL, first INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers(expires);
CREATE TABLE epochs(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, last INTEGER);
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)";

// Cursors older than so many openings are answered `reset`.
constexpr int kept_epochs = 10'000;

result<std::uint64_t> unsigned_number(connection& on, const char* sql) {
    const auto found = on.number(sql);
    if (!found) return std::unexpected(found.error());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(*found, 0));
}

}  // namespace

result<> configure(connection& on, journal_sync sync, int cache_kib) {
    sqlite3_busy_timeout(on.handle(), 5000);
    return on.execute(
        fmt::format("PRAGMA synchronous = {}; PRAGMA cache_size = -{}; PRAGMA temp_store = MEMORY; "
                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
                    sync == journal_sync::full ? "FULL" : "NORMAL", cache_kib)
            .c_str());
}

result<> check_file(connection& on) {
    const auto program = on.number("PRAGMA application_id");
    if (!program) return std::unexpected(program.error());
    const auto version = on.number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*program != application_id)
        return fail(errc::io_error, "the file is another program's database, not a journal");
    if (*version > schema_version) {
        return fail(errc::io_error,
                    fmt::format("the journal has format {}, this program knows up to {}: it was "
                                "written by a later version",
                                *version, schema_version));
    }
    if (*version < schema_version) {
        return fail(errc::io_error, fmt::format("the journal has format {}, which no version has "
                                                "ever written: the file is damaged",
                                                *version));
    }
    return {};
}

result<contents> prepare_file(connection& on, const std::string& name) {
    // The first read: says whether this is a database at all.
    const auto objects = on.number("SELECT count(*) FROM sqlite_schema");
    if (!objects) return std::unexpected(objects.error());
    if (*objects == 0) {
        if (auto done = on.execute("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL"); !done)
            return std::unexpected(done.error());
    } else {
        if (auto ours = check_file(on); !ours) return std::unexpected(ours.error());
        // A copy may have left the mode behind.
        if (auto done = on.execute("PRAGMA journal_mode = WAL"); !done)
            return std::unexpected(done.error());
    }
    transaction all(on);
    if (auto done = all.begin(); !done) return std::unexpected(done.error());
    if (*objects == 0) {
        const std::string marks = fmt::format(
            "PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version);
        if (auto done = on.execute(tables); !done) return std::unexpected(done.error());
        if (auto done = on.execute(marks.c_str()); !done) return std::unexpected(done.error());
    }
    const char* const index = "CREATE INDEX IF NOT EXISTS retained_by_pos ON retained(pos)";
    if (auto done = on.execute(index); !done) return std::unexpected(done.error());
    contents found;
    // Retention may have taken the newest events: then their trim marks remember the head.
    const auto head = unsigned_number(
        on,
        "SELECT max(coalesce((SELECT max(pos) FROM events), 0), coalesce((SELECT max(trimmed) FROM "
        "topics), 0), coalesce((SELECT max(first) - 1 FROM epochs), 0), coalesce((SELECT "
        "max(value) "
        "FROM meta WHERE name IN ('head', 'indexed', 'forgotten')), 0))");
    const auto indexed = unsigned_number(on, "SELECT value FROM meta WHERE name = 'indexed'");
    const auto forgotten = unsigned_number(on, "SELECT value FROM meta WHERE name = 'forgotten'");
    const auto newest = on.number("SELECT at FROM events ORDER BY pos DESC LIMIT 1");
    for (const auto* number : {&head, &indexed, &forgotten}) {
        if (!*number) return std::unexpected(number->error());
    }
    if (!newest) return std::unexpected(newest.error());
    found.head = *head;
    found.indexed = *indexed;
    found.forgotten = *forgotten;
    found.newest_ms = *newest;

    const std::string turn = fmt::format(
        "UPDATE epochs SET last = {0} WHERE last IS NULL; DELETE FROM epochs WHERE number <= "
        "(SELECT "
        "max(number) FROM epochs) - {1}",
        found.head, kept_epochs);
    if (auto done = on.execute(turn.c_str()); !done) return std::unexpected(done.error());
    auto earlier = on.prepare("SELECT name, last FROM epochs");
    if (!earlier) return std::unexpected(earlier.error());
    for (;;) {
        const auto row = earlier->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        found.epochs.push_back(
            {std::string(earlier->bytes(0)), static_cast<std::uint64_t>(earlier->number(1))});
    }
    auto begin = on.prepare("INSERT INTO epochs(name, first) VALUES(?, ?)");
    if (!begin) return std::unexpected(begin.error());
    begin->bind(1, name).bind(2, static_cast<std::int64_t>(found.head + 1));
    if (auto done = begin->run(); !done) return std::unexpected(done.error());
    if (auto done = all.commit(); !done) return std::unexpected(done.error());
    return found;
}

}  // namespace carillon::sqlite
