#include "sqlite/database.hpp"

#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::sqlite {

namespace {

// SQLite gives the files beside it the same mode. A file that is there is not opened: closing it
// would drop the locks of this process's other connections.
void keep_from_others(const char* path) {
    const int made = ::open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (made >= 0) {
        ::close(made);
        return;
    }
    struct stat found{};
    constexpr mode_t others = S_IRWXO;
    if (::stat(path, &found) != 0 || !S_ISREG(found.st_mode) || (found.st_mode & others) == 0)
        return;
    static_cast<void>(::chmod(path, found.st_mode & 07777 & ~others));
}

}  // namespace

error error_of(sqlite3* on) {
    const int code = sqlite3_extended_errcode(on);
    const char* const text = sqlite3_errmsg(on);
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return {errc::unavailable, "the disk is full"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {errc::unavailable, fmt::format("the database is locked: {}", text)};
        case SQLITE_IOERR:
            return {errc::unavailable, fmt::format("the disk fails: {} ({})", text, code)};
        case SQLITE_READONLY:
            return {errc::unavailable, fmt::format("the database cannot be written: {}", text)};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {errc::io_error, fmt::format("the database is damaged: {}", text)};
        default:
            return {errc::io_error, fmt::format("{} ({})", text, code)};
    }
}

statement& statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(handle_.get(), index, value);
    return *this;
}

statement& statement::bind(int index, std::string_view text) {
    sqlite3_bind_text(handle_.get(), index, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
    return *this;
}

statement& statement::bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob(handle_.get(), index, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
    return *this;
}

result<bool> statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(handle_.get());
        return false;
    }
    error why = error_of(sqlite3_db_handle(handle_.get()));
    sqlite3_reset(handle_.get());
    return std::unexpected(std::move(why));
}

result<> statement::run() {
    const auto row = step();
    if (!row) return std::unexpected(row.error());
    if (*row) reset();
    return {};
}

void statement::reset() { sqlite3_reset(handle_.get()); }

std::string_view statement::bytes(int column) const {
    const void* const data = sqlite3_column_blob(handle_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
    return {static_cast<const char*>(data), size};
}

result<connection> connection::open(const std::string& path, int flags, const std::string& vfs) {
    // Nobody reads SQLite's count of its memory, which takes a lock for each piece. In a program
    // that has used SQLite before, the setting stays what it is.
    static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(uncounted);
    const bool is_file = vfs != "memdb";
    if (is_file && (flags & SQLITE_OPEN_CREATE) != 0) keep_from_others(path.c_str());
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX,
                                     vfs.empty() ? nullptr : vfs.c_str());
    connection c;
    c.handle_.reset(handle);
    if (code != SQLITE_OK)
        return fail(errc::io_error, fmt::format("{}: {}", path, sqlite3_errstr(code)));
    sqlite3_extended_result_codes(handle, 1);
    return c;
}

void connection::keep_log() {
    int keep = 1;
    sqlite3_file_control(handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

result<> connection::execute(const char* sql) {
    if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return std::unexpected(error_of(handle()));
}

result<statement> connection::prepare(std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error_of(handle()));
    statement s;
    s.handle_.reset(made);
    return s;
}

result<std::int64_t> connection::number(std::string_view sql, std::int64_t otherwise) {
    auto asked = prepare(sql);
    if (!asked) return std::unexpected(asked.error());
    const auto row = asked->step();
    if (!row) return std::unexpected(row.error());
    return *row ? asked->number(0) : otherwise;
}

transaction::~transaction() {
    if (open_) sqlite3_exec(on_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

result<> transaction::begin() {
    for (const auto& [into, sql] :
         {std::pair(&on_->begin_, "BEGIN IMMEDIATE"), std::pair(&on_->commit_, "COMMIT")}) {
        if (into->handle_ != nullptr) continue;
        auto made = on_->prepare(sql);
        if (!made) return std::unexpected(made.error());
        *into = std::move(*made);
    }
    auto begun = on_->begin_.run();
    open_ = begun.has_value();
    return begun;
}

result<> transaction::commit() {
    auto done = on_->commit_.run();
    if (done) open_ = false;
    return done;
}

}  // namespace carillon::sqlite
