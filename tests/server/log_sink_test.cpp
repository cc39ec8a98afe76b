#include "server/log_sink.hpp"

#include "transport/json_slices.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_line(std::initializer_list<log::field> fields) {
    return format_line(log_format::text, log::level::info, "12:00:00", "asked", fields);
}

/// The members of a JSON line, as they are written.
std::map<std::string, std::string> json_line(std::initializer_list<log::field> fields) {
    const std::string line =
        format_line(log_format::json, log::level::warning, "now", "asked", fields);
    EXPECT_TRUE(transport::check_json(line)) << line;
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
    std::map<std::string, std::string> members;
    const auto slices = transport::object_members(line);
    if (!slices) return members;
    for (const auto& [name, slice] : *slices) members[name] = slice;
    return members;
}

TEST(log_sink, a_line_of_text_has_time_level_message_and_fields) {
    EXPECT_EQ(text_line({{"path", "/a"}, {"n", 7}, {"ok", true}, {"none", ""}}),
              "12:00:00 info    asked  path=/a  n=7  ok=true  none=\"\"");
}

TEST(log_sink, a_line_of_json_keeps_the_types) {
    const auto got = json_line({{"n", 7}, {"ok", false}, {"most", ~std::uint64_t{0}}, {"s", "7"}});
    EXPECT_EQ(got.at("level"), R"("warning")");
    EXPECT_EQ(got.at("message"), R"("asked")");
    EXPECT_EQ(got.at("n"), "7");
    EXPECT_EQ(got.at("ok"), "false");
    EXPECT_EQ(got.at("most"), "18446744073709551615");
    EXPECT_EQ(got.at("s"), R"("7")");
}

TEST(log_sink, no_byte_of_a_field_reaches_a_terminal_or_makes_a_second_line) {
    const std::string_view controls("\0\x01\t\n\r\x1b\x7f", 7);
    for (const char c : controls) {
        for (const std::string& value : {std::string(1, c), std::string("a") + c + "[2Jb"}) {
            EXPECT_EQ(text_line({{"path", value}}).find(c), std::string::npos) << int{c};
            json_line({{"path", value}});
        }
    }
    EXPECT_THAT(text_line({{"path",
                            "a\xc2\x9b"
                            "2Jb\xff"}}),
                EndsWith("path=a?2Jb\uFFFD"));
    EXPECT_EQ(json_line({{"path", "\xff\xc2"}}).at("path"), "\"\uFFFD\uFFFD\"");
    EXPECT_THAT(text_line({{"path", "x  level=error"}}), EndsWith(R"(path="x  level=error")"));
    EXPECT_THAT(text_line({{"path", "a\"b"}}), EndsWith(R"(path="a\"b")"));
}

TEST(log_sink, masks_what_gives_power_over_a_client) {
    for (const auto format : {log_format::text, log_format::json}) {
        const std::string line =
            format_line(format, log::level::info, "now", "asked",
                        {{"token", "s3cret"},
                         {"authorization", "s3cret"},
                         {"query", "a=1&token=s3cret&b=2&client=s3cret&token=s3cret"},
                         {"path", "/events/clients/s3cret/topics/news"},
                         {"topic", "$client/s3cret"},
                         {"target", "/events/subscribe/news?ticket=s3cret"},
                         {"url", "https://hook:s3cret@example.com/a"},
                         {"stream", "/events/streams/s3cret/close"},
                         {"stored", "$stream/s3cret $open-stream/s3cret"}});
        EXPECT_THAT(line, Not(HasSubstr("s3cret")));
        EXPECT_THAT(line, HasSubstr("a=1&token=***&b=2&client=***&token=***"));
        EXPECT_THAT(line, HasSubstr("/events/clients/***/topics/news"));
    }
}

}  // namespace
}  // namespace carillon::server
