#include <carillon/store/files.hpp>
#include <carillon/store/record_store.hpp>

#include "store/sqlite/migrations.hpp"
#include "support/faulty_disk.hpp"
#include "support/temporary_folder.hpp"

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr time_point noon{1'700'000'000s};

class record_store_test : public ::testing::Test {
protected:
    void open() { store_ = open_record_store({.path = path()}).value(); }
    void SetUp() override { open(); }
    std::string path() const { return (folder_.path() / "records.db").string(); }

    result<> write(const record_store::work& w) {
        std::promise<result<>> done;
        store_->write(w, [&](result<> r) { done.set_value(std::move(r)); });
        return done.get_future().get();
    }
    result<> read(const record_store::work& w) {
        std::promise<result<>> done;
        store_->read(w, [&](result<> r) { done.set_value(std::move(r)); });
        return done.get_future().get();
    }

    static notification note(std::string id, time_point created = noon) {
        return {.id = std::move(id),
                .type = "T",
                .action = "CREATE",
                .priority = "LOW",
                .title = "t",
                .message = "m",
                .data = R"({"a":1})",
                .sender = "boss",
                .created = created};
    }
    void notify(std::string id, std::vector<std::string> users, time_point created = noon) {
        ASSERT_TRUE(
            write([&](records& r) { return r.notifications().insert(note(id, created), users); }));
    }
    std::vector<std::string> listed(inbox_query q) {
        std::vector<std::string> ids;
        EXPECT_TRUE(read([&](records& r) -> result<> {
            auto all = r.notifications().list(q);
            if (!all) return std::unexpected(all.error());
            for (const auto& e : *all) ids.push_back(e.what.id);
            return {};
        }));
        return ids;
    }
    std::uint64_t unread(std::string_view user) {
        std::uint64_t n = 0;
        EXPECT_TRUE(read([&](records& r) -> result<> {
            n = r.notifications().count_unread(user).value();
            return {};
        }));
        return n;
    }

    testing::temporary_folder folder_;
    std::unique_ptr<record_store> store_;
};

TEST_F(record_store_test, keeps_notifications_by_recipient_newest_first) {
    notify("a", {"alice", "bob"});
    notify("b", {"alice"});
    EXPECT_THAT(listed({.user = "alice"}), ElementsAre("b", "a"));
    EXPECT_THAT(listed({.user = "alice", .limit = 1}), ElementsAre("b"));
    EXPECT_THAT(listed({.user = "alice", .before = 2}), ElementsAre("a"));
    EXPECT_THAT(listed({.user = "bob"}), ElementsAre("a"));
    EXPECT_THAT(listed({.user = "carol"}), ElementsAre());
    EXPECT_TRUE(read([&](records& r) -> result<> {
        const auto found = r.notifications().find("a").value();
        EXPECT_EQ(found->data, R"({"a":1})");
        EXPECT_EQ(found->created, noon);
        EXPECT_FALSE(r.notifications().find("z").value());
        return {};
    }));
}

TEST_F(record_store_test, counts_what_is_unread_and_marks_it_once) {
    notify("a", {"alice", "alice", "bob"});
    notify("b", {"alice"});
    EXPECT_EQ(unread("alice"), 2u);
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(write([&](records& r) -> result<> {
            EXPECT_TRUE(r.notifications().mark_read("alice", "a", noon).value());
            EXPECT_FALSE(r.notifications().mark_read("bob", "b", noon).value()) << "not bob's";
            EXPECT_FALSE(r.notifications().mark_read("bob", "z", noon).value());
            return {};
        }));
        EXPECT_EQ(unread("alice"), 1u);
    }
    EXPECT_THAT(listed({.user = "alice", .unread_only = true}), ElementsAre("b"));
    EXPECT_EQ(unread("bob"), 1u);
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_EQ(r.notifications().mark_all_read("alice", noon).value(), 1u);
        return {};
    }));
    EXPECT_EQ(unread("alice"), 0u);
}

