// SQLite's connections and statements as values that clean up after themselves.
#pragma once

#include <carillon/base/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace carillon::sqlite {

/// A prepared statement. Confined to its connection's thread; must not outlive the connection.
class statement {
public:
    statement() = default;

    /// Numbered from 1. Bytes must stay until the next `reset`.
    statement& bind(int index, std::int64_t value);
    statement& bind(int index, std::string_view text);
    statement& bind_blob(int index, std::string_view bytes);

    /// True: a row is there. False: done, and reset.
    result<bool> step();
    /// For what returns no rows.
    result<> run();
    void reset();

    std::int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    bool is_null(int column) const {
        return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
    }
    /// Valid until the next step.
    std::string_view bytes(int column) const;

private:
    friend class connection;
    friend class transaction;
    struct finalize {
        void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
    };
    std::unique_ptr<sqlite3_stmt, finalize> handle_;
};

/// Confined to one thread at a time.
class connection {
public:
    /// `flags`: SQLITE_OPEN_…; `vfs`: empty for the system's. With SQLITE_OPEN_CREATE the file, and
    /// those that SQLite keeps beside it, can be read by its owner and group alone.
    static result<connection> open(const std::string& path, int flags, const std::string& vfs = {});

    /// Leaves the emptied write-ahead log and its index where they are when the last connection
    /// closes: then a start needs no new block of a disk that is full.
    void keep_log();

    result<> execute(const char* sql);
    result<statement> prepare(std::string_view sql);
    /// The first column of the first row; `otherwise` if there is none.
    result<std::int64_t> number(std::string_view sql, std::int64_t otherwise = 0);
    sqlite3* handle() const noexcept { return handle_.get(); }

private:
    friend class transaction;
    struct close {
        void operator()(sqlite3* c) const noexcept { sqlite3_close_v2(c); }
    };
    std::unique_ptr<sqlite3, close> handle_;
    statement begin_, commit_;  ///< prepared by the first transaction
};

/// Ends in a rollback unless `commit` was called.
class transaction {
public:
    explicit transaction(connection& on) : on_(&on) {}
    ~transaction();
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;

    result<> begin();
    result<> commit();

private:
    connection* on_;
    bool open_ = false;
};

/// What SQLite's last call on this connection says: `unavailable` for what goes away by itself (a
/// full disk, a failing one, a lock), else `io_error`.
error error_of(sqlite3* on);

}  // namespace carillon::sqlite
