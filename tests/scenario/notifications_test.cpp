// System E against the real server.
#include "support/event_reader.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view notifications = "/api/v1/sse/notifications";
constexpr std::string_view publisher = R"(["publisher"])";

strings with_keys(strings more = {}) {
    more.insert(more.end(), {"--auth.secret", std::string(test_secret)});
    return more;
}

/// System E's stream of a user.
event_reader stream_of(const running_server& s, std::string_view user, std::string more = {}) {
    return event_reader(s, notifications, calls_as(user) + more, {.whole_path = true});
}

answer notify(const running_server& s, std::string_view body) {
    return s.request("POST", notifications, body, calls_as("back", publisher));
}

TEST(notifications, come_in_the_four_shapes_of_the_document) {
    const running_server s(with_keys());
    event_reader ann = stream_of(s, "ann");
    const received first = ann.next();
    EXPECT_EQ(first.type, "message");
    EXPECT_EQ(json_value(first.data, "type"), "connection");
    EXPECT_EQ(json_value(first.data, "message"), "SSE connection established");
    EXPECT_EQ(json_value(first.data, "userId"), "ann");
    EXPECT_EQ(json_value(first.data, "resume"), "fresh");
    EXPECT_FALSE(first.id.empty());
    EXPECT_TRUE(ann.retry());

    const answer sent = notify(s, R"({"notificationId":"n1","notificationType":"VOCAB_TRAINER",)"
                                  R"("action":"CREATE","priority":"LOW",)"
                                  R"("data":{"message":"New", "n":1.50},"userIds":["ann","bob"]})");
    EXPECT_EQ(sent.status, 201) << sent.body;
    EXPECT_EQ(json_value(sent.body, "notificationId"), "n1");
    const received told = ann.next();
    EXPECT_EQ(told.type, "message");
    EXPECT_THAT(told.data,
                HasSubstr(R"({"type":"notification","notificationId":"n1",)"
                          R"("notificationType":"VOCAB_TRAINER","action":"CREATE",)"
                          R"("priority":"LOW","data":{"message":"New", "n":1.50},"timestamp":)"));
    EXPECT_EQ(json_value(told.data, "userId"), "ann");

    const std::string as_back = calls_as("back", publisher);
    EXPECT_EQ(s.request("POST", "/api/v1/sse/system",
                        R"({"eventType":"maintenance","data":{"message":"soon"}})", as_back)
                  .status,
              200);
    EXPECT_THAT(
        ann.next().data,
        HasSubstr(R"({"type":"system","eventType":"maintenance","data":{"message":"soon"})"));
    EXPECT_EQ(
        s.request("POST", "/api/v1/sse/custom",
                  R"({"eventType":"user_activity","data":{"action":"login"},"userIds":["ann"]})",
                  as_back)
            .status,
        200);
    EXPECT_THAT(
        ann.next().data,
        HasSubstr(R"({"type":"custom","eventType":"user_activity","data":{"action":"login"})"));
}

TEST(notifications, need_a_token_that_not_anybody_can_make) {
    const running_server keyless;
    EXPECT_EQ(keyless.get(notifications).status, 401) << "the development token";
    const running_server s(with_keys());
    EXPECT_EQ(s.request("GET", notifications, {}, "Authorization:\r\n").status, 401);
    EXPECT_EQ(s.request("GET", notifications, {}, "Authorization: Bearer x.y.z\r\n").status, 401);
    EXPECT_EQ(
        s.request("POST", notifications, R"({"type":"T","userId":"a"})", calls_as("ann")).status,
        403)
        << "a user does not send";
}

TEST(notifications, reach_nobody_but_their_recipients) {
    const running_server s(with_keys());
    event_reader ann = stream_of(s, "ann"), bob = stream_of(s, "bob");
    ann.next(), bob.next();
    ASSERT_EQ(notify(s, R"({"type":"for ann","userId":"ann"})").status, 201);
    ASSERT_EQ(notify(s, R"({"type":"for bob","userId":"bob"})").status, 201);
    EXPECT_THAT(bob.next().data, HasSubstr("for bob"));
    EXPECT_THAT(ann.next().data, HasSubstr("for ann"));
    EXPECT_THAT(ann.bytes(), Not(HasSubstr("for bob")));
}

