// Who may call what, against the real server.
#include "auth/key.hpp"
#include "support/running_server.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view secret = "a secret of more than thirty-two bytes";

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string token(std::string_view claims, std::string_view with = secret,
                  auth::algorithm a = auth::algorithm::hs256) {
    return auth::key::from_secret(with, a).value()->sign(claims).value();
}

std::string token_of(std::string_view user, std::string_view roles) {
    return token(fmt::format(R"({{"sub":"{}","roles":{},"exp":{}}})", user, roles, now() + 600));
}

std::string bearer(std::string_view text) {
    return fmt::format("Authorization: Bearer {}\r\n{}", text, json_type);
}

const std::string development_token =
    "dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=";

TEST(identity, asks_who_calls_as_soon_as_there_is_a_key) {
    const running_server server({"--auth.secret", std::string(secret)});
    const auto publish = [&](std::string_view fields) {
        return server.request("POST", "/events/publish/news", R"({"data":1})", fields).status;
    };
    EXPECT_EQ(publish(json_type), 401);
    EXPECT_EQ(publish(bearer(token_of("alice", R"(["user"])"))), 403);
    EXPECT_EQ(publish(bearer(token_of("alice", R"(["publisher"])"))), 200);
    EXPECT_EQ(publish(bearer(token_of("alice", R"(["admin"])"))), 200);
    EXPECT_EQ(publish(bearer(development_token)), 401) << "anybody could make it";
    EXPECT_EQ(
        server.request("GET", "/events/clients", {}, bearer(token_of("a", R"(["publisher"])")))
            .status,
        403);
    EXPECT_EQ(
        server.request("GET", "/events/clients", {}, bearer(token_of("a", R"(["admin"])"))).status,
        200);
    EXPECT_EQ(server.get("/health").status, 200);
    EXPECT_EQ(server.get("/metrics").status, 401);
}

