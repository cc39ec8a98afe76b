// System C against the real server: every row of its contract.
#include "support/event_reader.hpp"
#include "support/running_server.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The document's own token: test123, testuser, test@example.com, user and admin.
constexpr std::string_view document_token =
    "dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=";
/// `bob:bob:bob@example.com:user` and `eve:eve:eve@example.com:user`.
constexpr std::string_view bobs_token = "Ym9iOmJvYjpib2JAZXhhbXBsZS5jb206dXNlcg==";
constexpr std::string_view eves_token = "ZXZlOmV2ZTpldmVAZXhhbXBsZS5jb206dXNlcg==";

std::string as(std::string_view token) {
    return fmt::format("Authorization: Bearer {}\r\n{}", token, json_type);
}

class domains : public ::testing::Test {
protected:
    event_reader listen(std::string_view path, std::string_view token = document_token) {
        const char join = path.find('?') == std::string_view::npos ? '?' : '&';
        return {server, fmt::format("{}{}token={}", path, join, token), {}, {.whole_path = true}};
    }
    answer post(std::string_view path, std::string_view body,
                std::string_view token = document_token) {
        return server.request("POST", path, body, as(token));
    }
    answer get(std::string_view path, std::string_view token = document_token) {
        return server.request("GET", path, {}, as(token));
    }

    /// The next event that is not the hub's own.
    static received heard(event_reader& from) {
        received e = from.next();
        while (e.type.starts_with("carillon.")) e = from.next();
        return e;
    }

    running_server server;
};

TEST_F(domains, the_documents_curl_reaches_the_documents_pages) {
    auto stream = listen("/notifications/stream");
    EXPECT_EQ(verdict(stream.open()), "fresh");
    const answer sent =
        post("/notifications/send", R"({"title":"Test","message":"Hello World","type":"info"})");
    ASSERT_EQ(sent.status, 200) << sent.body;
    const received named = stream.next();
    EXPECT_EQ(named.type, "notification");
    EXPECT_THAT(named.data, HasSubstr(R"("title":"Test","message":"Hello World")"));
    EXPECT_THAT(named.data, HasSubstr(R"("userId":"test123")"));
    const received unnamed = stream.next();
    EXPECT_EQ(unnamed.type, "message");
    EXPECT_EQ(unnamed.data, named.data);
    EXPECT_NE(unnamed.id, named.id) << "only the last of the two has the id";
}

TEST_F(domains, a_page_chooses_how_events_are_dispatched) {
    auto named = listen("/notifications/stream?dispatch=named");
    auto message = listen("/notifications/stream?dispatch=message");
    named.open();
    message.open();
    for (const char* text : {"one", "two"}) {
        ASSERT_EQ(post("/notifications/send", fmt::format(R"({{"message":"{}"}})", text)).status,
                  200);
    }
    for (const char* text : {"one", "two"}) {
        const received a = named.next(), b = message.next();
        EXPECT_EQ(a.type, "notification");
        EXPECT_EQ(b.type, "message");
        EXPECT_THAT(a.data, HasSubstr(text));
        EXPECT_EQ(a.data, b.data);
        EXPECT_EQ(a.id, b.id);
    }
    EXPECT_EQ(listen("/notifications/stream?dispatch=loud").status(), 400);
}

TEST_F(domains, a_cut_misses_no_notification) {
    auto first = listen("/notifications/stream");
    first.open();
    ASSERT_EQ(post("/notifications/send", R"({"message":"one"})").status, 200);
    first.next();
    const std::string id = first.next().id;
    first.close();
    ASSERT_EQ(post("/notifications/send", R"({"message":"two"})").status, 200);
    event_reader second(server, fmt::format("/notifications/stream?token={}", document_token),
                        after(id), {.whole_path = true});
    EXPECT_EQ(verdict(second.open()), "resumed");
    EXPECT_THAT(second.next().data, HasSubstr("two"));
}

