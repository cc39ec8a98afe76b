#include <carillon/services/chat.hpp>

#include "services/service_fixture.hpp"

#include <gmock/gmock.h>

namespace carillon::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class chat_test : public carillon::testing::service_fixture {
protected:
    result<store::room> create(room_draft what, std::string owner) {
        return answer_of<store::room>(
            [&](auto done) { service.create(std::move(what), std::move(owner), std::move(done)); });
    }
    result<chat::joined> join(std::string room, std::string user) {
        return answer_of<chat::joined>(
            [&](auto done) { service.join(std::move(room), std::move(user), std::move(done)); });
    }
    result<> leave(std::string room, std::string user) {
        return answer_of<void>(
            [&](auto done) { service.leave(std::move(room), std::move(user), std::move(done)); });
    }
    result<> invite(std::string room, std::string by, std::string user) {
        return answer_of<void>([&](auto done) {
            service.invite(std::move(room), std::move(by), std::move(user), std::move(done));
        });
    }
    result<> expel(std::string room, std::string by, std::string user) {
        return answer_of<void>([&](auto done) {
            service.expel(std::move(room), std::move(by), std::move(user), std::move(done));
        });
    }
    result<chat::said> say(std::string room, std::string user, std::string text,
                           std::string data = {}) {
        return answer_of<chat::said>([&](auto done) {
            service.say({std::move(room), std::move(user), std::move(text), std::move(data)},
                        std::move(done));
        });
    }
    result<std::vector<store::chat_message>> messages(std::string room, std::string user,
                                                      std::uint64_t before = ~std::uint64_t{0}) {
        return answer_of<std::vector<store::chat_message>>([&](auto done) {
            service.messages(std::move(room), std::move(user), before, 2, std::move(done));
        });
    }
    errc code_of(const auto& failed) { return failed ? errc::internal : failed.error().code; }

    /// What the room's listeners got: "name data".
    std::vector<std::string> heard(const std::string& room) {
        history_query q;
        q.rooms = {chat::topic_of(room).value()};
        q.from = rewind_since{};
        const auto page = answer_of<history_page>(
            [&](auto done) { events.history(std::move(q), std::move(done)); });
        std::vector<std::string> all;
        for (const event_ptr& e : page.value().events)
            all.push_back(e->content.name->str() + ' ' + e->content.data);
        return all;
    }

    chat service{events,
                 *relay,
                 *records,
                 {.max_text = 10, .max_data = 10, .max_members = 3, .max_rooms = 2, .history = 2},
                 [this] { return wall; }};
};

