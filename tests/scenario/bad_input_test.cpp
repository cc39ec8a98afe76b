// What no application may be answered with an error of the server, or with half a deed: requests
// that are wrong in every way, against each call of the five systems.
#include "support/event_reader.hpp"
#include "support/tokens.hpp"

#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view admin = R"(["admin"])";

/// A call that takes a body; a field that is a text in it, and a body that is right.
struct call {
    std::string_view method, path, field, good;
    bool says_something = true;  ///< an empty object is refused
};
constexpr call calls[] = {
    {"POST", "/api/v1/sse/notifications", "title", R"("title":"t","userId":"ann")"},
    {"POST", "/api/v1/sse/system", "eventType", R"("eventType":"e")"},
    {"POST", "/api/v1/sse/custom", "eventType", R"("eventType":"e","userIds":["ann"])"},
    {"POST", "/api/sse/send", "type", R"("type":"t","userId":"ann")"},
    {"POST", "/api/calendar/events", "title", R"("title":"t","starts":"2030-01-01T00:00:00")"},
    {"PUT", "/api/calendar/events/none", "title", R"("title":"t","starts":"2030-01-01T00:00:00")"},
    {"POST", "/notifications/send", "title", R"("title":"t","userId":"ann")"},
    {"POST", "/notifications/broadcast", "message", R"("message":"m")"},
    {"POST", "/chat/message", "roomId", R"("roomId":"r","message":"m")"},
    {"POST", "/chat/rooms", "name", R"("name":"n")", false},
    {"POST", "/chat/room/r/invite", "userId", R"("userId":"bob")"},
    {"POST", "/api/sse/notify", "event", R"("event":"e")", false},
    {"POST", "/api/sse/test", "userId", R"("userId":"ann","message":"m")"},
};

class bad_input : public ::testing::Test {
protected:
    answer send(const call& to, std::string_view body, std::string_view fields = {}) const {
        return server_.request(to.method, to.path, body, fields.empty() ? as_admin_ : fields);
    }
    /// The call is refused with a problem that says this.
    void refuses(const call& to, std::string_view body, std::string_view says,
                 int status = 400) const {
        const answer a = send(to, body);
        EXPECT_EQ(a.status, status) << to.path << ' ' << body.substr(0, 100) << a.body;
        EXPECT_THAT(a.body, HasSubstr(says)) << to.path << ' ' << body.substr(0, 100);
        EXPECT_EQ(a.header("Content-Type"), "application/problem+json");
    }

    const std::string as_admin_ = calls_as("root", admin);
    const running_server server_{{"--auth.secret", std::string(test_secret)}};
};

