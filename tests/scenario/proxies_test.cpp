// The files of packaging/ with the real proxies.
#include "support/event_reader.hpp"
#include "support/running_proxy.hpp"
#include "support/tokens.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* outsider = "127.0.0.9";

/// One request through the proxy on a connection of its own, the path as it is.
answer ask_through(const running_proxy& proxy, std::string_view method, std::string_view path,
                   std::string_view body, std::string_view fields, const char* from) {
    raw_client c(proxy.port(), 0, from);
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(fields);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    c.send(text.append("Connection: close\r\n\r\n").append(body));
    answer got = c.read_answer(method == "HEAD");
    if (got.header("Content-Length").empty()) got.body = c.read_all();
    return got;
}

class behind : public ::testing::TestWithParam<proxy_kind> {
protected:
    void SetUp() override { ASSERT_TRUE(proxy_.running()); }

    answer ask(std::string_view method, std::string_view path, std::string_view body = {},
               std::string_view fields = {}, const char* from = outsider) const {
        return ask_through(proxy_, method, path, body, fields, from);
    }
    std::string all_events() const {
        return hub_.get("/events/history?since=earliest&topic=**&topic=streams/*").body;
    }

    /// These notice that a client has gone when they write to it.
    static std::string heartbeat() {
        const bool blind = GetParam() == proxy_kind::apache || GetParam() == proxy_kind::haproxy;
        return blind ? "300ms" : "30s";
    }

    /// It asks nobody, so that what is refused is refused by the proxy.
    running_server hub_{{"--auth.mode", "none", "--http.trusted_proxies", "127.0.0.1",
                         "--stream.heartbeat_interval", heartbeat()}};
    running_proxy proxy_{GetParam(), hub_.port()};
};

TEST_P(behind, events_pass_at_once) {
    event_reader c(proxy_.port(), "/news");
    c.open();
    auto quickest = steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        const auto start = steady_clock::now();
        hub_.publish("news", "\"tiny\"");
        EXPECT_EQ(c.next().data, "tiny");
        quickest = std::min(quickest, steady_clock::now() - start);
    }
    EXPECT_LT(quickest, std::chrono::milliseconds(100));
}

TEST_P(behind, no_outsider_publishes_in_any_spelling) {
    const std::string evil = R"({"topics":["../subscribe/x","news"],"data":"evil"})";
    for (const char* path : {"/events/publish/news",
                             "/events/publish",
                             "/events/publish/../subscribe/x",
                             "/events/publish/../history",
                             "/events/publish/..%2fsubscribe/x",
                             "/events/publish/%2e%2e/%2e%2e/health",
                             "/events/publish/%2e%2e/subscribe/x",
                             "/events/publish/.%2E/streams/x",
                             "/events/publish/..;/subscribe/x",
                             "/events/publish/..%5csubscribe/x",
                             "/events/publish%2f..%2fsubscribe/x",
                             "/events/subscribe/../publish/news",
                             "/events/subscribe%2f..%2fpublish/news",
                             "/events/subscribe/%2e%2e/publish/news",
                             "/events/streams/../publish/news",
                             "/health/../events/publish/news",
                             "/events//publish/news",
                             "//events/publish/news",
                             "/events/./publish/news",
                             "/%65vents/publish/news",
                             "/events/%70ublish/news",
                             "/events%2fpublish/news",
                             "/EVENTS/PUBLISH/news",
                             "/events/publish;x/news",
                             "/events/subscribe/publish/news",
                             "/events/streams",
                             "/events/streams/",
                             "/events/streams/AAAAAAAAAAAAAAAAAAAAAA",
                             "/events/streams/AAAAAAAAAAAAAAAAAAAAAA/close",
                             "/events/clients/x/send",
                             "http://localhost/events/publish/news"}) {
        for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
            const answer refused = ask(method, path, evil, json_type);
            EXPECT_THAT(refused.status, AnyOf(400, 403, 404, 405)) << method << ' ' << path;
        }
        for (const char* field : {"X-HTTP-Method-Override: POST\r\n", "X-Original-URL: /health\r\n",
                                  "X-Forwarded-For: 127.0.0.1\r\n", "Forwarded: for=127.0.0.1\r\n"})
            EXPECT_THAT(ask("POST", path, evil, std::string(json_type) + field).status,
                        AnyOf(400, 403, 404, 405));
    }
    EXPECT_THAT(ask("PUT", "/events/clients/x/topics/../../../subscribe/x").status,
                AnyOf(400, 403, 404));
    EXPECT_THAT(all_events(), HasSubstr("\"events\":[]"));
}

