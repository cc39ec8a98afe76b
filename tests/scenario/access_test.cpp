// The server's routes held against the table "who may call what", and against callers of all kinds.
#include "support/running_server.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

struct listed_route {
    std::string method, path, locally, otherwise;
    bool operator==(const listed_route&) const = default;
};

std::vector<listed_route> routes_of(const running_server& server) {
    const auto text = [](const boost::json::value& v) { return std::string(v.as_string()); };
    const boost::json::value api = boost::json::parse(server.get("/api").body);
    std::vector<listed_route> all;
    for (const boost::json::value& r : api.at("routes").as_array()) {
        all.push_back({text(r.at("method")), text(r.at("path")), text(r.at("access").at("locally")),
                       text(r.at("access").at("otherwise"))});
    }
    return all;
}

/// A row of the table. `*` in a path stands for anything. C answers below `/api` too.
struct row {
    std::string_view method;  ///< empty: any
    std::string_view path;
    std::string_view locally, otherwise;

    bool concerns(const listed_route& r) const {
        if (!method.empty() && method != r.method) return false;
        return is_like(path, r.path) ||
               (r.path.starts_with("/api/") && is_like(path, std::string_view(r.path).substr(4)));
    }
    static bool is_like(std::string_view pattern, std::string_view text) {
        const std::size_t star = pattern.find('*');
        if (star == std::string_view::npos) return pattern == text;
        if (!text.starts_with(pattern.substr(0, star))) return false;
        const std::string_view end = pattern.substr(star + 1);
        return text.size() >= star + end.size() && text.ends_with(end);
    }
};

// The first row that concerns a route is its own.
constexpr row table[] = {
    {"GET", "/", "none", "none"},
    {"GET", "/api", "none", "none"},
    {"GET", "/openapi.json", "none", "none"},
    {"GET", "/asyncapi.json", "none", "none"},
    {"GET", "/health", "none", "none"},
    {"GET", "/ready", "none", "none"},
    {"GET", "/metrics", "none", "admin"},
    // Identity.
    {"GET", "/auth/me", "user", "user"},
    {"POST", "/auth/session", "user", "user"},
    {"DELETE", "/auth/session", "none", "none"},
    {"POST", "/auth/token", "admin", "admin"},
    {"POST", "/auth/ticket", "user", "user"},
    {"POST", "/auth/revoke", "admin", "admin"},
    {"POST", "/auth/renew", "user", "user"},
    // A.
    {"GET", "/events/subscribe*", "optional", "optional"},
    {"GET", "/events/history", "optional", "optional"},
    {"GET", "/events/streams/*", "optional", "optional"},
    {"DELETE", "/events/streams/*", "optional", "optional"},
    {"POST", "/events/streams*", "none", "publisher"},
    {"POST", "/events/publish*", "none", "publisher"},
    {"", "/events/history/*", "none", "publisher"},
    {"", "/events/scheduled*", "none", "publisher"},
    {"GET", "/events/clients", "admin", "admin"},
    {"", "/events/clients/*", "user", "owner"},
    {"", "/admin/users/*", "admin", "admin"},
    // B.
    {"GET", "/api/sse/connect", "user", "user"},
    {"GET", "/api/sse/status", "user", "user"},
    {"GET", "/api/sse/connections", "admin", "admin"},
    {"GET", "/api/sse/users/*", "admin", "admin"},
    {"POST", "/api/sse/send", "user", "publisher"},
    {"", "/api/calendar/events*", "user", "user"},
    {"POST", "/api/calendar/reminders/*", "user", "publisher"},
    // C, which stands below `/api` too.
    {"GET", "/notifications/stream", "user", "user"},
    {"POST", "/notifications/*", "user", "publisher"},
    {"GET", "/realtime/stream", "user", "user"},
    {"POST", "/realtime/*", "user", "publisher"},
    {"", "/chat/*", "user", "user"},
    {"POST", "/system/status/update", "admin", "admin"},
    {"GET", "/system/connections", "admin", "admin"},
    {"GET", "/system/stats", "none", "none"},
    {"GET", "/system/health", "none", "none"},
    {"GET", "/system/*", "user", "user"},
    // D.
    {"GET", "/api/sse", "none", "user"},
    {"POST", "/api/sse/test", "none", "publisher"},
    {"POST", "/api/sse/notify", "user", "publisher"},
    {"GET", "/api/sse/clients", "none", "admin"},
    // E.
    {"GET", "/api/v1/sse/notifications/{id}/deliveries", "user", "publisher"},
    {"GET", "/api/v1/sse/notifications/*", "verified_user", "verified_user"},
    {"GET", "/api/v1/sse/notifications", "verified_user", "verified_user"},
    {"POST", "/api/v1/sse/notifications/*", "verified_user", "verified_user"},
    {"POST", "/api/v1/sse/*", "user", "publisher"},
};

