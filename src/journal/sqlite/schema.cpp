#include "journal/sqlite/schema.hpp"

#include <carillon/base/log.hpp>

#include <algorithm>
#include <array>

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
CREATE TABLE scheduled(id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, record BLOB NOT NULL, key TEXT,
                       size INTEGER NOT NULL DEFAULT 0);
CREATE INDEX scheduled_by_due ON scheduled(due);
CREATE TABLE retained(topic INTEGER PRIMARY KEY, pos INTEGER NOT NULL, at INTEGER NOT NULL, record BLOB NOT NULL);
CREATE INDEX retained_by_pos ON retained(pos);
CREATE TABLE expiring(at INTEGER NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY(at, pos)) WITHOUT ROWID;
CREATE TABLE answers(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, hash BLOB NOT NULL, first INTEGER NOT NULL,
                     expires INTEGER NOT NULL);
CREATE TABLE held_answers(key TEXT PRIMARY KEY, hash BLOB NOT NULL, first INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE epochs(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, last INTEGER);
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE damaged(pos INTEGER PRIMARY KEY);
CREATE TABLE clock_turns(pos INTEGER PRIMARY KEY, before INTEGER NOT NULL, after INTEGER NOT NULL);
)";

// Each brings the format of its place, counted from 1, to the next one. Records of events stay as
// they were written.
constexpr std::array<const char*, schema_version - 1> migrations{R"(
INSERT OR REPLACE INTO meta(name, value) SELECT 'head',
    max(coalesce((SELECT max(trimmed) FROM topics), 0), coalesce((SELECT value FROM meta WHERE name = 'head'), 0));
ALTER TABLE scheduled ADD COLUMN key TEXT;
CREATE TABLE numbered(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, hash BLOB NOT NULL, first INTEGER NOT NULL,
                      expires INTEGER NOT NULL);
INSERT INTO numbered(key, hash, first, expires) SELECT key, hash, first, expires FROM answers ORDER BY expires;
DROP TABLE answers;
ALTER TABLE numbered RENAME TO answers;
CREATE INDEX IF NOT EXISTS retained_by_pos ON retained(pos);
CREATE TABLE damaged(pos INTEGER PRIMARY KEY);
CREATE TABLE clock_turns(pos INTEGER PRIMARY KEY, before INTEGER NOT NULL, after INTEGER NOT NULL);
)",
                                                                 R"(
ALTER TABLE scheduled ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE scheduled SET size = length(record);
)",
                                                                 R"(
CREATE TABLE held_answers(key TEXT PRIMARY KEY, hash BLOB NOT NULL, first INTEGER NOT NULL) WITHOUT ROWID;
)"};

// Of openings that gave no event, so many are known; older ones are forgotten with the last event
// that they gave. A cursor of a forgotten one is answered `reset`.
constexpr int kept_epochs = 10'000;

result<std::uint64_t> unsigned_number(connection& on, const char* sql) {
    const auto found = on.number(sql);
    if (!found) return std::unexpected(found.error());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(*found, 0));
}

result<> create(connection& on) {
    if (auto done = on.execute(tables); !done) return done;
    return on.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                  application_id, schema_version)
                          .c_str());
}

/// Within the transaction that reads the version: one process migrates, and a kill leaves the file
/// as it was.
result<> migrate(connection& on) {
    const auto version = on.number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version == schema_version) return {};
    for (auto at = static_cast<std::size_t>(*version - 1); at < migrations.size(); ++at) {
        if (auto done = on.execute(migrations[at]); !done) return done;
    }
    const std::string mark = fmt::format("PRAGMA user_version = {}", schema_version);
    if (auto done = on.execute(mark.c_str()); !done) return done;
    log::info("the journal has been brought to a newer format",
              {{"from", std::to_string(*version)}, {"to", std::to_string(schema_version)}});
    return {};
}

