#include "support/event_reader.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(logging, tells_when_there_are_fewer_files_than_clients) {
    const temporary_folder folder;
    const std::string file = folder.write("carillon.toml", "[stream]\nmax_clients = 5\n");
    running_server s({"--log.level", "info", "--config", file});
    EXPECT_TRUE(s.logs("listening"));
    EXPECT_THAT(s.log(), Not(HasSubstr("file descriptors")));
    folder.write("carillon.toml", "[stream]\nmax_clients = 100000000\n");
    s.signal(SIGHUP);
    EXPECT_TRUE(s.logs("fewer file descriptors than clients allowed"));
    EXPECT_TRUE(s.logs("100000000"));
}

TEST(logging, has_a_line_for_start_and_stop) {
    running_server s({"--log.level", "info", "--log.format", "json"});
    EXPECT_TRUE(s.logs("\"message\":\"listening\",\"address\":\"127.0.0.1:"));
    s.signal(SIGTERM);
    EXPECT_TRUE(s.logs("\"message\":\"draining\""));
    EXPECT_TRUE(s.logs("\"message\":\"stopped\",\"drained\":true}\n"));
    EXPECT_EQ(s.wait(), 0);
}

TEST(logging, shows_what_clients_do_and_hides_who_they_are) {
    constexpr std::string_view token = "0123456789abcdefghijklmn";
    running_server s({"--log.level", "debug"});
    event_reader c(s, "/news?client=" + std::string(token));
    c.open();
    EXPECT_TRUE(s.logs("connection accepted"));
    EXPECT_TRUE(s.logs("stream asked for"));
    EXPECT_TRUE(s.logs("/events/subscribe/news"));
    EXPECT_EQ(s.request("PUT", "/events/clients/" + std::string(token) + "/topics/$a").status, 403);
    EXPECT_TRUE(s.logs("/events/clients/***/topics/$a"));
    c.close();
    EXPECT_TRUE(s.logs("stream left by its client"));
    EXPECT_THAT(s.log(), Not(HasSubstr(token)));
}

/// Writes more than a pipe holds into the log, which the test does not read meanwhile.
void fill_the_log(const running_server& s) {
    for (int i = 0; i < 600; ++i) ASSERT_EQ(s.get("/nothing" + std::string(100, 'x')).status, 404);
}

TEST(logging, a_log_that_nobody_reads_stops_nothing) {
    running_server s({"--log.level", "debug", "--log.max_queued", "4096"});
    fill_the_log(s);
    EXPECT_THAT(s.get("/metrics").body, Not(HasSubstr("carillon_log_lines_dropped_total 0\n")));
    event_reader c(s, "/a");
    c.open();
    s.publish("a", "\"still\"");
    EXPECT_EQ(c.next().data, "still");
    EXPECT_TRUE(s.logs("\"message\":\"log lines dropped\",\"lines\":"));
}

TEST(logging, a_request_that_is_refused_later_is_named) {
    running_server s({"--log.level", "info", "--journal.max_topics", "1"});
    s.publish("a", "1");
    EXPECT_EQ(s.post("b", R"({"data":1})").status, 503) << "the journal says so";
    EXPECT_TRUE(s.logs("\"path\":\"/events/publish/b\""));
    EXPECT_THAT(s.log(), HasSubstr("\"message\":\"request failed\",\"status\":503"));
    EXPECT_THAT(s.log(), HasSubstr("\"method\":\"POST\",\"path\":\"/events/publish/b\""));
    EXPECT_EQ(s.request("HEAD", "/nothing").status, 404);
    EXPECT_TRUE(s.logs("\"method\":\"HEAD\",\"path\":\"/nothing\""));
}

TEST(logging, a_log_that_nobody_reads_keeps_no_server_from_ending) {
    running_server s({"--log.level", "debug", "--drain.window", "100ms"});
    fill_the_log(s);
    event_reader c(s, "/a");
    c.open();
    s.signal(SIGTERM);
    EXPECT_TRUE(c.ends_well());
    EXPECT_TRUE(s.ends());
    EXPECT_EQ(s.wait(), 0);
}

TEST(logging, a_log_whose_reader_is_gone_stops_nothing) {
    running_server s({"--log.level", "debug"});
    s.close_log();
    EXPECT_EQ(s.get("/health").status, 200);
    EXPECT_TRUE(s.shows("/health", "ok"));
    s.signal(SIGTERM);
    EXPECT_TRUE(s.ends());
    EXPECT_EQ(s.wait(), 0);
}

/// The exit status of the program with an output that the shell closed or spoilt, as `2>&-` does.
int status_with(std::string_view redirection, const strings& arguments) {
    strings all{"/bin/sh", "-c", "exec \"$0\" \"$@\" " + std::string(redirection)};
    for (const std::string& word : carillon(arguments)) all.push_back(word);
    process p(all);
    p.close_input();
    EXPECT_TRUE(p.ends());
    return p.wait();
}

TEST(logging, an_output_that_is_closed_or_full_changes_no_exit_status) {
    const temporary_folder folder;
    const strings failing{"serve", "--listen", "127.0.0.1:0", "--data-dir",
                          folder.write("file", "x") + "/data"};
    for (const char* spoilt : {"2>&-", "2>/dev/full", ">&- 2>&- <&-"}) {
        EXPECT_EQ(status_with(spoilt, failing), 1) << spoilt;
        EXPECT_EQ(status_with(spoilt, {"serve", "--stream.retry", "x"}), 2) << spoilt;
        EXPECT_EQ(status_with(spoilt, {"publish", "a", "1", "--url", "http://127.0.0.1:1"}), 1)
            << spoilt;
    }
    EXPECT_EQ(status_with(">&-", {"config"}), 0);
    EXPECT_EQ(status_with(">/dev/full", {"config"}), 1);
}

}  // namespace
}  // namespace carillon::testing