const row* row_of(const listed_route& r) {
    for (const row& one : table) {
        if (one.concerns(r)) return &one;
    }
    if (!r.path.starts_with("/api/")) return nullptr;
    listed_route once = r;
    once.path.erase(0, 4);
    return row_of(once);
}

TEST(access, every_route_says_what_the_table_says) {
    const running_server server;
    const auto routes = routes_of(server);
    EXPECT_GT(routes.size(), 20u);
    for (const listed_route& r : routes) {
        const row* const expected = row_of(r);
        ASSERT_NE(expected, nullptr) << r.method << ' ' << r.path << " is in no row of the table";
        EXPECT_EQ(r.locally, expected->locally) << r.method << ' ' << r.path;
        EXPECT_EQ(r.otherwise, expected->otherwise) << r.method << ' ' << r.path;
    }
}

TEST(access, without_keys_only_a_developers_own_calls_are_trusted) {
    const running_server server({"--http.allowed_hosts", "*"});
    const auto publish = [&](std::string_view fields) {
        return server
            .request("POST", "/events/publish/news", R"({"data":1})",
                     std::string(json_type).append(fields))
            .status;
    };
    EXPECT_EQ(publish(""), 200);
    for (const char* passed_on : {"X-Forwarded-For: 1.2.3.4\r\n", "Forwarded: for=1.2.3.4\r\n",
                                  "Via: 1.1 proxy\r\n", "X-Forwarded-Proto: https\r\n",
                                  "X-Forwarded-Host: localhost\r\n", "X-Real-IP: 1.2.3.4\r\n"}) {
        EXPECT_EQ(publish(passed_on), 401) << passed_on;
        EXPECT_EQ(publish(std::string(passed_on).append(as_admin)), 401) << passed_on;
    }
    raw_client rebound(server.port());
    rebound.send("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    EXPECT_EQ(rebound.read_answer().status, 401) << "a name that was bound to this address";
    EXPECT_EQ(server.get("/metrics").status, 200);
    EXPECT_EQ(server.request("GET", "/metrics", {}, "Via: 1.1 proxy\r\n").status, 401);
    EXPECT_EQ(server.request("GET", "/events/history?topic=news", {}, "Via: 1.1 x\r\n").status, 200)
        << "what is public stays so";
    EXPECT_EQ(server.request("GET", "/events/clients", {}, "Authorization:\r\n").status, 401);
    EXPECT_EQ(server.request("GET", "/events/clients").status, 200);
}

TEST(access, mode_none_asks_nobody_anywhere) {
    const running_server server({"--auth.mode", "none"});
    for (const char* path : {"/events/clients", "/metrics"}) {
        EXPECT_EQ(server.request("GET", path, {}, "Authorization:\r\nX-Forwarded-For: 1.2.3.4\r\n")
                      .status,
                  200)
            << path;
    }
}

}  // namespace
}  // namespace carillon::testing
