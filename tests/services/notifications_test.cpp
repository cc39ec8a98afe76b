#include <carillon/services/notifications.hpp>

#include "services/service_fixture.hpp"

#include <gmock/gmock.h>

namespace carillon::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class notifications_test : public carillon::testing::service_fixture {
protected:
    result<notifications::sent> notify(notification_draft what, std::vector<std::string> users) {
        return answer_of<notifications::sent>(
            [&](auto done) { service.notify(std::move(what), std::move(users), std::move(done)); });
    }
    std::vector<std::string> states(const std::string& id) {
        // The log is written behind the answer: one more write comes after it.
        settle();
        const auto all = answer_of<std::vector<store::delivery>>(
            [&](auto done) { service.deliveries(id, {}, 100, std::move(done)); });
        std::vector<std::string> texts;
        if (all) {
            for (const store::delivery& d : *all)
                texts.push_back(d.user + ' ' + std::string(to_string(d.state)));
        }
        return texts;
    }

    std::size_t streams = 0;
    notifications service{events,
                          *relay,
                          *records,
                          [this](std::string_view) { return streams; },
                          {.max_recipients = 3},
                          [this] { return wall; }};
};

TEST_F(notifications_test, reach_each_recipient_once_with_a_record) {
    const auto sent = notify({.id = "n1",
                              .type = "INFO",
                              .action = "CREATE",
                              .title = "Hi \"you\"",
                              .data = R"({"n":1.0})",
                              .sender = "boss"},
                             {"bob", "alice", "alice"});
    ASSERT_TRUE(sent) << sent.error().detail;
    EXPECT_EQ(sent->id, "n1");
    EXPECT_THAT(sent->events, SizeIs(2));
    EXPECT_THAT(
        inbox("alice"),
        ElementsAre(
            R"(notification {"id":"n1","type":"INFO","action":"CREATE","title":"Hi \"you\"","data":{"n":1.0},"sender":"boss"})"));
    EXPECT_THAT(inbox("bob"), SizeIs(1));
    EXPECT_THAT(inbox("carol"), SizeIs(0));
    EXPECT_THAT(states("n1"), ElementsAre("alice offline", "bob offline"));
    EXPECT_EQ(answer_of<std::uint64_t>([&](auto done) {
                  service.count_unread("alice", std::move(done));
              }).value(),
              1u);
}

TEST_F(notifications_test, log_how_many_streams_there_were_and_what_was_read) {
    streams = 2;
    ASSERT_TRUE(notify({.id = "n1", .type = "T"}, {"alice", "bob"}));
    ASSERT_TRUE(
        answer_of<void>([&](auto done) { service.mark_read("alice", "n1", std::move(done)); }));
    EXPECT_THAT(states("n1"), ElementsAre("alice read", "bob delivered"));
    EXPECT_EQ(answer_of<void>([&](auto done) { service.mark_read("carol", "n1", std::move(done)); })
                  .error()
                  .code,
              errc::not_found);
}

TEST_F(notifications_test, are_refused_whole) {
    EXPECT_EQ(notify({.id = "x", .data = "1"}, {"alice"}).error().code, errc::invalid_request);
    EXPECT_EQ(notify({.type = "T"}, {}).error().code, errc::invalid_request);
    EXPECT_EQ(notify({.type = "T"}, {"alice", ""}).error().code, errc::invalid_request);
    EXPECT_TRUE(notify({.type = "T"}, {"a", "b", "c"}));
    EXPECT_EQ(notify({.type = "T"}, {"a", "b", "c", "d"}).error().code, errc::payload_too_large);
    EXPECT_EQ(notify({.type = std::string((64u << 10) + 1, 'x')}, {"d"}).error().code,
              errc::event_too_large);
    EXPECT_EQ(
        notify({.type = "T", .data = '"' + std::string(1u << 20, 'x') + '"'}, {"d"}).error().code,
        errc::event_too_large);
    ASSERT_TRUE(notify({.id = "same", .type = "T"}, {"d"}));
    EXPECT_EQ(notify({.id = "same", .type = "T"}, {"d"}).error().code, errc::conflict);
    EXPECT_THAT(inbox("d"), SizeIs(1));
}

TEST_F(notifications_test, to_everyone_are_in_nobodys_list) {
    const auto sent = answer_of<notifications::sent>([&](auto done) {
        service.broadcast({.type = "MAINTENANCE", .message = "tonight"}, std::move(done));
    });
    ASSERT_TRUE(sent);
    EXPECT_THAT(inbox("alice", true), ElementsAre(HasSubstr("broadcast {\"id\":")));
    EXPECT_THAT(inbox("alice"), SizeIs(0));
    EXPECT_EQ(answer_of<std::uint64_t>([&](auto done) {
                  service.count_unread("alice", std::move(done));
              }).value(),
              0u);
}

TEST_F(notifications_test, go_when_they_are_old) {
    ASSERT_TRUE(notify({.id = "old", .type = "T"}, {"alice"}));
    wall += std::chrono::hours(24 * 91);
    service.trim();
    settle();
    EXPECT_EQ(answer_of<std::uint64_t>([&](auto done) {
                  service.count_unread("alice", std::move(done));
              }).value(),
              0u);
}

}  // namespace
}  // namespace carillon::services
