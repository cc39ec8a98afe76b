// The durable journal: what survives, and what is said when something does not.
#include "journal/sqlite_fixture.hpp"
#include "support/faulty_disk.hpp"
#include "support/played_turn.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::played_turn;
namespace fs = std::filesystem;

/// A reader that retention overtakes is given what it had found on disk before, and is told that
/// it is lost.
void expect_all_that_is_not_told_as_lost(const read_page& page, std::span<const std::uint64_t> of) {
    std::vector<std::uint64_t> given;
    for (const auto& e : page.events) given.push_back(e->pos.value);
    EXPECT_TRUE(std::ranges::is_sorted(given));
    EXPECT_TRUE(std::ranges::includes(of, given));
    const std::uint64_t lost = page.lost ? page.lost->to.value : 0;
    const auto older = [lost](std::uint64_t pos) { return pos <= lost; };
    std::erase_if(given, older);
    EXPECT_THAT(given, ElementsAreArray(std::ranges::find_if_not(of, older), of.end()));
}

TEST_F(sqlite_journal_test, goes_on_where_it_ended) {
    open();
    append({"a"}, "one", "own");
    append({"b"}, "two");
    const std::string first = id_of(1);
    const std::string head = id_of(2);
    const std::string beyond = id_of(3);
    open();
    EXPECT_EQ(record().head().value, 2u);
    EXPECT_EQ(positions(read({"**"})), (numbers{1, 2}));
    EXPECT_EQ(read({"a"}).events.at(0)->content.data, "one");
    EXPECT_EQ(locate({"a"}, "own").at.value, 1u);
    EXPECT_EQ(locate({"a"}, first).at.value, 1u);
    EXPECT_EQ(append({"a"}), 3u);
    EXPECT_EQ(locate({"a"}, head).at.value, 2u);
    // What the old life never gave is not what the new one has there.
    const auto lost = locate({"a"}, beyond);
    EXPECT_EQ(lost.at.value, 2u);
    EXPECT_EQ(lost.why, loss_reason::lost);
    EXPECT_TRUE(lost.lost);
    EXPECT_EQ(record().stats().events, 3u);
}

TEST_F(sqlite_journal_test, a_loop_stores_what_it_appended_at_the_end_of_its_turn) {
    open();
    played_turn during;
    bool here = false;  // else the writer's thread was still busy
    for (std::uint64_t stored = 0; !here && stored < 3000; stored += 3) {
        std::promise<std::thread::id> answered;
        for (int i = 1; i <= 3; ++i) {
            record().append({make({"a"})}, [&, i](const auto& done, auto events) {
                EXPECT_TRUE(done);
                EXPECT_EQ(events.front()->pos.value, stored + static_cast<std::uint64_t>(i));
                if (i == 3) answered.set_value(std::this_thread::get_id());
            });
        }
        during.end();
        here = answered.get_future().get() == std::this_thread::get_id();
        EXPECT_EQ(rows_of("events"), stored + 3) << "answered after the commit";
    }
    EXPECT_TRUE(here);
}

TEST_F(sqlite_journal_test, remembers_marks_and_the_head_when_nothing_is_left) {
    retention_ = [](std::string_view) { return retention{.max_events = 0}; };
    open();
    for (int i = 0; i < 5; ++i) append({"a"});
    ASSERT_TRUE(comes_true([&] { return record().stats().events == 0; }, now_.load()));
    open();
    EXPECT_EQ(record().head().value, 5u);
    EXPECT_EQ(read({"a"}).lost, (gap{position{0}, position{5}}));
    EXPECT_GT(read({"a"}).trims, 0u) << "nobody was told of it yet";
    EXPECT_EQ(append({"a"}), 6u);
}