TEST_F(chat_test, tells_members_what_is_said_and_keeps_it) {
    ASSERT_TRUE(join("general", "alice"));
    const auto said = say("general", "alice", "hi \"you\"", R"({"n":1.0})");
    ASSERT_TRUE(said) << said.error().detail;
    EXPECT_TRUE(said->where);
    EXPECT_THAT(heard("general"),
                ElementsAre(R"(user-joined {"roomId":"general","userId":"alice",)"
                            R"("timestamp":"2019-12-20T00:00:00.000Z"})",
                            HasSubstr(R"(,"roomId":"general","userId":"alice",)"
                                      R"("message":"hi \"you\"","data":{"n":1.0},"timestamp":)")));
    const auto kept = messages("general", "alice");
    ASSERT_TRUE(kept);
    ASSERT_THAT(*kept, SizeIs(1));
    EXPECT_EQ(kept->front().id, said->what.id);
    EXPECT_EQ(kept->front().text, "hi \"you\"");
}

TEST_F(chat_test, a_member_who_joins_is_told_what_was_said_last) {
    ASSERT_TRUE(join("general", "alice"));
    for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(say("general", "alice", text));
    const auto bob = join("general", "bob");
    ASSERT_TRUE(bob);
    EXPECT_TRUE(bob->anew);
    ASSERT_THAT(bob->history, SizeIs(2));
    EXPECT_EQ(bob->history[0].text, "two");
    EXPECT_EQ(bob->history[1].text, "three");
    const auto again = join("general", "bob");
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->anew);
    EXPECT_THAT(heard("general"), SizeIs(5)) << "joining twice is told once";
    const auto older = messages("general", "bob", bob->history[0].place);
    ASSERT_THAT(older.value(), SizeIs(1));
    EXPECT_EQ(older->front().text, "one");
}

TEST_F(chat_test, strangers_learn_nothing_of_a_room) {
    const auto board = create({.name = "Board", .open = false}, "boss");
    ASSERT_TRUE(board);
    for (const std::string& room : {board->id, std::string("unknown")}) {
        EXPECT_EQ(code_of(say(room, "eve", "hi")), errc::not_found);
        EXPECT_EQ(code_of(messages(room, "eve")), errc::not_found);
        EXPECT_EQ(code_of(leave(room, "eve")), errc::not_found);
        EXPECT_EQ(code_of(invite(room, "eve", "eve")), errc::not_found);
        EXPECT_EQ(code_of(expel(room, "eve", "boss")), errc::not_found);
        EXPECT_EQ(code_of(answer_of<store::room>(
                      [&](auto done) { service.find(room, "eve", std::move(done)); })),
                  errc::not_found);
        EXPECT_EQ(code_of(answer_of<std::vector<std::string>>(
                      [&](auto done) { service.members(room, "eve", {}, 10, std::move(done)); })),
                  errc::not_found);
        EXPECT_EQ(code_of(answer_of<void>([&](auto done) {
                      service.type(room, "eve", chat::typing::begins, std::move(done));
                  })),
                  errc::not_found);
    }
    EXPECT_EQ(code_of(join(board->id, "eve")), errc::not_found);
}

TEST_F(chat_test, joining_can_be_kept_from_making_rooms) {
    chat strict{events, *relay, *records, {.create_on_join = false}};
    EXPECT_EQ(code_of(answer_of<chat::joined>(
                  [&](auto done) { strict.join("unknown", "eve", std::move(done)); })),
              errc::not_found);
}

TEST_F(chat_test, a_room_that_is_not_open_takes_who_is_invited) {
    const auto board = create({.open = false}, "boss");
    ASSERT_TRUE(board);
    ASSERT_TRUE(invite(board->id, "boss", "bob"));
    ASSERT_TRUE(invite(board->id, "boss", "bob"));
    EXPECT_THAT(inbox("bob"), ElementsAre(HasSubstr(R"("userId":"boss","room":{"id":)")));
    EXPECT_EQ(code_of(say(board->id, "bob", "hi")), errc::not_found) << "invited is not in it yet";
    ASSERT_TRUE(join(board->id, "bob"));
    EXPECT_TRUE(say(board->id, "bob", "hi"));
    EXPECT_EQ(code_of(expel(board->id, "bob", "boss")), errc::forbidden);
    ASSERT_TRUE(expel(board->id, "boss", "bob"));
    EXPECT_EQ(code_of(say(board->id, "bob", "hi")), errc::not_found);
    EXPECT_EQ(code_of(join(board->id, "bob")), errc::not_found);
}

TEST_F(chat_test, an_empty_room_goes_with_its_last_member) {
    ASSERT_TRUE(join("brief", "alice"));
    ASSERT_TRUE(leave("brief", "alice"));
    EXPECT_THAT(heard("brief"), ElementsAre(HasSubstr("user-joined"), HasSubstr("user-left")));
    const auto again = create({.id = "brief"}, "bob");
    EXPECT_TRUE(again);
    EXPECT_EQ(code_of(create({.id = "brief"}, "alice")), errc::conflict);
}

TEST_F(chat_test, limits_hold_at_their_number_and_not_before) {
    ASSERT_TRUE(join("r1", "alice"));
    ASSERT_TRUE(join("r2", "alice"));
    EXPECT_EQ(code_of(join("r3", "alice")), errc::payload_too_large);
    EXPECT_EQ(code_of(create({}, "alice")), errc::payload_too_large);
    ASSERT_TRUE(join("r1", "bob"));
    ASSERT_TRUE(invite("r1", "alice", "carol"));
    EXPECT_EQ(code_of(join("r1", "dan")), errc::payload_too_large);
    EXPECT_EQ(code_of(invite("r1", "alice", "dan")), errc::payload_too_large);
    EXPECT_TRUE(join("r1", "carol")) << "the invitation keeps a place";
    EXPECT_TRUE(say("r1", "alice", "0123456789"));
    EXPECT_EQ(code_of(say("r1", "alice", "0123456789x")), errc::event_too_large);
    EXPECT_TRUE(say("r1", "alice", "", R"("01234567")"));
    EXPECT_EQ(code_of(say("r1", "alice", "", R"("012345678")")), errc::event_too_large);
}

TEST_F(chat_test, refuses_what_is_no_room_no_user_and_no_message) {
    EXPECT_EQ(code_of(join("", "alice")), errc::invalid_request);
    EXPECT_EQ(code_of(join(std::string(129, 'r'), "alice")), errc::invalid_request);
    EXPECT_EQ(code_of(join("\xff", "alice")), errc::invalid_request);
    EXPECT_EQ(code_of(join("r", "")), errc::invalid_request);
    EXPECT_TRUE(join(std::string(128, '%'), "alice"));
    ASSERT_TRUE(join("r", "alice"));
    EXPECT_EQ(code_of(say("r", "alice", "")), errc::invalid_request);
    EXPECT_EQ(code_of(say("r", "alice", "\xff")), errc::invalid_request);
    EXPECT_EQ(code_of(say("r", "alice", "", "{")), errc::invalid_request);
    EXPECT_EQ(code_of(invite("r", "alice", "")), errc::invalid_request);
    EXPECT_EQ(code_of(create({.id = "mine", .open = false}, "bob")), errc::invalid_request);
    EXPECT_EQ(code_of(create({.name = std::string(257, 'n')}, "bob")), errc::invalid_request);
    EXPECT_TRUE(create({.name = std::string(256, 'n')}, "bob"));
}

TEST_F(chat_test, typing_is_told_and_not_kept) {
    ASSERT_TRUE(join("r", "alice"));
    EXPECT_TRUE(answer_of<void>(
        [&](auto done) { service.type("r", "alice", chat::typing::begins, std::move(done)); }));
    EXPECT_THAT(heard("r"), SizeIs(1));
}

TEST_F(chat_test, a_message_that_a_crash_cut_off_from_its_event_is_told_at_the_next_start) {
    ASSERT_TRUE(join("r", "alice"));
    // What the records have between the commit and the publish.
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [](store::records& r) -> result<> {
                message m;
                m.what.topics = {chat::topic_of("r").value()};
                m.what.kind = "chat";
                m.what.name = wire::event_name::parse("chat-message").value();
                m.what.data = "late";
                if (const auto id = r.outbox().add(outbox_relay::text_of(m)); !id)
                    return std::unexpected(id.error());
                return {};
            },
            std::move(done));
    }));
    for (int start = 0; start < 2; ++start) {
        outbox_relay next(events, *records);
        ASSERT_TRUE(answer_of<void>([&](auto done) { next.start(std::move(done)); }));
    }
    EXPECT_THAT(heard("r"), ElementsAre(HasSubstr("user-joined"), "chat-message late"));
}

