#include "server/settings.hpp"

#include "server/admin_routes.hpp"
#include "server/log_writer.hpp"
#include "server/node.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class settings_test : public ::testing::Test {
protected:
    ~settings_test() override { std::filesystem::remove(path_); }
    setting_sources file(std::string_view text) {
        std::ofstream(path_) << text;
        return {.file = path_, .variables = {}, .flags = {}};
    }
    std::string why(const setting_sources& sources) {
        const auto loaded = load(sources);
        EXPECT_FALSE(loaded);
        return loaded ? std::string() : loaded.error().detail;
    }
    const std::string path_ = (std::filesystem::temp_directory_path() /
                               ("settings-" + std::to_string(::getpid()) + ".toml"))
                                  .string();
};

TEST_F(settings_test, flags_win_over_the_environment_over_the_file_over_defaults) {
    auto sources = file("[stream]\nretry = \"1s\"\nheartbeat_interval = \"2s\"\nmax_clients = 3\n");
    sources.variables = {{"CARILLON_STREAM_RETRY", "4s"}, {"CARILLON_STREAM_MAX_CLIENTS", "5"}};
    sources.flags = {{"stream.retry", "6s"}};
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->values.stream.retry, 6s);
    EXPECT_EQ(loaded->values.stream.max_clients, 5u);
    EXPECT_EQ(loaded->values.stream.heartbeat_interval, 2s);
    EXPECT_EQ(loaded->values.stream.client_grace, settings{}.stream.client_grace);
    EXPECT_EQ(loaded->from.at("stream.retry"), "--stream.retry");
    EXPECT_EQ(loaded->from.at("stream.max_clients"), "CARILLON_STREAM_MAX_CLIENTS");
    EXPECT_THAT(loaded->from.at("stream.heartbeat_interval"), HasSubstr(":3"));
    EXPECT_EQ(loaded->from.at("stream.client_grace"), "default");
}

TEST_F(settings_test, every_mistake_is_told_with_its_place_and_the_nearest_name) {
    auto sources =
        file("[stream]\nretri = \"1s\"\nretry = 5\nmax_clients = -1\n[nothing]\nx = 1\n");
    sources.variables = {{"CARILLON_LISTN", "1"}};
    const std::string told = why(sources);
    EXPECT_THAT(told,
                HasSubstr(":2: unknown setting `stream.retri`; did you mean `stream.retry`?"));
    EXPECT_THAT(told, HasSubstr(":3: `stream.retry`"));
    EXPECT_THAT(told, HasSubstr(":4: `stream.max_clients`"));
    EXPECT_THAT(told, HasSubstr("nothing"));
    EXPECT_THAT(told, HasSubstr("CARILLON_LISTN"));
    EXPECT_THAT(told, HasSubstr("CARILLON_LISTEN"));
}

TEST_F(settings_test, what_is_no_toml_is_told_with_its_line) {
    EXPECT_THAT(why(file("[stream]\nretry = \n")), HasSubstr(":2"));
    EXPECT_THAT(why({.file = "/no/such/file.toml", .variables = {}, .flags = {}}),
                HasSubstr("/no/such/file.toml"));
}

TEST_F(settings_test, the_default_drain_ends_before_docker_kills) {
    EXPECT_LE(settings{}.drain.window + last_answers + log_writer::patience, 9500ms);
}

TEST_F(settings_test, values_have_bounds) {
    EXPECT_THAT(why(file("[http]\nmax_head_size = \"1B\"\n")), HasSubstr("http.max_head_size"));
    EXPECT_THAT(why(file("[http]\nmax_head_size = 1\n")), HasSubstr("at least 256"));
    EXPECT_THAT(why(file("[journal]\nkind = \"paper\"\n")), HasSubstr("sqlite"));
    const std::string row = "[[topics]]\npattern = \"a\"\nretention.max_age = ";
    EXPECT_TRUE(load(file(row + "\"90s\"\n")));
    EXPECT_THAT(why(file(row + "\"1500ms\"\n")), HasSubstr(":3: "));
}

