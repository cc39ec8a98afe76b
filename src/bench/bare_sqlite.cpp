#include "bench/bare_sqlite.hpp"

#include "bench/payload.hpp"
#include "bench/process.hpp"

#include <memory>
#include <string>

#include <sqlite3.h>
#include <time.h>

namespace carillon::bench {

namespace {

constexpr std::uint32_t group_size = 512;
constexpr std::uint32_t topics = 1000;

std::uint64_t thread_cpu_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
}

struct close_database {
    void operator()(sqlite3* db) const noexcept { sqlite3_close(db); }
};
struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};
using statement = std::unique_ptr<sqlite3_stmt, finalize>;

statement prepared(sqlite3* db, const char* sql) {
    sqlite3_stmt* made = nullptr;
    sqlite3_prepare_v2(db, sql, -1, &made, nullptr);
    return statement(made);
}

bool run(const statement& s) {
    const int code = sqlite3_step(s.get());
    sqlite3_reset(s.get());
    return code == SQLITE_DONE;
}

}  // namespace

result<double> bare_sqlite_us_per_row(std::uint32_t rows) {
    const scratch_folder folder;
    sqlite3* handle = nullptr;
    sqlite3_open((folder.path() + "/bare.db").c_str(), &handle);
    const std::unique_ptr<sqlite3, close_database> db(handle);
    const auto failed = [&] { return fail(errc::io_error, sqlite3_errmsg(db.get())); };
    const char* const schema =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE events(pos INTEGER "
        "PRIMARY KEY, at INTEGER, record BLOB); CREATE TABLE topic_events(topic INTEGER, pos "
        "INTEGER, size INTEGER, flags INTEGER, PRIMARY KEY(topic, pos)) WITHOUT ROWID";
    if (sqlite3_exec(db.get(), schema, nullptr, nullptr, nullptr) != SQLITE_OK) return failed();
    const statement begin = prepared(db.get(), "BEGIN IMMEDIATE");
    const statement commit = prepared(db.get(), "COMMIT");
    const statement event = prepared(db.get(), "INSERT INTO events VALUES(?, ?, ?)");
    const statement index = prepared(db.get(), "INSERT INTO topic_events VALUES(?, ?, ?, 0)");

    const auto payload = write_payload({});
    const std::string record = "...." + topic_name(0) + std::string(payload.data(), payload.size());
    const auto before = thread_cpu_ns();
    for (std::uint32_t row = 0; row < rows;) {
        bool sound = run(begin);
        for (std::uint32_t i = 0; i < group_size && row < rows; ++i, ++row) {
            sqlite3_bind_int64(event.get(), 1, row + 1);
            sqlite3_bind_int64(event.get(), 2, 1'700'000'000'000);
            sqlite3_bind_blob(event.get(), 3, record.data(), static_cast<int>(record.size()),
                              SQLITE_STATIC);
            sqlite3_bind_int64(index.get(), 1, row % topics);
            sqlite3_bind_int64(index.get(), 2, row + 1);
            sqlite3_bind_int64(index.get(), 3, static_cast<std::int64_t>(record.size()));
            sound = sound && run(event) && run(index);
        }
        if (!sound || !run(commit)) return failed();
    }
    return static_cast<double>(thread_cpu_ns() - before) / 1e3 / rows;
}

}  // namespace carillon::bench