TEST_F(sqlite_journal_test, a_kill_between_any_two_steps_of_upkeep_loses_nothing) {
    retention_ = [](std::string_view t) { return retention{.max_events = t == "a" ? 7u : 1000u}; };
    auto o = options(file_.path());
    o.index_batch = 5;
    open(o);
    for (std::uint64_t i = 1; i <= 60; ++i) {
        append({i % 3 == 0 ? "a" : "b", "all"}, std::to_string(i), i % 4 == 0 ? "own" : "");
        journal_user after_kill;
        auto opened = open_sqlite_journal(options(copy_of_files("copy")));
        ASSERT_TRUE(opened) << opened.error().detail;
        after_kill.use(std::move(*opened));
        ASSERT_EQ(after_kill.record().head().value, i);
        numbers all;
        for (std::uint64_t at = 0; at < i;) {
            const auto page = after_kill.read({"all"}, at, 7);
            for (const auto& e : page.events) {
                ASSERT_EQ(e->content.data, std::to_string(e->pos.value));
                all.push_back(e->pos.value);
            }
            at = page.through.value;
        }
        ASSERT_EQ(all.size(), i);
        numbers of_a;
        for (std::uint64_t pos = 3; pos <= i; pos += 3) of_a.push_back(pos);
        expect_all_that_is_not_told_as_lost(after_kill.read({"a"}), of_a);
    }
}

// A busy topic with a low limit: most of its events go before the index has them.
TEST_F(sqlite_journal_test, what_is_left_out_of_the_index_is_told_after_a_kill_at_any_moment) {
    retention_ = [](std::string_view t) { return retention{.max_events = t == "a" ? 4u : 1000u}; };
    auto o = options(file_.path());
    o.index_batch = 12;
    open(o);
    const auto is_a = [](std::uint64_t pos) { return pos % 9 < 6; };
    for (std::uint64_t i = 1; i <= 100; ++i) {
        append({is_a(i) ? "a" : "b"}, std::to_string(i));
        journal_user after_kill;
        auto opened = open_sqlite_journal(options(copy_of_files("copy")));
        ASSERT_TRUE(opened) << opened.error().detail;
        after_kill.use(std::move(*opened));
        ASSERT_EQ(after_kill.record().head().value, i);
        for (journal_user* each : {static_cast<journal_user*>(this), &after_kill}) {
            numbers of_a;
            numbers of_b;
            for (std::uint64_t pos = 1; pos <= i; ++pos) (is_a(pos) ? of_a : of_b).push_back(pos);
            expect_all_that_is_not_told_as_lost(each->read({"a"}), of_a);
            ASSERT_EQ(positions(each->read({"b"})), of_b);
        }
    }
    ASSERT_TRUE(comes_true([&] { return read({"a"}).events.size() == 4; }, now_.load()));
    EXPECT_EQ(rows_of("topic_events") + rows_of("events"), 2 * record().stats().events);
}

TEST_F(sqlite_journal_test, what_a_busy_topic_will_lose_soon_is_not_indexed_and_survives) {
    retention_ = [](std::string_view) { return retention{.max_events = 4}; };
    auto o = options(file_.path());
    o.index_batch = 24;
    open(o);
    for (int i = 1; i <= 200; ++i) append({"a"}, std::to_string(i));
    EXPECT_EQ(rows_of("topic_events"), 0u);
    EXPECT_LT(rows_of("events"), 2 * o.index_batch);
    open();
    const auto after = read({"a"});
    EXPECT_EQ(after.events.back()->content.data, "200");
    ASSERT_TRUE(after.lost);
    EXPECT_EQ(after.lost->to.value + 1, after.events.front()->pos.value);
    ASSERT_TRUE(comes_true([&] { return read({"a"}).events.size() == 4; }, now_.load()));
}

TEST_F(sqlite_journal_test, large_events_are_indexed_before_there_are_many) {
    auto o = options(file_.path());
    o.recent_bytes = 10'000;
    open(o);
    for (int i = 0; i < 20; ++i) append({"a"}, std::string(1000, 'x'));
    EXPECT_TRUE(comes_true([&] { return rows_of("topic_events") >= 10; }, now_.load()));
}

TEST_F(sqlite_journal_test, a_torn_log_loses_no_more_than_its_end) {
    open();
    for (int i = 1; i <= 20; ++i) append({"a"}, std::string(300, 'x'));
    const std::string copy = copy_of_files("copy");
    const auto size = fs::file_size(copy + "-wal");
    const std::string whole = (file_.folder() / "whole").string();
    fs::copy_file(copy, whole);
    fs::copy_file(copy + "-wal", whole + "-wal");
    std::uint64_t before = 20;
    for (std::uintmax_t cut = size; cut > size / 2; cut -= std::min<std::uintmax_t>(cut, 1001)) {
        for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(copy + suffix);
        fs::copy_file(whole, copy);
        fs::copy_file(whole + "-wal", copy + "-wal");
        fs::resize_file(copy + "-wal", cut);
        auto opened = open_sqlite_journal(options(copy));
        ASSERT_TRUE(opened) << opened.error().detail;
        journal_user torn;
        torn.use(std::move(*opened));
        const auto there = positions(torn.read({"a"}));
        ASSERT_LE(there.size(), before);
        before = there.size();
        for (std::size_t i = 0; i < there.size(); ++i) ASSERT_EQ(there[i], i + 1);
    }
    EXPECT_LT(before, 20u);
}