TEST_F(settings_test, lists_are_arrays_in_the_file_commas_in_the_environment_and_flags_repeated) {
    const strings two{"https://a.example", "https://b.example"};
    auto sources = file("[http]\ncors_origins = [\"https://a.example\", \"https://b.example\"]\n");
    EXPECT_EQ(load(sources)->values.http.cors_origins, two);
    sources.variables = {{"CARILLON_HTTP_CORS_ORIGINS", " https://b.example ,https://a.example"}};
    EXPECT_EQ(load(sources)->values.http.cors_origins, (strings{two[1], two[0]}));
    sources.flags = {{"http.cors_origins", ""}};
    EXPECT_TRUE(load(sources)->values.http.cors_origins.empty());
    sources.flags = {{"http.cors_origins", two[0]}, {"http.cors_origins", two[1]}};
    EXPECT_EQ(load(sources)->values.http.cors_origins, two);
    sources.flags = {{"http.cors_origins", two[0] + "," + two[1]}};
    EXPECT_EQ(load(sources)->values.http.cors_origins, two);
}

TEST_F(settings_test, a_comma_is_part_of_what_is_no_list) {
    for (const bool flag : {false, true}) {
        auto sources = file("");
        if (flag) {
            sources.flags = {{"data_dir", "/srv/a, b"}};
        } else {
            sources.variables = {{"CARILLON_DATA_DIR", "/srv/a, b"}};
        }
        const auto loaded = load(sources);
        ASSERT_TRUE(loaded) << loaded.error().detail;
        EXPECT_EQ(loaded->values.data_dir, "/srv/a, b");
    }
    auto twice = file("");
    twice.flags = {{"data_dir", "a"}, {"data_dir", "b"}};
    EXPECT_THAT(why(twice), HasSubstr("one value"));
    auto empty = file("data_dir = \"a\"\n");
    empty.flags = {{"data_dir", ""}};
    EXPECT_EQ(load(empty)->values.data_dir, "");
}

TEST_F(settings_test, an_empty_variable_is_none) {
    auto sources = file("");
    sources.variables = {{"CARILLON_LOG_LEVEL", ""}, {"CARILLON_STREAM_RETRY", ""}};
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->values.stream.retry, settings{}.stream.retry);
}

TEST_F(settings_test, variables_of_a_cluster_are_ignored_and_named) {
    auto sources = file("");
    sources.variables = {{"CARILLON_SERVICE_HOST", "10.0.0.1"},
                         {"CARILLON_SERVICE_PORT", "3000"},
                         {"CARILLON_SERVICE_PORT_HTTP", "3000"},
                         {"CARILLON_PORT", "tcp://10.0.0.1:3000"},
                         {"CARILLON_PORT_3000_TCP", "tcp://10.0.0.1:3000"},
                         {"CARILLON_PORT_3000_TCP_PROTO", "tcp"},
                         {"CARILLON_PORT_3000_TCP_PORT", "3000"},
                         {"CARILLON_PORT_3000_TCP_ADDR", "10.0.0.1"},
                         {"CARILLON_HUB_2_SERVICE_HOST", "10.0.0.2"},
                         {"CARILLON_HUB_2_PORT_3000_TCP_ADDR", "10.0.0.2"},
                         {"CARILLON_DB_PORT", "udp://172.17.0.2:5432"},
                         {"CARILLON_DB_NAME", "/web/carillon_db"},
                         {"CARILLON_DB_ENV_USER", "x"},
                         {"CARILLON_STREAM_RETRY", "7s"}};
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->ignored.size(), 13u);
    EXPECT_EQ(loaded->values.stream.retry, 7s);
}

TEST_F(settings_test, what_only_looks_like_a_variable_of_a_cluster_is_a_mistake) {
    for (const auto& [name, value] : environment{{"CARILLON_PORT", "8080"},
                                                 {"CARILLON_SERVICE_PORT", "3000"},
                                                 {"CARILLON_NAME", "hub"},
                                                 {"CARILLON_LISTN", "tcp://10.0.0.1:3000"}}) {
        auto sources = file("");
        sources.variables = {{name, value}};
        EXPECT_THAT(why(sources), HasSubstr(name));
    }
}

TEST_F(settings_test, the_first_row_that_matches_applies) {
    const auto loaded =
        load(file("[[topics]]\npattern = \"a/*\"\nretention.max_events = 1\n"
                  "[[topics]]\npattern = \"a/**\"\nretention.max_events = 2\n"
                  "slow.policy = \"conflate\"\n"));
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->values.row_for("a/b")->keep.max_events, 1u);
    EXPECT_EQ(loaded->values.row_for("a/b/c")->keep.max_events, 2u);
    EXPECT_EQ(loaded->values.row_for("a/b/c")->options.slow, slow_policy::conflate);
    EXPECT_EQ(loaded->values.row_for("b"), nullptr);
    EXPECT_THAT(why(file("[[topics]]\npattern = \"a\"\nslow.polcy = \"cut\"\n")),
                HasSubstr("did you mean"));
}

