#include <carillon/services/notifications.hpp>
#include <carillon/services/user_events.hpp>

#include "services/service_fixture.hpp"
#include "support/fake_connection.hpp"
#include "support/manual_executor.hpp"

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
    carillon::testing::manual_executor turns;
    shard& home = events.add_shard(turns);
    const user_events people(events);
    const stream_profile profile;
    carillon::testing::fake_connection one, two, bobs;
    ASSERT_TRUE(people.create_connection(home, one, "alice", profile));
    ASSERT_TRUE(people.create_connection(home, two, "alice", profile));
    ASSERT_TRUE(people.create_connection(home, bobs, "bob", profile));
    ASSERT_TRUE(notify({.id = "n1", .type = "T"}, {"alice", "bob", "carol"}));
    turns.run_until_idle();
    settle();
    EXPECT_THAT(states("n1"), ElementsAre("alice delivered", "bob delivered", "carol offline"));
    const auto logged = answer_of<std::vector<store::delivery>>(
        [&](auto done) { service.deliveries("n1", {}, 100, std::move(done)); });
    EXPECT_EQ(logged->front().connections, 2u);
    ASSERT_TRUE(
        answer_of<void>([&](auto done) { service.mark_read("alice", "n1", std::move(done)); }));
    EXPECT_THAT(states("n1"), ElementsAre("alice read", "bob delivered", "carol offline"));
    EXPECT_EQ(answer_of<void>([&](auto done) { service.mark_read("dave", "n1", std::move(done)); })
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
    settle();  // the log is written, with the time of now
    wall += std::chrono::hours(24 * 91);
    service.trim();
    settle();
    EXPECT_EQ(answer_of<std::uint64_t>([&](auto done) {
                  service.count_unread("alice", std::move(done));
              }).value(),
              0u);
}

TEST_F(notifications_test, are_pending_until_a_stream_has_come_past_them) {
    const auto pending = [&](const std::string& user) {
        settle();
        return answer_of<store::pending_deliveries>(
                   [&](auto done) { service.pending(user, std::move(done)); })
            .value();
    };
    const auto first = notify({.id = "n1", .type = "T"}, {"alice", "bob"});
    const auto second = notify({.id = "n2", .type = "T"}, {"alice"});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(pending("alice").first, first->events[0].pos.value);
    EXPECT_EQ(pending("bob").first, first->events[1].pos.value);
    EXPECT_TRUE(pending("carol").empty());
    service.settle("alice", first->events[0].pos);
    EXPECT_EQ(pending("alice").first, second->events[0].pos.value);
    EXPECT_THAT(states("n1"), ElementsAre("alice delivered", "bob offline"));
    ASSERT_TRUE(
        answer_of<void>([&](auto done) { service.mark_read("alice", "n2", std::move(done)); }));
    EXPECT_TRUE(pending("alice").empty()) << "what is read waits no more";
}

// A server that ends between the commit and the publish, and between the publish and the log.
TEST_F(notifications_test, are_logged_by_the_next_life_of_the_server) {
    store::notification row;
    row.id = "n1";
    row.type = "T";
    row.created = wall;
    const std::vector<std::string> users{"alice"};
    message m{audience{.users = users}, {}, "n1"};
    m.what.kind = "notification";
    m.what.data = R"({"id":"n1"})";
    m.what.payload = payload_kind::json;
    std::uint64_t id = 0;
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [&](store::records& r) -> result<> {
                if (auto put = r.notifications().insert(row, users); !put) return put;
                id = r.outbox().add(outbox_relay::text_of(m)).value();
                return {};
            },
            std::move(done));
    }));
    EXPECT_THAT(states("n1"), ElementsAre("alice queued"));
    for (int life = 0; life < 2; ++life) {
        ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
        EXPECT_THAT(states("n1"), ElementsAre("alice offline"));
        EXPECT_THAT(inbox("alice"), SizeIs(1)) << "once, however often it is tried";
    }
}

repeatable_call call(std::string owner, std::uint64_t body = 1) {
    return {std::move(owner), {"key", {body, 0}}};
}

TEST_F(notifications_test, are_made_once_by_a_repeated_call) {
    const auto send = [&](repeatable_call by, std::string title = "t") {
        return notify({.title = std::move(title), .call = std::move(by)}, {"alice"});
    };
    const auto first = send(call("boss"));
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->repeated);
    const auto second = send(call("boss"));
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->repeated);
    EXPECT_EQ(second->id, first->id);
    EXPECT_THAT(inbox("alice"), SizeIs(1));
    const auto other = send(call("boss", 2));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, errc::conflict);
    EXPECT_FALSE(send(call("bob"))->repeated);
    EXPECT_THAT(inbox("alice"), SizeIs(2));
}

TEST_F(notifications_test, to_everyone_are_made_once_by_a_repeated_call) {
    const auto send = [&] {
        return answer_of<notifications::sent>([&](auto done) {
            service.broadcast({.title = "t", .call = call("boss")}, std::move(done));
        });
    };
    const auto first = send();
    ASSERT_TRUE(first);
    EXPECT_THAT(first->events, SizeIs(1));
    const auto second = send();
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->repeated);
    EXPECT_EQ(second->id, first->id);
    EXPECT_THAT(inbox("alice", true), SizeIs(1));
}

TEST_F(notifications_test, of_calls_that_are_too_old_are_made_again) {
    outbox_relay forgetful(events, *records, {.window = std::chrono::seconds(60), .max_calls = 10},
                           [this] { return wall; });
    notifications made(events, forgetful, *records, [](std::string_view) { return 0u; });
    const auto send = [&] {
        return answer_of<notifications::sent>([&](auto done) {
            made.notify({.title = "t", .call = call("boss")}, {"alice"}, std::move(done));
        });
    };
    ASSERT_TRUE(send());
    wall += std::chrono::seconds(60);
    forgetful.trim();
    EXPECT_TRUE(send()->repeated);
    wall += std::chrono::milliseconds(1);
    forgetful.trim();
    EXPECT_FALSE(send()->repeated);
}

}  // namespace
}  // namespace carillon::services