TEST_F(sqlite_journal_test, a_power_failure_is_told_and_full_sync_survives_it) {
    for (const auto sync : {journal_sync::normal, journal_sync::full}) {
        faulty_disk disk;
        const journal_file file;
        auto o = options(file.path());
        o.vfs = faulty_disk::name;
        o.sync = sync;
        open(o);
        for (int i = 0; i < 10; ++i) append({"a"});
        const std::string cursor = id_of(10);
        disk.cut_power();
        close();
        disk.power_on(file.path());
        open(o);
        const auto start = locate({"a"}, cursor);
        const auto left = positions(read({"a"}));
        if (sync == journal_sync::full) {
            EXPECT_EQ(left.size(), 10u);
            EXPECT_FALSE(start.lost);
        } else {
            EXPECT_LT(left.size(), 10u);
            EXPECT_FALSE(start.unknown);
            EXPECT_EQ(start.why, loss_reason::lost);
            EXPECT_EQ(start.at.value, left.size());
        }
        close();
    }
}

TEST_F(sqlite_journal_test, a_full_disk_refuses_publishing_and_recovers_by_itself) {
    faulty_disk disk;
    auto o = options(file_.path());
    o.vfs = faulty_disk::name;
    open(o);
    append({"a"}, "before");
    disk.set_full(true);
    const auto refused = try_append({make({"a"}, "refused"), make({"b"}, "refused")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::unavailable);
    EXPECT_THAT(refused.error().detail, HasSubstr("full"));
    EXPECT_FALSE(record().health());
    EXPECT_EQ(positions(read({"a"})), numbers{1});
    const auto passing = make({"a"});
    passing->content.ephemeral = true;
    EXPECT_TRUE(try_append({passing})) << "what is not stored needs no disk";
    disk.set_full(false);
    EXPECT_TRUE(comes_true([&] { return record().health().has_value(); }, now_.load()));
    EXPECT_EQ(append({"b"}, "after"), 2u);
    EXPECT_EQ(positions(read({"**"})), (numbers{1, 2}));
}

TEST_F(sqlite_journal_test, upkeep_that_fails_waits_for_the_next_tick) {
    retention_ = [](std::string_view) { return retention{.max_events = 2}; };
    faulty_disk disk;
    auto o = options(file_.path());
    o.vfs = faulty_disk::name;
    o.index_batch = 1000;
    open(o);
    for (int i = 0; i < 20; ++i) append({"a", "b"});
    const auto writes_during = [&](std::chrono::milliseconds time) {
        const auto before = disk.writes();
        std::this_thread::sleep_for(time);
        return disk.writes() - before;
    };
    disk.fail_at(1);
    for (int ticks = 1; ticks <= 3; ++ticks) {
        record().trim(now_.load());  // begins a batch, which cannot be stored
        EXPECT_LT(writes_during(100ms), 20u) << "a few attempts for each tick";
    }
    EXPECT_GT(disk.writes(), 0u);
    EXPECT_FALSE(record().health());
    disk.fail_at(0);
    EXPECT_TRUE(soon([&] { return record().stats().events == 4; }));
    EXPECT_TRUE(record().health());
}

TEST_F(sqlite_journal_test, what_is_due_comes_although_other_upkeep_fails) {
    retention_ = [](std::string_view) { return retention{.max_events = 2}; };
    open();
    for (int i = 0; i < 2000; ++i) append({"a", "b"}, std::string(100, 'x'));
    ASSERT_TRUE(soon([&] { return record().stats().events == 4; }));
    for (int i = 0; i < 4; ++i) append({"a", "b"}, std::string(100, 'x'));
    close();
    execute(
        "CREATE TRIGGER spoiled BEFORE DELETE ON topic_events BEGIN SELECT RAISE(FAIL, 'no'); END");
    open();
    std::promise<result<std::uint64_t>> waits;
    event e;
    e.topics.push_back(*topic::parse("later"));
    record().schedule(std::move(e), now_.load() + 1s, std::nullopt,
                      [&](auto id) { waits.set_value(std::move(id)); });
    ASSERT_TRUE(waits.get_future().get());
    pass(2s);
    EXPECT_TRUE(soon([&] { return read({"later"}).events.size() == 1; }));
}

TEST_F(sqlite_journal_test, events_that_cannot_be_indexed_are_refused_before_they_fill_the_memory) {
    auto o = options(file_.path());
    o.index_batch = 4;
    open(o);
    append({"a"});
    close();
    execute(
        "CREATE TRIGGER spoiled BEFORE INSERT ON topic_events BEGIN SELECT RAISE(FAIL, 'no'); END");
    open(o);
    std::uint64_t stored = 1;
    while (stored < 1000 && try_append({make({"a"})})) ++stored;
    EXPECT_GE(stored, 3 * o.index_batch);
    EXPECT_LE(stored, 5 * o.index_batch);
    const auto refused = try_append({make({"a"})});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::unavailable);
    EXPECT_THAT(refused.error().detail, HasSubstr("wait to be indexed"));
    EXPECT_EQ(positions(read({"a"})).size(), stored) << "what is there can be read";
    close();
    execute("DROP TRIGGER spoiled");
    open(o);
    EXPECT_EQ(append({"a"}), stored + 1);
}

