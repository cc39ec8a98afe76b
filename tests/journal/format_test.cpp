// The format of a journal's file: older ones are read, damage is found.
#include "journal/sqlite/event_record.hpp"
#include "journal/sqlite_fixture.hpp"
#include "support/faulty_disk.hpp"

#include <cstring>

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

void run_in(const std::string& path, const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
}

event full_event() {
    event e;
    e.topics = {*topic::parse("a"), *topic::parse("b/c")};
    e.id = *wire::event_id::parse("own");
    e.name = *wire::event_name::parse("tick");
    e.data = R"({"n":1.0})";
    e.payload = payload_kind::json;
    e.kind = "chat.message";
    e.is_private = true;
    e.key = "k";
    e.retain = true;
    e.retry = 1500ms;
    e.comment = "one\ntwo";
    e.metadata = "{}";
    e.timestamp = "2026-01-01";
    e.expires = system_clock::time_point(5s);
    return e;
}

TEST(event_record, is_found_damaged_whichever_byte_changes) {
    std::string record;
    sqlite::pack(full_event(), position{7}, record);
    ASSERT_NE(sqlite::unpack(record, position{7}, 0), nullptr);
    EXPECT_EQ(sqlite::unpack(record, position{8}, 0), nullptr) << "another event's place";
    for (std::size_t i = 0; i < record.size(); ++i) {
        for (const char change : {'\x01', '\x20', '\x80', '\xFF'}) {
            std::string damaged = record;
            damaged[i] = static_cast<char>(damaged[i] ^ change);
            EXPECT_EQ(sqlite::unpack(damaged, position{7}, 0), nullptr) << i;
        }
        EXPECT_EQ(sqlite::unpack(std::string_view(record).substr(0, i), position{7}, 0), nullptr);
    }
}

TEST(event_record, keeps_of_an_erased_event_its_place_topics_and_eraser) {
    stored_event e;
    e.content = full_event();
    e.pos.value = 7;
    std::string record;
    sqlite::pack_erased(e, position{9}, record);
    const auto left = sqlite::unpack(record, position{7}, 0);
    ASSERT_NE(left, nullptr);
    EXPECT_TRUE(left->erased);
    EXPECT_EQ(left->erased_by.value, 9u);
    EXPECT_EQ(left->content.topics, e.content.topics);
    EXPECT_EQ(left->content.id, e.content.id);
    EXPECT_TRUE(left->content.is_private);
    EXPECT_EQ(left->content.data, "");
}

