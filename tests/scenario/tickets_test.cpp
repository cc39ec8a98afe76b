// Tickets and revocations, against the real server.
#include "auth/key.hpp"
#include "base/base64url.hpp"
#include "base/time_text.hpp"
#include "support/event_reader.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>

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

std::string token_of(std::string_view user, std::string_view id, std::string_view roles = "[]",
                     std::int64_t lifetime = 600) {
    return auth::key::from_secret(secret, auth::algorithm::hs256)
        .value()
        ->sign(fmt::format(R"({{"sub":"{}","jti":"{}","roles":{},"iat":{},"exp":{}}})", user, id,
                           roles, now() - 5, now() + lifetime))
        .value();
}

std::string bearer(std::string_view text) {
    return fmt::format("Authorization: Bearer {}\r\n{}", text, json_type);
}

class credentials : public ::testing::Test {
protected:
    std::string ticket_for(const std::string& token) const {
        const answer got = server.request("POST", "/auth/ticket", {}, bearer(token));
        EXPECT_EQ(got.status, 200) << got.body;
        return json_value(got.body, "ticket");
    }
    int status(std::string_view path, std::string_view fields = {}) const {
        return server.request("GET", path, {}, fields).status;
    }
    answer revoke(std::string_view body) const {
        return server.request("POST", "/auth/revoke", body,
                              bearer(token_of("root", "r", R"(["admin"])")));
    }
    void publish(std::string_view data) const {
        const std::string body = fmt::format(R"({{"data":"{}"}})", data);
        const answer got = server.request("POST", "/events/publish/news", body,
                                          bearer(token_of("p", "p", R"(["publisher"])")));
        EXPECT_EQ(got.status, 200) << got.body;
    }
    /// True as soon as no stream is left.
    bool all_gone() const {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < deadline) {
            const auto got = server.request("GET", "/events/clients", {},
                                            bearer(token_of("root", "r", R"(["admin"])")));
            if (json_value(got.body, "total") == "0") return true;
        }
        return false;
    }

    running_server server{{"--auth.secret", std::string(secret), "--auth.ticket_grace", "1m"}};
    const std::string ann = token_of("ann", "a1");
};

TEST_F(credentials, a_ticket_opens_one_stream_and_that_stream_again) {
    const std::string ticket = ticket_for(ann);
    const std::string path = "/news?ticket=" + ticket;
    event_reader c(server, path);
    c.open();
    EXPECT_EQ(status("/events/subscribe" + path), 401) << "its stream is there";
    publish("one");
    const std::string cursor = c.next().id;
    c.close();
    EXPECT_TRUE(all_gone());
    EXPECT_EQ(status("/events/subscribe" + path), 401) << "without a cursor";
    publish("two");
    event_reader again(server, path, "Last-Event-ID: " + cursor + "\r\n");
    again.open();
    EXPECT_EQ(again.next().data, "two");
    const answer both =
        server.request("GET", "/events/subscribe" + path, {}, "Last-Event-ID: " + cursor + "\r\n");
    EXPECT_EQ(both.status, 503) << "what comes back too early may come again";
    const answer source =
        server.request("GET", "/events/subscribe" + path, {},
                       "Accept: text/event-stream\r\nLast-Event-ID: " + cursor + "\r\n");
    EXPECT_EQ(source.status, 200);
    EXPECT_THAT(source.body, HasSubstr("carillon.unavailable"));
}

TEST_F(credentials, a_ticket_is_good_for_a_stream_alone) {
    const std::string ticket = ticket_for(ann);
    for (const char* other : {"/auth/me", "/events/history?topic=a&x=1", "/events/clients"}) {
        const std::string path = other;
        EXPECT_EQ(status(path + (path.contains('?') ? "&" : "?") + "ticket=" + ticket), 401)
            << path;
    }
    EXPECT_EQ(server.request("POST", "/auth/ticket?ticket=" + ticket, {}, json_type).status, 401);
    EXPECT_EQ(server.request("HEAD", "/events/subscribe/news?ticket=" + ticket).status, 200)
        << "which opens nothing";
    event_reader c(server, "/news?ticket=" + ticket);
    c.open();
}