TEST_F(chat_test, old_messages_go) {
    ASSERT_TRUE(join("r", "alice"));
    ASSERT_TRUE(say("r", "alice", "old"));
    wall += std::chrono::hours(24 * 91);
    service.trim();
    settle();
    EXPECT_THAT(messages("r", "alice").value(), IsEmpty());
}

TEST_F(chat_test, a_repeated_call_says_nothing_twice) {
    ASSERT_TRUE(join("r", "alice"));
    ASSERT_TRUE(join("r", "bob"));
    const auto speak = [&](std::string user, std::uint64_t body = 1) {
        message_draft what{.room = "r", .user = user, .text = "hello"};
        what.call = repeatable_call{user, {"key", {body, 0}}};
        return answer_of<chat::said>(
            [&](auto done) { service.say(std::move(what), std::move(done)); });
    };
    const auto first = speak("alice");
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->where);
    ASSERT_TRUE(say("r", "bob", "between"));
    const auto second = speak("alice");
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->repeated);
    EXPECT_EQ(chat::text_of(second->what), chat::text_of(first->what));
    EXPECT_EQ(code_of(speak("alice", 2)), errc::conflict);
    EXPECT_FALSE(speak("bob")->repeated);
    EXPECT_THAT(heard("r"), SizeIs(5));  // two came, three messages
}

