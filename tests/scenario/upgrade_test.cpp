// Data of earlier versions and of later ones under this binary.
#include "sqlite/database.hpp"
#include "support/event_reader.hpp"
#include "support/temporary_folder.hpp"
#include "support/tokens.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class upgrade : public ::testing::Test {
protected:
    void TearDown() override { server_.reset(); }

    /// Nothing is removed because of its age, whenever the test runs.
    strings settings() const {
        const std::string kept = folder_.write(
            "carillon.toml",
            "[records]\nmax_age = \"3650d\"\n[chat]\nmax_age = \"3650d\"\n[calendar]\nmax_age = "
            "\"3650d\"\n[[topics]]\npattern = \"**\"\nretention.max_age = \"3650d\"\n");
        return {"--config", kept, "--data-dir", data(), "--auth.secret", std::string(test_secret)};
    }
    /// A version, which is this one: the next stands for it where a test changes the format.
    running_server& start() {
        server_ = std::make_unique<running_server>(settings());
        return *server_;
    }
    void stop() { server_.reset(); }

    std::string data() const { return folder_.path_of("data"); }
    std::string file(const char* name) const { return (fs::path(data()) / name).string(); }

    /// What the next version does when it raises a format: a change of its own, and the number.
    void raise_format(const char* name) const {
        auto on = sqlite::connection::open(file(name), SQLITE_OPEN_READWRITE);
        ASSERT_TRUE(on);
        const auto format = on->number("PRAGMA user_version");
        ASSERT_TRUE(format);
        ASSERT_GT(*format, 0);
        ASSERT_TRUE(on->execute(("CREATE TABLE of_the_next_version(x); PRAGMA user_version = " +
                                 std::to_string(*format + 1))
                                    .c_str()));
    }
    std::map<std::string, std::string> contents() const {
        std::map<std::string, std::string> all;
        for (const auto& entry : fs::directory_iterator(data())) {
            const std::string extension = entry.path().extension().string();
            if (extension == ".db-shm") continue;  // SQLite's shared memory: locks of readers
            std::ifstream in(entry.path(), std::ios::binary);
            all[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
        }
        return all;
    }
    void expect_refused(const std::string& name) const {
        const auto before = contents();
        strings command{"serve", "--listen", "127.0.0.1:" + std::to_string(free_port())};
        std::ranges::copy(settings(), std::back_inserter(command));
        const finished refused = run_carillon(command);
        EXPECT_EQ(refused.status, 1) << refused.output;
        EXPECT_THAT(refused.output,
                    AllOf(HasSubstr(name), HasSubstr("format"), HasSubstr("later version")));
        const auto after = contents();
        for (const auto& [file, bytes] : before)
            EXPECT_TRUE(after.contains(file) && after.at(file) == bytes) << file;
        // SQLite makes an empty log where it reads.
        for (const auto& [file, bytes] : after)
            EXPECT_TRUE(before.contains(file) || bytes.empty()) << file;
    }
    answer notify(const char* id) const {
        return server_->request(
            "POST", "/api/v1/sse/notifications",
            R"({"notificationId":")" + std::string(id) +
                R"(","notificationType":"T","action":"CREATE","priority":"LOW",)"
                R"("data":{"message":"m"},"userIds":["ann"]})",
            calls_as("back", R"(["publisher"])"));
    }
    std::string unread() const {
        return json_value(
            server_->request("GET", "/api/v1/sse/notifications/unread", {}, calls_as("ann")).body,
            "unread");
    }
    std::string publish(const char* data) const {
        const answer done = server_->request("POST", "/events/publish/a",
                                             R"({"data":")" + std::string(data) + "\"}",
                                             calls_as("back", R"(["publisher"])"));
        EXPECT_EQ(done.status, 200) << done.body;
        return json_value(done.body, "id");
    }
    event_reader reader_from(const std::string& cursor) const {
        return {*server_, "/a", after(cursor)};
    }

    temporary_folder folder_;
    std::unique_ptr<running_server> server_;
};

TEST_F(upgrade, refuses_by_name_what_a_later_version_wrote_and_touches_nothing) {
    start();
    publish("one");
    EXPECT_EQ(notify("n1").status, 201);
    stop();
    raise_format("records.db");
    // The journal comes first at a start, and is not touched for records that are refused later.
    expect_refused("records.db");
    raise_format("journal.db");
    expect_refused("journal.db");
    const std::string copy = folder_.path_of("copy.db");
    for (const strings& command :
         {strings{"journal", "backup", copy}, strings{"journal", "verify"}}) {
        strings all = command;
        all.insert(all.end(), {"--data-dir", data()});
        const finished refused = run_carillon(all);
        EXPECT_EQ(refused.status, 1);
        EXPECT_THAT(refused.output, HasSubstr("later version"));
    }
    EXPECT_FALSE(fs::exists(copy));
}

TEST_F(upgrade, brings_data_of_the_oldest_format_up_to_date_and_keeps_its_ids) {
    fs::create_directories(data());
    fs::copy_file(CARILLON_SOURCE_DIR "/tests/journal/data/format-1.db", file("journal.db"));
    fs::copy_file(CARILLON_SOURCE_DIR "/tests/store/data/format-1.db", file("records.db"));
    for (int again = 0; again < 2; ++again) {
        start();
        event_reader late = reader_from("hgc41lck.1");
        EXPECT_EQ(verdict(late.open()), "resumed");
        for (const char* id : {"tn4ea84y.7", "tn4ea84y.8", "tn4ea84y.16"})
            EXPECT_EQ(late.next().id, id);
        EXPECT_EQ(
            server_->request("GET", "/api/v1/sse/notifications/unread", {}, calls_as("alice")).body,
            R"({"unread":2})");
        stop();
    }
}

TEST_F(upgrade, goes_back_by_a_start_where_the_format_is_the_same) {
    start();
    const std::string first = publish("one");
    EXPECT_EQ(notify("n1").status, 201);
    stop();
    start();  // the newer one
    const std::string second = publish("two");
    EXPECT_EQ(notify("n2").status, 201);
    stop();
    start();  // the older one again
    event_reader r = reader_from(first);
    EXPECT_EQ(verdict(r.open()), "resumed");
    EXPECT_EQ(r.next().id, second);
    EXPECT_EQ(unread(), "2");
}

TEST_F(upgrade, goes_back_by_the_copies_from_before_where_a_format_was_raised) {
    start();
    const std::string kept = publish("one");
    EXPECT_EQ(notify("n1").status, 201);
    const std::string journal = folder_.path_of("journal-before.db");
    ASSERT_EQ(run_carillon({"journal", "backup", journal, "--data-dir", data()}).status, 0);
    stop();
    // The next version runs for a while.
    start();
    const std::string lost = publish("two");
    EXPECT_EQ(notify("n2").status, 201);
    stop();
    raise_format("journal.db");
    raise_format("records.db");
    expect_refused("journal.db");
    // The way back.
    ASSERT_EQ(
        run_carillon({"journal", "restore", journal, "--replace", "--data-dir", data()}).status, 0);
    start();
    EXPECT_EQ(unread(), "1");
    event_reader knows_more = reader_from(lost);
    EXPECT_EQ(verdict(knows_more.open()), "reset") << "it has seen what is not there any more";
    event_reader r = reader_from(kept);
    EXPECT_EQ(verdict(r.open()), "resumed");
    const std::string third = publish("three");
    EXPECT_EQ(r.next().id, third);
    EXPECT_NE(third, lost) << "no id is given twice";
}

}  // namespace
}  // namespace carillon::testing