TEST_F(credentials, a_ticket_that_was_never_given_or_has_ended_opens_nothing) {
    for (const char* wrong : {"x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00"})
        EXPECT_EQ(status(std::string("/events/subscribe/news?ticket=") + wrong), 401) << wrong;
    EXPECT_EQ(server.request("POST", "/auth/ticket").status, 401);
    // Its token ends first; the leeway is the token's.
    const std::string brief = ticket_for(token_of("ann", "brief", "[]", 1));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    int last = 0;
    while (last != 401 && std::chrono::steady_clock::now() < deadline)
        last = server.request("HEAD", "/events/subscribe/news?ticket=" + brief).status;
    EXPECT_EQ(last, 401);
}

TEST_F(credentials, a_token_that_was_taken_back_opens_nothing_and_its_streams_end) {
    const std::string ticket = ticket_for(ann);
    event_reader c(server, "/news?token=" + ann);
    event_reader by_ticket(server, "/news?ticket=" + ticket);
    event_reader other(server, "/news?token=" + token_of("ann", "a2"));
    c.open();
    by_ticket.open();
    other.open();
    const answer done = revoke(R"({"tokenId":"a1"})");
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(json_value(done.body, "ended"), "2");
    for (event_reader* one : {&c, &by_ticket}) {
        const received last = one->next();
        EXPECT_EQ(last.type, "carillon.close");
        EXPECT_EQ(json_value(last.data, "reason"), "revoked");
        EXPECT_TRUE(one->ends_well());
    }
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
    EXPECT_EQ(status("/events/subscribe/news?ticket=" + ticket, "Last-Event-ID: x.1\r\n"), 401);
    EXPECT_EQ(status("/auth/me", bearer(token_of("ann", "a2"))), 200);
    publish("still");
    EXPECT_EQ(other.next().data, "still");
}

TEST_F(credentials, revocations_hold_over_a_restart) {
    EXPECT_EQ(revoke(R"({"tokenId":"a1"})").status, 200);
    EXPECT_EQ(revoke(R"({"userId":"bob"})").status, 200);
    const std::string bob = token_of("bob", "b1");
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
    EXPECT_EQ(status("/auth/me", bearer(bob)), 401);
    server.kill();
    server.restart();
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
    EXPECT_EQ(status("/auth/me", bearer(bob)), 401);
    EXPECT_EQ(status("/auth/me", bearer(token_of("ann", "a2"))), 200);
}

TEST_F(credentials, of_a_user_all_from_before_a_moment_are_taken_back) {
    event_reader c(server, "/news?token=" + ann);
    c.open();
    EXPECT_EQ(revoke(R"({"userId":"ann","before":"2001-01-01T00:00:00Z"})").body, R"({"ended":0})");
    EXPECT_EQ(status("/auth/me", bearer(ann)), 200);
    EXPECT_EQ(revoke(R"({"userId":"ann"})").body, R"({"ended":1})");
    EXPECT_EQ(json_value(c.next().data, "reason"), "revoked");
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
}

TEST_F(credentials, a_stream_ends_by_when_its_token_was_issued_not_by_when_it_began) {
    const auto issued = [&](std::int64_t ago) {
        return auth::key::from_secret(secret, auth::algorithm::hs256)
            .value()
            ->sign(fmt::format(R"({{"sub":"ann","iat":{},"exp":{}}})", now() - ago, now() + 600))
            .value();
    };
    event_reader old(server, "/news?token=" + issued(500));
    event_reader fresh(server, "/news?token=" + issued(100));
    old.open();
    fresh.open();
    const auto moment = std::chrono::system_clock::now() - std::chrono::seconds(300);
    EXPECT_EQ(revoke(fmt::format(R"({{"userId":"ann","before":"{}"}})", rfc3339(moment))).body,
              R"({"ended":1})");
    EXPECT_EQ(json_value(old.next().data, "reason"), "revoked");
    publish("still there");
    EXPECT_EQ(fresh.next().data, "still there");
}

