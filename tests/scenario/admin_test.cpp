// What those who look after a server do with it: by calls and by commands.
#include "support/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* root_token = "cm9vdDpyb290OnJvb3RAbG9jYWxob3N0OmFkbWlu";
constexpr const char* ann_token = "YW5uOmFubjphbm5AeDp1c2Vy";  // ann:ann:ann@x:user

class administration : public ::testing::Test {
protected:
    finished command(strings words) const {
        words.insert(words.end(), {"--url", server.url(), "--token", root_token});
        return run_carillon(words);
    }

    running_server server;
    event_reader ann{server, std::string("/news?token=") + ann_token};
    event_reader nobody{server, "/news?topic=other"};
};

TEST_F(administration, counts_streams) {
    ann.open();
    nobody.open();
    server.publish("news", "1");
    EXPECT_EQ(ann.next().data, "1");
    const answer all = server.request("GET", "/events/stats", {}, as_admin);
    ASSERT_EQ(all.status, 200) << all.body;
    EXPECT_EQ(json_value(all.body, "streams"), "2");
    EXPECT_EQ(json_value(all.body, "users"), "1");
    EXPECT_THAT(all.body, HasSubstr(R"("byUser":[{"name":"ann","streams":1}])"));
    EXPECT_THAT(all.body, HasSubstr(R"("byTopic":[{"name":"news","streams":2},{"name":"other",)"));
    EXPECT_THAT(all.body, HasSubstr(R"("byProfile":[{"name":"topics","streams":2}])"));
    EXPECT_THAT(all.body, HasSubstr("\"lastEventAt\""));
    EXPECT_EQ(
        json_value(server.request("GET", "/events/stats?user=ann", {}, as_admin).body, "streams"),
        "1");
    for (const char* wrong : {"?top=0", "?top=x", "?top=-1"})
        EXPECT_EQ(server.request("GET", std::string("/events/stats") + wrong, {}, as_admin).status,
                  400);
    EXPECT_EQ(server.get("/events/stats").status, 401);
}

TEST_F(administration, ends_the_streams_that_are_named) {
    ann.open();
    nobody.open();
    EXPECT_EQ(server.request("DELETE", "/events/clients").status, 400) << "not all at once";
    EXPECT_EQ(server.request("DELETE", "/events/clients?user=bob").body, R"({"ended":0})");
    EXPECT_EQ(server.request("DELETE", "/events/clients?user=ann").body, R"({"ended":1})");
    EXPECT_EQ(ann.next().type, "carillon.close");
    server.publish("news", "1");
    EXPECT_EQ(nobody.next().data, "1");
}

TEST_F(administration, the_commands_list_count_and_end) {
    ann.open();
    nobody.open();
    const finished list = command({"connections"});
    EXPECT_EQ(list.status, 0) << list.output;
    EXPECT_THAT(list.output, HasSubstr("ann"));
    EXPECT_THAT(list.output, HasSubstr("news,other"));
    const finished json = command({"connections", "--user", "ann", "--json"});
    EXPECT_THAT(json.output, HasSubstr(R"("user":"ann")"));
    EXPECT_THAT(json.output, Not(HasSubstr("other")));
    const finished stats = command({"stats"});
    EXPECT_EQ(stats.status, 0) << stats.output;
    EXPECT_THAT(stats.output, HasSubstr("streams          2\n"));
    EXPECT_THAT(stats.output, HasSubstr("         1  ann\n"));
    EXPECT_EQ(command({"connections", "--close"}).status, 2);
    EXPECT_THAT(command({"connections", "--close", "--user", "ann"}).output,
                HasSubstr(R"({"ended":1})"));
    EXPECT_EQ(ann.next().type, "carillon.close");
    const finished refused = run_carillon({"stats", "--url", server.url()});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("CARILLON_TOKEN"));
}