TEST_F(record_store_test, logs_a_delivery_until_it_is_read) {
    notify("a", {"alice", "bob"});
    const auto states = [&] {
        std::vector<std::string> all;
        EXPECT_TRUE(read([&](records& r) -> result<> {
            const auto found = r.notifications().deliveries("a", "", 10).value();
            for (const auto& d : found)
                all.push_back(d.user + " " + std::string(to_string(d.state)) + " " +
                              std::to_string(d.connections));
            return {};
        }));
        return all;
    };
    EXPECT_THAT(states(), ElementsAre("alice queued 0", "bob queued 0"));
    const auto log = [&](delivery d) {
        ASSERT_TRUE(write([&](records& r) { return r.notifications().log("a", d); }));
    };
    log({"alice", delivery_state::delivered, 2, noon});
    log({"bob", delivery_state::offline, 0, noon});
    log({"carol", delivery_state::delivered, 1, noon});
    EXPECT_THAT(states(), ElementsAre("alice delivered 2", "bob offline 0"));
    ASSERT_TRUE(write([](records& r) -> result<> {
        EXPECT_TRUE(r.notifications().mark_read("alice", "a", noon).value());
        return {};
    }));
    log({"alice", delivery_state::delivered, 3, noon});
    EXPECT_THAT(states(), ElementsAre("alice read 2", "bob offline 0"));
}

TEST_F(record_store_test, undoes_a_write_that_fails_and_no_other) {
    std::vector<std::promise<result<>>> done(3);
    const auto write_at = [&](std::size_t i, record_store::work w) {
        store_->write(std::move(w), [&, i](result<> r) { done[i].set_value(std::move(r)); });
    };
    const auto insert = [](std::string id) {
        return [id](records& r) {
            return r.notifications().insert(note(id), std::vector<std::string>{"alice"});
        };
    };
    write_at(0, insert("a"));
    write_at(1, [&](records& r) -> result<> {
        EXPECT_TRUE(insert("half")(r));
        return fail(errc::invalid_request, "changed its mind");
    });
    write_at(2, insert("b"));
    EXPECT_TRUE(done[0].get_future().get());
    EXPECT_EQ(done[1].get_future().get().error().detail, "changed its mind");
    EXPECT_TRUE(done[2].get_future().get());
    EXPECT_THAT(listed({.user = "alice"}), ElementsAre("b", "a"));
    EXPECT_EQ(write(insert("a")).error().code, errc::conflict);
    EXPECT_EQ(unread("alice"), 2u);
}

TEST_F(record_store_test, refuses_writes_beyond_its_limit_at_once) {
    store_ = open_record_store({.path = path(), .max_waiting = 2}).value();
    std::promise<void> entered, go;
    const auto gate = go.get_future().share();
    store_->write(
        [&](records&) -> result<> {
            entered.set_value();
            gate.wait();
            return {};
        },
        [](result<>) {});
    entered.get_future().wait();
    const auto nothing = [](records&) -> result<> { return {}; };
    store_->write(nothing, [](result<> r) { EXPECT_TRUE(r); });
    store_->write(nothing, [](result<> r) { EXPECT_TRUE(r); });
    result<> refused;
    store_->write(nothing, [&](result<> r) { refused = std::move(r); });
    EXPECT_EQ(refused.error().code, errc::unavailable);
    go.set_value();
    store_.reset();
}

TEST_F(record_store_test, keeps_all_that_was_answered_and_numbers_the_outbox_once) {
    std::vector<std::uint64_t> ids;
    const auto add = [&](std::string text) {
        ASSERT_TRUE(write([&](records& r) -> result<> {
            ids.push_back(r.outbox().add(text).value());
            return {};
        }));
    };
    add("one");
    add("two");
    ASSERT_TRUE(write([&](records& r) { return r.outbox().remove(ids); }));
    store_.reset();
    open();
    add("three");
    EXPECT_GT(ids[2], ids[1]) << "a number that was used would look like a repeated publish";
    ASSERT_TRUE(read([&](records& r) -> result<> {
        const auto left = r.outbox().list(0, 10).value();
        EXPECT_EQ(left.size(), 1u);
        EXPECT_EQ(left.front().text, "three");
        EXPECT_TRUE(r.outbox().list(left.front().id, 10).value().empty());
        return {};
    }));
}

TEST_F(record_store_test, trims_old_notifications_with_their_counts) {
    notify("old", {"alice", "bob"}, noon - 1h);
    notify("new", {"alice"}, noon);
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_EQ(r.notifications().trim(noon, 10).value(), 1u);
        return {};
    }));
    EXPECT_THAT(listed({.user = "alice"}), ElementsAre("new"));
    EXPECT_EQ(unread("alice"), 1u);
    EXPECT_EQ(unread("bob"), 0u);
}