result<contents> read_contents(connection& on) {
    contents found;
    // Retention may have taken the newest events: then `meta` remembers the head.
    const auto head = unsigned_number(
        on,
        "SELECT max(coalesce((SELECT max(pos) FROM events), 0), coalesce((SELECT max(pos) FROM "
        "damaged), 0), coalesce((SELECT max(first) - 1 FROM epochs), 0), coalesce((SELECT "
        "max(value) FROM meta WHERE name IN ('head', 'indexed', "
        "'forgotten')), 0))");
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
    auto damaged = on.prepare("SELECT pos FROM damaged");
    if (!damaged) return std::unexpected(damaged.error());
    for (;;) {
        const auto row = damaged->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return found;
        found.damaged.insert(static_cast<std::uint64_t>(damaged->number(0)));
    }
}

/// With `name` as the present one, whether the file has it or not.
result<> read_epochs(connection& on, const std::string& name, contents& found) {
    auto earlier = on.prepare("SELECT name, first, last FROM epochs ORDER BY number");
    if (!earlier) return std::unexpected(earlier.error());
    for (;;) {
        const auto row = earlier->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        // The last one is ended by the epoch that follows it.
        const auto last =
            earlier->is_null(2) ? found.head : static_cast<std::uint64_t>(earlier->number(2));
        found.epochs.push_back(
            {std::string(earlier->bytes(0)), static_cast<std::uint64_t>(earlier->number(1)), last});
    }
    found.epochs.push_back({.name = name, .first = found.head + 1});
    return {};
}

result<> read_turns(connection& on, contents& into) {
    auto turns = on.prepare("SELECT pos, before, after FROM clock_turns ORDER BY pos");
    if (!turns) return std::unexpected(turns.error());
    const auto time = [&](int column) {
        return std::chrono::system_clock::time_point(
            std::chrono::milliseconds(turns->number(column)));
    };
    for (;;) {
        const auto row = turns->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        into.turns.push_back({static_cast<std::uint64_t>(turns->number(0)), time(1), time(2)});
    }
}

result<contents> read_all(connection& on, const std::string& name) {
    auto found = read_contents(on);
    if (!found) return found;
    if (auto done = read_turns(on, *found); !done) return std::unexpected(done.error());
    if (auto done = read_epochs(on, name, *found); !done) return std::unexpected(done.error());
    return found;
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
    if (*version < 1) {
        return fail(errc::io_error, fmt::format("the journal has format {}, which no version has "
                                                "ever written: the file is damaged",
                                                *version));
    }
    return {};
}

result<> begin_epoch(connection& on, const epoch_range& present) {
    const std::uint64_t head = present.first - 1;
    const std::string turn = fmt::format(
        "DELETE FROM damaged WHERE pos < coalesce((SELECT min(pos) FROM events), 0); "
        "UPDATE epochs SET last = {0} WHERE last IS NULL; "
        "DELETE FROM epochs WHERE number <= (SELECT max(number) FROM epochs) - {1} AND "
        "(last < first OR last < coalesce((SELECT min(pos) FROM events), {0} + 1))",
        head, kept_epochs);
    if (auto done = on.execute(turn.c_str()); !done) return done;
    auto begin = on.prepare("INSERT INTO epochs(name, first) VALUES(?, ?)");
    if (!begin) return std::unexpected(begin.error());
    return begin->bind(1, present.name).bind(2, static_cast<std::int64_t>(present.first)).run();
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
    if (auto done = *objects == 0 ? create(on) : migrate(on); !done)
        return std::unexpected(done.error());
    auto found = read_all(on, name);
    if (!found) return found;
    if (auto done = begin_epoch(on, found->epochs.back()); !done)
        return std::unexpected(done.error());
    if (auto done = all.commit(); !done) return std::unexpected(done.error());
    return found;
}

result<contents> read_file(connection& on, const std::string& name) {
    if (auto ours = check_file(on); !ours) return std::unexpected(ours.error());
    const auto version = on.number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version != schema_version)
        return fail(errc::unavailable, "an older journal cannot be brought up to date now");
    return read_all(on, name);
}

}  // namespace carillon::sqlite
