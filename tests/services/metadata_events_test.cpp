#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/metadata_events.hpp>

#include <gmock/gmock.h>

namespace carillon::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

stream_request client(std::string user, std::string session, std::vector<attribute> more = {}) {
    auto who = std::make_shared<identity>();
    who->user = user;
    who->session = session;
    who->attributes = filter_attributes(user, session);
    std::ranges::move(more, std::back_inserter(who->attributes));
    stream_request asked;
    asked.who = std::move(who);
    asked.spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
    return asked;
}

class metadata_events_test : public ::testing::Test {
protected:
    error refused(client_filter to, named_event what = {}) {
        error why;
        service.notify(std::move(to), std::move(what), [&](const auto& done) {
            if (!done) why = done.error();
        });
        return why;
    }

    in_process_hub hub;
    metadata_events service{hub.events()};
    in_process_hub::listener* home = hub.listen(client("alice", "s1", {{"page", "home"}})).value();
    in_process_hub::listener* shop = hub.listen(client("alice", "s2", {{"page", "shop"}})).value();
    in_process_hub::listener* bob = hub.listen(client("bob", "s1", {{"page", "home"}})).value();
};

TEST_F(metadata_events_test, reach_streams_of_which_everything_is_true_that_a_filter_names) {
    service.notify_user("alice", {.event = "user", .data = "1.0"});
    service.notify_with_metadata({{"page", "home"}}, {.event = "page"});
    service.notify({.sessions = {"s1"}}, {.event = "session"});
    service.notify({.users = {"alice"}, .sessions = {"s1"}}, {.event = "user-session"});
    service.notify({.users = {"alice"}, .metadata = {{"page", "shop"}}}, {.event = "user-page"});
    service.notify({.users = {"alice", "bob"}}, {.event = "users"});
    service.broadcast({.event = "all"});
    hub.run();
    EXPECT_THAT(home->types(),
                ElementsAre("user", "page", "session", "user-session", "users", "all"));
    EXPECT_THAT(shop->types(), ElementsAre("user", "user-page", "users", "all"));
    EXPECT_THAT(bob->types(), ElementsAre("page", "session", "users", "all"));
    EXPECT_EQ(home->heard().front().data, "1.0");
}

TEST_F(metadata_events_test, are_refused_before_anything_is_sent) {
    EXPECT_EQ(refused({}).code, errc::invalid_request);
    EXPECT_THAT(refused({.users = {"a", "b"}, .metadata = {{"page", "x"}}}).detail,
                HasSubstr("alone"));
    EXPECT_THAT(refused({.users = {"a"}, .clients = {"c"}}).detail, HasSubstr("alone"));
    EXPECT_THAT(refused({.sessions = {"s1"}, .metadata = {{"page", "x"}}}).detail,
                HasSubstr("its user"));
    for (const char* name : {"", "carillon.x", "a\nb"})
        EXPECT_THAT(refused({.users = {"alice"}}, {.event = name}).detail, HasSubstr("event"));
    EXPECT_THAT(refused({.users = {"alice"}}, {.data = "{"}).detail, HasSubstr("data"));
    EXPECT_EQ(refused({.users = {""}}).code, errc::invalid_request);
    hub.run();
    EXPECT_THAT(home->heard(), IsEmpty());
}

}  // namespace
}  // namespace carillon::services
