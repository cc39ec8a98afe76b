// The server's routes held against the table "who may call what", and against callers of all kinds.
#include "auth/key.hpp"
#include "support/running_server.hpp"

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>
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
    {"GET", "/home", "none", "none"},
    {"GET", "/guides", "none", "none"},
    {"GET", "/guides/{page}", "none", "none"},
    {"GET", "/reference", "none", "none"},
    {"GET", "/console", "none", "none"},
    {"GET", "/console/{page}", "none", "none"},
    {"GET", "/assets/{file}", "none", "none"},
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
    {"", "/events/clients", "admin", "admin"},
    {"GET", "/events/stats", "admin", "admin"},
    {"", "/events/clients/*", "user", "owner"},
    {"", "/admin/*", "admin", "admin"},
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

constexpr std::string_view secret = "a secret of more than thirty-two bytes";

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

struct claims {
    std::string_view roles = R"(["user"])";
    std::string_view issuer = "us";
    std::string_view audience = "hub";
    std::int64_t expires = 600;      ///< seconds from now
    std::int64_t not_before = -600;  ///< the same
};

std::string signed_token(const claims& c = {}, std::string_view with = secret,
                         auth::algorithm a = auth::algorithm::hs256) {
    return auth::key::from_secret(with, a)
        .value()
        ->sign(fmt::format(R"({{"sub":"u","roles":{},"iss":"{}","aud":"{}","exp":{},"nbf":{}}})",
                           c.roles, c.issuer, c.audience, now() + c.expires, now() + c.not_before))
        .value();
}

class matrix : public ::testing::Test {
protected:
    /// What the route answers to this token; empty: none is shown. GET is asked as HEAD, so that no
    /// stream begins.
    int status(const listed_route& r, const std::string& token) const {
        std::string path = r.path;
        while (path.contains('{'))
            path.replace(path.find('{'), path.find('}') - path.find('{') + 1, "x");
        const bool reads = r.method == "GET";
        std::string fields = "Authorization: Bearer " + token + "\r\n";
        if (token.empty()) fields = "Authorization:\r\n";
        if (!reads) fields += json_type;
        return server_.request(reads ? "HEAD" : r.method, path, reads ? "" : "{}", fields).status;
    }

    const running_server server_{
        {"--auth.secret", std::string(secret), "--auth.issuer", "us", "--auth.audience", "hub"}};
    const std::vector<listed_route> routes_ = routes_of(server_);
};

