// Copies of a journal's file, and whether one is sound.
#include <carillon/journal/files.hpp>

#include "journal/sqlite/event_record.hpp"
#include "journal/sqlite/file_lock.hpp"
#include "journal/sqlite/schema.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

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

result<> io_failure(const std::string& path, const std::error_code& why) {
    return fail(errc::io_error, fmt::format("{}: {}", path, why.message()));
}

/// A copy under way, which goes unless it is finished.
class unfinished_copy {
public:
    explicit unfinished_copy(const std::string& to) : path_(to + ".unfinished") { remove(); }
    ~unfinished_copy() { remove(); }
    unfinished_copy(const unfinished_copy&) = delete;
    unfinished_copy& operator=(const unfinished_copy&) = delete;

    const std::string& path() const noexcept { return path_; }

    result<> fill_from(connection& from, const progress& tell) const {
        auto target = connection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!target) return std::unexpected(target.error());
        sqlite3_backup* const work =
            sqlite3_backup_init(target->handle(), "main", from.handle(), "main");
        if (work == nullptr) return std::unexpected(error_of(target->handle()));
        int state = SQLITE_OK;
        while ((state = sqlite3_backup_step(work, pages_per_step)) == SQLITE_OK) {
            const int all = std::max(sqlite3_backup_pagecount(work), 1);
            if (tell) tell(100 - 100 * sqlite3_backup_remaining(work) / all);
        }
        sqlite3_backup_finish(work);
        if (state != SQLITE_DONE) return std::unexpected(error_of(target->handle()));
        // One file, without a log beside it.
        return target->execute("PRAGMA journal_mode = DELETE");
    }
    /// The copy is on the disk, and then it is at `to`: whatever was there is replaced at once.
    result<> move_to(const std::string& to) const {
        if (auto done = sync(path_); !done) return done;
        std::error_code why;
        std::filesystem::rename(path_, to, why);
        if (why) return io_failure(to, why);
        return sync(std::filesystem::absolute(to).parent_path());
    }

private:
    void remove() const {
        std::error_code ignored;
        for (const char* suffix : {"", "-journal", "-wal", "-shm"})
            std::filesystem::remove(path_ + suffix, ignored);
    }
    static result<> sync(const std::string& path) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const bool done = fd >= 0 && ::fsync(fd) == 0;
        const std::error_code why(errno, std::generic_category());
        if (fd >= 0) ::close(fd);
        return done ? result<>{} : io_failure(path, why);
    }

    std::string path_;
};

/// Empties the log of a journal that nobody uses, so that it is one file.
bool fold_log(const std::string& path) {
    if (!std::filesystem::exists(path + "-wal")) return true;
    auto c = connection::open(path, SQLITE_OPEN_READWRITE);
    if (!c) return false;
    int left = 0;
    const int code =
        sqlite3_wal_checkpoint_v2(c->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &left, nullptr);
    return code == SQLITE_OK;
}

/// A second name for what is at `path`, which stays.
result<> keep_aside(const std::string& path, const std::string& aside) {
    std::error_code why;
    std::filesystem::create_hard_link(path, aside, why);
    // Some file systems have no links.
    if (why) std::filesystem::copy_file(path, aside, why);
    return why ? io_failure(aside, why) : result<>{};
}

/// Keeps the journal at `path` under another name too, and leaves it as one file, so that another
/// may take its place in one step.
result<> set_aside(const std::string& path) {
    const std::string aside = fmt::format("{}.replaced-{:%Y%m%dT%H%M%S}", path,
                                          fmt::gmtime(std::chrono::system_clock::now()));
    // Of a damaged journal the log stays what it is, beside the copy.
    const bool folded = fold_log(path);
    if (auto done = keep_aside(path, aside); !done) return done;
    if (!folded) {
        if (auto done = keep_aside(path + "-wal", aside + "-wal"); !done) return done;
    }
    for (const char* suffix : {"-wal", "-shm"}) {
        std::error_code why;
        std::filesystem::remove(path + suffix, why);
        if (why) return io_failure(path + suffix, why);
    }
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

result<> backup_sqlite_journal(const std::string& path, const std::string& to,
                               const progress& tell) {
    if (std::filesystem::exists(to))
        return fail(errc::conflict, fmt::format("{} exists already", to));
    auto from = open_snapshot(path);
    if (!from) return std::unexpected(from.error());
    const unfinished_copy copy(to);
    if (auto done = copy.fill_from(*from, tell); !done) return done;
    return copy.move_to(to);
}

// Whatever fails or ends the process, a journal is at `path`: the one from before or the copy.
result<> restore_sqlite_journal(const std::string& from, const std::string& path, bool replace,
                                const progress& tell) {
    auto source = open_snapshot(from);
    if (!source) return std::unexpected(source.error());
    const auto lock = file_lock::take(path);
    if (!lock) return std::unexpected(lock.error());
    const bool is_there = std::filesystem::exists(path);
    if (is_there && !replace)
        return fail(errc::conflict, fmt::format("{} exists; say `--replace`", path));
    const unfinished_copy copy(path);
    if (auto done = copy.fill_from(*source, tell); !done) return done;
    if (is_there) {
        if (auto done = set_aside(path); !done) return done;
    }
    return copy.move_to(path);
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
