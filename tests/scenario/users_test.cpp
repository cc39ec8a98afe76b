// System B against the real server.
#include "support/event_reader.hpp"
#include "support/tokens.hpp"

#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view publisher = R"(["publisher"])";
constexpr std::string_view admin = R"(["admin"])";

strings with_keys(strings more = {}) {
    more.insert(more.end(), {"--auth.secret", std::string(test_secret)});
    return more;
}

event_reader stream_of(const running_server& s, std::string_view user) {
    return event_reader(s, "/api/sse/connect", calls_as(user), {.whole_path = true});
}

answer send(const running_server& s, std::string_view body) {
    return s.request("POST", "/api/sse/send", body, calls_as("back", publisher));
}

TEST(users, get_what_is_sent_to_them_to_some_and_to_all) {
    const running_server s(with_keys());
    event_reader ann = stream_of(s, "ann"), bob = stream_of(s, "bob");
    for (event_reader* one : {&ann, &bob}) {
        const received first = one->next();
        EXPECT_EQ(first.type, "message");
        EXPECT_EQ(json_value(first.data, "type"), "connection_established");
        EXPECT_FALSE(first.id.empty());
    }
    ASSERT_EQ(send(s, R"({"userId":"ann","type":"something_created","data":{"n":1.0}})").status,
              200);
    const received told = ann.next();
    EXPECT_EQ(told.type, "message");
    EXPECT_THAT(told.data, HasSubstr(R"({"type":"something_created","data":{"n":1.0},)"
                                     R"("userId":"ann","timestamp":")"));
    const answer both = send(s, R"({"userIds":["ann","bob"],"type":"bulk_notification","data":7})");
    EXPECT_EQ(json_value(both.body, "recipients"), "2");
    EXPECT_EQ(json_value(ann.next().data, "type"), "bulk_notification");
    EXPECT_EQ(json_value(bob.next().data, "userId"), "bob") << "and nothing of ann's before it";
    ASSERT_EQ(send(s, R"({"type":"system_announcement","data":{"message":"down"}})").status, 200);
    for (event_reader* one : {&ann, &bob}) {
        const received all = one->next();
        EXPECT_EQ(json_value(all.data, "type"), "system_announcement");
        EXPECT_THAT(all.data, Not(HasSubstr("userId")));
    }
}

TEST(users, are_reached_by_no_wildcard_no_call_about_clients_and_no_cursor_of_others) {
    const running_server s(with_keys());
    event_reader ann = stream_of(s, "ann");
    const std::string before = ann.next().id;
    ASSERT_EQ(send(s, R"({"userId":"ann","type":"note","data":"only ann's"})").status, 200);
    const received note = ann.next();
    EXPECT_THAT(note.data, HasSubstr("only ann's"));
    ASSERT_EQ(send(s, R"({"userId":"bob","type":"note","data":"only bob's"})").status, 200);
    const auto ask = [&](std::string_view method, const std::string& path,
                         std::string_view body = {}) {
        return s.request(method, path, body, calls_as("bob"));
    };
    const std::string mine = ann.last_event_id();
    for (const char* topic : {"**", "*", "*/*", "*/ann", "%24user/ann", "%24user/*", "%24user/**",
                              "%24**", "%24*/ann", "$user/ann", "%24all", "%24meta/role%3Duser",
                              "%24revoked/**", "%24session/**", "%24client/**"}) {
        const std::string query = std::string("?topic=") + topic;
        const answer read = ask("GET", "/events/history" + query + "&last_event_id=" + before);
        EXPECT_THAT(read.body, Not(HasSubstr("only"))) << topic << read.body;
        const answer all = ask("GET", "/events/history" + query + "&since=1h");
        EXPECT_THAT(all.body, Not(HasSubstr("only"))) << topic << all.body;
        event_reader c(s, query + "&last_event_id=" + before, calls_as("bob"));
        if (c.status() == 200) {
            ASSERT_EQ(s.request("POST", "/events/publish/x/y", R"({"data":"end"})",
                                calls_as("back", publisher))
                          .status,
                      200);
            if (topic == std::string_view("**") || topic == std::string_view("*/*"))
                c.data_until("end");
            EXPECT_THAT(c.bytes(), Not(HasSubstr("only"))) << topic;
        }
        EXPECT_GE(ask("DELETE", "/events/history/" + note.id + query).status, 400) << topic;
    }
    event_reader wild(s, "?topic=**", calls_as("bob"));
    const std::string client = json_value(wild.open().data, "client");
    for (const char* topic : {"%24user/ann", "%24user/**", "%24all", "%24session/x"}) {
        EXPECT_GE(ask("PUT", "/events/clients/" + client + "/topics/" + topic).status, 400)
            << topic;
        EXPECT_GE(s.request("PUT", "/events/clients/" + client + "/topics/" + topic, {},
                            calls_as("root", R"(["admin"])"))
                      .status,
                  400)
            << topic;
        EXPECT_GE(s.request("POST", std::string("/events/publish/") + topic, R"({"data":1})",
                            calls_as("root", R"(["admin"])"))
                      .status,
                  400)
            << topic;
    }
    // With a cursor of ann's, or of before all, bob's stream has what is bob's.
    for (const std::string& cursor : {before, note.id, mine, before + "~r", std::string("0.0"),
                                      std::string("$user/ann"), std::string("x")}) {
        event_reader bob(s, "/api/sse/connect?last_event_id=" + cursor, calls_as("bob"),
                         {.whole_path = true});
        bob.next();
        ASSERT_EQ(send(s, R"({"userId":"bob","type":"note","data":"the end"})").status, 200);
        for (std::string data; !data.contains("the end");) {
            data = bob.next().data;
            ASSERT_NE(data, "") << cursor;
            EXPECT_THAT(data, Not(HasSubstr("only ann's"))) << cursor;
        }
    }
}

TEST(users, see_a_notification_wherever_they_listen) {
    const running_server s(with_keys());
    event_reader b = stream_of(s, "ann");
    event_reader e(s, "/api/v1/sse/notifications", calls_as("ann"), {.whole_path = true});
    b.next(), e.next();
    const std::string back = calls_as("back", publisher);
    s.request("POST", "/api/v1/sse/notifications", R"({"type":"T","message":"m","userId":"ann"})",
              back);
    EXPECT_EQ(json_value(b.next().data, "type"), "notification");
    EXPECT_EQ(json_value(e.next().data, "type"), "notification");
    s.request("POST", "/api/v1/sse/system", R"({"eventType":"maintenance"})", back);
    EXPECT_EQ(json_value(b.next().data, "type"), "system_notification");
    EXPECT_EQ(json_value(e.next().data, "eventType"), "maintenance");
    ASSERT_EQ(send(s, R"({"userId":"ann","type":"leave_request_approved"})").status, 200);
    EXPECT_EQ(json_value(b.next().data, "type"), "leave_request_approved");
    EXPECT_EQ(json_value(e.next().data, "type"), "custom");
}

TEST(users, have_heartbeats_as_events_without_an_id) {
    const running_server s(with_keys({"--users.heartbeat_interval", "200ms"}));
    event_reader ann = stream_of(s, "ann");
    const std::string id = ann.next().id;
    const received beat = ann.next();
    EXPECT_EQ(json_value(beat.data, "type"), "heartbeat");
    EXPECT_EQ(beat.id, id);
    EXPECT_TRUE(ann.comments().empty());
}

TEST(users, are_counted_and_listed) {
    const running_server s(with_keys());
    event_reader one = stream_of(s, "ann"), two = stream_of(s, "ann");
    one.next(), two.next();
    EXPECT_EQ(s.request("GET", "/api/sse/status", {}, calls_as("ann")).body,
              R"({"userId":"ann","connected":true,"connections":2})");
    EXPECT_EQ(s.request("GET", "/api/sse/users/ann/connections", {}, calls_as("a", admin)).body,
              R"({"userId":"ann","connected":true,"connections":2})");
    const answer all = s.request("GET", "/api/sse/connections", {}, calls_as("a", admin));
    EXPECT_EQ(json_value(all.body, "total"), "2");
    EXPECT_THAT(all.body, HasSubstr(R"("userId":"ann")"));
    for (const char* path : {"/api/sse/connections", "/api/sse/users/ann/connections"})
        EXPECT_EQ(s.request("GET", path, {}, calls_as("ann")).status, 403);
}

TEST(users, make_one_calendar_event_of_a_repeated_call) {
    const running_server s(with_keys());
    event_reader told = stream_of(s, "bob");
    told.next();
    const auto make = [&](std::string_view user, std::string_view title) {
        return s.request(
            "POST", "/api/calendar/events",
            fmt::format(R"({{"title":"{}","starts":"2030-01-01T09:00:00","attendees":["bob"]}})",
                        title),
            calls_as(user) + "Idempotency-Key: \"one\"\r\n");
    };
    const answer first = make("ann", "Review");
    ASSERT_EQ(first.status, 201) << first.body;
    std::vector<std::string> bodies(8);
    std::vector<std::thread> callers;
    for (std::string& body : bodies)
        callers.emplace_back([&] { body = make("ann", "Review").body; });
    for (std::thread& t : callers) t.join();
    for (const std::string& body : bodies) EXPECT_EQ(body, first.body);
    EXPECT_EQ(make("ann", "Other").status, 409);
    const answer others = make("carol", "Other");
    EXPECT_EQ(others.status, 201) << "a key is its caller's own";
    EXPECT_NE(others.body, first.body);
    EXPECT_THAT(told.next().data, HasSubstr("Review"));
    EXPECT_THAT(told.next().data, HasSubstr("Other")) << "told once of the first";
    EXPECT_EQ(
        s.request("POST", "/api/calendar/events", R"({"title":"t","starts":"2030-01-01T09:00:00"})",
                  calls_as("ann") + "Idempotency-Key: \r\n")
            .status,
        400);
}

TEST(users, cannot_fill_the_journal_with_made_up_names) {
    const running_server s(
        with_keys({"--user_events.new_topics_per_user", "3", "--user_events.topic_share", "50",
                   "--journal.max_topics", "20", "--calendar.max_copied", "1KiB"}));
    const auto invite = [&](std::string_view user, std::string_view attendees,
                            std::string_view title = "t") {
        return s.request(
            "POST", "/api/calendar/events",
            fmt::format(R"({{"title":"{}","starts":"2030-01-01T09:00:00","attendees":{}}})", title,
                        attendees),
            calls_as(user));
    };
    EXPECT_EQ(invite("ann", R"(["a","b","c"])").status, 201);
    const answer fourth = invite("ann", R"(["d"])");
    EXPECT_EQ(fourth.status, 429);
    EXPECT_EQ(json_value(fourth.body, "code"), "RATE_LIMITED");
    EXPECT_THAT(fourth.body, HasSubstr("user_events.new_topics_per_user"));
    EXPECT_EQ(s.request("POST", "/chat/rooms", "{}", calls_as("ann")).status, 429);
    EXPECT_EQ(invite("bob", R"(["d","e","f"])").status, 201);
    EXPECT_EQ(invite("carol", R"(["g","h","i"])").status, 201);
    EXPECT_EQ(invite("dan", R"(["j"])").status, 201);
    const answer beyond = invite("dan", R"(["k"])");
    EXPECT_EQ(beyond.status, 503);
    EXPECT_THAT(beyond.body, HasSubstr("user_events.topic_share"));
    EXPECT_EQ(send(s, R"({"userId":"new","type":"t"})").status, 200) << "back ends have room";
    EXPECT_EQ(s.request("POST", "/events/publish/new", R"({"data":1})", calls_as("back", publisher))
                  .status,
              200);
    const answer large = invite("ann", R"(["a","b"])", std::string(600, 't'));
    EXPECT_EQ(large.status, 413);
    EXPECT_THAT(large.body, HasSubstr("calendar.max_copied"));
    EXPECT_THAT(s.request("GET", "/metrics", {}, calls_as("root", admin)).body,
                HasSubstr("carillon_user_topics_refused_total 3"));
}

TEST(users, keep_a_calendar_and_are_reminded_once) {
    running_server s(with_keys());
    const std::string ann = calls_as("ann"), bob = calls_as("bob"), carol = calls_as("carol");
    event_reader told = stream_of(s, "bob");
    told.next();
    const auto soon = std::chrono::system_clock::now() + std::chrono::minutes(30);
    const std::string starts = fmt::format("{:%Y-%m-%dT%H:%M:%S}",
                                           fmt::gmtime(std::chrono::system_clock::to_time_t(soon)));
    const std::string body = fmt::format(
        R"({{"id":"e1","title":"Review","starts":"{}","length":"1h","attendees":["bob"]}})",
        starts);
    EXPECT_EQ(s.request("POST", "/api/calendar/events", body, ann).status, 201);
    EXPECT_EQ(s.request("POST", "/api/calendar/events", body, ann).status, 409);
    EXPECT_EQ(json_value(told.next().data, "type"), "calendar_event_created");
    EXPECT_THAT(s.request("GET", "/api/calendar/events/e1", {}, bob).body,
                HasSubstr(fmt::format(R"("starts":"{}")", starts)));
    EXPECT_EQ(s.request("GET", "/api/calendar/events/e1", {}, carol).status, 404);
    EXPECT_EQ(s.request("DELETE", "/api/calendar/events/e1", {}, bob).status, 404);
    EXPECT_EQ(s.request("PUT", "/api/calendar/events/e1", body, carol).status, 404);

    const std::string back = calls_as("back", publisher);
    const auto upcoming = [&](std::string_view path) {
        return s.request("POST", path, {}, back).body;
    };
    EXPECT_EQ(upcoming("/api/calendar/reminders/upcoming"), R"({"reminders":1})");
    EXPECT_EQ(json_value(told.next().data, "type"), "calendar_event_reminder");
    EXPECT_EQ(upcoming("/api/calendar/reminders/upcoming"), R"({"reminders":0})");
    EXPECT_EQ(upcoming("/api/calendar/reminders/e1"), R"({"reminders":0})") << "once";
    s.kill();
    s.restart();
    EXPECT_EQ(upcoming("/api/calendar/reminders/e1"), R"({"reminders":0})") << "after a crash too";
    EXPECT_EQ(s.request("POST", "/api/calendar/reminders/none", {}, back).status, 404);

    EXPECT_EQ(s.request("PUT", "/api/calendar/events/e1",
                        fmt::format(R"({{"title":"Moved","starts":"{}"}})", starts),
                        calls_as("root", admin))
                  .status,
              204);
    EXPECT_THAT(s.request("GET", "/api/calendar/events", {}, ann).body,
                HasSubstr(R"("title":"Moved","owner":"ann")"))
        << "it stays its owner's";
    EXPECT_EQ(s.request("DELETE", "/api/calendar/events/e1", {}, ann).status, 204);
    EXPECT_EQ(s.request("GET", "/api/calendar/events", {}, ann).body, R"({"events":[]})");
}

}  // namespace
}  // namespace carillon::testing