TEST_F(sqlite_journal_test, a_write_that_fails_anywhere_leaves_all_or_nothing) {
    retention_ = [](std::string_view) { return retention{.max_events = 15}; };
    for (std::uint64_t nth = 1; nth < 120; nth += 3) {
        faulty_disk disk;
        const journal_file file;
        auto o = options(file.path());
        o.vfs = faulty_disk::name;
        o.index_batch = 4;
        open(o);
        disk.fail_at(nth);
        std::uint64_t answered = 0;
        for (int i = 0; i < 30; ++i) {
            const auto e = make({"a", "b"}, std::to_string(i));
            if (try_append({e})) {
                EXPECT_EQ(e->pos.value, ++answered);
            } else {
                EXPECT_EQ(e->pos.value, 0u);
            }
            if (i == 15) disk.fail_at(0);
        }
        const auto check = [&] {
            const auto page = read({"b"});
            const std::uint64_t trimmed = page.lost ? page.lost->to.value : 0;
            ASSERT_EQ(page.events.size() + trimmed, answered);
            for (std::size_t i = 0; i < page.events.size(); ++i)
                ASSERT_EQ(page.events[i]->pos.value, trimmed + i + 1);
        };
        ASSERT_TRUE(comes_true([&] { return record().health().has_value(); }, now_.load()));
        check();
        open(o);
        check();
        ASSERT_EQ(record().head().value, answered) << nth;
        close();
    }
}