TEST_P(behind, the_machine_itself_publishes) {
    const auto post = [&](std::string_view path, std::string_view body,
                          std::string_view type = json_type) {
        return ask("POST", path, body, type, "127.0.0.1");
    };
    EXPECT_EQ(post("/events/publish/news", "{\"data\":1}").status, 200);
    EXPECT_EQ(post("/events/publish", "{\"data\":2}\n", lines_type).status, 400) << "has no topic";
    EXPECT_EQ(post("/events/publish/news", "{\"data\":2}\n{\"data\":3}\n", lines_type).status, 200);
    const std::string stream =
        "/events/streams/" + json_value(post("/events/streams", "{}").body, "stream");
    EXPECT_EQ(post(stream, "{\"data\":4}").status, 200);
    EXPECT_EQ(post(stream + "/close", "{}").status, 200);
    event_reader c(proxy_.port(), stream, {}, {.whole_path = true});
    c.open();
    EXPECT_THAT(c.data_until("{\"reason\":\"finished\"}"), ::testing::Contains("4"));
    EXPECT_THAT(all_events(), HasSubstr("\"data\":3"));
}

TEST_P(behind, only_streams_history_and_health_are_shown) {
    hub_.publish("news", "1");
    EXPECT_EQ(ask("GET", "/health").status, 200);
    EXPECT_EQ(ask("GET", "/events/history?topic=news").status, 200);
    EXPECT_EQ(ask("HEAD", "/events/subscribe/news").status, 200);
    EXPECT_EQ(ask("OPTIONS", "/events/subscribe/news").status, 204);
    for (const char* path : {"/",
                             "/api",
                             "/ready",
                             "/metrics",
                             "/events/clients",
                             "/events/clients/x",
                             "/events/scheduled",
                             "/events/history/x",
                             "/events/subscribe/../clients",
                             "/events/subscribe/../../metrics",
                             "/events/subscribe/%2e%2e/clients",
                             "/events/streams/..%2fclients",
                             "/health/../metrics",
                             "/events/subscribe%2f..%2fclients",
                             "//metrics",
                             "/%6detrics",
                             "/events/%63lients",
                             "/metrics/",
                             "/metrics;x",
                             "/METRICS"})
        EXPECT_THAT(ask("GET", path).status, AnyOf(400, 403, 404)) << path;
}

TEST_P(behind, the_hub_knows_the_client) {
    for (const char* claim :
         {"", "X-Forwarded-For: 203.0.113.1\r\n", "Forwarded: for=203.0.113.1\r\n",
          "Forwarded: for=127.0.0.1\r\nX-Forwarded-For: 10.1.1.1, 1.2.3.4\r\n"}) {
        raw_client c(proxy_.port(), 0, outsider);
        c.send("GET /events/subscribe/news HTTP/1.1\r\nHost: localhost\r\n" + std::string(claim) +
               "\r\n");
        ASSERT_TRUE(c.read_until("carillon.open")) << claim;
        EXPECT_TRUE(hub_.shows("/events/clients", "\"address\":\"127.0.0.9\"")) << claim;
        c.close();
        EXPECT_TRUE(hub_.shows("/events/clients", "\"total\":0"));
    }
}

TEST_P(behind, a_topic_arrives_as_it_was_written) {
    for (const auto& [path, topic] : std::vector<std::pair<std::string, std::string>>{
             {"https://example.com//a/", "https://example.com//a/"},
             {"a%2Fb%20c%3Fd", "a/b c?d"},
             {"caf%C3%A9/1;2,3=4&5", "caf\u00e9/1;2,3=4&5"},
             {"a.b/...", "a.b/..."}}) {
        event_reader c(proxy_.port(), "/" + path);
        EXPECT_THAT(c.open().data, HasSubstr("\"topics\":[\"" + topic + "\"]")) << path;
        event_reader q(proxy_.port(), "?topic=" + path.substr(0, path.find('&')));
        EXPECT_THAT(q.open().data, HasSubstr("\"topics\":[\"" + topic.substr(0, topic.find('&'))));
    }
}

