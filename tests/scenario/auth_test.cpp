// Who may call what, against the real server.
#include "auth/key.hpp"
#include "base/base64url.hpp"
#include "support/event_reader.hpp"
#include "support/running_server.hpp"
#include "support/temporary_folder.hpp"

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

/// A token with grants and whatever else.
std::string granting(std::string_view user, std::string_view grants,
                     std::string_view roles = "[]") {
    return token(fmt::format(R"({{"sub":"{}","roles":{},"carillon":{},"exp":{}}})", user, roles,
                             grants, now() + 600));
}

TEST(grants, a_token_says_under_what_may_be_published) {
    const running_server server({"--auth.secret", std::string(secret)});
    const std::string narrow = granting("ann", R"({"publish":["news/**","tick"]})");
    const auto publish = [&](std::string_view path, std::string_view body,
                             std::string_view fields) {
        return server.request("POST", "/events/publish" + std::string(path), body, fields);
    };
    const std::string shown = bearer(narrow);
    EXPECT_EQ(publish("/news/a", R"({"data":1})", shown).status, 200);
    EXPECT_EQ(publish("/tick", R"({"data":1})", shown).status, 200);
    const answer denied = publish("/other", R"({"data":1})", shown);
    EXPECT_EQ(denied.status, 403);
    EXPECT_THAT(denied.body, HasSubstr("publishing under `other` is granted"));
    EXPECT_EQ(json_value(denied.body, "code"), "FORBIDDEN");
    EXPECT_EQ(publish("", R"([{"topic":"news","data":1},{"topic":"x","data":1}])", shown).status,
              403);
    EXPECT_EQ(publish("", R"({"data":1,"topics":["news","other"]})", shown).status, 403);
    EXPECT_EQ(publish("/x", R"({"data":1,"deliverAt":"2099-01-01T00:00:00Z"})", shown).status, 403);
    const answer lines =
        publish("", "{\"topic\":\"news\",\"data\":1}\n{\"topic\":\"x\",\"data\":1}\n",
                fmt::format("Authorization: Bearer {}\r\n{}", narrow, lines_type));
    EXPECT_EQ(lines.status, 403);
    EXPECT_THAT(lines.body, HasSubstr("line 2: publishing under `x`"));
    EXPECT_EQ(
        publish("/x", R"({"data":1})", bearer(granting("ann", "{}", R"(["publisher"])"))).status,
        200)
        << "what the token does not say, the role does";
    EXPECT_EQ(publish("/$user/bob", R"({"data":1})", bearer(granting("a", R"({"publish":["**"]})")))
                  .status,
              403);
}

TEST(grants, what_was_published_is_changed_and_called_off_by_whom_it_was_granted_to) {
    const running_server server({"--auth.secret", std::string(secret)});
    const std::string narrow = bearer(granting("ann", R"({"publish":["news"]})"));
    const std::string wide = bearer(token_of("root", R"(["admin"])"));
    const auto id_of = [&](std::string_view topic, std::string_view more) {
        const auto got = server.request("POST", fmt::format("/events/publish/{}", topic),
                                        fmt::format(R"({{"data":1{}}})", more), wide);
        return json_value(got.body, more.empty() ? "id" : "scheduledId");
    };
    const auto changed = [&](std::string_view method, std::string_view topic) {
        return server
            .request(method, fmt::format("/events/history/{}?topic={}", id_of(topic, ""), topic),
                     method == "PUT" ? R"({"data":2})" : "", narrow)
            .status;
    };
    EXPECT_EQ(changed("DELETE", "other"), 403);
    EXPECT_EQ(changed("PUT", "other"), 403);
    EXPECT_EQ(changed("DELETE", "news"), 200);
    EXPECT_EQ(changed("PUT", "news"), 200);
    constexpr std::string_view later = R"(,"deliverAt":"2099-01-01T00:00:00Z")";
    const std::string theirs = id_of("other", later);
    const std::string own = id_of("news", later);
    const std::string listed = server.request("GET", "/events/scheduled", {}, narrow).body;
    EXPECT_THAT(listed, HasSubstr("\"" + own + "\""));
    EXPECT_THAT(listed, Not(HasSubstr("\"" + theirs + "\"")));
    const auto cancelled = [&](const std::string& id, const std::string& by) {
        return server.request("DELETE", "/events/scheduled/" + id, {}, by).status;
    };
    EXPECT_EQ(cancelled(theirs, narrow), 403);
    EXPECT_EQ(cancelled(own, narrow), 204);
    EXPECT_EQ(cancelled(own, narrow), 404);
    EXPECT_EQ(cancelled(theirs, wide), 204);
}

TEST(grants, under_some_topics_are_none_to_send_to_users_or_to_everybody) {
    const running_server server({"--auth.secret", std::string(secret)});
    const auto statuses = [&](const std::string& by) {
        std::vector<int> all;
        for (const auto& [path, body] :
             {std::pair("/api/v1/sse/system", R"({"eventType":"t"})"),
              {"/api/v1/sse/notifications", R"({"title":"t","userId":"victim"})"},
              {"/api/sse/send", R"({"type":"t"})"},
              {"/notifications/broadcast", R"({"title":"t","message":"m"})"},
              {"/api/sse/notify", R"({"data":1})"},
              {"/api/calendar/reminders/upcoming", "{}"}})
            all.push_back(server.request("POST", path, body, by).status / 100);
        return all;
    };
    const std::vector<int> refused(6, 4);
    const std::vector<int> taken(6, 2);
    EXPECT_EQ(statuses(bearer(granting("ann", R"({"publish":["chat/ann/**"]})"))), refused);
    EXPECT_EQ(statuses(bearer(granting("back", R"({"publish":["**"]})"))), taken);
    EXPECT_EQ(statuses(bearer(token_of("back", R"(["publisher"])"))), taken);
}

TEST(grants, who_is_no_back_end_takes_no_idempotency_key_of_one) {
    const running_server server({"--auth.secret", std::string(secret)});
    const auto publish = [&](std::string_view topic, std::string_view data, const std::string& by) {
        return server
            .request("POST", fmt::format("/events/publish/{}", topic),
                     fmt::format(R"({{"data":"{}"}})", data), by + "Idempotency-Key: order-42\r\n")
            .status;
    };
    const std::string ann = bearer(granting("ann", R"({"publish":["own/**"]})"));
    const std::string bob = bearer(granting("bob", R"({"publish":["own/**"]})"));
    const std::string back_end = bearer(token_of("one", R"(["publisher"])"));
    const std::string other = bearer(token_of("two", R"(["publisher"])"));
    EXPECT_EQ(publish("own/x", "hers", ann), 200);
    EXPECT_EQ(publish("own/x", "his", bob), 200);
    EXPECT_EQ(publish("own/x", "another", ann), 409);
    EXPECT_EQ(publish("orders", "paid", back_end), 200);
    EXPECT_EQ(publish("orders", "paid", other), 200) << "another back end repeats it";
    EXPECT_EQ(publish("orders", "else", other), 409);
    EXPECT_EQ(json_value(server.get("/events/history?topic=orders").body, "more"), "false");
    const auto lines = server.request("POST", "/events/publish/orders", "{\"data\":1}\n",
                                      fmt::format("Authorization: Bearer {}\r\nContent-Type: "
                                                  "application/x-ndjson\r\nIdempotency-Key: k\r\n",
                                                  token_of("one", R"(["publisher"])")));
    EXPECT_EQ(lines.status, 400) << lines.body;
}

TEST(grants, an_event_of_several_topics_is_changed_by_whoever_may_publish_under_all) {
    const running_server server({"--auth.secret", std::string(secret)});
    const std::string narrow = bearer(granting("ann", R"({"publish":["news/**"]})"));
    const std::string wide = bearer(token_of("root", R"(["admin"])"));
    const auto published = server.request(
        "POST", "/events/publish", R"({"data":"orig","topics":["news/a","sealed/a"]})", wide);
    const std::string id = json_value(published.body, "id");
    const auto changed = [&](std::string_view method, std::string_view topic,
                             const std::string& by) {
        return server
            .request(method, fmt::format("/events/history/{}?topic={}", id, topic),
                     method == "PUT" ? R"({"data":"forged"})" : "", by)
            .status;
    };
    EXPECT_EQ(changed("PUT", "news/a", narrow), 403);
    EXPECT_EQ(changed("DELETE", "news/a", narrow), 403);
    EXPECT_THAT(server.get("/events/history?topic=sealed/a").body, HasSubstr("orig"));
    EXPECT_EQ(changed("PUT", "news/a", wide), 200);
}

TEST(grants, a_private_event_is_taken_back_by_its_publisher_who_may_not_read_it) {
    const running_server server({"--auth.secret", std::string(secret)});
    const std::string publisher = bearer(token_of("back-end", R"(["publisher"])"));
    const auto publish = [&](std::string_view more) {
        return server.request("POST", "/events/publish/inbox/bob",
                              fmt::format(R"({{"data":"classified","private":true{}}})", more),
                              publisher);
    };
    const std::string id = json_value(publish("").body, "id");
    const std::string scheduled =
        json_value(publish(R"(,"deliverAt":"2099-01-01T00:00:00Z")").body, "scheduledId");
    const std::string place = fmt::format("/events/history/{}?topic=inbox/bob", id);
    EXPECT_EQ(server.request("DELETE", place, {}, publisher).status, 200);
    EXPECT_EQ(server.request("DELETE", place, {}, publisher).status, 404);
    const std::string waiting = server.request("GET", "/events/scheduled", {}, publisher).body;
    EXPECT_THAT(waiting, HasSubstr("\"" + scheduled + "\""));
    EXPECT_THAT(waiting, Not(HasSubstr("classified")));
    const std::string wide = bearer(token_of("root", R"(["admin"])"));
    EXPECT_THAT(server.request("GET", "/events/scheduled", {}, wide).body, HasSubstr("classified"));
    EXPECT_EQ(server.request("DELETE", "/events/scheduled/" + scheduled, {}, publisher).status,
              204);
}

TEST(grants, what_is_not_public_is_listened_to_by_those_who_are_granted_it) {
    const running_server server({"--auth.secret", std::string(secret), "--auth.public_topics",
                                 "open/**", "--auth.subscribe_grants", "staff=team/{user}/**"});
    const auto status = [&](std::string_view path, std::string_view fields = {}) {
        return server.request("HEAD", path, {}, fields).status;
    };
    const std::string ann = bearer(granting("ann", R"({"subscribe":["news/*"]})", R"(["staff"])"));
    const std::string bob = bearer(token_of("bob", R"(["staff"])"));
    EXPECT_EQ(status("/events/subscribe/open/a"), 200);
    EXPECT_EQ(status("/events/subscribe/open/**"), 200);
    EXPECT_EQ(status("/events/subscribe/news/a"), 403);
    EXPECT_EQ(status("/events/subscribe/**"), 403) << "more than what is public";
    EXPECT_EQ(status("/events/history?topic=news/a"), 403);
    EXPECT_EQ(status("/events/subscribe/news/a", ann), 200);
    EXPECT_EQ(status("/events/history?topic=news/*", ann), 200);
    EXPECT_EQ(status("/events/subscribe?topic=news/a&topic=other", ann), 403);
    EXPECT_EQ(status("/events/subscribe/news/**", ann), 403);
    EXPECT_EQ(status("/events/subscribe/team/ann/x", ann), 403) << "the token says it itself";
    EXPECT_EQ(status("/events/subscribe/team/bob/x", bob), 200);
    EXPECT_EQ(status("/events/subscribe/team/ann/x", bob), 403);
    EXPECT_EQ(status("/events/subscribe/**", bearer(token_of("root", R"(["admin"])"))), 200);
    const std::string why = server.request("GET", "/events/subscribe/x", {}, ann).body;
    EXPECT_THAT(why, HasSubstr("`x` is not public"));
}

TEST(grants, private_events_are_shown_to_those_alone_who_are_granted_their_topic) {
    const running_server server({"--auth.secret", std::string(secret)});
    const std::string wide = token_of("root", R"(["admin"])");
    const auto publish = [&](std::string_view data, bool is_private) {
        const auto got = server.request(
            "POST", "/events/publish/orders/1",
            fmt::format(R"({{"data":"{}","private":{}}})", data, is_private), bearer(wide));
        EXPECT_EQ(got.status, 200) << got.body;
    };
    const auto shows = [&](std::string_view fields) {
        const std::string all =
            server.request("GET", "/events/history?topic=orders/1&since=earliest", {}, fields).body;
        return std::pair(all.contains("for all"), all.contains("for some"));
    };
    publish("for all", false);
    publish("for some", true);
    EXPECT_EQ(shows(""), std::pair(true, false));
    EXPECT_EQ(shows(bearer(token_of("ann", "[]"))), std::pair(true, false));
    EXPECT_EQ(shows(bearer(granting("ann", R"({"subscribe":["orders/*"]})"))),
              std::pair(true, true));
    EXPECT_EQ(shows(bearer(wide)), std::pair(true, true));
    event_reader c(server, "/orders/1?since=earliest&token=" +
                               granting("ann", R"({"subscribe":["orders/1"]})"));
    c.open();
    EXPECT_EQ(c.data(2), (strings{"for all", "for some"}));
}

TEST(grants, a_client_is_called_about_by_its_owner_a_publisher_or_an_admin) {
    const running_server server(
        {"--auth.secret", std::string(secret), "--auth.public_topics", "a"});
    const std::string ann = token_of("ann", "[]");
    event_reader c(server, "/a?token=" + ann);
    const std::string path = "/events/clients/" + json_value(c.open().data, "client");
    const auto status = [&](std::string_view method, std::string_view rest,
                            const std::string& caller, std::string_view body = {}) {
        return server.request(method, path + std::string(rest), body, bearer(caller)).status;
    };
    const std::string bob = token_of("bob", "[]");
    EXPECT_EQ(status("GET", "", bob), 403);
    EXPECT_EQ(status("POST", "/send", bob, R"({"data":1})"), 403);
    EXPECT_EQ(status("POST", "/heartbeat", bob), 403);
    EXPECT_EQ(status("PUT", "/topics/a", bob), 403);
    EXPECT_EQ(status("DELETE", "", bob), 403);
    EXPECT_EQ(status("GET", "", ann), 200);
    EXPECT_EQ(status("POST", "/send", ann, R"({"data":1})"), 200);
    EXPECT_EQ(status("POST", "/heartbeat", ann), 204);
    EXPECT_EQ(status("POST", "/send", token_of("p", R"(["publisher"])"), R"({"data":1})"), 200);
    EXPECT_EQ(status("PUT", "/topics/a", ann), 204);
    EXPECT_EQ(status("PUT", "/topics/b", ann), 403) << "is not public";
    EXPECT_EQ(status("PUT", "/topics/b", token_of("root", R"(["admin"])")), 403)
        << "what the client may hear counts";
    EXPECT_EQ(status("DELETE", "", token_of("root", R"(["admin"])")), 204);
    EXPECT_TRUE(c.ends_well());
}

TEST(grants, a_server_with_rows_that_say_nothing_does_not_start) {
    for (const auto& [name, value] : {std::pair("auth.publish_grants", "editor"),
                                      {"auth.subscribe_grants", "a=b*c"},
                                      {"auth.public_topics", "a*b"}}) {
        const finished got = run_carillon({"serve", "--listen", "127.0.0.1:0", "--journal.kind",
                                           "memory", "--" + std::string(name), value});
        EXPECT_NE(got.status, 0) << name;
        EXPECT_THAT(got.output, HasSubstr(name));
    }
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

TEST(identity, tokens_that_are_signed_here_say_what_is_read_here) {
    const running_server server({"--auth.secret", std::string(secret), "--auth.user_claim", "uid",
                                 "--auth.session_claim", "session", "--auth.roles_claim", "groups",
                                 "--auth.grants_claim", "may"});
    const std::string admin =
        token(fmt::format(R"({{"uid":"root","groups":["admin"],"exp":{}}})", now() + 600));
    const auto made = server.request(
        "POST", "/auth/token",
        R"({"userId":"bob","sessionId":"s","roles":["publisher"],"publish":["news"]})",
        bearer(admin));
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string bob = bearer(json_value(made.body, "token"));
    const std::string me = server.request("GET", "/auth/me", {}, bob).body;
    EXPECT_THAT(me, HasSubstr(R"("userId":"bob","sessionId":"s","roles":["publisher"])"));
    const auto publish = [&](std::string_view topic) {
        return server
            .request("POST", fmt::format("/events/publish/{}", topic), R"({"data":1})", bob)
            .status;
    };
    EXPECT_EQ(publish("news"), 200);
    EXPECT_EQ(publish("other"), 403);
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

TEST(identity, tokens_that_are_signed_here_have_the_claims_that_are_configured) {
    const strings names{"--auth.secret",       std::string(secret),
                        "--auth.user_claim",   "uid",
                        "--auth.roles_claim",  "groups",
                        "--auth.grants_claim", "may"};
    const running_server server(names);
    strings line{"token", "--user", "root", "--role", "admin"};
    line.insert(line.end(), names.begin(), names.end());
    const finished admin = run_carillon(line);
    ASSERT_EQ(admin.status, 0) << admin.output;
    const std::string as = bearer(admin.output.substr(0, admin.output.find('\n')));
    const auto made = server.request(
        "POST", "/auth/token", R"({"userId":"x","roles":["publisher"],"publish":["a/**"]})", as);
    ASSERT_EQ(made.status, 200) << made.body;
    const std::string token = bearer(json_value(made.body, "token"));
    EXPECT_EQ(json_value(server.request("GET", "/auth/me", {}, token).body, "userId"), "x");
    EXPECT_EQ(server.post("a/b", R"({"data":1})", token).status, 200);
    EXPECT_EQ(server.post("b", R"({"data":1})", token).status, 403) << "no more than was asked for";
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

std::string oct_key(std::string_view bytes) {
    return fmt::format(R"({{"kty":"oct","alg":"HS256","k":"{}"}})", base64url(bytes));
}

std::string claims_of(std::string_view issuer, std::string_view audience, std::string_view more) {
    return fmt::format(R"({{"sub":"alice","iss":"{}","aud":"{}","exp":{}{}}})", issuer, audience,
                       now() + 600, more);
}

TEST(identity, several_issuers_have_keys_audiences_and_users_of_their_own) {
    const temporary_folder folder;
    const std::string first = "the first issuer's secret of thirty-two bytes";
    const std::string second = "the second issuer's secret of thirty-two bytes";
    const auto file = folder.write(
        "c.toml",
        fmt::format("[auth]\nissuer = \"us\"\naudience = [\"hub\"]\n[[auth.issuers]]\n"
                    "issuer = \"one\"\nkeys = [\"{}\"]\naudience = [\"first\"]\n[[auth.issuers]]\n"
                    "issuer = \"two\"\nkeys = [\"{}\"]\naudience = [\"second\"]\n"
                    "user_prefix = \"two:\"\nroles = [\"user\"]\ngrants = false\n",
                    folder.write("one.jwk", oct_key(first)),
                    folder.write("two.jwk", oct_key(second))));
    const running_server server({"--config", file, "--auth.secret", std::string(secret)});
    const auto me = [&](const std::string& text) {
        return server.request("GET", "/auth/me", {}, bearer(text));
    };
    const auto user = [&](const std::string& text) { return json_value(me(text).body, "userId"); };
    EXPECT_EQ(user(token(claims_of("us", "hub", ""))), "alice");
    EXPECT_EQ(user(token(claims_of("one", "first", ""), first)), "alice");
    EXPECT_EQ(user(token(claims_of("two", "second", ""), second)), "two:alice");
    const std::pair<const char*, std::string> wrong[] = {
        {"the keys of another", token(claims_of("one", "first", ""), second)},
        {"the server's own secret", token(claims_of("two", "second", ""))},
        {"another row's audience", token(claims_of("one", "second", ""), first)},
        {"the server's audience", token(claims_of("one", "hub", ""), first)},
        {"a row's audience with the server's secret", token(claims_of("us", "first", ""))},
        {"nobody's issuer", token(claims_of("three", "first", ""), first)},
        {"no issuer", token(fmt::format(R"({{"sub":"a","exp":{}}})", now() + 600), first)}};
    for (const auto& [what, text] : wrong) EXPECT_EQ(me(text).status, 401) << what;

    const auto publish = [&](const std::string& text) {
        return server.request("POST", "/events/publish/news", R"({"data":1})", bearer(text)).status;
    };
    constexpr std::string_view gains = R"(,"roles":["admin"],"carillon":{"publish":["**"]})";
    EXPECT_EQ(publish(token(claims_of("one", "first", gains), first)), 200);
    EXPECT_EQ(publish(token(claims_of("two", "second", gains), second)), 403);
}

TEST(identity, does_not_start_with_rows_of_issuers_that_nobody_could_tell_apart) {
    const temporary_folder folder;
    const auto key = folder.write("one.jwk", oct_key(secret));
    for (const auto& [row, told] :
         {std::pair(fmt::format("issuer = \"us\"\nkeys = [\"{}\"]", key),
                    "`auth.issuer` has a row in `auth.issuers` too"),
          {"issuer = \"one\"\nkeys = [\"no-such-file\"]", "auth.issuers (one): keys"},
          {"issuer = \"one\"\nkeys = [\"http://id.example.com/keys\"]", "https"}}) {
        const auto file = folder.write("c.toml", fmt::format("[[auth.issuers]]\n{}\n", row));
        const finished got = run_carillon({"serve", "--listen", "127.0.0.1:0", "--journal.kind",
                                           "memory", "--config", file, "--auth.secret",
                                           std::string(secret), "--auth.issuer", "us"});
        EXPECT_NE(got.status, 0) << row;
        EXPECT_THAT(got.output, HasSubstr(told));
    }
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
