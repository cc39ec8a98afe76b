#include "server/settings.hpp"

#include "server/log_sink.hpp"

#include <filesystem>
#include <fstream>

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
        return {.file = path_, .environment = {}, .flags = {}};
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
    sources.environment = {{"CARILLON_STREAM_RETRY", "4s"}, {"CARILLON_STREAM_MAX_CLIENTS", "5"}};
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
    sources.environment = {{"CARILLON_LISTN", "1"}};
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
    EXPECT_THAT(why({.file = "/no/such/file.toml", .environment = {}, .flags = {}}),
                HasSubstr("/no/such/file.toml"));
}

TEST_F(settings_test, values_have_bounds) {
    EXPECT_THAT(why(file("[http]\nmax_head_size = \"1B\"\n")), HasSubstr("http.max_head_size"));
    EXPECT_THAT(why(file("[http]\nmax_head_size = 1\n")), HasSubstr("at least 256"));
    EXPECT_THAT(why(file("[journal]\nkind = \"paper\"\n")), HasSubstr("sqlite"));
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
    EXPECT_TRUE(changed_beyond_reload(settings{}, loaded->values).empty());
}

TEST(log_sink, a_line_is_one_line_whatever_a_field_holds) {
    const std::string hostile = "a\r\nb\x1b[2J\"c\"";
    for (const auto format : {log_format::text, log_format::json}) {
        const std::string line =
            format_line(format, log::level::info, "now", "asked", {{"path", hostile}, {"n", 7}});
        EXPECT_EQ(line.find_first_of("\r\n\x1b"), std::string::npos) << line;
        EXPECT_THAT(line, HasSubstr("7"));
    }
}

TEST(log_sink, masks_what_is_named_like_a_secret) {
    for (const auto format : {log_format::text, log_format::json}) {
        const std::string line =
            format_line(format, log::level::info, "now", "asked",
                        {{"token", "s3cret"}, {"query", "a=1&token=s3cret&b=2"}});
        EXPECT_THAT(line, Not(HasSubstr("s3cret")));
        EXPECT_THAT(line, HasSubstr("b=2"));
    }
}

}  // namespace
}  // namespace carillon::server