TEST_F(domains, notifications_reach_those_who_are_named_and_broadcasts_everyone) {
    auto admin = listen("/notifications/stream?dispatch=named");
    auto bob = listen("/notifications/stream?dispatch=named", bobs_token);
    admin.open();
    bob.open();
    ASSERT_EQ(
        post("/notifications/send",
             R"({"title":"T","message":"to bob","type":"info","userId":"bob","data":{"n":1.0}})")
            .status,
        200);
    ASSERT_EQ(
        post("/notifications/send", R"({"message":"to both","userIds":["bob","test123"]})").status,
        200);
    ASSERT_EQ(post("/notifications/broadcast", R"({"message":"to all"})").status, 200);
    EXPECT_THAT(bob.next().data, HasSubstr(R"("data":{"n":1.0})"));
    for (event_reader* reader : {&admin, &bob}) {
        EXPECT_THAT(reader->next().data, HasSubstr("to both"));
        EXPECT_THAT(reader->next().data, HasSubstr("to all"));
    }
}

TEST_F(domains, realtime_updates_and_entities_have_their_names) {
    auto stream = listen("/realtime/stream", bobs_token);
    stream.open();
    ASSERT_EQ(post("/realtime/update", R"({"type":"price","data":{"eur":1.50}})").status, 200);
    const received update = stream.next();
    EXPECT_EQ(update.type, "realtime-update");
    EXPECT_THAT(update.data, HasSubstr(R"("type":"price")"));
    EXPECT_THAT(update.data, HasSubstr(R"("data":{"eur":1.50})"));
    const std::pair<std::string_view, std::string_view> actions[] = {
        {"create", "entity-created"}, {"update", "entity-updated"}, {"delete", "entity-deleted"}};
    for (const auto& [verb, name] : actions) {
        ASSERT_EQ(post(fmt::format("/realtime/entity/product/{}", verb), R"({"id":7})").status,
                  200);
        const received e = stream.next();
        EXPECT_EQ(e.type, name);
        EXPECT_THAT(e.data, HasSubstr(fmt::format(R"("entity":"product","action":"{}")", verb)));
        EXPECT_THAT(e.data, HasSubstr(R"("data":{"id":7})"));
    }
}

TEST_F(domains, chat_reaches_members_wherever_they_listen_and_nobody_else) {
    auto early = listen("/chat/stream", bobs_token);
    early.open();
    ASSERT_EQ(post("/chat/room/general/join", "").status, 200);
    ASSERT_EQ(post("/chat/room/general/join", "", bobs_token).status, 200);
    const answer said = post("/chat/message", R"({"roomId":"general","message":"hi"})");
    ASSERT_EQ(said.status, 200) << said.body;
    auto room = listen("/chat/room/general/stream", bobs_token);
    room.open();
    EXPECT_EQ(heard(room).type, "user-joined");
    EXPECT_EQ(heard(room).type, "user-joined");
    EXPECT_EQ(heard(room).type, "chat-message") << "recent messages replay";
    const received said_to = heard(early);
    EXPECT_EQ(said_to.type, "chat-message") << "a room that was joined later counts too";
    EXPECT_THAT(said_to.data, HasSubstr(R"("roomId":"general","userId":"test123","message":"hi")"));

    ASSERT_EQ(post("/chat/room/general/typing", "", bobs_token).status, 200);
    EXPECT_EQ(heard(room).type, "typing");
    EXPECT_EQ(heard(early).type, "typing");
    ASSERT_EQ(post("/chat/room/general/leave", "", bobs_token).status, 200);
    ASSERT_EQ(post("/chat/message", R"({"roomId":"general","message":"gone?"})").status, 200);
    ASSERT_EQ(post("/chat/room/general/join", "", bobs_token).status, 200);
    ASSERT_EQ(post("/chat/message", R"({"roomId":"general","message":"back"})").status, 200);
    for (received e = heard(early); !e.data.contains("back"); e = heard(early))
        EXPECT_THAT(e.data, Not(HasSubstr("gone?"))) << "who has left hears nothing";
}

TEST_F(domains, listeners_of_a_room_are_told_who_else_listens) {
    ASSERT_EQ(post("/chat/room/general/join", "").status, 200);
    ASSERT_EQ(post("/chat/room/general/join", "", bobs_token).status, 200);
    auto first = listen("/chat/room/general/stream");
    first.open();
    auto second = listen("/chat/room/general/stream", bobs_token);
    second.open();
    received e = first.next();
    for (int i = 0; i < 6 && !(e.type == "carillon.presence" && e.data.contains("bob")); ++i)
        e = first.next();
    EXPECT_EQ(e.type, "carillon.presence");
    EXPECT_THAT(e.data, HasSubstr(R"("room":"general")"));
    EXPECT_THAT(e.data, HasSubstr(R"("count":2)"));
}