TEST_P(behind, a_hub_that_is_killed_ends_no_event_source) {
    const std::string fields = "Accept: text/event-stream\r\n";
    event_reader before(proxy_.port(), "/news", fields);
    before.open();
    const std::string id = hub_.publish("news", "\"one\"");
    EXPECT_EQ(before.next().data, "one");
    hub_.kill();
    while (before.poll()) {
    }
    // What a browser does: a status other than 200 would be the end of it.
    std::vector<std::unique_ptr<event_reader>> tries;
    for (int i = 0; i < 4; ++i) {
        tries.push_back(std::make_unique<event_reader>(proxy_.port(), "/news",
                                                       fields + "Last-Event-ID: " + id + "\r\n"));
        if (GetParam() == proxy_kind::caddy) continue;  // it waits for the server
        EXPECT_EQ(tries.back()->status(), 200);
        EXPECT_EQ(tries.back()->head().header("Content-Type"), "text/event-stream");
        EXPECT_EQ(tries.back()->next().type, "carillon.unavailable");
        EXPECT_GE(tries.back()->retry().value().count(), 2000);
        EXPECT_LE(tries.back()->retry().value().count(), 8000);
    }
    if (GetParam() != proxy_kind::caddy) {
        // Others are told the truth.
        EXPECT_THAT(ask("GET", "/events/subscribe/news").status, AnyOf(502, 503));
        EXPECT_THAT(ask("GET", "/events/history?topic=news").status, AnyOf(502, 503));
    }
    hub_.restart();
    hub_.publish("news", "\"two\"");
    for (const auto give_up = steady_clock::now() + patience; steady_clock::now() < give_up;) {
        event_reader after(proxy_.port(), "/news", fields + "Last-Event-ID: " + id + "\r\n");
        ASSERT_EQ(after.status(), 200);
        const received first = after.next();
        if (first.type == "carillon.unavailable") continue;
        EXPECT_THAT(first.data, HasSubstr("\"resumed\""));
        EXPECT_EQ(after.next().data, "two");
        break;
    }
    if (GetParam() == proxy_kind::caddy) {
        for (const auto& t : tries) EXPECT_EQ(t->status(), 200);
    }
}

/// A hub that knows its users; what they may do is open to outsiders, the rest is not.
class users_behind : public ::testing::TestWithParam<proxy_kind> {
protected:
    void SetUp() override { ASSERT_TRUE(proxy_.running()); }

    answer ask(std::string_view method, std::string_view path, std::string_view body = {},
               std::string_view roles = R"(["user"])", const char* from = outsider) const {
        return ask_through(proxy_, method, path, body, calls_as("ann", roles), from);
    }

    running_server hub_{{"--auth.secret", std::string(test_secret), "--http.trusted_proxies",
                         "127.0.0.1", "--stream.heartbeat_interval", "300ms"}};
    running_proxy proxy_{GetParam(), hub_.port()};
};

constexpr std::string_view everything = R"(["admin","publisher","user"])";

TEST_P(users_behind, listen_on_all_systems) {
    ASSERT_EQ(ask("POST", "/chat/room/r/join").status, 200);
    for (const char* path :
         {"/api/sse/connect", "/notifications/stream", "/api/notifications/stream",
          "/realtime/stream", "/chat/stream", "/chat/room/r/stream", "/api/chat/room/r/stream",
          "/system/status/stream", "/api/system/heartbeat", "/api/sse?userId=ann&team=red",
          "/api/v1/sse/notifications"}) {
        event_reader c(proxy_.port(), path, calls_as("ann") + "Accept: text/event-stream\r\n",
                       {.whole_path = true});
        EXPECT_EQ(c.status(), 200) << path;
        EXPECT_NE(c.next().type, "carillon.unavailable") << path;
    }
    EXPECT_EQ(ask_through(proxy_, "GET", "/api/v1/sse/notifications", {}, {}, outsider).status,
              401);
}

TEST_P(users_behind, do_what_is_their_own) {
    EXPECT_EQ(ask("POST", "/api/chat/room/r/join").status, 200);
    EXPECT_EQ(ask("POST", "/chat/message", R"({"roomId":"r","message":"hi"})").status, 200);
    EXPECT_EQ(ask("POST", "/chat/room/r/typing").status, 200);
    EXPECT_EQ(ask("POST", "/chat/rooms", R"({"name":"x"})").status, 201);
    EXPECT_THAT(ask("GET", "/chat/room/r/messages").body, HasSubstr("\"hi\""));
    EXPECT_THAT(ask("GET", "/api/chat/room/r/members").body, HasSubstr("ann"));
    EXPECT_EQ(ask("DELETE", "/chat/room/r/members/bob").status, 404);
    EXPECT_EQ(ask("POST", "/chat/room/r/leave").status, 200);
    const std::string event = R"({"id":"e1","title":"t","starts":"2030-01-01T00:00:00"})";
    EXPECT_EQ(ask("POST", "/api/calendar/events", event).status, 201);
    EXPECT_EQ(ask("PUT", "/api/calendar/events/e1", event).status, 204);
    EXPECT_EQ(ask("DELETE", "/api/calendar/events/e1").status, 204);
    for (const char* path :
         {"/api/sse/status", "/api/v1/sse/notifications/inbox", "/api/v1/sse/notifications/unread",
          "/system/health", "/api/system/stats", "/api/calendar/events"})
        EXPECT_EQ(ask("GET", path).status, 200) << path;
    EXPECT_EQ(ask("POST", "/api/v1/sse/notifications/read").status, 200);
    EXPECT_EQ(ask("POST", "/api/v1/sse/notifications/none/read").status, 404);
}

