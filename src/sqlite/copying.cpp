#include "sqlite/copying.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

namespace carillon::sqlite {

namespace {

constexpr int pages_per_step = 4096;

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

    result<> fill_from(connection& from, const copy_progress& tell) const {
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

/// Empties the log of a file that nobody uses, so that it is one file.
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

/// Keeps the file at `path` under another name too, and leaves it as one file, so that another
/// may take its place in one step.
result<> set_aside(const std::string& path) {
    const std::string aside = fmt::format("{}.replaced-{:%Y%m%dT%H%M%S}", path,
                                          fmt::gmtime(std::chrono::system_clock::now()));
    // Of a damaged file the log stays what it is, beside the copy.
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

}  // namespace

result<> copy_file(connection& from, const std::string& to, const copy_progress& tell) {
    if (std::filesystem::exists(to))
        return fail(errc::conflict, fmt::format("{} exists already", to));
    const unfinished_copy copy(to);
    if (auto done = copy.fill_from(from, tell); !done) return done;
    return copy.move_to(to);
}

result<> replace_file(connection& from, const std::string& path, bool replace,
                      const copy_progress& tell) {
    const bool is_there = std::filesystem::exists(path);
    if (is_there && !replace)
        return fail(errc::conflict, fmt::format("{} exists; say `--replace`", path));
    const unfinished_copy copy(path);
    if (auto done = copy.fill_from(from, tell); !done) return done;
    if (is_there) {
        if (auto done = set_aside(path); !done) return done;
    }
    return copy.move_to(path);
}

result<> check_pages(connection& c, const std::function<void(std::string)>& problem) {
    auto pages = c.prepare("PRAGMA integrity_check");
    if (!pages) return std::unexpected(pages.error());
    for (;;) {
        const auto row = pages->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        if (pages->bytes(0) != "ok") problem(std::string(pages->bytes(0)));
    }
}

}  // namespace carillon::sqlite