TEST_F(credentials, an_issuer_whose_clock_is_ahead_has_its_tokens_taken_back_too) {
    const auto issued_in = [&](std::int64_t seconds) {
        return auth::key::from_secret(secret, auth::algorithm::hs256)
            .value()
            ->sign(
                fmt::format(R"({{"sub":"ann","iat":{},"exp":{}}})", now() + seconds, now() + 7200))
            .value();
    };
    const std::string early = issued_in(20);
    event_reader c(server, "/news?token=" + early);
    c.open();
    EXPECT_EQ(revoke(R"({"userId":"ann"})").body, R"({"ended":1})");
    EXPECT_EQ(status("/auth/me", bearer(early)), 401);
    server.kill();
    server.restart();
    EXPECT_EQ(status("/auth/me", bearer(early)), 401);
    EXPECT_EQ(status("/auth/me", bearer(issued_in(3600))), 401) << "beyond the leeway";
}

TEST_F(credentials, another_issuer_neither_renews_a_stream_nor_loses_it_to_a_revocation) {
    const temporary_folder folder;
    const std::string other = "another issuer's secret of more than thirty-two bytes";
    const auto key = folder.write(
        "two.jwk", fmt::format(R"({{"kty":"oct","alg":"HS256","k":"{}"}})", base64url(other)));
    const auto file = folder.write(
        "c.toml", fmt::format("[[auth.issuers]]\nissuer = \"two\"\nkeys = [\"{}\"]\n", key));
    const running_server both({"--config", file, "--auth.secret", std::string(secret)});
    const std::string second =
        auth::key::from_secret(other, auth::algorithm::hs256)
            .value()
            ->sign(fmt::format(R"({{"sub":"ann","iss":"two","jti":"a1","exp":{}}})", now() + 600))
            .value();
    event_reader c(both, "/news?token=" + ann);
    event_reader theirs(both, "/news?token=" + second);
    const std::string id = json_value(c.open().data, "client");
    theirs.open();
    const auto ask = [&](std::string_view path, std::string_view body, const std::string& as) {
        return both.request("POST", path, body, bearer(as));
    };
    EXPECT_EQ(ask("/auth/renew", fmt::format(R"({{"client":"{}"}})", id), second).status, 403);
    EXPECT_EQ(
        ask("/auth/renew", fmt::format(R"({{"client":"{}"}})", id), token_of("ann", "a2")).status,
        200);
    EXPECT_EQ(ask("/auth/revoke", R"({"tokenId":"a1","issuer":"two"})",
                  token_of("root", "r", R"(["admin"])"))
                  .body,
              R"({"ended":1})");
    EXPECT_EQ(json_value(theirs.next().data, "reason"), "revoked");
    EXPECT_EQ(both.request("GET", "/auth/me", {}, bearer(second)).status, 401);
    EXPECT_EQ(both.request("GET", "/auth/me", {}, bearer(ann)).status, 200);
}

TEST_F(credentials, a_revocation_of_an_issuer_that_nobody_believes_is_refused) {
    const running_server named({"--auth.secret", std::string(secret), "--auth.issuer", "one"});
    const auto admin =
        auth::key::from_secret(secret, auth::algorithm::hs256)
            .value()
            ->sign(fmt::format(R"({{"sub":"root","iss":"one","roles":["admin"],"exp":{}}})",
                               now() + 600))
            .value();
    const auto ask = [&](std::string_view issuer) {
        return named.request("POST", "/auth/revoke",
                             fmt::format(R"({{"tokenId":"x","issuer":"{}"}})", issuer),
                             bearer(admin));
    };
    EXPECT_EQ(ask("one").status, 200);
    const answer wrong = ask("onne");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.body, HasSubstr("onne"));
    EXPECT_EQ(revoke(R"({"tokenId":"x","issuer":"any"})").status, 200)
        << "without `auth.issuer` tokens may be of any";
}

TEST_F(credentials, one_user_takes_no_more_tickets_than_it_may) {
    const running_server few(
        {"--auth.secret", std::string(secret), "--auth.max_tickets_per_user", "2"});
    const auto ask = [&](std::string_view user) {
        return few.request("POST", "/auth/ticket", {}, bearer(token_of(user, "t"))).status;
    };
    EXPECT_EQ(ask("ann"), 200);
    EXPECT_EQ(ask("ann"), 200);
    EXPECT_EQ(ask("ann"), 429);
    EXPECT_EQ(ask("bob"), 200);
}

