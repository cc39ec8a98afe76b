// The write-ahead log beside a durable journal: how large it gets, and that it gets small again.
#include "journal/sqlite_fixture.hpp"

namespace carillon::testing {
namespace {

constexpr std::uintmax_t mib = 1u << 20;

class sqlite_log : public sqlite_journal_test {
protected:
    std::uintmax_t log_size() const { return std::filesystem::file_size(file_.path() + "-wal"); }
    /// While somebody publishes now and then.
    void becomes_small(const std::string& path) {
        const auto size = [&] { return std::filesystem::file_size(path + "-wal"); };
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (size() > 64 * mib && std::chrono::steady_clock::now() < until) {
            append({"a"});
            std::this_thread::sleep_for(20ms);
        }
        EXPECT_LE(size(), 64 * mib);
    }

    /// Publishes without a pause; the largest size that the log had.
    std::uintmax_t flood(std::chrono::milliseconds time, std::size_t event_bytes, int group_of) {
        const auto until = std::chrono::steady_clock::now() + time;
        std::uintmax_t largest = 0;
        while (std::chrono::steady_clock::now() < until) {
            journal::group group;
            for (int i = 0; i < group_of; ++i)
                group.push_back(make({"a"}, std::string(event_bytes, 'x')));
            EXPECT_TRUE(try_append(std::move(group)));
            largest = std::max(largest, log_size());
        }
        return largest;
    }
};

TEST_F(sqlite_log, stays_small_while_somebody_publishes_at_full_speed) {
    retention_ = [](std::string_view) { return retention{.max_bytes = mib}; };
    open();
    EXPECT_LT(flood(3s, 20'000, 10), 100 * mib);
    EXPECT_LT(flood(1s, 200, 100), 100 * mib);
    EXPECT_GT(record().head().value, 1000u);
}

TEST_F(sqlite_log, gives_the_disk_back_when_a_reader_outside_has_kept_it_also_after_a_kill) {
    retention_ = [](std::string_view) { return retention{.max_bytes = mib}; };
    open();
    append({"a"});
    sqlite3* backup = nullptr;
    ASSERT_EQ(sqlite3_open(file_.path().c_str(), &backup), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(backup, "BEGIN; SELECT count(*) FROM events", nullptr, nullptr, nullptr),
              SQLITE_OK);
    // It keeps the log, and nobody waits for it.
    std::uintmax_t grown = 0;
    for (int i = 0; i < 100 && grown < 120 * mib; ++i) grown = flood(100ms, 200'000, 10);
    EXPECT_GE(grown, 120 * mib);
    const std::string killed = copy_of_files("killed");
    sqlite3_close(backup);
    becomes_small(file_.path());
    open(options(killed));
    becomes_small(killed);
}

}  // namespace
}  // namespace carillon::testing