TEST_F(chat_test, a_repeated_call_makes_no_second_room) {
    const auto make = [&] {
        room_draft what{.name = "team", .open = false};
        what.call = repeatable_call{"alice", {"key", {1, 0}}};
        return create(std::move(what), "alice");
    };
    const auto first = make();
    ASSERT_TRUE(first);
    const auto second = make();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->id, first->id);
    EXPECT_EQ(second->name, "team");
    ASSERT_TRUE(leave(first->id, "alice"));
    // An empty room is not kept.
    EXPECT_EQ(code_of(make()), errc::conflict);
}

TEST_F(chat_test, a_repeated_departure_is_no_second_one) {
    const auto depart = [&] {
        return answer_of<void>([&](auto done) {
            service.leave("r", "alice", std::move(done), repeatable_call{"alice", {"key", {1, 0}}});
        });
    };
    ASSERT_TRUE(join("r", "bob"));
    ASSERT_TRUE(join("r", "alice"));
    ASSERT_TRUE(depart());
    EXPECT_TRUE(depart());
    ASSERT_TRUE(join("r", "alice"));
    EXPECT_TRUE(depart());
    EXPECT_TRUE(say("r", "alice", "here"));
    EXPECT_EQ(code_of(leave("r", "carol")), errc::not_found);
}

TEST_F(chat_test, lets_a_user_address_so_many_rooms_and_users_without_events) {
    outbox_relay strict(events, *records, outbox_limits{.new_topics_per_user = 3});
    chat other(events, strict, *records);
    const auto make = [&] {
        return answer_of<store::room>(
            [&](auto done) { other.create({.open = false}, "mallory", std::move(done)); });
    };
    const auto leave = [&](std::string room) {
        return answer_of<void>(
            [&](auto done) { other.leave(std::move(room), "mallory", std::move(done)); });
    };
    const auto invite = [&](std::string room, std::string user) {
        return answer_of<void>([&](auto done) {
            other.invite(std::move(room), "mallory", std::move(user), std::move(done));
        });
    };
    const auto first = make();
    ASSERT_TRUE(first);
    ASSERT_TRUE(leave(first->id)) << "its topic stays";
    const auto second = make();
    ASSERT_TRUE(second);
    ASSERT_TRUE(invite(second->id, "made up"));
    EXPECT_EQ(code_of(invite(second->id, "also made up")), errc::rate_limited);
    EXPECT_EQ(code_of(make()), errc::rate_limited);
    EXPECT_EQ(code_of(answer_of<chat::joined>(
                  [&](auto done) { other.join("new", "mallory", std::move(done)); })),
              errc::rate_limited);
    EXPECT_TRUE(answer_of<chat::said>([&](auto done) {
        other.say({second->id, "mallory", "hello", {}}, std::move(done));
    })) << "it has events";
    EXPECT_TRUE(leave(second->id)) << "whoever wants to leave may";
}

TEST_F(chat_test, a_repeated_invitation_is_no_second_one) {
    const auto call = [&](std::uint64_t body) {
        return answer_of<void>([&](auto done) {
            service.invite("r", "alice", "bob", std::move(done),
                           repeatable_call{"alice", {"key", {body, 0}}});
        });
    };
    EXPECT_EQ(code_of(call(1)), errc::not_found);
    ASSERT_TRUE(join("r", "alice"));
    ASSERT_TRUE(call(1)) << "one that failed is not remembered";
    ASSERT_TRUE(leave("r", "bob")) << "declined";
    EXPECT_TRUE(call(1));
    EXPECT_EQ(code_of(call(2)), errc::conflict);
    EXPECT_THAT(inbox("bob"), SizeIs(1));
}

}  // namespace
}  // namespace carillon::services
