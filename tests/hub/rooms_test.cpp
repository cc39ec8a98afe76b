// Rooms that users join and leave while their streams live.
#include "hub/own_topic.hpp"
#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using strings = std::vector<std::string>;

class rooms : public ::testing::Test {
protected:
    rooms() : second_(t_.h.add_shard(t_.on)) {}

    stream_request asking(fake_connection& out, std::string user, bool for_rooms = true) {
        stream_request r = t_.request(out, {"a"});
        auto who = std::make_shared<identity>();
        who->user = std::move(user);
        r.who = std::move(who);
        r.spaces.rooms = for_rooms;
        return r;
    }
    subscriber* open(shard& home, stream_request r) {
        auto opened = home.open(std::move(r));
        t_.on.run_until_idle();
        return opened ? *opened : nullptr;
    }
    void change(std::string_view user, const topic& room, bool listens) {
        bool done = false;
        t_.h.change_room(user, room, listens, [&](result<> r) { done = r.has_value(); });
        t_.on.run_until_idle();
        EXPECT_TRUE(done);
    }
    errc publish(std::vector<topic> to, std::string data) {
        errc code = errc::internal;
        std::vector<event> one(1);
        one[0].data = std::move(data);
        t_.h.publish(std::move(one), {.rooms = std::move(to)}, std::nullopt, [&](const auto& done) {
            if (!done) code = done.error().code;
        });
        t_.on.run_until_idle();
        return code;
    }

    static constexpr errc ok = errc::internal;
    test_hub t_;
    shard& second_;
    const topic room_ = room_topic("red");
};

TEST_F(rooms, streams_of_a_user_on_any_shard_listen_as_soon_as_the_user_has_joined) {
    fake_connection one, two, other, without;
    open(t_.s, asking(one, "ann"));
    open(second_, asking(two, "ann"));
    open(second_, asking(other, "bob"));
    open(t_.s, asking(without, "ann", false));
    EXPECT_EQ(publish({room_}, "before"), ok);
    change("ann", room_, true);
    EXPECT_EQ(publish({room_}, "within"), ok);
    change("ann", room_, true);  // said twice
    EXPECT_EQ(publish({room_}, "still"), ok);
    change("ann", room_, false);
    EXPECT_EQ(publish({room_}, "after"), ok);
    EXPECT_EQ(one.data(), (strings{"within", "still"}));
    EXPECT_EQ(two.data(), (strings{"within", "still"}));
    EXPECT_TRUE(other.data().empty());
    EXPECT_TRUE(without.data().empty());
}

TEST_F(rooms, a_stream_of_one_room_leaves_with_its_user_and_joins_no_other) {
    fake_connection out, late;
    stream_request one = asking(out, "ann", false);
    one.rooms = {room_};
    open(t_.s, std::move(one));
    const topic other = room_topic("blue");
    change("ann", other, true);
    EXPECT_EQ(publish({other}, "elsewhere"), ok);
    EXPECT_EQ(publish({room_}, "here"), ok);
    change("ann", room_, false);
    EXPECT_EQ(publish({room_}, "gone"), ok);
    EXPECT_EQ(out.data(), (strings{"here"}));
    stream_request begins = asking(late, "ann", false);
    begins.rooms = {room_};
    open(second_, std::move(begins));
    EXPECT_EQ(publish({room_}, "gone"), ok);
    EXPECT_TRUE(late.data().empty()) << "the user had left when it began";
}

TEST_F(rooms, what_was_published_before_a_user_left_and_not_written_yet_is_not_shown) {
    fake_connection out;
    open(t_.s, asking(out, "ann"));
    change("ann", room_, true);
    std::vector<event> one(1);
    one[0].data = "late";
    t_.h.publish(std::move(one), {.rooms = {room_}}, std::nullopt, [](const auto&) {});
    bool left = false;
    t_.h.change_room("ann", room_, false, [&](const auto&) { left = true; });
    while (!left) t_.on.run_one();
    const std::size_t seen = out.data().size();
    t_.on.run_until_idle();
    EXPECT_EQ(out.data().size(), seen);
}

TEST_F(rooms, a_stream_that_is_behind_joins_without_a_hole_and_leaves_for_good) {
    fake_connection out;
    subscriber* s = open(t_.s, asking(out, "ann"));
    out.room = 10;
    t_.publish("a", "1");
    EXPECT_EQ(publish({room_}, "before"), ok);
    change("ann", room_, true);
    EXPECT_EQ(publish({room_}, "within"), ok);
    t_.publish("a", "2");
    out.room = fake_connection::unlimited;
    t_.flush(*s, out);
    EXPECT_EQ(out.data(), (strings{"1", "within", "2"}));
    out.room = 10;
    t_.publish("a", "3");
    EXPECT_EQ(publish({room_}, "unread"), ok);
    change("ann", room_, false);
    out.room = fake_connection::unlimited;
    t_.flush(*s, out);
    EXPECT_EQ(out.data(), (strings{"1", "within", "2", "3"}));
}

// Whoever opens a stream reads the rooms first: a change in between is not lost.
TEST_F(rooms, a_stream_that_begins_learns_of_changes_since_its_rooms_were_read) {
    const topic blue = room_topic("blue");
    fake_connection out;
    stream_request r = asking(out, "ann");
    r.rooms = {blue};
    change("ann", room_, true);
    change("ann", blue, false);
    open(t_.s, std::move(r));
    EXPECT_EQ(publish({room_}, "red"), ok);
    EXPECT_EQ(publish({blue}, "blue"), ok);
    EXPECT_EQ(out.data(), strings{"red"});
}

TEST_F(rooms, of_two_changes_at_once_the_later_one_holds) {
    fake_connection out;
    open(second_, asking(out, "ann"));
    int done = 0;
    t_.h.change_room("ann", room_, true, [&](const auto&) { ++done; });
    t_.h.change_room("ann", room_, false, [&](const auto&) { ++done; });
    t_.on.run_until_idle();
    EXPECT_EQ(done, 2);
    EXPECT_EQ(publish({room_}, "x"), ok);
    EXPECT_TRUE(out.data().empty());
}

TEST_F(rooms, are_in_the_hubs_own_space) {
    const topic open_topic = *topic::parse("a");
    fake_connection out;
    open(t_.s, asking(out, "ann"));
    EXPECT_EQ(publish({open_topic}, "x"), errc::invalid_request);
    for (const auto& [user, room] :
         {std::pair<std::string, topic>("ann", open_topic), {"", room_}}) {
        errc code = errc::internal;
        t_.h.change_room(user, room, true, [&](const result<>& done) {
            if (!done) code = done.error().code;
        });
        EXPECT_EQ(code, errc::invalid_request) << user;
    }
    EXPECT_TRUE(out.data().empty());
}

TEST_F(rooms, recipients_in_several_rooms_get_an_event_of_each_or_share_one) {
    const topic blue = room_topic("blue");
    fake_connection out;
    stream_request r = asking(out, "ann");
    r.rooms = {room_, blue};
    open(t_.s, std::move(r));
    EXPECT_EQ(publish({room_, blue, room_}, "each"), ok);
    EXPECT_EQ(out.data(), (strings{"each", "each"}));
    std::vector<event> one(1);
    one[0].data = "shared";
    t_.h.publish(std::move(one),
                 {.users = {"ann"}, .rooms = {room_, blue}, .stored = audience::copies::shared},
                 std::nullopt, [](const auto& done) { EXPECT_TRUE(done); });
    t_.on.run_until_idle();
    EXPECT_EQ(out.data(), (strings{"each", "each", "shared"}));
}

}  // namespace
}  // namespace carillon::testing
