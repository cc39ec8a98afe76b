#include <carillon/hub/in_process_hub.hpp>

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

event under(std::string_view name, std::string data) {
    event e;
    e.topics = {topic::parse(name).value()};
    e.data = std::move(data);
    return e;
}

TEST(in_process_hub, delivers_when_it_is_run) {
    in_process_hub hub;
    auto* news = hub.listen_to({"news/*"}).value();
    hub.events().publish({under("news/a", "one")}, [](const auto&) {});
    hub.events().publish({under("other", "two")}, [](const auto&) {});
    hub.run();
    EXPECT_THAT(news->data(), ElementsAre("one"));
    EXPECT_THAT(news->types(), ElementsAre("message"));
    EXPECT_EQ(news->take().size(), 1u);
    EXPECT_THAT(news->heard(), IsEmpty());
    EXPECT_FALSE(hub.listen_to({"a*b"}));
}

TEST(in_process_hub, listens_as_a_user_and_leaves) {
    in_process_hub hub;
    auto* alice = hub.listen_as("alice").value();
    const auto send = [&](std::string user) {
        event e;
        e.data = "for " + user;
        hub.events().publish({e}, {.users = {std::move(user)}}, std::nullopt, [](const auto&) {});
        hub.run();
    };
    send("alice");
    send("bob");
    EXPECT_THAT(alice->data(), ElementsAre("for alice"));
    const std::string cursor = alice->cursor();
    EXPECT_EQ(cursor, alice->heard().front().id);
    hub.leave(*alice);
    send("alice");
    EXPECT_EQ(alice->heard().size(), 1u);
    EXPECT_EQ(hub.events().subscribers(), 0u);
}

TEST(in_process_hub, tells_who_is_sent_away) {
    in_process_hub hub;
    auto* news = hub.listen_to({"news"}).value();
    EXPECT_FALSE(news->ended());
    hub.events().close([] {});
    hub.run();
    EXPECT_EQ(news->ended(), close_reason::drained);
}

}  // namespace
}  // namespace carillon::testing
