// A durable journal in a folder of its own, opened as often as a test likes.
#pragma once

#include "journal/journal_fixture.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include <sqlite3.h>

namespace carillon::testing {

/// The first number that a statement gives on the file at `path`.
inline std::uint64_t number_in(const std::string& path, const std::string& sql) {
    sqlite3* db = nullptr;
    std::uint64_t found = 0;
    EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    const auto take = [](void* into, int, char** values, char**) {
        *static_cast<std::uint64_t*>(into) = std::stoull(values[0]);
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), take, &found, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
    return found;
}

class sqlite_journal_test : public ::testing::Test, public journal_user {
protected:
    sqlite_journal_options options(const std::string& path) const {
        sqlite_journal_options o;
        o.path = path;
        o.retention_of = retention_;
        o.now = [this] { return now_.load(); };
        return o;
    }
    void open() { open(options(file_.path())); }
    void open(sqlite_journal_options o) {
        close();
        auto opened = open_sqlite_journal(std::move(o));
        ASSERT_TRUE(opened) << opened.error().detail;
        use(std::move(*opened));
    }
    error why_not(const std::string& path) {
        auto opened = open_sqlite_journal(options(path));
        EXPECT_FALSE(opened);
        return opened ? error{} : opened.error();
    }
    /// The files as a kill would leave them at this moment: a copy of them.
    std::string copy_of_files(const std::string& name) const {
        namespace fs = std::filesystem;
        const std::string to = (file_.folder() / name).string();
        for (const char* suffix : {"", "-wal"})
            fs::copy_file(file_.path() + suffix, to + suffix, fs::copy_options::overwrite_existing);
        return to;
    }
    std::uint64_t rows_of(const std::string& table) const {
        return number_in(file_.path(), "SELECT count(*) FROM " + table);
    }
    /// While the journal is closed.
    void execute(const char* sql) const {
        sqlite3* db = nullptr;
        EXPECT_EQ(sqlite3_open(file_.path().c_str(), &db), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK)
            << sqlite3_errmsg(db);
        sqlite3_close(db);
    }
    void pass(std::chrono::milliseconds time) { now_.store(now_.load() + time); }
    template <class Condition>
    bool soon(Condition&& holds) {
        return comes_true(std::forward<Condition>(holds), now_.load());
    }

    journal_file file_;
    retention_lookup retention_;
    std::atomic<system_clock::time_point> now_{system_clock::time_point(1'000'000s)};
};

}  // namespace carillon::testing