TEST_F(credentials, of_a_client_the_token_is_taken_back_and_the_stream_ends) {
    event_reader c(server, "/news?token=" + ann);
    event_reader nobody(server, "/news");
    const std::string id = json_value(c.open().data, "client");
    const std::string other = json_value(nobody.open().data, "client");
    EXPECT_EQ(revoke(fmt::format(R"({{"client":"{}"}})", id)).body, R"({"ended":1})");
    EXPECT_EQ(json_value(c.next().data, "reason"), "revoked");
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
    EXPECT_EQ(revoke(fmt::format(R"({{"client":"{}"}})", other)).status, 409)
        << "nothing keeps it from coming back";
    publish("still there");
    EXPECT_EQ(nobody.next().data, "still there");
    EXPECT_EQ(revoke(fmt::format(R"({{"client":"{}"}})", id)).status, 404);
}

TEST_F(credentials, a_ticket_opens_no_other_stream) {
    const std::string ticket = ticket_for(ann);
    std::string cursor;
    {
        event_reader c(server, "/news?ticket=" + ticket);
        cursor = "Last-Event-ID: " + c.open().id + "\r\n";
    }
    ASSERT_TRUE(all_gone());
    EXPECT_EQ(status("/events/subscribe/other?ticket=" + ticket, cursor), 401);
    EXPECT_EQ(status("/events/subscribe/news?topic=other&ticket=" + ticket, cursor), 401);
    event_reader again(server, "/news?ticket=" + ticket, cursor);
    EXPECT_EQ(again.head().status, 200);
}

TEST_F(credentials, a_ticket_opens_its_stream_again_with_no_cursor_that_was_made_up) {
    const std::string ticket = ticket_for(ann);
    const std::string path = "/events/subscribe/news?ticket=" + ticket;
    publish("kept");
    std::string id;
    {
        event_reader c(server, "/news?ticket=" + ticket, "Last-Event-ID: x\r\n");
        const received first = c.open();
        EXPECT_EQ(json_value(first.data, "resume"), "reset") << "the first may come from anywhere";
        id = c.next().id;
    }
    ASSERT_TRUE(all_gone());
    for (const char* wrong : {"x", "abc.1", "garbage~", "evil~r"}) {
        const answer got =
            server.request("GET", path, {}, fmt::format("Last-Event-ID: {}\r\n", wrong));
        EXPECT_EQ(got.status, 401) << wrong;
        EXPECT_THAT(got.body, HasSubstr("UNAUTHENTICATED")) << wrong;
        EXPECT_THAT(got.body, Not(HasSubstr("kept"))) << wrong;
        EXPECT_EQ(server.request("GET", path + "&last_event_id=" + wrong).status, 401) << wrong;
    }
    event_reader again(server, "/news?ticket=" + ticket, "Last-Event-ID: " + id + "\r\n");
    EXPECT_EQ(json_value(again.open().data, "resume"), "resumed");
}

TEST_F(credentials, a_token_without_an_id_is_taken_back_by_its_client_over_a_restart) {
    const std::string bare = auth::key::from_secret(secret, auth::algorithm::hs256)
                                 .value()
                                 ->sign(fmt::format(R"({{"sub":"ann","exp":{}}})", now() + 600))
                                 .value();
    event_reader c(server, "/news?token=" + bare);
    event_reader with_id(server, "/news?token=" + ann);
    const std::string id = json_value(c.open().data, "client");
    with_id.open();
    EXPECT_EQ(revoke(fmt::format(R"({{"client":"{}"}})", id)).body, R"({"ended":1})");
    EXPECT_EQ(json_value(c.next().data, "reason"), "revoked");
    EXPECT_EQ(status("/auth/me", bearer(bare)), 401);
    publish("still there");
    EXPECT_EQ(with_id.next().data, "still there") << "another token of the same user";
    server.kill();
    server.restart();
    EXPECT_EQ(status("/auth/me", bearer(bare)), 401);
    EXPECT_EQ(status("/auth/me", bearer(ann)), 200);
}

TEST_F(credentials, an_earlier_moment_takes_nothing_back_of_a_revocation_over_a_restart) {
    EXPECT_EQ(revoke(R"({"userId":"ann"})").status, 200);
    EXPECT_EQ(revoke(R"({"userId":"ann","before":"2020-01-01T00:00:00Z"})").status, 200);
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
    server.kill();
    server.restart();
    EXPECT_EQ(status("/auth/me", bearer(ann)), 401);
}