TEST_F(bad_input, names_the_field_that_is_wrong) {
    for (const call& c : calls) {
        const std::string field = fmt::format("`{}`", c.field);
        for (const char* value : {"1", "true", "[]", "{}", "[\"a\"]"})
            refuses(c, fmt::format(R"({{"{}":{}}})", c.field, value), field);
        refuses(c, fmt::format(R"({{{},"{}":"again"}})", c.good, c.field), field);
        refuses(c, fmt::format(R"({{{},"unknown":1}})", c.good), "`unknown`");
        refuses(c, fmt::format(R"({{"{}":"{}"}})", c.field, std::string(100'000, 'x')), field);
        refuses(c,
                fmt::format(R"({{{},"data":{}}})", c.good,
                            std::string(10'000, '[') + std::string(10'000, ']')),
                "malformed JSON");
        for (const char* text : {"", "null", "[]", "7", "\"text\"", "{", "{\"a\":}", "\xff\xfe"})
            refuses(c, text, "");
        if (c.says_something) refuses(c, "{}", "");
    }
    const call& notify = calls[0];
    refuses(notify, R"({"title":"t"})", "`userIds`");
    refuses(notify, R"({"title":"t","userIds":[]})", "`userIds`");
    refuses(notify, R"({"title":"t","userIds":["a",1]})", "`userIds[1]`");
    refuses(notify, R"({"title":"t","userIds":["a",""]})", "`userIds[1]`");
    refuses(notify, R"({"title":"t","userId":"a","userIds":["b"]})", "`userId`");
    refuses(notify, R"({"title":"t","userIds":["b"],"recipients":["c"]})", "recipients");
    refuses(notify, R"({"userId":"a"})", "`type`");
    refuses(notify, R"({"title":"t","userId":"a","timestamp":"yesterday"})", "`timestamp`");
    refuses(calls[2], R"({"eventType":"e","userIds":[]})", "`userIds`");
    refuses(calls[3], R"({"type":"two\nlines"})", "`type`");
    refuses(calls[3], R"({"type":"carillon.open"})", "`type`");
    refuses(calls[4], R"({"title":"t","starts":"tomorrow"})", "`starts`");
    refuses(calls[4], R"({"title":"t","starts":"2030-01-01T00:00:00","length":"long"})",
            "`length`");
    refuses(calls[4], R"({"title":"t","starts":"2030-01-01T00:00:00","rule":"FREQ=OFTEN"})",
            "`rule`");
    refuses(calls[4], R"({"title":"t","starts":"2030-01-01T00:00:00","zone":"Moon/Crater"})",
            "`zone`");
}

TEST_F(bad_input, a_recipient_that_is_null_is_not_everybody) {
    const call user{"POST", "/api/sse/send", "", ""};
    const call custom{"POST", "/api/v1/sse/custom", "", ""};
    const call client{"POST", "/api/sse/notify", "", ""};
    for (const char* field : {"userId", "userIds", "recipients"}) {
        const std::string name = fmt::format("`{}`", field);
        refuses(user, fmt::format(R"({{"type":"t","data":1,"{}":null}})", field), name);
        refuses(custom, fmt::format(R"({{"eventType":"e","{}":null}})", field), name);
        refuses(client, fmt::format(R"({{"data":1,"{}":null}})", field), name);
    }
    for (const char* field : {"sessionId", "sessionIds", "clientIds", "metadata"})
        refuses(client, fmt::format(R"({{"data":1,"{}":null}})", field),
                fmt::format("`{}`", field));
    refuses(client, R"({"data":1,"broadcast":false})", "`broadcast`");
}

TEST_F(bad_input, of_an_open_shape_or_under_a_topic_is_named_too) {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    for (const std::string_view path : {"/realtime/update", "/system/status/update"}) {
        const call to{"POST", path, "", ""};
        for (const char* text : {"", "null", "[]", "7", "{", "{}", "\xff"}) refuses(to, text, "");
        refuses(to, fmt::format(R"({{"status":"s","data":{}}})", deep), "");
    }
    refuses({"POST", "/realtime/update", "", ""}, R"({"type":7})", "`type`");
    refuses({"POST", "/system/status/update", "", ""}, R"({"status":[]})", "`status`");
    for (const char* text : {"", "{", "\xff"})
        refuses({"POST", "/realtime/entity/post/update", "", ""}, text, "");
    refuses({"POST", "/realtime/entity/post/update", "", ""}, deep, "");
    refuses({"POST", "/realtime/entity/" + std::string(129, 'x') + "/update", "", ""}, "{}",
            "`entity`");
    const call publish{"POST", "/events/publish/a", "", ""};
    for (const char* text : {"", "null", "7", "{", "{}", "[{}]", "\xff"})
        refuses(publish, text, "");
    refuses(publish, fmt::format(R"({{"data":{}}})", deep), "");
    for (const char* field : {"event", "id", "topic", "key", "idempotencyKey"})
        refuses(publish, fmt::format(R"({{"data":1,"{}":[]}})", field), field);
    for (const char* field : {"retain", "ephemeral", "private", "retry", "metadata", "topics"})
        refuses(publish, fmt::format(R"({{"data":1,"{}":"no"}})", field), field);
    refuses(publish, R"({"data":1,"unknown":1})", "unknown");
    const call anywhere{"POST", "/events/publish", "", ""};
    refuses(anywhere, R"({"data":1,"topic":"$x"})", "`$x`", 403);
    refuses(anywhere, R"({"data":1,"topics":["carillon.x"]})", "`carillon.x`", 403);
    refuses({"POST", "/events/publish/$x", "", ""}, R"({"data":1})", "`$x`", 403);
}

TEST_F(bad_input, about_rooms_of_others_says_no_more_than_about_none) {
    const std::string ann = calls_as("ann");
    const std::string eve = calls_as("eve");
    const answer made = server_.request("POST", "/chat/rooms", R"({"name":"n","open":false})", ann);
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string room = json_value(made.body, "roomId");
    for (const auto& [method, path, body] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"POST", "/join", ""},
             {"POST", "/leave", ""},
             {"POST", "/typing", ""},
             {"POST", "/invite", R"({"userId":"eve"})"},
             {"GET", "/members", ""},
             {"GET", "/messages", ""},
             {"DELETE", "/members/ann", ""},
             {"GET", "/stream", ""}}) {
        const answer there = server_.request(method, "/chat/room/" + room + path, body, eve);
        EXPECT_EQ(there.status, 404) << path;
        if (path == "/join") continue;  // joining an unknown room makes it
        const answer none = server_.request(method, "/chat/room/none" + path, body, eve);
        EXPECT_EQ(none.body, there.body) << path;
    }
    const answer said = server_.request(
        "POST", "/chat/message", fmt::format(R"({{"roomId":"{}","message":"m"}})", room), eve);
    EXPECT_EQ(said.status, 404);
}

TEST_F(bad_input, a_room_is_made_once_by_calls_at_once) {
    std::vector<std::jthread> callers;
    std::vector<int> statuses(8);
    for (int& status : statuses) {
        callers.emplace_back([&] {
            status =
                server_.request("POST", "/chat/rooms", R"({"roomId":"same"})", as_admin_).status;
        });
    }
    callers.clear();
    EXPECT_EQ(std::ranges::count(statuses, 201), 1);
    EXPECT_EQ(std::ranges::count(statuses, 409), 7);
}

TEST_F(bad_input, of_another_type_or_to_what_is_not_there_is_refused) {
    const std::string text = fmt::format("Authorization: Bearer {}\r\nContent-Type: text/plain\r\n",
                                         token_of("root", admin));
    for (const call& c : calls)
        EXPECT_EQ(send(c, fmt::format("{{{}}}", c.good), text).status, 415) << c.path;
    for (const std::string_view path : {"/events/publish/a", "/realtime/update",
                                        "/realtime/entity/a/delete", "/system/status/update"})
        EXPECT_EQ(server_.request("POST", path, "{}", text).status, 415) << path;
    refuses(calls[5], fmt::format("{{{}}}", calls[5].good), "", 404);
    const std::string long_id(5000, 'x');
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"GET", "/api/v1/sse/notifications/none/deliveries"},
             {"POST", "/api/v1/sse/notifications/none/read"},
             {"POST", "/api/v1/sse/notifications/%00%ff/read"},
             {"GET", "/api/v1/sse/notifications/" + long_id + "/deliveries"},
             {"GET", "/api/calendar/events/" + long_id},
             {"DELETE", "/api/calendar/events/none"},
             {"POST", "/api/calendar/reminders/none"},
             {"GET", "/chat/room/none/messages"},
             {"GET", "/chat/room/" + long_id + "/members"},
             {"DELETE", "/chat/room/%00%ff/members/x"},
             {"GET", "/events/clients/none"},
             {"POST", "/events/clients/" + long_id + "/heartbeat"},
             {"DELETE", "/events/scheduled/none"},
             {"POST", "/events/streams/none/close"},
             {"DELETE", "/events/history/none?topic=a"}}) {
        const int status = server_.request(method, path, {}, as_admin_).status;
        EXPECT_TRUE(status == 404 || status == 400) << path.substr(0, 60) << ' ' << status;
    }
    for (const char* query : {"limit=0", "limit=-1", "limit=x", "before=x", "unread=maybe",
                              "limit=99999999999999999999", "before=-1"}) {
        const answer a = server_.request(
            "GET", fmt::format("/api/v1/sse/notifications/inbox?{}", query), {}, as_admin_);
        EXPECT_EQ(a.status, 400) << query;
        EXPECT_THAT(a.body, HasSubstr("`")) << query;
    }
    EXPECT_EQ(server_.request("GET", "/api/sse/connections?after=none", {}, as_admin_).status, 400);
}