TEST(notifications, one_stream_for_each_user_and_the_old_one_stops_for_good) {
    const running_server s(with_keys());
    event_reader first = stream_of(s, "ann");
    first.next();
    event_reader second = stream_of(s, "ann");
    second.next();
    const received last = first.next();
    EXPECT_EQ(last.type, "replaced");
    EXPECT_THAT(last.id, ::testing::EndsWith("~r"));
    EXPECT_TRUE(first.ends_well());
    EXPECT_EQ(s.request("GET", notifications, {}, calls_as("ann") + after(last.id)).status, 204);

    ASSERT_EQ(notify(s, R"({"type":"missed","userId":"ann"})").status, 201);
    EXPECT_THAT(second.next().data, HasSubstr("missed"));
    event_reader again(s, fmt::format("{}?lastEventId={}", notifications, last.id), calls_as("ann"),
                       {.whole_path = true});
    EXPECT_EQ(json_value(again.next().data, "resume"), "resumed");
    EXPECT_THAT(again.next().data, HasSubstr("missed")) << "it stays a cursor";
}

TEST(notifications, are_listed_counted_and_read) {
    const running_server s(with_keys());
    for (const char* id : {"n1", "n2", "n3"}) {
        ASSERT_EQ(notify(s, fmt::format(R"({{"id":"{}","type":"T","userId":"ann"}})", id)).status,
                  201);
    }
    const std::string ann = calls_as("ann"), bob = calls_as("bob");
    const auto call = [&](std::string_view method, std::string_view path, std::string_view who) {
        return s.request(method, fmt::format("{}{}", notifications, path), {}, who);
    };
    EXPECT_EQ(call("GET", "/unread", ann).body, R"({"unread":3})");
    EXPECT_EQ(call("POST", "/n2/read", ann).status, 204);
    EXPECT_EQ(call("POST", "/n2/read", ann).status, 204) << "again";
    EXPECT_EQ(call("POST", "/n2/read", bob).status, 404) << "someone else's";
    EXPECT_EQ(call("POST", "/none/read", ann).status, 404);
    EXPECT_EQ(call("GET", "/unread", ann).body, R"({"unread":2})");
    const answer page = call("GET", "/inbox?limit=2", ann);
    EXPECT_THAT(page.body, HasSubstr(R"("notificationId":"n3")"));
    EXPECT_THAT(page.body, HasSubstr(R"("notificationId":"n2")"));
    EXPECT_THAT(page.body, Not(HasSubstr(R"("notificationId":"n1")")));
    const answer rest =
        call("GET", fmt::format("/inbox?limit=2&before={}", json_value(page.body, "next")), ann);
    EXPECT_THAT(rest.body, HasSubstr(R"("notificationId":"n1")"));
    EXPECT_THAT(call("GET", "/inbox?unread=true", ann).body, Not(HasSubstr("n2")));
    EXPECT_EQ(call("GET", "/inbox", bob).body, R"({"notifications":[]})");
    EXPECT_EQ(call("POST", "/read", ann).body, R"({"marked":2})");
    EXPECT_EQ(call("GET", "/unread", ann).body, R"({"unread":0})");
}

std::string deliveries(const running_server& s, std::string_view id) {
    return s
        .request("GET", fmt::format("{}/{}/deliveries", notifications, id), {},
                 calls_as("back", publisher))
        .body;
}