TEST_F(matrix, every_route_refuses_every_token_that_is_wrong) {
    const std::pair<const char*, std::string> wrong[] = {
        {"bad signature", signed_token({}, "another secret of thirty-two bytes!!")},
        {"expired", signed_token({.expires = -600})},
        {"not yet", signed_token({.not_before = 300})},
        {"wrong issuer", signed_token({.issuer = "them"})},
        {"wrong audience", signed_token({.audience = "shop"})},
        {"wrong algorithm", signed_token({}, secret, auth::algorithm::hs512)},
        {"none", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwicm9sZXMiOlsiYWRtaW4iXX0."},
        {"too large", std::string(9000, 'a') + ".b.c"},
        {"a development token", "cm9vdDpyb290OnJvb3RAbG9jYWxob3N0OmFkbWlu"},
    };
    for (const listed_route& r : routes_) {
        for (const auto& [name, token] : wrong) {
            const int got = status(r, token);
            if (r.otherwise == "none")
                EXPECT_THAT(got, ::testing::Not(::testing::AnyOf(401, 403))) << r.path << name;
            else
                EXPECT_EQ(got, 401) << r.method << ' ' << r.path << ": " << name;
        }
    }
}

TEST_F(matrix, every_route_lets_in_whom_the_table_says_and_no_other) {
    const std::array<std::string, 4> callers{"", signed_token(),
                                             signed_token({.roles = R"(["publisher"])"}),
                                             signed_token({.roles = R"(["admin"])"})};
    // What nobody, a user, a publisher and an admin get; 0: anything but 401 and 403.
    const std::map<std::string, std::array<int, 4>> expected{
        {"none", {0, 0, 0, 0}},        {"optional", {0, 0, 0, 0}},
        {"user", {401, 0, 0, 0}},      {"verified_user", {401, 0, 0, 0}},
        {"owner", {401, 0, 0, 0}},     {"publisher", {401, 403, 0, 0}},
        {"admin", {401, 403, 403, 0}},
    };
    for (const listed_route& r : routes_) {
        for (std::size_t i = 0; i < callers.size(); ++i) {
            const int wanted = expected.at(r.otherwise)[i];
            const int got = status(r, callers[i]);
            if (wanted != 0)
                EXPECT_EQ(got, wanted) << r.method << ' ' << r.path << ", caller " << i;
            else
                EXPECT_NE(got, 401) << r.method << ' ' << r.path << ", caller " << i;
        }
    }
}

TEST_F(matrix, what_hangs_on_who_asks_is_kept_by_no_cache_and_shown_in_no_frame) {
    const std::string admin =
        "Authorization: Bearer " + signed_token({.roles = R"(["admin"])"}) + "\r\n";
    const auto is_personal = [](const answer& a) {
        return a.header("Cache-Control") == "no-store" &&
               a.header("Content-Security-Policy").contains("frame-ancestors 'none'");
    };
    for (const listed_route& r : routes_) {
        if (r.method != "GET" || r.path.contains('{') || r.otherwise == "none") continue;
        const answer got = server_.request("HEAD", r.path, {}, admin);
        if (got.header("Content-Type") == "text/event-stream") continue;
        EXPECT_TRUE(is_personal(got)) << r.path << '\n' << got.head;
        EXPECT_TRUE(is_personal(server_.request("HEAD", r.path, {}, "Authorization: x\r\n")))
            << r.path << ", refused";
    }
    const answer minted =
        server_.request("POST", "/auth/token", R"({"userId":"u"})", admin + std::string(json_type));
    EXPECT_EQ(minted.status, 200);
    EXPECT_TRUE(is_personal(minted)) << minted.head;
    EXPECT_EQ(server_.get("/health").header("Cache-Control"), "");
}

TEST(access, a_back_end_with_sessions_says_who_calls) {
    const running_server back_end({"--auth.secret", std::string(secret)});
    const auto token = [](std::string_view roles) {
        return auth::key::from_secret(secret, auth::algorithm::hs256)
            .value()
            ->sign(fmt::format(R"({{"sub":"ann","roles":{},"exp":{}}})", roles, now() + 600))
            .value();
    };
    const running_server server({"--auth.forward_url", back_end.url() + "/auth/me",
                                 "--auth.forward_headers", "Authorization", "--auth.user_claim",
                                 "userId"});
    const auto status = [&](std::string_view method, std::string_view path,
                            const std::string& shown, std::string_view body = {}) {
        const std::string fields =
            shown.empty() ? "Authorization:\r\n" : "Authorization: Bearer " + shown + "\r\n";
        return server.request(method, path, body, fields + std::string(json_type)).status;
    };
    EXPECT_EQ(status("GET", "/auth/me", token("[]")), 200);
    EXPECT_EQ(status("GET", "/auth/me", "x.y.z"), 401);
    EXPECT_EQ(status("GET", "/auth/me", ""), 401);
    EXPECT_EQ(status("POST", "/events/publish/news", token("[]"), R"({"data":1})"), 403);
    EXPECT_EQ(status("POST", "/events/publish/news", token(R"(["publisher"])"), R"({"data":1})"),
              200);
    EXPECT_EQ(status("POST", "/events/publish/news", "", R"({"data":1})"), 401)
        << "a developer's machine no more";
    EXPECT_EQ(status("GET", "/events/history?topic=news", ""), 200);
}

TEST(access, figures_have_a_listener_of_their_own) {
    const std::uint16_t port = free_port();
    const running_server server({"--auth.secret", std::string(secret), "--metrics.listen",
                                 "127.0.0.1:" + std::to_string(port)});
    EXPECT_EQ(server.get("/metrics").status, 401);
    const auto status = [&](std::string_view path) {
        raw_client c(port);
        c.send(fmt::format("GET {} HTTP/1.1\r\nHost: scraper\r\nVia: 1.1 x\r\n\r\n", path));
        return c.read_answer().status;
    };
    EXPECT_EQ(status("/metrics"), 200);
    EXPECT_EQ(status("/health"), 200);
    EXPECT_EQ(status("/events/clients"), 403) << "nothing else answers to such a Host";
    EXPECT_EQ(status("/"), 403);
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