TEST_F(bad_input, recipients_are_as_many_as_may_be_and_no_more) {
    const running_server s(
        {"--auth.secret", std::string(test_secret), "--publish.max_recipients", "3"});
    const auto notify = [&](std::string_view users) {
        return s.request("POST", "/api/v1/sse/notifications",
                         fmt::format(R"({{"type":"T","userIds":[{}]}})", users), as_admin_);
    };
    EXPECT_EQ(notify(R"("a","b","c")").status, 201);
    const answer over = notify(R"("a","b","c","d")");
    EXPECT_EQ(over.status, 400);
    EXPECT_THAT(over.body, HasSubstr("`userIds`"));
    const std::string longest(256, 'u');
    EXPECT_EQ(notify(fmt::format(R"("{}")", longest)).status, 201);
    EXPECT_EQ(notify(fmt::format(R"("{}x")", longest)).status, 400);
}

TEST_F(bad_input, the_same_call_at_once_is_done_once) {
    std::vector<std::jthread> callers;
    std::vector<int> statuses(8);
    for (int& status : statuses) {
        callers.emplace_back(
            [&] { status = send(calls[0], R"({"id":"same","type":"T","userId":"ann"})").status; });
    }
    callers.clear();
    EXPECT_EQ(std::ranges::count(statuses, 201), 1);
    EXPECT_EQ(std::ranges::count(statuses, 409), 7);
    const std::string ann = calls_as("ann");
    EXPECT_EQ(server_.request("GET", "/api/v1/sse/notifications/unread", {}, ann).body,
              R"({"unread":1})");
    const std::string once = calls_as("root", admin) + "Idempotency-Key: k\r\n";
    const answer first = send(calls[3], R"({"type":"t","userId":"ann"})", once);
    const answer second = send(calls[3], R"({"type":"t","userId":"ann"})", once);
    EXPECT_EQ(first.body, second.body);
    EXPECT_EQ(send(calls[3], R"({"type":"other","userId":"ann"})", once).status, 409);
}

}  // namespace
}  // namespace carillon::testing
