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

}  // namespace
}  // namespace carillon::testing
