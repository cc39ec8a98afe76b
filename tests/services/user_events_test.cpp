#include <carillon/services/user_events.hpp>

#include "services/service_fixture.hpp"
#include "support/fake_connection.hpp"
#include "support/manual_executor.hpp"

#include <gmock/gmock.h>

namespace carillon::services {
namespace {

using ::testing::ElementsAre;

class user_events_test : public carillon::testing::service_fixture {
protected:
    user_events service{events};
    const std::vector<std::string> ann{"ann"};

    std::vector<std::string> names() {
        identity who;
        who.user = "ann";
        history_query q;
        q.who = std::make_shared<const identity>(std::move(who));
        q.spaces = {.user = true, .everyone = true};
        q.from = rewind_since{};
        const auto page = answer_of<history_page>(
            [&](auto done) { events.history(std::move(q), std::move(done)); });
        std::vector<std::string> all;
        for (const event_ptr& e : page->events)
            all.push_back(e->content.kind + ' ' + std::string(e->content.name->str()));
        return all;
    }
};

TEST_F(user_events_test, have_ready_calls_named_by_family_and_action) {
    service.send_notification(ann, "1");
    service.send_calendar_notification(ann, "1", "created");
    service.send_employee_notification(ann, "1", "updated");
    service.send_leave_notification(ann, "1", "approved");
    service.send_chat_notification(ann, "1", "message");
    service.send_task_notification(ann, "1", "assigned");
    service.send_project_notification(ann, "1", "created");
    service.send_dashboard_update(ann, "1");
    service.send_alert(ann, "1");
    service.send_system_notification("1");
    EXPECT_THAT(names(), ElementsAre("custom notification", "custom calendar_event_created",
                                     "custom employee_updated", "custom leave_request_approved",
                                     "custom chat_message", "custom task_assigned",
                                     "custom project_created", "custom dashboard_update",
                                     "custom alert", "system system_notification"));
}

TEST_F(user_events_test, say_who_is_to_get_them_and_what_they_are) {
    const auto refused = [&](std::vector<std::string> users, std::string type) {
        const auto sent = answer_of<std::vector<published>>([&](auto done) {
            service.send({.users = std::move(users)}, {.type = std::move(type)}, std::nullopt,
                         std::move(done));
        });
        return sent ? errc::internal : sent.error().code;
    };
    EXPECT_EQ(refused({}, "t"), errc::invalid_request);
    EXPECT_EQ(refused({"ann"}, ""), errc::invalid_request);
    EXPECT_EQ(refused({"ann"}, "two\nlines"), errc::invalid_request);
    EXPECT_EQ(refused({"ann"}, "carillon.open"), errc::invalid_request);
    EXPECT_EQ(refused({""}, "t"), errc::invalid_request);
}

}  // namespace

TEST(user_events, open_a_stream_without_http) {
    carillon::testing::manual_executor turns;
    hub events{{}, make_memory_journal({})};
    shard& home = events.add_shard(turns);
    user_events service{events};
    const stream_profile profile;
    carillon::testing::fake_connection out;
    EXPECT_FALSE(service.has_connection("test-user"));
    const auto id = service.create_connection(home, out, "test-user", profile);
    ASSERT_TRUE(id) << id.error().detail;
    EXPECT_TRUE(service.has_connection("test-user"));
    EXPECT_EQ(service.connection_count("test-user"), 1u);
    service.send_alert({"someone else"}, R"({"message":"other"})");
    service.send_alert({"test-user"}, R"({"message":"test"})");
    turns.run_until_idle();
    EXPECT_THAT(out.data(), ElementsAre(R"({"message":"test"})"));
    EXPECT_EQ(service.create_connection(home, out, "", profile).error().code,
              errc::invalid_request);
}

}  // namespace carillon::services