TEST_F(credentials, a_durable_client_keeps_no_topic_that_its_next_caller_may_not_listen_to) {
    const running_server some(
        {"--auth.secret", std::string(secret), "--auth.public_topics", "pub/**"});
    const std::string bob =
        auth::key::from_secret(secret, auth::algorithm::hs256)
            .value()
            ->sign(fmt::format(R"({{"sub":"bob","carillon":{{"subscribe":["sec/**"]}},"exp":{}}})",
                               now() + 600))
            .value();
    const std::string client = "0123456789abcdefghijklmnopqrstuv";
    const auto topics_as = [&](std::string_view fields) {
        event_reader c(some, "/pub/a?client=" + client, fields);
        return c.open().data;
    };
    const auto status_as = [&](std::string_view fields) {
        return some.request("HEAD", "/events/subscribe/pub/a?client=" + client, {}, fields).status;
    };
    {
        event_reader c(some, "/pub/a?client=" + client, bearer(bob));
        c.open();
        EXPECT_EQ(
            some.request("PUT", "/events/clients/" + client + "/topics/sec/x", {}, bearer(bob))
                .status,
            204);
    }
    EXPECT_THAT(topics_as(bearer(bob)), HasSubstr(R"("topics":["pub/a","sec/x"])"));
    EXPECT_EQ(status_as({}), 401) << "it is bob's";
    EXPECT_EQ(status_as(bearer(ann)), 403);
    const std::string less = token_of("bob", "b2");
    EXPECT_THAT(topics_as(bearer(less)), HasSubstr(R"("topics":["pub/a"])"));
    EXPECT_THAT(topics_as(bearer(bob)), HasSubstr(R"("topics":["pub/a"])")) << "it is forgotten";
}

TEST_F(credentials, a_stream_ends_with_its_token_unless_it_is_renewed) {
    const running_server brief({"--auth.secret", std::string(secret), "--auth.leeway", "0s"});
    const auto renew = [&](const std::string& client, const std::string& token) {
        return brief.request("POST", "/auth/renew", fmt::format(R"({{"client":"{}"}})", client),
                             bearer(token));
    };
    event_reader c(brief, "/news?token=" + token_of("ann", "a1", "[]", 2));
    event_reader renewed(brief, "/news?token=" + token_of("ann", "a2", "[]", 2));
    c.open();
    const std::string id = json_value(renewed.open().data, "client");
    EXPECT_EQ(renew(id, token_of("bob", "b")).status, 403);
    EXPECT_EQ(renew("x", token_of("ann", "a3")).status, 404);
    EXPECT_EQ(renew(id, token_of("ann", "old", "[]", -5)).status, 401);
    EXPECT_EQ(brief.request("POST", "/auth/renew", "{}", bearer(ann)).status, 400);
    const answer done = renew(id, token_of("ann", "a3"));
    EXPECT_EQ(done.status, 200) << done.body;
    EXPECT_THAT(done.body, HasSubstr(R"("dropped":[])"));
    EXPECT_TRUE(c.ends_well());
    EXPECT_THAT(c.bytes(), HasSubstr("expired"));
    EXPECT_EQ(brief.request("GET", "/auth/me", {}, bearer(token_of("ann", "a1", "[]", -1))).status,
              401);
    const answer sent = brief.request("POST", "/events/publish/news", R"({"data":"on"})",
                                      bearer(token_of("p", "p", R"(["publisher"])")));
    EXPECT_EQ(sent.status, 200);
    received last = renewed.next();
    while (last.type != "message" && !last.type.empty()) last = renewed.next();
    EXPECT_EQ(last.data, "on") << "what was renewed goes on";
}

TEST_F(credentials, a_revocation_names_one_thing) {
    for (const char* wrong :
         {"", "[]", "{}", R"({"tokenId":""})", R"({"tokenId":7})",
          R"({"tokenId":"a","userId":"b"})", R"({"userId":"a","before":"yesterday"})",
          R"({"tokenId":"a","before":"2001-01-01T00:00:00Z"})",
          R"({"userId":"a","befor":"2001-01-01T00:00:00Z"})"})
        EXPECT_EQ(revoke(wrong).status, 400) << wrong;
    EXPECT_EQ(server.request("POST", "/auth/revoke", R"({"userId":"a"})", bearer(ann)).status, 403);
}

}  // namespace
}  // namespace carillon::testing