TEST_F(record_store_test, keeps_calendar_events_with_attendees_and_reminds_once) {
    const calendar_event e{.id = "e1",
                           .title = "Meeting",
                           .owner = "boss",
                           .starts = "20261126T090000",
                           .length = 1h,
                           .zone = "Europe/Zurich",
                           .rule = "FREQ=DAILY",
                           .data = "{}",
                           .reminders = {10min, 24h},
                           .attendees = {"alice", "bob"}};
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_TRUE(r.calendar().put(e));
        EXPECT_TRUE(r.calendar().begin_reminder("e1", "alice", noon, 10min).value());
        EXPECT_FALSE(r.calendar().begin_reminder("e1", "alice", noon, 10min).value());
        EXPECT_TRUE(r.calendar().begin_reminder("e1", "alice", noon, 24h).value());
        EXPECT_TRUE(r.calendar().begin_reminder("e1", "bob", noon, 10min).value());
        return {};
    }));
    ASSERT_TRUE(read([&](records& r) -> result<> {
        const auto found = r.calendar().find("e1").value();
        EXPECT_THAT(found->reminders, ElementsAre(10min, 24h));
        EXPECT_THAT(found->attendees, ElementsAre("alice", "bob"));
        EXPECT_EQ(found->zone, "Europe/Zurich");
        for (const char* user : {"alice", "boss", ""})
            EXPECT_EQ(r.calendar().list(user, "", 10).value().size(), 1u) << user;
        EXPECT_EQ(r.calendar().list("carol", "", 10).value().size(), 0u);
        EXPECT_EQ(r.calendar().list("", "e1", 10).value().size(), 0u);
        return {};
    }));
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_EQ(r.calendar().trim_reminders(noon + 1s, 2).value(), 2u);
        EXPECT_EQ(r.calendar().trim_reminders(noon + 1s, 9).value(), 1u);
        EXPECT_TRUE(r.calendar().remove("e1").value());
        EXPECT_FALSE(r.calendar().remove("e1").value());
        return {};
    }));
}

TEST_F(record_store_test, keeps_rooms_members_and_messages) {
    ASSERT_TRUE(write([&](records& r) -> result<> {
        room_table& rooms = r.rooms();
        EXPECT_TRUE(rooms.create({"general", "General", "boss", true, noon}));
        EXPECT_EQ(rooms.create({"general", "", "", true, noon}).error().code, errc::conflict);
        EXPECT_TRUE(rooms.set_membership("general", "alice", membership::member).value());
        EXPECT_FALSE(rooms.set_membership("general", "alice", membership::member).value());
        EXPECT_TRUE(rooms.set_membership("general", "bob", membership::invited).value());
        for (int i = 0; i < 3; ++i)
            EXPECT_TRUE(
                rooms.add({0, "m" + std::to_string(i), "general", "alice", "hi", "", noon}));
        return {};
    }));
    ASSERT_TRUE(read([&](records& r) -> result<> {
        room_table& rooms = r.rooms();
        EXPECT_EQ(rooms.find("general").value()->name, "General");
        EXPECT_EQ(rooms.membership_of("general", "alice").value(), membership::member);
        EXPECT_EQ(rooms.membership_of("general", "bob").value(), membership::invited);
        EXPECT_EQ(rooms.membership_of("general", "carol").value(), membership::none);
        EXPECT_THAT(rooms.members("general", "", 10).value(), ElementsAre("alice"));
        EXPECT_EQ(rooms.rooms_of("alice", "", 10).value().size(), 1u);
        EXPECT_EQ(rooms.rooms_of("bob", "", 10).value().size(), 0u);
        EXPECT_EQ(rooms.count_members("general").value(), 2u);
        EXPECT_EQ(rooms.count_rooms("alice").value(), 1u);
        EXPECT_EQ(rooms.count_rooms("bob").value(), 0u);
        const auto last = rooms.messages("general", ~std::uint64_t{0}, 2).value();
        EXPECT_EQ(last.size(), 2u);
        EXPECT_EQ(last[0].id, "m1");
        EXPECT_EQ(rooms.messages("general", last[0].place, 9).value().size(), 1u);
        return {};
    }));
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_TRUE(r.rooms().set_membership("general", "alice", membership::none).value());
        EXPECT_TRUE(r.rooms().set_membership("general", "bob", membership::none).value());
        EXPECT_EQ(r.rooms().remove_if_unused("general").value(), 0u);
        EXPECT_EQ(r.rooms().trim_messages(noon + 1s, 2).value(), 2u);
        EXPECT_EQ(r.rooms().trim_messages(noon + 1s, 2).value(), 1u);
        EXPECT_EQ(r.rooms().remove_if_unused("general").value(), 1u);
        EXPECT_FALSE(r.rooms().find("general").value());
        return {};
    }));
}