TEST(identity, refuses_every_token_that_is_wrong_wherever_it_is_shown) {
    const running_server server(
        {"--auth.secret", std::string(secret), "--auth.issuer", "us", "--auth.audience", "hub"});
    const auto claims = [&](std::string_view iss, std::string_view aud, std::int64_t exp,
                            std::string_view more = "") {
        return fmt::format(R"({{"sub":"a","roles":["admin"],"iss":"{}","aud":"{}","exp":{}{}}})",
                           iss, aud, exp, more);
    };
    const std::string good = token(claims("us", "hub", now() + 600));
    const std::pair<const char*, std::string> wrong[] = {
        {"bad signature",
         token(claims("us", "hub", now() + 600), "another secret of thirty-two bytes!!")},
        {"expired", token(claims("us", "hub", now() - 600))},
        {"not yet",
         token(claims("us", "hub", now() + 900, fmt::format(R"(,"nbf":{})", now() + 600)))},
        {"wrong issuer", token(claims("them", "hub", now() + 600))},
        {"wrong audience", token(claims("us", "shop", now() + 600))},
        {"wrong algorithm",
         token(claims("us", "hub", now() + 600), secret, auth::algorithm::hs384)},
        {"none", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwicm9sZXMiOlsiYWRtaW4iXX0."},
        {"too large", std::string(9000, 'a') + ".b.c"},
        {"no token at all", "x"},
    };
    for (const char* path :
         {"/events/subscribe/news", "/events/history?topic=news", "/events/clients", "/auth/me"}) {
        for (const auto& [name, text] : wrong) {
            EXPECT_EQ(server.request("GET", path, {}, bearer(text)).status, 401)
                << path << ": " << name;
        }
    }
    for (const auto& [name, text] : wrong) {
        if (text.size() < 4000) {
            EXPECT_EQ(server.get("/auth/me?token=" + text).status, 401) << name;
        }
        EXPECT_EQ(server.request("GET", "/auth/me", {}, "Cookie: carillon_session=" + text + "\r\n")
                      .status,
                  401)
            << name;
    }
    EXPECT_EQ(server.request("GET", "/auth/me", {}, bearer(good)).status, 200);
    EXPECT_EQ(server.get("/auth/me?token=" + good).status, 200);
    EXPECT_EQ(
        server.request("GET", "/auth/me", {}, "Cookie: a=b; carillon_session=" + good + "\r\n")
            .status,
        200);
    EXPECT_EQ(server.request("GET", "/auth/me", {}, "Authorization: Basic YTpi\r\n").status, 401);
    EXPECT_EQ(server.get("/auth/me").status, 401);
}

TEST(identity, an_optional_token_that_is_wrong_is_never_taken_for_none) {
    const running_server server({"--auth.secret", std::string(secret)});
    EXPECT_EQ(server.get("/events/history?topic=news").status, 200);
    EXPECT_EQ(server.request("GET", "/events/history?topic=news", {}, bearer("x.y.z")).status, 401);
}

TEST(identity, tells_the_caller_who_they_are) {
    const running_server server({"--auth.secret", std::string(secret)});
    const auto me =
        server.request("GET", "/auth/me", {}, bearer(token_of("alice", R"(["user","x"])")));
    EXPECT_EQ(json_value(me.body, "userId"), "alice");
    EXPECT_THAT(me.body, HasSubstr(R"("roles":["user","x"])"));
    EXPECT_EQ(json_value(me.body, "from"), "token");
}

TEST(identity, a_session_is_a_cookie_that_scripts_cannot_read) {
    const running_server server({"--auth.secret", std::string(secret)});
    const auto begun = server.request("POST", "/auth/session", {}, bearer(token_of("alice", "[]")));
    ASSERT_EQ(begun.status, 204);
    const std::string cookie = begun.header("Set-Cookie");
    EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Lax; Max-Age="));
    const std::string pair = cookie.substr(0, cookie.find(';'));
    EXPECT_EQ(json_value(server.request("GET", "/auth/me", {}, "Cookie: " + pair + "\r\n").body,
                         "userId"),
              "alice");
    const auto ended = server.request("DELETE", "/auth/session");
    EXPECT_THAT(ended.header("Set-Cookie"), HasSubstr("carillon_session=; "));
    EXPECT_THAT(ended.header("Set-Cookie"), HasSubstr("Max-Age=0"));
    EXPECT_EQ(server.request("POST", "/auth/session").status, 401);
}

TEST(identity, an_admin_signs_tokens_for_others) {
    const running_server server(
        {"--auth.secret", std::string(secret), "--auth.issuer", "us", "--auth.audience", "hub"});
    const std::string admin = token(fmt::format(
        R"({{"sub":"root","roles":["admin"],"iss":"us","aud":"hub","exp":{}}})", now() + 600));
    const auto mint = [&](std::string_view body) {
        return server.request("POST", "/auth/token", body, bearer(admin));
    };
    const auto made = mint(R"({"userId":"bob","roles":["publisher"],"expiresIn":60})");
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string text = json_value(made.body, "token");
    EXPECT_EQ(json_value(server.request("GET", "/auth/me", {}, bearer(text)).body, "userId"),
              "bob");
    EXPECT_EQ(server.request("POST", "/auth/token", R"({"userId":"x"})", bearer(text)).status, 403);
    for (const char* wrong :
         {"", "[]", "{}", R"({"userId":""})", R"({"userId":7})", R"({"userId":"a","roles":"x"})",
          R"({"userId":"a","roles":[1]})", R"({"userId":"a","expiresIn":0})",
          R"({"userId":"a","expiresIn":86401})", R"({"userId":"a","expiresIn":"1"})"})
        EXPECT_EQ(mint(wrong).status, 400) << wrong;
}

TEST(identity, believes_a_key_file_and_starts_with_no_other) {
    const std::string keys = std::string(CARILLON_SOURCE_DIR) + "/tests/auth/tokens/keys/";
    const auto key = [&] {
        std::ifstream in(keys + "p256.pem");
        return auth::key::from_pem(std::string(std::istreambuf_iterator<char>(in), {})).value();
    }();
    const running_server server({"--auth.keys", keys + "p256.pub.pem"});
    const std::string text =
        key->sign(fmt::format(R"({{"sub":"alice","exp":{}}})", now() + 600)).value();
    EXPECT_EQ(json_value(server.request("GET", "/auth/me", {}, bearer(text)).body, "userId"),
              "alice");
    EXPECT_EQ(server.request("GET", "/auth/me", {}, bearer(token_of("alice", "[]"))).status, 401);
}

TEST(identity, a_developers_own_token_works_on_their_machine_without_keys) {
    const running_server server;
    const auto me = server.request("GET", "/auth/me?token=" + development_token);
    EXPECT_EQ(json_value(me.body, "userId"), "test123");
    EXPECT_EQ(json_value(me.body, "from"), "development");
    EXPECT_EQ(server
                  .request("GET", "/auth/me", {},
                           bearer(development_token) + "X-Forwarded-For: 1.2.3.4\r\n")
                  .status,
              401);
    EXPECT_EQ(server.post("news", R"({"data":1})").status, 200);
}

TEST(identity, tokens_are_in_no_log) {
    running_server server({"--auth.secret", std::string(secret), "--log.level", "debug"});
    const std::string good = token_of("alice", R"(["user"])");
    server.get("/events/publish/x?token=" + good);
    server.get("/nowhere?token=" + good);
    server.request("POST", "/events/publish/x", "{", bearer(good));
    server.get("/auth/me?token=" + good.substr(0, good.size() - 2));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_THAT(server.log(), Not(HasSubstr(good.substr(good.size() - 30, 20))));
    EXPECT_THAT(server.log(), Not(HasSubstr(std::string(secret))));
}

}  // namespace
}  // namespace carillon::testing
