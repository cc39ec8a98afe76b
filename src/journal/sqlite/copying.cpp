// Copies of a journal's file, and whether one is sound.
#include <carillon/journal/files.hpp>

#include "journal/sqlite/event_record.hpp"
#include "journal/sqlite/file_lock.hpp"
#include "journal/sqlite/schema.hpp"

#include <chrono>
#include <filesystem>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace carillon {

using namespace sqlite;

namespace {

constexpr int pages_per_step = 4096;
constexpr std::size_t reported_problems = 100;

/// A journal's file, in a transaction that sees one state of it.
result<connection> open_snapshot(const std::string& path) {
    auto c = connection::open(path, SQLITE_OPEN_READWRITE);
    if (!c) return c;
    sqlite3_busy_timeout(c->handle(), 5000);
    if (auto ours = check_file(*c); !ours) {
        return fail(ours.error().code, fmt::format("{}: {}", path, ours.error().detail));
    }
    if (auto begun = c->execute("BEGIN; SELECT 1 FROM meta"); !begun)
        return std::unexpected(begun.error());
    return c;
}

/// `to` appears whole or not at all.
result<> copy(connection& from, const std::string& to, const progress& tell) {
    const std::string unfinished = to + ".unfinished";
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    const auto give_up = [&](error why) -> result<> {
        std::filesystem::remove(unfinished, ignored);
        return std::unexpected(std::move(why));
    };
    {
        auto target = connection::open(unfinished, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!target) return std::unexpected(target.error());
        sqlite3_backup* const work =
            sqlite3_backup_init(target->handle(), "main", from.handle(), "main");
        if (work == nullptr) return give_up(error_of(target->handle()));
        int state = SQLITE_OK;
        while ((state = sqlite3_backup_step(work, pages_per_step)) == SQLITE_OK) {
            const int all = std::max(sqlite3_backup_pagecount(work), 1);
            if (tell) tell(100 - 100 * sqlite3_backup_remaining(work) / all);
        }
        sqlite3_backup_finish(work);
        if (state != SQLITE_DONE) return give_up(error_of(target->handle()));
        // One file, without a log beside it.
        if (auto done = target->execute("PRAGMA journal_mode = DELETE"); !done)
            return give_up(done.error());
    }
    std::error_code why;
    std::filesystem::rename(unfinished, to, why);
    if (why) return give_up({errc::io_error, fmt::format("{}: {}", to, why.message())});
    return {};
}

using tell_problem = std::function<void(std::string)>;

/// Records that are not in `events`: last values, and events that wait for their time.
result<> check_other_records(connection& c, const tell_problem& problem) {
    for (const auto& [what, sql] :
         {std::pair("last value", "SELECT topic, pos, record FROM retained"),
          std::pair("scheduled event", "SELECT id, 0, record FROM scheduled")}) {
        auto all = c.prepare(sql);
        if (!all) return std::unexpected(all.error());
        for (;;) {
            const auto row = all->step();
            if (!row) problem(row.error().detail);
            if (!row || !*row) break;
            const position pos{static_cast<std::uint64_t>(all->number(1))};
            if (!unpack(all->bytes(2), pos, 0))
                problem(fmt::format("the {} {} is damaged", what, all->number(0)));
        }
    }
    const auto has_table = c.number("SELECT count(*) FROM sqlite_schema WHERE name = 'damaged'");
    const auto given_up = has_table && *has_table != 0 ? c.number("SELECT count(*) FROM damaged")
                                                       : result<std::int64_t>(0);
    if (given_up && *given_up != 0)
        problem(fmt::format("{} events were damaged and have been left out", *given_up));
    return {};
}

}  // namespace

result<> backup_sqlite_journal(const std::string& path, const std::string& to,
                               const progress& tell) {
    if (std::filesystem::exists(to))
        return fail(errc::conflict, fmt::format("{} exists already", to));
    auto from = open_snapshot(path);
    if (!from) return std::unexpected(from.error());
    return copy(*from, to, tell);
}

result<> restore_sqlite_journal(const std::string& from, const std::string& path, bool replace,
                                const progress& tell) {
    auto source = open_snapshot(from);
    if (!source) return std::unexpected(source.error());
    const auto lock = file_lock::take(path);
    if (!lock) return std::unexpected(lock.error());
    if (std::filesystem::exists(path)) {
        if (!replace) return fail(errc::conflict, fmt::format("{} exists; say `--replace`", path));
        const std::string aside = fmt::format("{}.replaced-{:%Y%m%dT%H%M%S}", path,
                                              fmt::gmtime(std::chrono::system_clock::now()));
        for (const char* suffix : {"", "-wal"}) {
            std::error_code why;
            if (!std::filesystem::exists(path + suffix)) continue;
            std::filesystem::rename(path + suffix, aside + suffix, why);
            if (why) return fail(errc::io_error, fmt::format("{}: {}", path, why.message()));
        }
        std::error_code ignored;
        std::filesystem::remove(path + "-shm", ignored);
    }
    return copy(*source, path, tell);
}

result<journal_check> verify_sqlite_journal(const std::string& path, const progress& tell) {
    auto c = open_snapshot(path);
    if (!c) return std::unexpected(c.error());
    journal_check found;
    const auto problem = [&](std::string text) {
        if (found.problems.size() < reported_problems) found.problems.push_back(std::move(text));
    };
    auto pages = c->prepare("PRAGMA integrity_check");
    if (!pages) return std::unexpected(pages.error());
    for (;;) {
        const auto row = pages->step();
        if (!row) {
            problem(row.error().detail);
            return found;
        }
        if (!*row) break;
        if (pages->bytes(0) != "ok") problem(std::string(pages->bytes(0)));
    }
    if (tell) tell(50);

    auto events = c->prepare("SELECT pos, record FROM events");
    auto missing = c->prepare(
        "SELECT pos FROM topic_events WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.pos = "
        "topic_events.pos)");
    auto counts = c->prepare(
        "SELECT name, events, (SELECT count(*) FROM topic_events WHERE topic = row AND pos <= "
        "counted) FROM topics");
    for (auto* asked : {&events, &missing, &counts}) {
        if (!*asked) return std::unexpected(asked->error());
    }
    for (auto row = events->step(); row && *row; row = events->step()) {
        const position pos{static_cast<std::uint64_t>(events->number(0))};
        ++found.events;
        if (!unpack(events->bytes(1), pos, 0))
            problem(fmt::format("the event at position {} is damaged", pos.value));
    }
    if (auto done = check_other_records(*c, problem); !done) return std::unexpected(done.error());
    if (tell) tell(75);
    for (auto row = missing->step(); row && *row; row = missing->step())
        problem(fmt::format("the index has an event at position {} that is not there",
                            missing->number(0)));
    for (auto row = counts->step(); row && *row; row = counts->step()) {
        ++found.topics;
        if (counts->number(1) != counts->number(2)) {
            problem(fmt::format("topic `{}` counts {} events and has {}", counts->bytes(0),
                                counts->number(1), counts->number(2)));
        }
    }
    if (tell) tell(100);
    return found;
}

}  // namespace carillon
