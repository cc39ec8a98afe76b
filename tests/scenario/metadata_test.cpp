// System D against the real server: every row of its contract.
#include "support/event_reader.hpp"
#include "support/running_server.hpp"
#include "support/tokens.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

event_reader listen(const running_server& server, std::string_view query,
                    std::string_view fields = {}) {
    return {server, fmt::format("/api/sse?{}", query), fields, {.whole_path = true}};
}

/// A sender, under the local defaults.
std::string sender() { return std::string(as_admin).append(json_type); }

TEST(metadata, the_documents_calls_reach_the_documents_client) {
    const running_server server;
    auto client = listen(server, "userId=user123&sessionId=abc123&role=admin");
    client.open();
    const answer sent =
        server.request("POST", "/api/sse/test",
                       R"({"userId": "user123", "message": "Test notification"})", json_type);
    ASSERT_EQ(sent.status, 200) << sent.body;
    const received e = client.next();
    EXPECT_EQ(e.type, "notification");
    EXPECT_THAT(e.data, HasSubstr(R"({"message":"Test notification","timestamp":")"));
    EXPECT_FALSE(e.id.empty());
}

TEST(metadata, events_are_sent_by_user_session_client_and_metadata) {
    const running_server server;
    auto alice = listen(server, "userId=alice&sessionId=s1&role=admin&page=home");
    auto again = listen(server, "userId=alice&sessionId=s2&role=user");
    auto bob = listen(server, "userId=bob&sessionId=s3&role=admin");
    const std::string client = json_value(alice.open().data, "client");
    again.open();
    bob.open();
    const auto notify = [&](std::string_view to, std::string_view name) {
        const answer sent = server.request(
            "POST", "/api/sse/notify",
            fmt::format(R"({{{},"event":"{}","data":{{"n":1.0}}}})", to, name), sender());
        EXPECT_EQ(sent.status, 200) << sent.body;
    };
    notify(R"("userId":"alice")", "user");
    notify(R"("sessionId":"s1")", "session");
    notify(fmt::format(R"("clientIds":["{}"])", client), "client");
    notify(R"("metadata":{"role":"admin"})", "metadata");
    notify(R"("userId":"alice","sessionId":"s2")", "user-session");
    notify(R"("userId":"alice","metadata":{"page":"home"})", "user-metadata");
    notify(R"("userIds":["alice","bob"])", "users");
    notify(R"("broadcast":true)", "everyone");
    notify(R"("id":"own-1","retry":1234)", "nobody-named");
    const auto names = [](event_reader& of, int count) {
        std::string all;
        for (int i = 0; i < count; ++i) all += of.next().type + ' ';
        return all;
    };
    EXPECT_EQ(names(alice, 7), "user session client metadata user-metadata users everyone ");
    EXPECT_EQ(names(again, 4), "user user-session users everyone ");
    EXPECT_EQ(names(bob, 3), "metadata users everyone ");
    const received last = bob.next();
    EXPECT_EQ(last.type, "nobody-named");
    EXPECT_EQ(last.id, "own-1");
    EXPECT_EQ(bob.retry(), std::chrono::milliseconds(1234));
}

TEST(metadata, clients_are_listed_with_figures) {
    const running_server server;
    auto alice = listen(server, "userId=alice&sessionId=s1&page=home");
    auto bob = listen(server, "userId=bob");
    const std::string id = json_value(bob.open().data, "client");
    alice.open();
    const answer all = server.request("GET", "/api/sse/clients");
    EXPECT_EQ(all.status, 200) << all.body;
    EXPECT_THAT(all.body, HasSubstr(R"("metadata":{"page":"home"})"));
    EXPECT_THAT(all.body, HasSubstr(R"("totalClients":2)"));
    EXPECT_THAT(all.body, HasSubstr(R"("clientsByUser":{"alice":1,"bob":1})"));
    for (const char* figure : {"averageConnectionDuration", "totalEventsSent", "lastEventTime"})
        EXPECT_THAT(all.body, HasSubstr(figure));
    for (const std::string& filter :
         {std::string("userId=bob"), "clientIds=" + id, "clientIds=x," + id}) {
        const answer one = server.request("GET", "/api/sse/clients?" + filter);
        EXPECT_THAT(one.body, HasSubstr(R"("userId":"bob")")) << filter;
        EXPECT_THAT(one.body, Not(HasSubstr(R"("userId":"alice")"))) << filter;
        EXPECT_THAT(one.body, HasSubstr(R"("totalClients":1)")) << filter;
    }
    EXPECT_THAT(server.request("GET", "/api/sse/clients?sessionId=s1").body,
                HasSubstr(R"("userId":"alice")"));
}

TEST(metadata, with_keys_only_tokens_say_who_a_client_is) {
    const running_server server({"--auth.secret", std::string(test_secret)});
    const std::string alice = calls_as("alice", R"(["user"])");
    EXPECT_EQ(listen(server, "userId=alice").status(), 401);
    EXPECT_EQ(listen(server, "userId=bob", alice).status(), 403);
    for (const char* name : {"role", "roles", "tenant", "sub", "email"}) {
        const answer refused =
            server.request("GET", fmt::format("/api/sse?userId=alice&{}=admin", name), {}, alice);
        EXPECT_EQ(refused.status, 400) << name;
        EXPECT_THAT(refused.body, HasSubstr(name));
    }
    auto own = listen(server, "userId=alice&sessionId=s1&page=home", alice);
    own.open();
    auto admin = listen(server, "userId=bob", calls_as("root", R"(["admin"])"));
    admin.open();
    const std::string publisher = calls_as("app", R"(["publisher"])");
    const auto notify = [&](std::string_view to, std::string_view name) {
        return server
            .request("POST", "/api/sse/notify",
                     fmt::format(R"({{{},"event":"{}","data":1}})", to, name), publisher)
            .status;
    };
    EXPECT_EQ(notify(R"("metadata":{"page":"home"})", "claimed"), 200);
    EXPECT_EQ(notify(R"("sessionId":"s1")", "claimed"), 200);
    EXPECT_EQ(notify(R"("metadata":{"role":"user"})", "verified"), 200);
    EXPECT_EQ(notify(R"("userId":"alice","sessionId":"s1")", "own session"), 200);
    EXPECT_EQ(notify(R"("userId":"bob")", "as bob"), 200);
    EXPECT_EQ(own.next().type, "verified") << "what a query says proves nothing";
    EXPECT_EQ(own.next().type, "own session");
    EXPECT_EQ(admin.next().type, "as bob");
    EXPECT_EQ(server.request("GET", "/api/sse/clients", {}, alice).status, 403);
    EXPECT_EQ(
        server.request("POST", "/api/sse/test", R"({"userId":"a","message":"m"})", alice).status,
        403);
}

TEST(metadata, an_operator_can_name_keys_that_clients_may_give_themselves) {
    const running_server server(
        {"--auth.secret", std::string(test_secret), "--metadata.client_keys", "page"});
    auto client = listen(server, "page=home", calls_as("alice"));
    client.open();
    EXPECT_EQ(server
                  .request("POST", "/api/sse/notify",
                           R"({"metadata":{"page":"home"},"event":"x","data":1})",
                           calls_as("app", R"(["publisher"])"))
                  .status,
              200);
    EXPECT_EQ(client.next().type, "x");
}

TEST(metadata, a_renewal_keeps_what_the_query_said) {
    const running_server server(
        {"--auth.secret", std::string(test_secret), "--metadata.client_keys", "dept"});
    const std::string ann = calls_as("ann");
    auto c = listen(server, "dept=x&sessionId=s1", ann);
    const std::string client = json_value(c.open().data, "client");
    const auto notify = [&](std::string_view to, std::string_view name) {
        const answer sent = server.request("POST", "/api/sse/notify",
                                           fmt::format(R"({{{},"event":"{}","data":1}})", to, name),
                                           calls_as("app", R"(["publisher"])"));
        EXPECT_EQ(sent.status, 200) << sent.body;
    };
    const auto notify_all = [&] {
        notify(R"("metadata":{"dept":"x"})", "dept");
        notify(R"("userId":"ann","metadata":{"dept":"x"})", "user-dept");
        notify(R"("userId":"ann","sessionId":"s1")", "user-session");
        notify(R"("userId":"bob","metadata":{"dept":"x"})", "another's");
        notify(R"("userId":"ann")", "user");
        for (const char* name : {"dept", "user-dept", "user-session", "user"})
            EXPECT_EQ(c.next().type, name);
    };
    notify_all();
    const answer renewed =
        server.request("POST", "/auth/renew", fmt::format(R"({{"client":"{}"}})", client), ann);
    ASSERT_EQ(renewed.status, 200) << renewed.body;
    EXPECT_EQ(c.next().type, "carillon.renewed");
    notify_all();
}

TEST(metadata, what_is_wrong_is_refused_by_field) {
    const running_server server;
    const std::pair<std::string_view, std::string_view> bad[] = {
        {R"({"userId":"a","id":"a b"})", "id"},
        {R"({"userId":"a","retry":-1})", "retry"},
        {R"({"userId":7,"data":1})", "userId"},
        {R"({"userId":"a","event":"carillon.x"})", "event"},
        {R"({"userId":"a","event":""})", "event"},
        {R"({"userId":"a","event":"a\nb"})", "event"},
        {R"({"userId":"a","broadcast":true})", "broadcast"},
        {R"({"metadata":{"a":{}}})", "metadata"},
        {R"({"metadata":[]})", "metadata"},
        {R"({"clientIds":"x"})", "clientIds"},
        {R"({"clientIds":[],"data":1})", "clientIds"},
        {R"({"sessionIds":[],"data":1})", "sessionIds"},
        {R"({"sessionId":"","data":1})", "sessionId"},
        {R"({"userIds":[],"data":1})", "userIds"},
        {R"({"metadata":{},"data":1})", "metadata"},
        {R"({"clientIds":["x"],"userId":"a"})", "alone"},
        {R"({"sessionId":"s","sessionIds":["t"]})", "sessionId"},
        {R"({"userId":"a","colour":1})", "colour"},
        {"{", "JSON"},
    };
    for (const auto& [body, names] : bad) {
        const answer refused = server.request("POST", "/api/sse/notify", body, sender());
        EXPECT_EQ(refused.status, 400) << body << refused.body;
        EXPECT_THAT(refused.body, HasSubstr(std::string(names))) << body;
    }
    EXPECT_EQ(server.request("POST", "/api/sse/notify", R"({"clientIds":["x"],"data":1})", sender())
                  .status,
              404);
    for (const auto& [body, name] :
         {std::pair<std::string_view, std::string_view>{R"({"message":"m"})", "userId"},
          {R"({"userId":"u"})", "message"},
          {R"({"userId":"u","message":[]})", "message"}}) {
        const answer refused = server.request("POST", "/api/sse/test", body, json_type);
        EXPECT_EQ(refused.status, 400) << body;
        EXPECT_THAT(refused.body, HasSubstr(std::string(name)));
    }
    EXPECT_EQ(listen(server, fmt::format("userId={}", std::string(257, 'u'))).status(), 400);
    EXPECT_EQ(listen(server, fmt::format("x={}", std::string(129, 'v'))).status(), 400);
    EXPECT_EQ(listen(server, "x=1&x=2").status(), 400);
    std::string many;
    for (int i = 0; i < 16; ++i) many += fmt::format("k{}=v&", i);
    EXPECT_EQ(listen(server, many).status(), 200);
    EXPECT_EQ(listen(server, many + "one=more").status(), 400);
    EXPECT_EQ(server.request("GET", "/api/sse/clients?limit=0").status, 400);
}

TEST(metadata_surface, can_be_switched_off) {
    const running_server server({"--metadata.enabled", "false"});
    const answer off = server.request("GET", "/api/sse?userId=a");
    EXPECT_EQ(off.status, 404);
    EXPECT_THAT(off.body, HasSubstr("DISABLED"));
}

TEST(metadata, a_repeated_call_tells_nobody_twice) {
    const running_server server;
    auto alice = listen(server, "userId=alice");
    alice.open();
    const auto send = [&](std::string_view path, std::string_view body, std::string_view key) {
        return server.request("POST", path, body,
                              sender() + fmt::format("Idempotency-Key: {}\r\n", key));
    };
    const answer first = send("/api/sse/notify", R"({"userId":"alice","data":1})", "k1");
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(send("/api/sse/notify", R"({"userId":"alice","data":1})", "k1").body, first.body);
    EXPECT_EQ(send("/api/sse/notify", R"({"userId":"alice","data":2})", "k1").status, 409);
    const answer test = send("/api/sse/test", R"({"userId":"alice","message":"m"})", "k2");
    ASSERT_EQ(test.status, 200) << test.body;
    EXPECT_EQ(send("/api/sse/test", R"({"userId":"alice","message":"m"})", "k2").body, test.body);
    EXPECT_EQ(send("/api/sse/notify", R"({"data":"last"})", "k3").status, 200);
    EXPECT_EQ(alice.next().data, "1");
    EXPECT_THAT(alice.next().data, HasSubstr(R"("message":"m")"));
    EXPECT_EQ(alice.next().data, R"("last")");
}

}  // namespace
}  // namespace carillon::testing
