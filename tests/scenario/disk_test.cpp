// A disk that is really full.
#include "support/event_reader.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

/// A file system of 8 MiB that only this process and its children see: it is mounted in a namespace
/// of their own, and goes with them however the test ends.
class small_disk {
public:
    small_disk() {
        const char* const at = folder_.path().c_str();
        ok_ = ::unshare(CLONE_NEWNS) == 0 &&
              ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
              ::mount("tmpfs", at, "tmpfs", 0, "size=8m") == 0;
    }
    ~small_disk() {
        if (ok_) ::umount2(folder_.path().c_str(), MNT_DETACH);
    }
    small_disk(const small_disk&) = delete;
    small_disk& operator=(const small_disk&) = delete;

    bool ok() const noexcept { return ok_; }
    std::string path_of(std::string_view name) const { return folder_.path_of(name); }
    /// Leaves no byte.
    void fill() const {
        std::ofstream filler(path_of("filler"), std::ios::binary);
        filler << std::unitbuf;
        for (const std::string page(4096, 'x'); filler.write(page.data(), 4096);) {
        }
    }
    void make_room() const { std::filesystem::remove(path_of("filler")); }

private:
    temporary_folder folder_;
    bool ok_ = false;
};

class full_disk : public ::testing::Test {
protected:
    void SetUp() override {
        if (!disk_.ok()) GTEST_SKIP() << "needs root, and namespaces for mounts";
        server_ = std::make_unique<running_server>(strings{"--data-dir", disk_.path_of("data")});
    }

    /// Publishes until one is refused, which it returns; the others' data are among `stored_`.
    answer publish_until_refused() {
        // The log has some room that was used before; then each event needs more.
        for (int i = 0; i < 10'000; ++i) {
            const std::string data = std::to_string(next_++) + std::string(1000, '.');
            answer got = server_->post("a", "{\"data\":\"" + data + "\"}");
            if (got.status != 200) return got;
            stored_.push_back(data);
        }
        return {};
    }

    const small_disk disk_;
    std::unique_ptr<running_server> server_;
    int next_ = 0;
    strings stored_;
};

TEST_F(full_disk, refuses_what_is_published_keeps_its_streams_and_recovers_by_itself) {
    event_reader reader(*server_, "/a");
    const std::string cursor = reader.open().id;
    disk_.fill();

    const answer refused = publish_until_refused();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("full"));
    EXPECT_EQ(server_->get("/ready").status, 503);
    EXPECT_EQ(server_->get("/health").status, 200);
    EXPECT_EQ(server_->post("a", R"({"data":"passing","ephemeral":true})").status, 200)
        << "what is not stored needs no disk";
    stored_.emplace_back("passing");

    disk_.make_room();
    EXPECT_TRUE(server_->shows("/ready", R"("status":"ready")"));
    EXPECT_EQ(server_->post("a", R"({"data":"after"})").status, 200);
    stored_.emplace_back("after");
    EXPECT_EQ(reader.data(stored_.size()), stored_) << "on the stream from before";

    server_->kill();
    server_->restart();
    std::erase(stored_, "passing");
    event_reader returned(*server_, "/a", after(cursor));
    EXPECT_EQ(verdict(returned.open()), "resumed");
    EXPECT_EQ(returned.data(stored_.size()), stored_);
}

TEST_F(full_disk, is_no_reason_not_to_start) {
    server_->publish("a", "\"before\"");
    for (const bool killed : {true, false}) {
        SCOPED_TRACE(killed ? "after a kill" : "after a clean end");
        if (killed) {
            server_->kill();
        } else {
            server_->signal(SIGTERM);
            EXPECT_EQ(server_->wait(), 0);
        }
        disk_.fill();
        server_->restart("/health");
        EXPECT_EQ(server_->get("/ready").status, 503);
        EXPECT_THAT(server_->get("/events/history?topic=a").body, HasSubstr("before"));
        event_reader reader(*server_, "/a?last=1");
        EXPECT_EQ(verdict(reader.open()), "fresh");
        EXPECT_EQ(reader.next().data, "before");
        const answer refused = server_->post("a", R"({"data":"refused"})");
        EXPECT_EQ(refused.status, 503);
        EXPECT_THAT(refused.body, HasSubstr("full"));
        disk_.make_room();
        EXPECT_TRUE(server_->shows("/ready", R"("status":"ready")"));
        EXPECT_EQ(server_->post("a", R"({"data":"before"})").status, 200);
        EXPECT_EQ(reader.next().data, "before") << "on the stream from then";
    }
}

TEST_F(full_disk, costs_a_restore_nothing_but_itself) {
    const std::string data = disk_.path_of("data");
    const std::string copy = disk_.path_of("copy.db");
    server_->publish("a", "\"before\"");
    ASSERT_EQ(run_carillon({"journal", "backup", copy, "--data-dir", data}).status, 0);
    server_->publish("a", "\"later\"");
    server_->kill();
    disk_.fill();
    const finished failed =
        run_carillon({"journal", "restore", copy, "--replace", "--data-dir", data});
    EXPECT_EQ(failed.status, 1);
    EXPECT_THAT(failed.output, HasSubstr("full"));
    disk_.make_room();
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
        const std::string name = entry.path().filename();
        EXPECT_FALSE(name.contains(".unfinished") || name.contains(".replaced")) << name;
    }
    server_->restart();
    EXPECT_THAT(server_->get("/events/history?topic=a").body, HasSubstr("later"));
}

}  // namespace
}  // namespace carillon::testing
