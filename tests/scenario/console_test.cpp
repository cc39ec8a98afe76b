// What the console asks the server.
#include "support/event_reader.hpp"

#include <thread>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr reader_options whole{.whole_path = true};
constexpr const char* ann_token = "YW5uOmFubjphbm5AeDp1c2Vy";  // ann:ann:ann@x:user

boost::json::value admin_json(const running_server& server, std::string_view path) {
    const answer a = server.request("GET", path, {}, as_admin);
    EXPECT_EQ(a.status, 200) << path << ": " << a.body;
    return boost::json::parse(a.body);
}

boost::json::value next_sample(event_reader& watcher) {
    const received e = watcher.next();
    EXPECT_EQ(e.type, "sample");
    return boost::json::parse(e.data);
}

TEST(console, gets_a_sample_a_second_while_somebody_watches) {
    const running_server server;
    event_reader watcher(server, "/admin/live", as_admin, whole);
    watcher.open();
    for (int i = 0; i < 3; ++i) server.publish("news", "1");
    const boost::json::value first = next_sample(watcher);
    EXPECT_EQ(first.at("streams").to_number<int>(), 1);
    EXPECT_GE(first.at("loops").as_array().size(), 1u);
    EXPECT_GT(first.at("memory").at("resident").to_number<std::uint64_t>(), 1'000'000u);
    EXPECT_TRUE(first.at("journal").at("writable").as_bool());
    const boost::json::value second = next_sample(watcher);
    EXPECT_EQ(second.at("journal").at("events").to_number<int>(), 3);
    EXPECT_EQ(second.at("rates").at("published").to_number<double>(), 0)
        << "its own events do not count";
    EXPECT_EQ(second.at("rates").at("delivered").to_number<double>(), 0);
    EXPECT_GT(second.at("delivery").to_number<double>(), 0);
    EXPECT_GT(second.at("publish").at("p99").to_number<double>(), 0);
}

TEST(console, has_kept_figures_for_those_who_come_later) {
    const running_server server;
    server.publish("news", "1");
    boost::json::value kept;
    for (int i = 0; i < 200 && (i == 0 || kept.at("samples").as_array().empty()); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        kept = admin_json(server, "/admin/live/history");
    }
    ASSERT_FALSE(kept.at("samples").as_array().empty());
    EXPECT_EQ(kept.at("intervalMs").to_number<int>(), 5000);
    const auto& first = kept.at("samples").at(0);
    EXPECT_GT(first.at("rates").at("published").to_number<double>(), 0) << "since the start";
    EXPECT_TRUE(first.at("delivery").is_null()) << "nobody watched";
    EXPECT_GE(first.at("loops").as_array().size(), 1u);
}

TEST(console, finds_where_interfaces_stand) {
    const running_server server({"--users.prefix", "/app/v2", "--metadata.enabled", "false"});
    const auto mounts = boost::json::parse(server.get("/api").body).at("mounts");
    EXPECT_EQ(mounts.at("topic_service"), boost::json::value({"/events"}));
    EXPECT_EQ(mounts.at("users"), boost::json::value({"/app/v2"}));
    EXPECT_EQ(mounts.at("domains"), boost::json::value({"/", "/api"}));
    EXPECT_EQ(mounts.at("notifications"), boost::json::value({"/api/v1/sse"}));
    EXPECT_TRUE(mounts.at("metadata").as_array().empty()) << "it is turned off";
}

TEST(console, is_open_to_an_operator_when_the_house_is_full) {
    const running_server server({"--stream.max_clients", "1", "--stream.max_admin_clients", "1"});
    event_reader within(server, "/a");
    within.open();
    EXPECT_EQ(server.get("/events/subscribe/a").status, 503);
    event_reader watcher(server, "/admin/live", as_admin, whole);
    watcher.open();
    const answer past = server.request("GET", "/admin/live", {}, as_admin);
    EXPECT_EQ(past.status, 503);
    EXPECT_THAT(past.body, HasSubstr("the console has as many streams as it may (1)"));
    EXPECT_TRUE(server.shows("/metrics", R"(carillon_surface_streams{surface="console"} 1)"));
}

TEST(console, is_an_admins) {
    const running_server server;
    for (const char* path :
         {"/admin/live", "/admin/live/history", "/admin/topics", "/admin/presence",
          "/admin/notifications", "/admin/streams", "/admin/health", "/admin/settings"}) {
        EXPECT_EQ(server.request("GET", path, {}, "Authorization:\r\n").status, 401) << path;
        EXPECT_EQ(server
                      .request("GET", path, {},
                               std::string("Authorization: Bearer ") + ann_token + "\r\n")
                      .status,
                  403)
            << path;
    }
}