TEST_F(sqlite_journal_test, what_is_no_journal_is_refused_and_not_touched) {
    const auto write = [&](const std::string& name, const std::string& text) {
        const std::string path = (file_.folder() / name).string();
        std::ofstream(path, std::ios::binary) << text;
        return path;
    };
    EXPECT_THAT(why_not(write("text", std::string(5000, 'x'))).detail, HasSubstr("damaged"));
    EXPECT_EQ(fs::file_size(file_.folder() / "text"), 5000u);

    const std::string foreign = (file_.folder() / "foreign").string();
    const auto sql = [](const std::string& path, const char* text) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(db, text, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(db);
    };
    sql(foreign, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
    EXPECT_THAT(why_not(foreign).detail, HasSubstr("another program"));

    open();
    append({"a"});
    close();
    const auto version = number_in(file_.path(), "PRAGMA user_version");
    sql(file_.path(), "PRAGMA user_version = 99");
    EXPECT_THAT(why_not(file_.path()).detail, HasSubstr("later version"));
    sql(file_.path(), "PRAGMA user_version = 0");
    EXPECT_THAT(why_not(file_.path()).detail, HasSubstr("format 0"));
    sql(file_.path(), ("PRAGMA user_version = " + std::to_string(version)).c_str());
    open();
    EXPECT_EQ(positions(read({"a"})), numbers{1});

    EXPECT_THAT(why_not((file_.folder() / "no" / "such" / "folder").string()).detail,
                HasSubstr("No such file"));
}

TEST_F(sqlite_journal_test, a_damaged_page_is_an_error_and_no_silent_skip) {
    open();
    for (int i = 0; i < 2000; ++i) append({"a"}, std::string(100, 'x'));
    close();
    const auto size = fs::file_size(file_.path());
    {
        std::fstream file(file_.path(), std::ios::binary | std::ios::in | std::ios::out);
        for (std::uintmax_t at = 20 * 4096; at < size; at += 8 * 4096) {
            file.seekp(static_cast<std::streamoff>(at));
            file << std::string(4096, '\xA5');
        }
    }
    auto opened = open_sqlite_journal(options(file_.path()));
    if (!opened) {
        EXPECT_THAT(opened.error().detail, HasSubstr("damaged"));
        return;
    }
    bool told = false;
    for (std::uint64_t at = 0; at < 2000 && !told; at += 10) {
        std::promise<result<read_page>> promise;
        (*opened)->read({parse({"a"}), position{at}, position{at + 10}, 100},
                        [&](result<read_page> done) { promise.set_value(std::move(done)); });
        const auto page = promise.get_future().get();
        told = !page;
        if (page) {
            EXPECT_EQ(page->events.size(), 10u);
        }
    }
    EXPECT_TRUE(told);
}

TEST_F(sqlite_journal_test, a_second_opener_is_refused) {
    open();
    const error why = why_not(file_.path());
    EXPECT_EQ(why.code, errc::unavailable);
    EXPECT_THAT(why.detail, HasSubstr("another process has the journal"));
    append({"a"});
}

TEST_F(sqlite_journal_test, a_queue_that_is_full_pushes_back) {
    faulty_disk disk;
    auto o = options(file_.path());
    o.max_queued_events = 10;
    open(o);
    std::atomic<int> stored = 0, refused = 0;
    for (int i = 0; i < 5000; ++i) {
        record().append({make({"a"})},
                        [&](const auto& done, auto) { ++(done ? stored : refused); });
    }
    while (stored + refused < 5000) std::this_thread::yield();
    EXPECT_GT(stored.load(), 0);
    EXPECT_GT(refused.load(), 0);
    EXPECT_EQ(record().head().value, static_cast<std::uint64_t>(stored.load()));
}

TEST_F(sqlite_journal_test, remembers_keys_over_a_restart) {
    open();
    const idempotency_key key{"k", {1, 2}};
    EXPECT_EQ(try_append({make({"a"})}, key), journal::appended::stored);
    open();
    const auto again = make({"a"});
    EXPECT_EQ(try_append({again}, key), journal::appended::repeated);
    EXPECT_EQ(again->pos.value, 1u);
}

TEST_F(sqlite_journal_test, holds_keys_over_a_restart_long_after) {
    open();
    const idempotency_key key{"k", {1, 2}, true};
    EXPECT_EQ(try_append({make({"a"})}, key), journal::appended::stored);
    close();
    now_ = now_.load() + std::chrono::hours(24 * 30);
    open();
    EXPECT_EQ(try_append({make({"a"})}, key), journal::appended::repeated);
    record().forget_keys("k", "l");
    EXPECT_TRUE(soon([&] { return rows_of("held_answers") == 0; }));
    open();
    EXPECT_EQ(try_append({make({"a"})}, key), journal::appended::stored);
}

TEST_F(sqlite_journal_test, stores_nothing_in_a_file_that_is_gone) {
    open();
    append({"a"});
    const std::string lock = file_.path() + ".lock";
    // Both are there, and known.
    ASSERT_TRUE(soon([&] { return fs::exists(file_.path() + "-wal"); }));
    record().trim(now_.load());
    for (const std::string& taken :
         {file_.path(), lock, file_.path() + "-wal", file_.path() + "-shm"}) {
        fs::rename(taken, taken + ".away");
        EXPECT_TRUE(soon([&] { return !record().health(); })) << taken;
        const auto refused = try_append({make({"a"})});
        ASSERT_FALSE(refused) << taken;
        EXPECT_EQ(refused.error().code, errc::unavailable);
        EXPECT_THAT(refused.error().detail, HasSubstr("deleted or replaced"));
        EXPECT_FALSE(schedule(make({"a"})->content, now_.load() + 1s));
        // Another one in its place is not it.
        std::ofstream(taken) << "";
        record().trim(now_.load());
        EXPECT_FALSE(try_append({make({"a"})}));
        fs::rename(taken + ".away", taken);
        EXPECT_TRUE(soon([&] { return record().health().has_value(); })) << taken;
        append({"a"});
    }
    open();
    EXPECT_EQ(positions(read({"a"})), (numbers{1, 2, 3, 4, 5}));
}

TEST_F(sqlite_journal_test, keeps_its_files_from_other_users) {
    const auto others_may = [](const std::string& path) {
        return (fs::status(path).permissions() & fs::perms::others_all) != fs::perms::none;
    };
    const mode_t before = ::umask(0);
    open();
    append({"a"});
    const std::string copy = file_.path() + ".copy";
    EXPECT_TRUE(backup_sqlite_journal(file_.path(), copy));
    ::umask(before);
    for (const char* suffix : {"", "-wal", "-shm", ".lock", ".copy"})
        EXPECT_FALSE(others_may(file_.path() + suffix)) << suffix;
    close();
    fs::permissions(file_.path(), fs::perms::others_read, fs::perm_options::add);
    open();
    EXPECT_FALSE(others_may(file_.path())) << "one that an earlier build made";
}

TEST_F(sqlite_journal_test, can_be_read_when_the_disk_is_full_at_the_start) {
    faulty_disk disk;
    auto o = options(file_.path());
    o.vfs = faulty_disk::name;
    open(o);
    append({"a"}, "before");
    const std::string first = id_of(1);
    for (const bool killed : {false, true}) {
        if (killed) {
            append({"a"}, "again");
            o.path = copy_of_files("killed.db");
        }
        close();
        disk.set_full(true);
        open(o);
        EXPECT_FALSE(record().health());
        EXPECT_EQ(read({"a"}).events.front()->content.data, "before");
        EXPECT_EQ(id_of(1), first);
        EXPECT_EQ(locate({"a"}, first).at.value, 1u);
        EXPECT_FALSE(try_append({make({"a"})}));
        EXPECT_FALSE(schedule(make({"a"})->content, now_.load() + 1s));
        const std::string not_yet = cursor{"zzzzzzzz", position{1}}.str();
        EXPECT_TRUE(locate({"a"}, not_yet).unknown);
        disk.set_full(false);
        EXPECT_TRUE(soon([&] { return record().health().has_value(); }));
        const std::uint64_t next = append({"a"}, "after");
        const std::string id = id_of(next);
        EXPECT_NE(id.substr(0, 8), first.substr(0, 8)) << "of this opening";
        open(o);
        EXPECT_EQ(id_of(next), id) << "and known later";
        EXPECT_EQ(locate({"a"}, id).at.value, next);
    }
}

TEST_F(sqlite_journal_test, a_restore_that_fails_leaves_what_was_there) {
    open();
    append({"a"}, "old");
    const std::string copy = copy_of_files("killed.db");  // with a log that was not folded
    const std::string damaged = file_.path() + ".damaged";
    append({"a"}, "new");
    close();
    std::ofstream(damaged) << "no journal at all, but long enough to be looked at as one";
    EXPECT_FALSE(restore_sqlite_journal(damaged, file_.path(), true));
    open();
    EXPECT_EQ(read({"a"}).events.size(), 2u);
    close();
    ASSERT_TRUE(restore_sqlite_journal(copy, file_.path(), true));
    std::size_t aside = 0;
    for (const auto& entry : fs::directory_iterator(file_.folder())) {
        const std::string name = entry.path().filename();
        EXPECT_FALSE(name.contains(".unfinished")) << name;
        if (!name.contains(".replaced-")) continue;
        ++aside;
        const auto kept = verify_sqlite_journal(entry.path());
        ASSERT_TRUE(kept);
        EXPECT_EQ(kept->events, 2u);
        EXPECT_THAT(kept->problems, ::testing::IsEmpty());
    }
    EXPECT_EQ(aside, 1u) << "one file, with all of its log";
    open();
    EXPECT_EQ(read({"a"}).events.size(), 1u);
}

}  // namespace
}  // namespace carillon::testing