TEST_F(record_store_test, exports_and_erases_a_user) {
    notify("a", {"alice", "bob"});
    notify("b", {"alice"});
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_TRUE(r.rooms().set_membership("general", "alice", membership::member));
        EXPECT_TRUE(r.rooms().add({0, "m", "general", "alice", "say \"hi\"", "", noon}));
        return {};
    }));
    std::string text;
    const auto exported = [&](const char* user) {
        EXPECT_TRUE(read([&](records& r) -> result<> {
            text = r.export_user(user).value();
            return {};
        }));
        return text;
    };
    EXPECT_THAT(exported("alice"), HasSubstr(R"("data":{"a":1})"));
    EXPECT_THAT(exported("alice"), HasSubstr(R"(say \"hi\")"));
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_THAT(r.rooms().rooms_with_messages_of("alice", 9).value(), ElementsAre("general"));
        EXPECT_GT(r.erase_user("alice").value(), 0u);
        return {};
    }));
    EXPECT_EQ(exported("alice"), exported("nobody"));
    EXPECT_TRUE(read([&](records& r) -> result<> {
        EXPECT_TRUE(r.notifications().find("a").value());
        EXPECT_FALSE(r.notifications().find("b").value()) << "it was hers alone";
        EXPECT_TRUE(r.rooms().rooms_with_messages_of("alice", 9).value().empty());
        return {};
    }));
    EXPECT_EQ(unread("alice"), 0u);
    EXPECT_EQ(unread("bob"), 1u);
}