bool delivered(const running_server& s, std::string_view id, std::string_view text) {
    for (int i = 0; i < 100; ++i) {
        if (deliveries(s, id).contains(text)) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

TEST(notifications, wait_for_a_user_who_was_away_and_come_once) {
    running_server s(with_keys());
    ASSERT_EQ(notify(s, R"({"id":"n1","type":"one","userIds":["ann","bob"]})").status, 201);
    ASSERT_EQ(notify(s, R"({"id":"n2","type":"two","userId":"ann"})").status, 201);
    EXPECT_TRUE(delivered(s, "n1", R"("userId":"ann","state":"offline")"));
    s.signal(SIGTERM);
    ASSERT_EQ(s.wait(), 0);
    s.restart();
    {
        event_reader ann = stream_of(s, "ann");
        ann.next();
        EXPECT_EQ(json_value(ann.next().data, "notificationType"), "one");
        EXPECT_EQ(json_value(ann.next().data, "notificationType"), "two");
        EXPECT_TRUE(delivered(s, "n2", R"("userId":"ann","state":"delivered","connections":1)"));
        EXPECT_THAT(deliveries(s, "n1"), HasSubstr(R"("userId":"bob","state":"offline")"));
    }
    event_reader again = stream_of(s, "ann");
    EXPECT_EQ(json_value(again.next().data, "resume"), "fresh");
    ASSERT_EQ(notify(s, R"({"id":"n3","type":"three","userId":"ann"})").status, 201);
    EXPECT_EQ(json_value(again.next().data, "notificationType"), "three");
    EXPECT_TRUE(delivered(s, "n3", R"("userId":"ann","state":"delivered","connections":1)"));
}

/// The ids of the notifications that a page shows, or a stream.
strings ids_in(std::string_view text) {
    constexpr std::string_view mark = R"("notificationId":")";
    strings all;
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string_view::npos;) {
        at += mark.size();
        all.emplace_back(text.substr(at, text.find('"', at) - at));
    }
    std::ranges::sort(all);
    return all;
}

// The server dies somewhere between record, outbox, event and log; what it answered is in both.
TEST(notifications, that_a_stream_passed_over_are_not_delivered) {
    const running_server s(with_keys());
    ASSERT_EQ(notify(s, R"({"id":"n1","type":"one","userId":"ann"})").status, 201);
    ASSERT_TRUE(delivered(s, "n1", "offline"));
    for (const char* elsewhere : {"?last=0", "?since=1ms"}) {
        event_reader ann(s, std::string(notifications) + elsewhere, calls_as("ann"),
                         {.whole_path = true});
        ann.next();
        // Streams are looked at once a second.
        std::this_thread::sleep_for(std::chrono::milliseconds(1200));
        EXPECT_THAT(deliveries(s, "n1"), HasSubstr("offline")) << elsewhere;
    }
    event_reader ann = stream_of(s, "ann");
    ann.next();
    EXPECT_EQ(json_value(ann.next().data, "notificationType"), "one");
    EXPECT_TRUE(delivered(s, "n1", R"("state":"delivered")"));
}

TEST(notifications, a_record_and_its_event_survive_together_or_not_at_all) {
    running_server s(with_keys());
    const std::string back = calls_as("back", publisher);
    int next = 0;
    strings answered;
    for (int round = 0; round < 6; ++round) {
        std::jthread killer([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + 37 * round));
            s.kill();
        });
        for (;;) {
            const std::string id = fmt::format("n{}", next++);
            const answer a =
                s.request("POST", notifications,
                          fmt::format(R"({{"id":"{}","type":"T","userId":"ann"}})", id), back);
            if (a.status == 0) break;
            ASSERT_EQ(a.status, 201) << a.body;
            answered.push_back(id);
        }
        killer.join();
        s.restart();
    }
    std::ranges::sort(answered);
    const std::string as_ann = calls_as("ann");
    ASSERT_EQ(notify(s, R"({"id":"zz","type":"last","userId":"ann"})").status, 201);
    event_reader all(s, fmt::format("{}?since=earliest", notifications), as_ann,
                     {.whole_path = true});
    while (!all.next().data.contains(R"("notificationType":"last")")) {
    }
    strings records;
    for (std::string page = "?limit=1000"; !page.empty();) {
        const answer a =
            s.request("GET", fmt::format("{}/inbox{}", notifications, page), {}, as_ann);
        for (std::string& id : ids_in(a.body)) records.push_back(std::move(id));
        page = a.body.contains(R"("next")")
                   ? fmt::format("?limit=1000&before={}", json_value(a.body, "next"))
                   : "";
    }
    std::ranges::sort(records);
    EXPECT_EQ(ids_in(all.bytes()), records);
    EXPECT_TRUE(std::ranges::includes(records, answered));
    EXPECT_THAT(records, Not(::testing::IsEmpty()));
    ASSERT_TRUE(delivered(s, "zz", "offline"));
    for (const std::string& id : records)
        ASSERT_THAT(deliveries(s, id), Not(HasSubstr("queued"))) << id;
}