TEST(token_command, signs_what_the_server_believes_and_shows_what_a_token_says) {
    const std::string secret = "a secret of more than thirty-two bytes";
    const running_server server({"--auth.secret", secret});
    const strings with{"--auth.secret", secret};
    const auto token = [&](strings words) {
        words.insert(words.begin(), "token");
        words.insert(words.end(), with.begin(), with.end());
        finished got = run_carillon(words);
        EXPECT_EQ(got.status, 0) << got.output;
        got.output.resize(got.output.find('\n'));
        return got.output;
    };
    const std::string text =
        token({"--user", "ann", "--role", "user", "--publish", "news/**", "--expires-in", "10m"});
    const auto publish = [&](std::string_view topic) {
        return server
            .post(topic, R"({"data":1})",
                  "Authorization: Bearer " + text + "\r\n" + std::string(json_type))
            .status;
    };
    EXPECT_EQ(publish("news/a"), 200);
    EXPECT_EQ(publish("other"), 403);
    const finished shown = run_carillon({"token", "--inspect", text, "--auth.secret", secret});
    EXPECT_THAT(shown.output, HasSubstr("algorithm  HS256\n"));
    EXPECT_THAT(shown.output, HasSubstr(R"("sub":"ann")"));
    EXPECT_THAT(shown.output, HasSubstr("signature  right"));
    EXPECT_THAT(run_carillon({"token", "--inspect", text, "--auth.secret", secret + "x"}).output,
                HasSubstr("signature  not by"));
    EXPECT_EQ(run_carillon({"token", "--inspect", "x"}).status, 1);
    EXPECT_EQ(run_carillon({"token", "--user", "ann"}).status, 2) << "there is no secret";
    EXPECT_EQ(run_carillon({"token"}).status, 2);
}

TEST(environment, plain_names_are_settings_too) {
    const temporary_folder folder;
    const std::string file = folder.write(
        ".env",
        "# as the application has it\nexport PORT=4000\nCORS_ORIGIN=\"https://a.example, "
        "https://*.b.example\"\nCORS_CREDENTIALS=true # with cookies\nJWT_SECRET='from the file "
        "that is long enough'\nJWT_EXPIRES_IN=7d\nNODE_ENV=production\nOTHER=ignored\n");
    const finished shown =
        run_carillon({"config", "--env-file", file}, {}, {"JWT_EXPIRES_IN=3600"});
    ASSERT_EQ(shown.status, 0) << shown.output;
    const auto line = [&](std::string_view name) {
        const std::size_t at = shown.output.find("\n" + std::string(name) + " ") + 1;
        return shown.output.substr(at, shown.output.find('\n', at) - at);
    };
    EXPECT_THAT(shown.output, HasSubstr(R"(["127.0.0.1:4000"])"));
    EXPECT_THAT(line("http.cors_origins"),
                HasSubstr(R"(["https://a.example", "https://*.b.example"])"));
    EXPECT_THAT(line("http.cors_credentials"), HasSubstr("true"));
    EXPECT_THAT(line("auth.secret"), HasSubstr("JWT_SECRET"));
    EXPECT_THAT(line("auth.token_lifetime"), HasSubstr("1h")) << "the environment wins";
    EXPECT_THAT(line("production"), HasSubstr("true"));
    const std::string wrong = folder.write("wrong", "A=1\nB\n");
    const finished refused = run_carillon({"config", "--env-file", wrong});
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.output, HasSubstr("wrong:2: `NAME=value` is expected"));
    EXPECT_NE(run_carillon({"config", "--env-file", folder.path_of("none")}).status, 0);
}

TEST(environment, production_turns_off_what_is_a_developers) {
    const running_server server({}, 0, {"NODE_ENV=production"});
    EXPECT_EQ(server.get("/").status, 404);
    EXPECT_EQ(server.post("news", R"({"data":1})").status, 401);
    EXPECT_EQ(server.request("GET", "/auth/me", {}, as_admin).status, 401);
    EXPECT_EQ(server.get("/health").status, 200);
    EXPECT_EQ(server.get("/events/history?topic=news").status, 200);
}

}  // namespace
}  // namespace carillon::testing