class journal_format : public sqlite_journal_test {
protected:
    journal_format() { now_ = system_clock::time_point(1'795'676'500s); }  // just after it was made

    void use_file_of_format_1() {
        fs::copy_file(fs::path(CARILLON_JOURNALS) / "format-1.db", file_.path(),
                      fs::copy_options::overwrite_existing);
        retention_ = [](std::string_view t) {
            return t == "busy" ? retention{.max_events = 2} : retention{};
        };
    }
    std::vector<std::string> data_of(names patterns) {
        std::vector<std::string> all;
        for (const auto& e : read(patterns).events) all.push_back(e->content.data);
        return all;
    }
    /// What a publisher that repeats the request of this key sends.
    idempotency_key key_of_format_1(const std::string& name) {
        idempotency_key key{name, {}};
        sqlite3* db = nullptr;
        EXPECT_EQ(sqlite3_open(file_.path().c_str(), &db), SQLITE_OK);
        sqlite3_stmt* hash = nullptr;
        sqlite3_prepare_v2(db, "SELECT hash FROM answers WHERE key = ?", -1, &hash, nullptr);
        sqlite3_bind_text(hash, 1, name.c_str(), -1, SQLITE_STATIC);
        EXPECT_EQ(sqlite3_step(hash), SQLITE_ROW);
        EXPECT_EQ(sqlite3_column_bytes(hash, 0), static_cast<int>(sizeof key.body_hash));
        std::memcpy(&key.body_hash, sqlite3_column_blob(hash, 0), sizeof key.body_hash);
        sqlite3_finalize(hash);
        sqlite3_close(db);
        return key;
    }
    void expect_what_format_1_had() {
        EXPECT_EQ(record().head().value, 16u);
        EXPECT_EQ(positions(read({"a"})), (numbers{1, 7, 8, 16}));
        EXPECT_EQ(positions(read({"orders/42"})), (numbers{3, 10})) << "5 was taken back";
        EXPECT_EQ(positions(read({"busy"})), (numbers{14, 15}));
        EXPECT_EQ(read({"busy"}).lost, (gap{position{0}, position{13}}));
        EXPECT_EQ(id_of(1), "hgc41lck.1");
        EXPECT_EQ(id_of(5), "hgc41lck.5");
        EXPECT_EQ(id_of(6), "tn4ea84y.6");
        EXPECT_EQ(id_of(16), "tn4ea84y.16");
        EXPECT_EQ(locate({"a"}, "hgc41lck.5").at.value, 5u);
        EXPECT_EQ(locate({"a"}, "hgc41lck.6").why, loss_reason::lost);
        EXPECT_EQ(locate({"d"}, "own-1").at.value, 2u);
    }
};

TEST_F(journal_format, brings_a_file_of_format_1_up_to_date_with_all_that_is_in_it) {
    use_file_of_format_1();
    EXPECT_THAT(verify_sqlite_journal(file_.path())->problems, ElementsAre());
    const auto first = key_of_format_1("first");
    const auto second = key_of_format_1("second");
    for (int again = 0; again < 2; ++again) {
        open();
        expect_what_format_1_had();
    }
    const auto tick = read({"b/c"}).events.at(0)->content;
    EXPECT_EQ(tick.data, R"({"n":1.0})");
    EXPECT_EQ(tick.payload, payload_kind::json);
    EXPECT_EQ(tick.comment, "why\nnot");
    EXPECT_EQ(tick.metadata, R"({"m":[]})");
    EXPECT_EQ(tick.retry, 1500ms);
    EXPECT_EQ(tick.timestamp, "2026-01-01");
    EXPECT_EQ(read({"orders/42"}).events.at(0)->content.key, "order");

    const auto again = make({"orders/42"});
    EXPECT_EQ(try_append({again}, first), journal::appended::repeated);
    EXPECT_EQ(id_of(again->pos.value), "hgc41lck.3");
    const auto two = make({"a"});
    EXPECT_EQ(try_append({two, make({"a"})}, second), journal::appended::repeated);
    EXPECT_EQ(id_of(two->pos.value), "tn4ea84y.7");

    std::promise<std::size_t> waiting;
    record().list_scheduled({}, [&](const auto& all) { waiting.set_value(all->events.size()); });
    EXPECT_EQ(waiting.get_future().get(), 2u);
    ASSERT_EQ(snapshot({"weather/*"}).values.size(), 1u);
    EXPECT_EQ(data_of({"short"}), std::vector<std::string>{"soon gone"});
    pass(24h);
    EXPECT_TRUE(data_of({"short"}).empty());

    EXPECT_EQ(append({"a"}, "new"), 17u);
    close();
    EXPECT_THAT(verify_sqlite_journal(file_.path())->problems, ElementsAre());
}

TEST_F(journal_format, is_old_or_new_and_nothing_between_when_a_migration_fails) {
    bool worked = false;
    for (std::uint64_t nth = 1; !worked && nth < 200; ++nth) {
        use_file_of_format_1();
        for (const char* suffix : {"-wal", "-shm"}) fs::remove(file_.path() + suffix);
        {
            faulty_disk disk;
            disk.fail_at(nth);
            auto o = options(file_.path());
            o.vfs = faulty_disk::name;
            auto opened = open_sqlite_journal(std::move(o));
            worked = opened.has_value();
        }
        open();
        expect_what_format_1_had();
        close();
    }
    EXPECT_TRUE(worked);
}

TEST_F(journal_format, gives_an_event_one_id_for_ever) {
    open();
    const idempotency_key key{"k", {1, 2}};
    const auto first = make({"a"});
    ASSERT_TRUE(try_append({first}, key));
    const std::string id = id_of(first->pos.value);
    open();  // an opening that gives nothing
    open();
    const auto later = append({"a"});
    EXPECT_NE(id_of(later).substr(0, 8), id.substr(0, 8));
    for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(id_of(1), id);
        const auto repeated = make({"a"});
        EXPECT_EQ(try_append({repeated}, key), journal::appended::repeated);
        EXPECT_EQ(id_of(repeated->pos.value), id);
        open();
    }
    EXPECT_EQ(locate({"a"}, id).at.value, 1u);
}

TEST_F(journal_format, leaves_out_a_damaged_event_and_says_so) {
    auto o = options(file_.path());
    o.index_batch = 1;
    o.recent_events = 1;
    open(o);
    for (int i = 1; i <= 5; ++i) append({"a"}, "event " + std::to_string(i));
    ASSERT_TRUE(soon([&] { return rows_of("topic_events") == 5; }));
    close();
    run_in(file_.path(),
           "UPDATE events SET record = CAST(replace(record, 'event', 'evenT') AS BLOB) WHERE pos "
           "BETWEEN 2 AND 3");
    const auto check = verify_sqlite_journal(file_.path());
    ASSERT_TRUE(check);
    EXPECT_THAT(check->problems, ElementsAre(HasSubstr("position 2"), HasSubstr("position 3")));
    open(o);
    EXPECT_EQ(positions(read({"a"})), (numbers{1, 4, 5}));
    EXPECT_EQ(read({"a"}).damaged, (gap{position{1}, position{3}}));
    EXPECT_FALSE(read({"a"}, 3).damaged);
    EXPECT_FALSE(read({"b"}).damaged);
}

TEST_F(journal_format, takes_an_event_that_only_an_index_knows_for_damaged) {
    auto o = options(file_.path());
    o.index_batch = 1;
    o.recent_events = 1;
    open(o);
    for (int i = 1; i <= 5; ++i) append({"a"}, "event " + std::to_string(i));
    ASSERT_TRUE(soon([&] { return rows_of("topic_events") == 5; }));
    close();
    run_in(file_.path(), "DELETE FROM events WHERE pos = 3");
    open(o);
    EXPECT_EQ(positions(read({"a"})), (numbers{1, 2, 4, 5}));
    EXPECT_EQ(read({"a"}).damaged, (gap{position{2}, position{3}}));
}

TEST_F(journal_format, starts_on_a_damaged_event_that_no_index_knows) {
    open();
    for (int i = 1; i <= 5; ++i) append({"a"}, "event " + std::to_string(i));
    close();
    run_in(file_.path(),
           "UPDATE events SET record = CAST(replace(record, 'event', 'evenT') AS BLOB) WHERE pos "
           "IN (2, 5)");
    for (int again = 0; again < 2; ++again) {
        open();
        EXPECT_EQ(positions(read({"a"})), (numbers{1, 3, 4}));
        EXPECT_EQ(read({"a"}).damaged, (gap{position{1}, position{5}}));
        EXPECT_EQ(read({"another"}).damaged, (gap{position{1}, position{5}}))
            << "nobody knows what topics it had";
        EXPECT_EQ(record().head().value, 5u);
    }
    EXPECT_EQ(append({"a"}), 6u);
    close();
    EXPECT_THAT(verify_sqlite_journal(file_.path())->problems, ElementsAre(HasSubstr("2 events")));
}

}  // namespace
}  // namespace carillon::testing