TEST(console, lists_topics_with_their_listeners) {
    const running_server server;
    for (const char* name : {"news/a", "news/b", "other"}) server.publish(name, "1");
    server.publish("news/a", "2");
    event_reader one(server, "/news/a");
    event_reader all(server, "/news/*");
    one.open();
    all.open();
    const auto page = admin_json(server, "/admin/topics?prefix=news/&limit=1");
    EXPECT_EQ(page.at("total").to_number<int>(), 3);
    ASSERT_EQ(page.at("topics").as_array().size(), 1u);
    const auto& first = page.at("topics").at(0);
    EXPECT_EQ(first.at("name").as_string(), "news/a");
    EXPECT_EQ(first.at("events").to_number<int>(), 2);
    EXPECT_EQ(first.at("listeners").to_number<int>(), 2);
    EXPECT_EQ(page.at("next").as_string(), "news/a");
    const auto rest = admin_json(server, "/admin/topics?prefix=news/&limit=5&after=news/a");
    EXPECT_EQ(rest.at("topics").as_array().size(), 1u);
    EXPECT_EQ(rest.at("topics").at(0).at("listeners").to_number<int>(), 1);
    EXPECT_FALSE(rest.as_object().contains("next"));
    EXPECT_EQ(server.request("GET", "/admin/topics?limit=0", {}, as_admin).status, 400);
}

TEST(console, lists_notifications_with_what_became_of_them) {
    const running_server server;
    for (const char* title : {"one", "two"}) {
        const auto sent = server.request(
            "POST", "/api/v1/sse/notifications",
            std::string(R"({"notificationType":"T","userIds":["ann","bob"],"title":")") + title +
                "\"}",
            std::string(as_admin).append(json_type));
        ASSERT_EQ(sent.status, 201) << sent.body;
    }
    ASSERT_EQ(server.request("GET", "/admin/notifications?limit=0", {}, as_admin).status, 400);
    const auto page = admin_json(server, "/admin/notifications?limit=1");
    ASSERT_EQ(page.at("notifications").as_array().size(), 1u);
    const auto& newest = page.at("notifications").at(0);
    EXPECT_EQ(newest.at("title").as_string(), "two");
    const auto next = page.at("next").to_number<int>();
    const auto rest = admin_json(server, "/admin/notifications?before=" + std::to_string(next));
    EXPECT_EQ(rest.at("notifications").at(0).at("title").as_string(), "one");
    EXPECT_EQ(newest.at("recipients").at("offline").to_number<int>() +
                  newest.at("recipients").at("queued").to_number<int>(),
              2);
}

TEST(console, lists_finite_streams_and_presence) {
    const running_server server({"--chat.presence", "users"});
    ASSERT_EQ(server.request("POST", "/events/streams", "{}", json_type).status, 201);
    const auto streams = admin_json(server, "/admin/streams");
    EXPECT_EQ(streams.at("open").to_number<int>(), 1);
    EXPECT_EQ(streams.at("streams").as_array().size(), 1u);
    EXPECT_TRUE(admin_json(server, "/admin/presence").at("topics").as_array().empty());
    const auto one = admin_json(server, "/admin/presence?topic=nowhere");
    EXPECT_EQ(one.at("count").to_number<int>(), 0);
    EXPECT_EQ(server.request("GET", "/admin/presence?topic=", {}, as_admin).status, 400);
}

TEST(console, tells_health_and_limits) {
    const running_server server;
    const auto health = admin_json(server, "/admin/health");
    EXPECT_EQ(health.at("status").as_string(), "ready");
    for (const auto& check : health.at("checks").as_array()) EXPECT_TRUE(check.at("ok").as_bool());
    for (const auto& limit : health.at("limits").as_array()) {
        EXPECT_LE(limit.at("used").to_number<std::uint64_t>(),
                  limit.at("limit").to_number<std::uint64_t>());
    }
}

TEST(console, shows_settings_with_their_origins_and_no_secret) {
    const running_server server({"--auth.secret", "a secret of more than thirty-two bytes",
                                 "--webhook.url", "http://user:word@127.0.0.1:1/hook"},
                                0, {"CARILLON_SHARDS=1"});
    const std::string token =
        run_carillon({"token", "--user", "root", "--role", "admin", "--auth.secret",
                      "a secret of more than thirty-two bytes"})
            .output;
    const answer a =
        server.request("GET", "/admin/settings", {},
                       "Authorization: Bearer " + token.substr(0, token.find('\n')) + "\r\n");
    ASSERT_EQ(a.status, 200) << a.body;
    EXPECT_THAT(a.body, Not(HasSubstr("thirty-two")));
    EXPECT_THAT(a.body, Not(HasSubstr("user:word")));
    EXPECT_THAT(a.body, HasSubstr("http://…@127.0.0.1:1/hook"));
    EXPECT_THAT(a.body, HasSubstr(R"("from":"environment","origin":"CARILLON_SHARDS")"));
    EXPECT_THAT(a.body, HasSubstr(R"("from":"flag","origin":"--auth.secret")"));
    EXPECT_THAT(a.body, HasSubstr(R"("from":"default","origin":"default")"));
}

}  // namespace
}  // namespace carillon::testing