TEST_P(users_behind, send_nothing_and_administer_nothing_from_outside) {
    const std::string evil = R"({"userId":"bob","userIds":["bob"],"type":"x","data":"evil"})";
    for (const char* path : {"/notifications/send",
                             "/api/notifications/send",
                             "/notifications/broadcast",
                             "/realtime/update",
                             "/api/realtime/update",
                             "/realtime/entity/post/create",
                             "/system/status/update",
                             "/api/system/status/update",
                             "/api/sse/send",
                             "/api/sse/test",
                             "/api/sse/notify",
                             "/api/sse",
                             "/api/v1/sse/notifications",
                             "/api/v1/sse/system",
                             "/api/v1/sse/custom",
                             "/api/calendar/reminders/upcoming",
                             "/auth/token",
                             "/auth/revoke",
                             "/admin/users/bob/data",
                             "/chat/message/../../notifications/send",
                             "/chat/room/../../notifications/send",
                             "/chat/room/%2e%2e/%2e%2e/notifications/send",
                             "/chat/room/..%2f..%2fnotifications/send",
                             "/chat/room/x/../../../api/sse/send",
                             "/chat/room/a/join/../../../../notifications/send",
                             "//notifications/send",
                             "/notifications//send",
                             "/%6eotifications/send",
                             "/notifications/%73end",
                             "/notifications%2fsend",
                             "/api/calendar/events/../reminders/upcoming",
                             "/api/calendar/events/..%2freminders/upcoming",
                             "/notifications/stream/../send",
                             "/api/v1/sse/notifications/../custom",
                             "/api/v1/sse/notifications/x/read/../../../custom",
                             "/API/SSE/SEND",
                             "/api/sse/connect/../send"}) {
        for (const char* method : {"POST", "PUT", "DELETE"})
            EXPECT_THAT(ask(method, path, evil, everything).status, AnyOf(400, 403, 404, 405))
                << method << ' ' << path;
    }
    for (const char* path :
         {"/system/connections", "/api/system/connections", "/api/sse/connections",
          "/api/sse/clients", "/api/sse/users/bob/connections", "/admin/live", "/admin/topics",
          "/admin/settings", "/admin/users/bob/data", "/console", "/metrics", "/openapi.json",
          "/api/v1/sse/notifications/x/deliveries", "/system/status/../connections",
          "/chat/room/..%2f..%2fsystem/connections", "/system/%63onnections", "/home"})
        EXPECT_THAT(ask("GET", path, {}, everything).status, AnyOf(400, 403, 404)) << path;
    const answer kept =
        hub_.request("GET", "/admin/users/bob/data", {}, calls_as("root", everything));
    EXPECT_EQ(kept.status, 200);
    EXPECT_THAT(kept.body, Not(HasSubstr("evil")));
}

TEST_P(users_behind, are_sent_to_from_the_machine_itself) {
    const auto post = [&](std::string_view path, std::string_view body) {
        return ask("POST", path, body, everything, "127.0.0.1").status;
    };
    EXPECT_EQ(post("/api/sse/send", R"({"userId":"bob","type":"note","data":1})"), 200);
    EXPECT_EQ(post("/api/sse/notify", R"({"userId":"bob","data":1})"), 200);
    EXPECT_EQ(post("/notifications/send", R"({"userId":"bob","title":"t"})"), 200);
    EXPECT_EQ(post("/api/realtime/entity/post/update", R"({"n":1})"), 200);
    EXPECT_EQ(post("/api/v1/sse/notifications", R"({"userIds":["bob"],"notificationType":"T"})"),
              201);
    EXPECT_EQ(post("/api/v1/sse/custom", R"({"eventType":"T"})"), 200);
    EXPECT_EQ(post("/api/calendar/reminders/upcoming", "{}"), 200);
    EXPECT_THAT(post("/system/status/update", R"({"status":"x"})"), AnyOf(403, 404))
        << "administration goes to the hub itself";
}

INSTANTIATE_TEST_SUITE_P(proxy, users_behind,
                         ::testing::Values(proxy_kind::nginx, proxy_kind::haproxy,
                                           proxy_kind::caddy, proxy_kind::apache),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

INSTANTIATE_TEST_SUITE_P(proxy, behind,
                         ::testing::Values(proxy_kind::nginx, proxy_kind::haproxy,
                                           proxy_kind::caddy, proxy_kind::apache),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace carillon::testing