TEST_F(domains, a_room_is_made_with_a_presence_of_its_own) {
    EXPECT_EQ(post("/chat/rooms", R"({"roomId":"x","presence":"loud"})").status, 400);
    const answer made = post("/chat/rooms", R"({"roomId":"quiet","presence":"off"})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(json_value(made.body, "presence"), "off");
    ASSERT_EQ(post("/chat/rooms", R"({"roomId":"shown"})").status, 201);
    for (int life = 0; life < 2; ++life) {
        // A stream with both rooms gets the names of the one alone.
        auto all = listen("/chat/stream");
        received e = all.next();
        while (e.type != "carillon.presence") e = all.next();
        EXPECT_THAT(e.data, HasSubstr(R"("room":"shown")"));
        auto quiet = listen("/chat/room/quiet/stream");
        quiet.open();
        ASSERT_EQ(post("/chat/message", R"({"roomId":"quiet","message":"hi"})").status, 200);
        std::string types;
        for (e = quiet.next(); e.type != "chat-message"; e = quiet.next()) types += e.type + ' ';
        EXPECT_THAT(types, Not(HasSubstr("presence")));
        server.kill();
        server.restart();
    }
    EXPECT_THAT(get("/chat/rooms").body, HasSubstr(R"("presence":"off")"));
}

TEST_F(domains, chat_is_shown_to_members_on_the_streams_of_system_b_too) {
    auto user = listen("/api/sse/connect", bobs_token);
    EXPECT_THAT(user.next().data, HasSubstr("connection_established"));
    ASSERT_EQ(post("/chat/room/general/join", "", bobs_token).status, 200);
    ASSERT_EQ(post("/chat/message", R"({"roomId":"general","message":"hi"})", bobs_token).status,
              200);
    received e = user.next();
    while (e.data.contains("presence") || e.data.contains("joined")) e = user.next();
    EXPECT_EQ(e.type, "message");
    EXPECT_THAT(e.data, HasSubstr(R"({"type":"chat_message","data":{"id":)"));
}

TEST_F(domains, whoever_is_no_member_meets_one_answer) {
    const answer made = post("/chat/rooms", R"({"name":"Board","open":false})");
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string board = json_value(made.body, "roomId");
    std::string closed_body;
    for (const std::string& room : {board, std::string("unknown")}) {
        const answer said = post(
            "/chat/message", fmt::format(R"({{"roomId":"{}","message":"hi"}})", room), eves_token);
        EXPECT_EQ(said.status, 404);
        EXPECT_THAT(said.body, HasSubstr("NOT_FOUND"));
        if (closed_body.empty()) closed_body = said.body;
        EXPECT_EQ(said.body, closed_body);
        EXPECT_EQ(listen(fmt::format("/chat/room/{}/stream", room), eves_token).status(), 404);
        for (const char* call : {"leave", "typing"}) {
            EXPECT_EQ(post(fmt::format("/chat/room/{}/{}", room, call), "", eves_token).status,
                      404);
        }
        for (const char* list : {"members", "messages"}) {
            EXPECT_EQ(get(fmt::format("/chat/room/{}/{}", room, list), eves_token).status, 404);
        }
        EXPECT_EQ(post(fmt::format("/chat/room/{}/invite", room), R"({"userId":"eve"})", eves_token)
                      .status,
                  404);
    }
    EXPECT_EQ(post(fmt::format("/chat/room/{}/join", board), "", eves_token).status, 404);

    auto bob = listen("/chat/stream", bobs_token);
    bob.open();
    ASSERT_EQ(post(fmt::format("/chat/room/{}/invite", board), R"({"userId":"bob"})").status, 200);
    EXPECT_EQ(heard(bob).type, "room-invitation");
    EXPECT_EQ(post(fmt::format("/chat/room/{}/join", board), "", bobs_token).status, 200);
    EXPECT_THAT(get(fmt::format("/chat/room/{}/members", board)).body,
                HasSubstr(R"("members":["bob","test123"])"));
    EXPECT_THAT(get("/chat/rooms", bobs_token).body, HasSubstr(board));
    EXPECT_EQ(server
                  .request("DELETE", fmt::format("/chat/room/{}/members/test123", board), {},
                           as(bobs_token))
                  .status,
              403);
    EXPECT_EQ(server
                  .request("DELETE", fmt::format("/chat/room/{}/members/bob", board), {},
                           as(document_token))
                  .status,
              200);
    EXPECT_EQ(get(fmt::format("/chat/room/{}/messages", board), bobs_token).status, 404);
}

TEST_F(domains, the_systems_state_is_shown_to_whom_it_concerns) {
    auto status = listen("/system/status/stream", bobs_token);
    status.open();
    EXPECT_EQ(post("/system/status/update", R"({"status":"degraded"})", bobs_token).status, 403);
    ASSERT_EQ(
        post("/system/status/update", R"({"status":"degraded","message":"slow disks"})").status,
        200);
    const received update = status.next();
    EXPECT_EQ(update.type, "system-status");
    EXPECT_THAT(update.data, HasSubstr(R"("status":"degraded","message":"slow disks")"));

    const answer stats = server.request("GET", "/system/stats");
    EXPECT_EQ(stats.status, 200);
    EXPECT_THAT(stats.body, HasSubstr(R"("activeConnections":1)"));
    EXPECT_THAT(stats.body, Not(HasSubstr("bob")));
    EXPECT_EQ(get("/system/connections", bobs_token).status, 403);
    const answer connections = get("/system/connections");
    EXPECT_EQ(connections.status, 200);
    EXPECT_THAT(connections.body, HasSubstr(R"("userId":"bob")"));
    EXPECT_EQ(server.request("GET", "/system/health").status, 200);
    EXPECT_EQ(server.request("GET", "/health").status, 200);
    EXPECT_THAT(server.request("GET", "/api").body, HasSubstr("/notifications/stream"));
}

TEST_F(domains, heartbeats_are_a_stream_of_named_events) {
    auto beats = listen("/system/heartbeat", bobs_token);
    beats.open();
    const received first = beats.next();
    EXPECT_EQ(first.type, "heartbeat");
    EXPECT_THAT(first.data, HasSubstr("timestamp"));
}

TEST(domain_heartbeats, go_on) {
    const running_server server({"--domains.heartbeat_interval", "200ms"});
    event_reader beats(server, fmt::format("/system/heartbeat?token={}", bobs_token), {},
                       {.whole_path = true});
    beats.open();
    EXPECT_EQ(beats.next().type, "heartbeat");
    EXPECT_EQ(beats.next().type, "heartbeat");
    EXPECT_EQ(beats.next().type, "heartbeat");
}

TEST_F(domains, answer_below_api_too) {
    auto stream = listen("/api/notifications/stream?dispatch=named");
    stream.open();
    ASSERT_EQ(post("/api/notifications/send", R"({"message":"one"})").status, 200);
    EXPECT_THAT(stream.next().data, HasSubstr("one"));
    for (const char* path : {"/api/system/stats", "/api/system/health", "/api/chat/rooms"})
        EXPECT_EQ(get(path).status, 200) << path;
}

TEST_F(domains, ask_who_calls) {
    for (const char* path :
         {"/notifications/stream", "/realtime/stream", "/chat/stream", "/chat/room/general/stream",
          "/system/status/stream", "/system/heartbeat", "/system/connections", "/chat/rooms"})
        EXPECT_EQ(server.request("GET", path, {}, "Authorization:\r\n").status, 401) << path;
    for (const char* path : {"/notifications/send", "/notifications/broadcast", "/realtime/update",
                             "/realtime/entity/x/create", "/chat/message", "/chat/room/x/join",
                             "/chat/room/x/leave", "/system/status/update"})
        EXPECT_EQ(server.request("POST", path, "{}", std::string(json_type) + "Authorization:\r\n")
                      .status,
                  401)
            << path;
    EXPECT_EQ(
        server.request("GET", "/notifications/stream", {}, as(document_token) + "Via: 1.1 x\r\n")
            .status,
        401)
        << "the document's token is for a developer's own machine";
}

TEST_F(domains, bad_bodies_are_refused_by_field_and_do_nothing) {
    struct bad {
        std::string_view path, body, names;
    };
    const std::string deep(10'000, '[');
    const std::string long_title = fmt::format(R"({{"title":"{}"}})", std::string(1025, 't'));
    const bad all[] = {
        {"/notifications/send", "", "400"},
        {"/notifications/send", "[]", "400"},
        {"/notifications/send", "{", "400"},
        {"/notifications/send", deep, "400"},
        {"/notifications/send", R"({"title":1})", "title"},
        {"/notifications/send", R"({})", "message"},
        {"/notifications/send", R"({"message":"m","userId":""})", "userId"},
        {"/notifications/send", R"({"message":"m","userIds":"bob"})", "userIds"},
        {"/notifications/send", R"({"message":"m","userIds":[""]})", "userIds"},
        {"/notifications/send", R"({"message":"m","color":"red"})", "color"},
        {"/notifications/send", long_title, "title"},
        {"/notifications/broadcast", R"({"message":"m","userId":"bob"})", "userId"},
        {"/realtime/update", R"({})", "data"},
        {"/realtime/update", R"([1])", "400"},
        {"/realtime/update", R"({"type":{},"data":1})", "type"},
        {"/realtime/entity/product/create", "{", "400"},
        {"/chat/message", R"({"message":"m"})", "roomId"},
        {"/chat/message", R"({"roomId":"r"})", "message"},
        {"/chat/message", R"({"roomId":7,"message":"m"})", "roomId"},
        {"/chat/rooms", R"({"open":"yes"})", "open"},
        {"/chat/rooms", R"({"open":false,"roomId":"mine"})", "roomId"},
        {"/chat/room/r/invite", R"({})", "userId"},
        {"/chat/room/r/typing", R"({"typing":1})", "typing"},
        {"/system/status/update", R"({})", "400"},
        {"/system/status/update", R"({"status":[]})", "status"},
    };
    for (const bad& b : all) {
        const answer refused = post(b.path, b.body);
        EXPECT_EQ(refused.status, 400) << b.path << ' ' << b.body.substr(0, 80) << refused.body;
        EXPECT_THAT(refused.head, HasSubstr("application/problem+json")) << b.path;
        EXPECT_THAT(refused.body, HasSubstr(std::string(b.names))) << b.path << ' ' << b.body;
    }
    EXPECT_EQ(server
                  .request("POST", "/notifications/send", "message=m",
                           fmt::format("Authorization: Bearer {}\r\n"
                                       "Content-Type: application/x-www-form-urlencoded\r\n",
                                       document_token))
                  .status,
              415);
    EXPECT_EQ(get("/chat/room/r/members?limit=none").status, 400);
    EXPECT_EQ(get("/chat/room/r/messages?before=none").status, 400);
    EXPECT_THAT(get("/chat/rooms").body, HasSubstr(R"("rooms":[])"));
}

TEST(domain_surface, can_be_switched_off) {
    const running_server server({"--domains.enabled", "false"});
    const answer off = server.request("GET", "/notifications/stream");
    EXPECT_EQ(off.status, 404);
    EXPECT_THAT(off.body, HasSubstr("DISABLED"));
}

TEST(domain_streams, ignore_an_upgrade_that_nobody_speaks) {
    running_server server;
    event_reader stream(server, fmt::format("/api/notifications/stream?token={}", document_token),
                        "Connection: upgrade\r\nUpgrade: websocket\r\n", {.whole_path = true});
    stream.open();
}

TEST_F(domains, a_repeated_call_is_answered_alike_and_tells_nobody_twice) {
    auto notifications = listen("/notifications/stream?dispatch=named");
    auto realtime = listen("/realtime/stream");
    auto chat = listen("/chat/stream");
    auto status = listen("/system/status/stream");
    for (event_reader* s : {&notifications, &realtime, &chat, &status}) s->open();
    ASSERT_EQ(post("/chat/room/r/join", "").status, 200);
    struct call {
        const char* path;
        const char* body;
        event_reader& hears;
    };
    int number = 0;
    for (const call& c : {call{"/notifications/send", R"({"title":"a"})", notifications},
                          call{"/notifications/broadcast", R"({"title":"b"})", notifications},
                          call{"/realtime/update", R"({"data":1})", realtime},
                          call{"/realtime/entity/post/update", R"({"n":1})", realtime},
                          call{"/chat/message", R"({"roomId":"r","message":"c"})", chat},
                          call{"/system/status/update", R"({"status":"d"})", status}}) {
        SCOPED_TRACE(c.path);
        const std::string key = fmt::format("Idempotency-Key: key-{}\r\n", ++number);
        const auto send = [&](std::string_view body) {
            return server.request("POST", c.path, body, as(document_token) + key);
        };
        const answer first = send(c.body);
        ASSERT_EQ(first.status, 200) << first.body;
        const answer second = send(c.body);
        EXPECT_EQ(second.status, 200) << second.body;
        EXPECT_EQ(second.body, first.body);
        const answer other = send(R"({"title":"z","status":"z","roomId":"r","message":"z"})");
        EXPECT_TRUE(other.status == 409 || other.status == 400) << other.body;
        const std::string type = heard(c.hears).type;
        // The next one that is heard is of the next call, which has another key.
        ASSERT_EQ(
            server
                .request("POST", c.path, c.body,
                         as(document_token) + fmt::format("Idempotency-Key: next-{}\r\n", number))
                .status,
            200);
        EXPECT_EQ(heard(c.hears).type, type);
    }
    // Streams of updates had one event for each of the four calls.
    ASSERT_EQ(post("/realtime/update", R"({"data":"last"})").status, 200);
    EXPECT_THAT(heard(realtime).data, HasSubstr("last"));
    ASSERT_EQ(post("/chat/message", R"({"roomId":"r","message":"last"})").status, 200);
    EXPECT_THAT(heard(chat).data, HasSubstr("last"));
    ASSERT_EQ(post("/system/status/update", R"({"status":"last"})").status, 200);
    EXPECT_THAT(heard(status).data, HasSubstr("last"));
    ASSERT_EQ(post("/notifications/broadcast", R"({"title":"last"})").status, 200);
    EXPECT_THAT(heard(notifications).data, HasSubstr("last"));
}

TEST_F(domains, a_callers_key_is_nobody_elses) {
    ASSERT_EQ(post("/chat/room/r/join", "").status, 200);
    ASSERT_EQ(post("/chat/room/r/join", "", bobs_token).status, 200);
    const auto say = [&](std::string_view token) {
        return server.request("POST", "/chat/message", R"({"roomId":"r","message":"c"})",
                              as(token) + "Idempotency-Key: same\r\n");
    };
    EXPECT_THAT(say(document_token).body, HasSubstr(R"("userId":"test123")"));
    EXPECT_THAT(say(bobs_token).body, HasSubstr(R"("userId":"bob")"));
    // Sending without a record: the same spaces as of publishing.
    const auto update = [&](std::string_view token, std::string_view body) {
        return server
            .request("POST", "/realtime/update", body, as(token) + "Idempotency-Key: same\r\n")
            .status;
    };
    EXPECT_EQ(update(document_token, R"({"data":1})"), 200);
    EXPECT_EQ(update(bobs_token, R"({"data":2})"), 200);
    EXPECT_EQ(update(bobs_token, R"({"data":3})"), 409);
}

TEST_F(domains, an_erased_user_who_wrote_nothing_is_named_in_no_room) {
    ASSERT_EQ(post("/chat/room/r/join", "").status, 200);
    ASSERT_EQ(post("/chat/room/r/join", "", bobs_token).status, 200);
    ASSERT_EQ(server.request("DELETE", "/admin/users/bob/data", {}, as(document_token)).status,
              200);
    ASSERT_EQ(post("/chat/message", R"({"roomId":"r","message":"last"})").status, 200);
    auto all = listen("/chat/room/r/stream?since=earliest");
    while (!heard(all).data.contains("last")) {
    }
    EXPECT_THAT(all.bytes(), Not(HasSubstr("bob")));
}

TEST_F(domains, an_erased_users_open_stream_hears_nothing_more_of_its_rooms) {
    ASSERT_EQ(post("/chat/room/r/join", "").status, 200);
    ASSERT_EQ(post("/chat/room/r/join", "", bobs_token).status, 200);
    auto bob = listen("/chat/stream", bobs_token);
    auto own = listen("/chat/stream");
    bob.open();
    own.open();
    const answer erased = server.request("DELETE", "/admin/users/bob/data", {}, as(document_token));
    ASSERT_EQ(erased.status, 200) << erased.body;
    ASSERT_EQ(post("/chat/message", R"({"roomId":"r","message":"not for bob"})").status, 200);
    while (!heard(own).data.contains("not for bob")) {
    }
    ASSERT_EQ(post("/chat/room/other/join", "", bobs_token).status, 200);
    ASSERT_EQ(post("/chat/message", R"({"roomId":"other","message":"last"})", bobs_token).status,
              200);
    while (!heard(bob).data.contains("last")) {
    }
    EXPECT_THAT(bob.bytes(), Not(HasSubstr("not for bob")));
}

}  // namespace
}  // namespace carillon::testing