TEST(notifications, of_a_user_are_exported_and_erased) {
    running_server s(with_keys());
    ASSERT_EQ(
        notify(s, R"({"id":"n1","type":"T","message":"secret","userIds":["ann","bob"]})").status,
        201);
    s.request("POST", "/api/sse/send", R"({"userId":"ann","type":"t","data":"also secret"})",
              calls_as("back", publisher));
    for (const char* member : {"ann", "bob"}) {
        ASSERT_EQ(s.request("POST", "/chat/room/r/join", {}, calls_as(member)).status, 200);
        ASSERT_EQ(s.request("POST", "/chat/message",
                            fmt::format(R"({{"roomId":"r","message":"{} said it"}})", member),
                            calls_as(member))
                      .status,
                  200);
    }
    const std::string root = calls_as("root", R"(["admin"])");
    constexpr std::string_view path = "/admin/users/ann/data";
    EXPECT_EQ(s.request("GET", path, {}, calls_as("ann")).status, 403);
    EXPECT_EQ(s.request("DELETE", path, {}, calls_as("bob", publisher)).status, 403);
    const answer all = s.request("GET", path, {}, root);
    EXPECT_EQ(all.status, 200);
    EXPECT_THAT(all.body, HasSubstr(R"("message":"secret")"));
    EXPECT_THAT(all.body, HasSubstr(R"("data":"also secret")"));

    const answer erased = s.request("DELETE", path, {}, root);
    EXPECT_EQ(erased.status, 200);
    EXPECT_EQ(json_value(erased.body, "events"), "4") << erased.body;
    event_reader room(s, "/chat/room/r/stream?since=earliest", calls_as("bob"),
                      {.whole_path = true});
    for (std::string data; !data.contains("bob said it");) {
        data = room.next().data;
        EXPECT_THAT(data, Not(HasSubstr("ann said it")));
    }
    const auto is_gone = [&] {
        EXPECT_THAT(s.request("GET", path, {}, root).body, Not(HasSubstr("secret")));
        EXPECT_EQ(s.request("GET", "/api/v1/sse/notifications/inbox", {}, calls_as("ann")).body,
                  R"({"notifications":[]})");
        event_reader ann(s, fmt::format("{}?since=earliest", notifications), calls_as("ann"),
                         {.whole_path = true});
        ann.next();
        ASSERT_EQ(notify(s, R"({"type":"later","userId":"ann"})").status, 201);
        EXPECT_THAT(ann.next().data, HasSubstr("later"));
        EXPECT_THAT(ann.bytes(), Not(HasSubstr("secret")));
    };
    is_gone();
    EXPECT_THAT(s.request("GET", "/api/v1/sse/notifications/inbox", {}, calls_as("bob")).body,
                HasSubstr("secret"))
        << "bob's stays bob's";
    s.request("DELETE", path, {}, root);
    s.kill();
    s.restart();
    is_gone();
}

TEST(notifications, a_repeated_call_makes_one_notification) {
    const running_server server;
    const auto send = [&](std::string_view title) {
        return server.request(
            "POST", "/api/v1/sse/notifications",
            fmt::format(R"({{"notificationType":"T","action":"CREATE","priority":"LOW",)"
                        R"("data":{{"message":"{}"}},"recipients":["alice"]}})",
                        title),
            std::string(as_admin).append(json_type).append("Idempotency-Key: k\r\n"));
    };
    const answer first = send("a");
    ASSERT_EQ(first.status, 201) << first.body;
    const answer second = send("a");
    EXPECT_EQ(second.status, 201);
    EXPECT_EQ(second.body, first.body);
    EXPECT_EQ(send("b").status, 409);
}

}  // namespace
}  // namespace carillon::testing