TEST_F(settings_test, issuers_have_a_row_each) {
    const auto loaded = load(
        file("[auth]\nissuer = \"us\"\n[[auth.issuers]]\nissuer = \"a\"\nkeys = [\"a.pem\"]\n"
             "[[auth.issuers]]\nissuer = \"b\"\nkeys = [\"b.pem\"]\naudience = [\"x\", \"y\"]\n"
             "user_prefix = \"b:\"\nroles = []\ngrants = false\n"));
    ASSERT_TRUE(loaded) << loaded.error().detail;
    const auto& rows = loaded->values.auth.issuers;
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].roles, strings{"*"});
    EXPECT_TRUE(rows[0].grants);
    EXPECT_EQ(rows[1].keys, strings{"b.pem"});
    EXPECT_EQ(rows[1].audience, (strings{"x", "y"}));
    EXPECT_EQ(rows[1].user_prefix, "b:");
    EXPECT_EQ(rows[1].roles, strings{});
    EXPECT_FALSE(rows[1].grants);
    EXPECT_EQ(changed_beyond_reload(settings{}, loaded->values),
              (strings{"auth.issuer", "auth.issuers"}));
}

TEST_F(settings_test, a_changed_secret_is_noticed_and_not_shown) {
    const auto with = [this](std::string_view secret) {
        return *load(file(fmt::format("[auth]\nsecret = \"{}\"\nleeway = \"1s\"\n", secret)));
    };
    const loaded_settings before = with("a secret of more than thirty-two bytes");
    const loaded_settings after = with("another one of more than thirty-two bytes");
    EXPECT_EQ(changed_beyond_reload(before.values, after.values), strings{"auth.secret"});
    EXPECT_EQ(changed_beyond_reload(after.values, after.values), strings{});
    const std::string shown = settings_json(before, after);
    EXPECT_THAT(shown, HasSubstr(R"("name":"auth.secret","value":"\"…\"","afterRestart":"\"…\"")"));
    EXPECT_THAT(shown, Not(HasSubstr("thirty-two")));
    EXPECT_THAT(settings_json(after, after), Not(HasSubstr("afterRestart")));
}

TEST_F(settings_test, what_is_no_row_of_an_issuer_is_told) {
    const std::string told = why(file(
        "[[auth.issuers]]\nissuer = \"a\"\n[[auth.issuers]]\nkeys = [\"k\"]\n"
        "[[auth.issuers]]\nissuer = \"a\"\nkeys = [\"k\"]\nuser_clam = \"x\"\ngrants = \"no\"\n"));
    EXPECT_THAT(told, HasSubstr(":1: `issuer`: without `keys`"));
    EXPECT_THAT(told, HasSubstr(":3: `issuer`: it is missing or empty"));
    EXPECT_THAT(told, HasSubstr(":5: `issuer`: `a` has a row already"));
    EXPECT_THAT(told, HasSubstr("`user_clam`; did you mean `user_claim`?"));
    EXPECT_THAT(told, HasSubstr(":9: `grants`: `true` or `false` is expected"));
    EXPECT_THAT(why(file("[auth]\nissuers = [\"a\"]\n")), HasSubstr("write `[[auth.issuers]]`"));
    std::string rows;
    for (std::size_t i = 0; i < max_issuers; ++i)
        rows += fmt::format("[[auth.issuers]]\nissuer = \"i{}\"\nkeys = [\"k\"]\n", i);
    EXPECT_TRUE(load(file(rows)));
    EXPECT_THAT(why(file(rows + "[[auth.issuers]]\nissuer = \"i\"\nkeys = [\"k\"]\n")),
                HasSubstr("more than 64 rows"));
}

TEST_F(settings_test, the_sample_is_a_file_that_changes_nothing) {
    auto sample = sample_file();
    EXPECT_TRUE(load(file(sample)));
    // Each line that is commented out is valid when it is not.
    std::string active;
    for (std::size_t at = 0; at < sample.size();) {
        const std::size_t end = sample.find('\n', at);
        const std::string line = sample.substr(at, end - at);
        const bool is_value = line.starts_with("# ") && line.find(" = ") != std::string::npos;
        active += (is_value || line.starts_with("# [[") ? line.substr(2) : line) + "\n";
        at = end + 1;
    }
    const auto loaded = load(file(active));
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(loaded->values.topics.size(), 1u);
    // A row of an issuer has no values that change nothing.
    EXPECT_EQ(changed_beyond_reload(settings{}, loaded->values), strings{"auth.issuers"});
}

}  // namespace
}  // namespace carillon::server
