// Copies of a journal's file, and whether one is sound.
#include "sqlite/copying.hpp"

#include <carillon/journal/files.hpp>

#include "journal/sqlite/event_record.hpp"
#include "journal/sqlite/file_lock.hpp"
#include "journal/sqlite/schema.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace carillon {

using namespace sqlite;

namespace {

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

result<> check_journal_format(const std::string& path) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path, none);
    if (none || size == 0) return {};
    auto c = connection::open(path, SQLITE_OPEN_READONLY);
    if (!c) return {};
    sqlite3_busy_timeout(c->handle(), 5000);
    if (!c->number("PRAGMA user_version")) return {};
    if (auto ours = check_file(*c); !ours)
        return fail(ours.error().code, fmt::format("{}: {}", path, ours.error().detail));
    return {};
}

result<> backup_sqlite_journal(const std::string& path, const std::string& to, const progress& tell,
                               const std::function<void()>& fixed) {
    auto from = open_snapshot(path);
    if (!from) return std::unexpected(from.error());
    if (fixed) fixed();
    return copy_file(*from, to, tell);
}

// Whatever fails or ends the process, a journal is at `path`: the one from before or the copy.
result<> restore_sqlite_journal(const std::string& from, const std::string& path, bool replace,
                                const progress& tell) {
    auto source = open_snapshot(from);
    if (!source) return std::unexpected(source.error());
    const auto lock = file_lock::take(path);
    if (!lock) return std::unexpected(lock.error());
    return replace_file(*source, path, replace, tell);
}

result<journal_check> verify_sqlite_journal(const std::string& path, const progress& tell) {
    auto c = open_snapshot(path);
    if (!c) return std::unexpected(c.error());
    journal_check found;
    const auto problem = [&](std::string text) {
        if (found.problems.size() < reported_problems) found.problems.push_back(std::move(text));
    };
    if (auto read = check_pages(*c, problem); !read) {
        problem(read.error().detail);
        return found;
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