TEST_F(record_store_test, opens_no_file_that_is_not_its_own) {
    store_.reset();
    const auto mark = [&](const std::string& pragma) {
        auto on = sqlite::connection::open(path(), SQLITE_OPEN_READWRITE).value();
        ASSERT_TRUE(on.execute(("PRAGMA " + pragma).c_str()));
    };
    mark("user_version = 1000");
    EXPECT_THAT(open_record_store({.path = path()}).error().detail, HasSubstr("later version"));
    mark("application_id = 7");
    EXPECT_THAT(open_record_store({.path = path()}).error().detail, HasSubstr("another program"));
    EXPECT_EQ(open_record_store({.path = "/no/such/folder/records.db"}).error().code,
              errc::io_error);
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(record_store_test, does_not_touch_a_file_that_it_refuses) {
    const std::string foreign = folder_.path_of("foreign.db");
    {
        auto on = sqlite::connection::open(foreign, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        ASSERT_TRUE(on->execute("CREATE TABLE theirs(x)"));
    }
    const std::string later = folder_.path_of("later.db");
    fs::copy_file(fs::path(CARILLON_RECORDS) / "format-1.db", later);
    {
        auto on = sqlite::connection::open(later, SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(
            on->execute(fmt::format("PRAGMA user_version = {}", newest_version() + 1).c_str()));
    }
    for (const std::string& file : {foreign, later}) {
        const std::string before = bytes_of(file);
        const auto known = check_record_format(file);
        ASSERT_FALSE(known) << file;
        const auto opened = open_record_store({.path = file});
        ASSERT_FALSE(opened) << file;
        EXPECT_EQ(opened.error().detail, known.error().detail);
        EXPECT_TRUE(bytes_of(file) == before) << file;
    }
    EXPECT_TRUE(check_record_format(path()));
    EXPECT_TRUE(check_record_format(folder_.path_of("none.db")));
    EXPECT_FALSE(fs::exists(folder_.path_of("none.db")));
}

TEST_F(record_store_test, brings_a_file_of_format_1_up_to_date_with_all_that_is_in_it) {
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path() + suffix);
    fs::copy_file(fs::path(CARILLON_RECORDS) / "format-1.db", path());
    EXPECT_TRUE(check_record_format(path()));
    for (int again = 0; again < 2; ++again) {
        open();
        EXPECT_EQ(store_->id(), "5f0c2a9e4b7d41d38e6f1a2b3c4d5e6f");
        EXPECT_THAT(listed({.user = "alice"}), ElementsAre("n3", "n2", "n1"));
        EXPECT_THAT(listed({.user = "alice", .unread_only = true}), ElementsAre("n3", "n2"));
        EXPECT_THAT(listed({.user = "bob"}), ElementsAre("n1"));
        EXPECT_EQ(unread("alice"), 2u);
        ASSERT_TRUE(read([&](records& r) -> result<> {
            EXPECT_EQ(r.notifications().find("n1").value()->data, R"({"n":1.50})");
            const auto waiting = r.outbox().list(0, 10).value();
            EXPECT_EQ(waiting.size(), 1u);
            EXPECT_EQ(waiting.front().id, 1u);
            const auto e = r.calendar().find("e1").value();
            EXPECT_EQ(e->rule, "FREQ=DAILY");
            EXPECT_THAT(e->reminders, ElementsAre(600s, 86400s));
            EXPECT_EQ(r.calendar().list("bob", "", 10).value().size(), 1u);
            EXPECT_EQ(r.rooms().membership_of("general", "alice").value(), membership::member);
            EXPECT_EQ(r.rooms().membership_of("general", "bob").value(), membership::invited);
            return {};
        }));
        store_.reset();
    }
    open();
    ASSERT_TRUE(write([&](records& r) -> result<> {
        EXPECT_FALSE(
            r.calendar().begin_reminder("e1", "alice", time_point(1'795'680'000s), 10min).value())
            << "it was sent before";
        EXPECT_EQ(r.outbox().add("{}").value(), 2u);
        return r.calls().keep("alice", "k", {"print", "n1"}, noon, 3);
    }));
    notify("n4", {"alice"});
    EXPECT_THAT(listed({.user = "alice", .limit = 1}), ElementsAre("n4"));
}

TEST_F(record_store_test, keeps_calls_by_owner_and_key_and_forgets_the_oldest) {
    const auto keep = [&](std::string_view owner, std::string_view key, std::string_view made,
                          time_point at = noon) {
        return write([&](records& r) {
            return r.calls().keep(owner, key, {"print", std::string(made)}, at, 3);
        });
    };
    const auto made = [&](std::string_view owner, std::string_view key) {
        std::string id = "nothing";
        EXPECT_TRUE(read([&](records& r) -> result<> {
            const auto found = r.calls().find(owner, key);
            if (!found) return std::unexpected(found.error());
            if (*found) id = (*found)->fingerprint + ' ' + (*found)->made;
            return {};
        }));
        return id;
    };
    ASSERT_TRUE(keep("alice", "k", "1"));
    ASSERT_TRUE(keep("bob", "k", "2"));
    EXPECT_FALSE(keep("bob", "k", "3"));
    EXPECT_EQ(made("alice", "k"), "print 1");
    EXPECT_EQ(made("bob", "k"), "print 2");
    EXPECT_EQ(made("carol", "k"), "nothing");
    ASSERT_TRUE(keep("bob", "l", "3", noon + 1h));
    EXPECT_EQ(made("alice", "k"), "print 1");
    ASSERT_TRUE(keep("bob", "m", "4", noon + 1h));
    EXPECT_EQ(made("alice", "k"), "nothing");
    ASSERT_TRUE(write([&](records& r) -> result<> {
        const auto gone = r.calls().trim(noon + 1min, 10);
        if (!gone) return std::unexpected(gone.error());
        EXPECT_EQ(*gone, 1u);
        EXPECT_EQ(r.erase_user("bob").value_or(0), 2u);
        return {};
    }));
    EXPECT_EQ(made("bob", "m"), "nothing");
}

TEST_F(record_store_test, stores_nothing_in_a_file_that_is_gone) {
    notify("a", {"alice"});
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const std::string taken = path() + suffix;
        ASSERT_TRUE(fs::exists(taken)) << taken;
        fs::rename(taken, taken + ".away");
        EXPECT_FALSE(store_->health()) << taken;
        const auto refused = write([](records& r) {
            return r.notifications().insert(note("never"), std::vector<std::string>{"alice"});
        });
        ASSERT_FALSE(refused) << taken;
        EXPECT_EQ(refused.error().code, errc::unavailable);
        EXPECT_THAT(refused.error().detail, HasSubstr("deleted or replaced"));
        // Another one in its place is not it.
        std::ofstream(taken) << "";
        EXPECT_FALSE(write([](records&) -> result<> { return {}; })) << taken;
        EXPECT_FALSE(store_->health());
        fs::rename(taken + ".away", taken);
        EXPECT_TRUE(store_->health()) << taken;
        notify("b" + std::string(suffix), {"alice"});
    }
    store_.reset();
    open();
    EXPECT_THAT(listed({.user = "alice"}), ElementsAre("b-shm", "b-wal", "b", "a"));
}

TEST_F(record_store_test, what_nobody_waits_for_goes_with_the_next_write_or_by_itself) {
    std::vector<int> order;
    std::promise<void> alone;
    store_->write_soon([](records&) -> result<> { return {}; },
                       [&](const result<>& done) {
                           EXPECT_TRUE(done);
                           alone.set_value();
                       });
    alone.get_future().get();
    store_->write_soon([&](records&) -> result<> { return order.push_back(1), result<>{}; },
                       [](const result<>& done) { EXPECT_TRUE(done); });
    ASSERT_TRUE(write([&](records&) -> result<> { return order.push_back(2), result<>{}; }));
    EXPECT_THAT(order, ElementsAre(1, 2));
    store_->write_soon([&](records&) -> result<> { return order.push_back(3), result<>{}; },
                       [](const result<>& done) { EXPECT_TRUE(done); });
    store_->close();
    EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(record_store_test, full_sync_survives_a_power_failure) {
    for (const auto sync : {record_sync::normal, record_sync::full}) {
        store_.reset();
        const carillon::testing::temporary_folder folder;
        const std::string file = folder.path_of("records.db");
        carillon::testing::faulty_disk disk;
        const record_store_options options{
            .path = file, .sync = sync, .vfs = carillon::testing::faulty_disk::name};
        store_ = open_record_store(options).value();
        for (const char* id : {"n1", "n2", "n3"}) notify(id, {"ann"});
        disk.cut_power();
        store_.reset();
        disk.power_on(file);
        store_ = open_record_store(options).value();
        const std::size_t left = listed({.user = "ann"}).size();
        if (sync == record_sync::full)
            EXPECT_EQ(left, 3u);
        else
            EXPECT_LT(left, 3u);
        store_.reset();
    }
    open();
}

TEST_F(record_store_test, is_copied_as_it_is_at_one_moment) {
    notify("n1", {"ann"});
    auto snapshot = record_snapshot::take(path());
    ASSERT_TRUE(snapshot) << snapshot.error().detail;
    std::promise<result<>> later;
    store_->write(
        [](records& r) {
            return r.notifications().insert(note("n2"), std::vector{std::string("ann")});
        },
        [&](result<> r) { later.set_value(std::move(r)); });
    auto written = later.get_future();
    EXPECT_EQ(written.wait_for(50ms), std::future_status::timeout) << "nobody writes meanwhile";
    snapshot->let_go();
    EXPECT_TRUE(written.get());
    const std::string copy = (folder_.path() / "copy.db").string();
    ASSERT_TRUE(snapshot->copy_to(copy));
    EXPECT_EQ(snapshot->copy_to(copy).error().code, errc::conflict);
    EXPECT_TRUE(verify_records(copy).value().empty());
    EXPECT_EQ(listed({.user = "ann"}).size(), 2u);

    store_.reset();
    EXPECT_EQ(restore_records(copy, path(), false).error().code, errc::conflict);
    ASSERT_TRUE(restore_records(copy, path(), true));
    open();
    EXPECT_THAT(listed({.user = "ann"}), ElementsAre("n1"));
    store_.reset();
    std::ofstream(copy, std::ios::trunc) << "no database";
    EXPECT_FALSE(restore_records(copy, path(), true));
    EXPECT_FALSE(record_snapshot::take((folder_.path() / "none.db").string()));
    open();
    EXPECT_THAT(listed({.user = "ann"}), ElementsAre("n1")) << "what was there stays";
}

}  // namespace
}  // namespace carillon::store
