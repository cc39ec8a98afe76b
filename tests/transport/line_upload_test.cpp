#include "support/temporary_folder.hpp"
#include "transport/stream_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::json_value;
using testing::raw_client;

std::string head_for(std::string_view topic, std::string_view framing) {
    return "POST /publish/" + std::string(topic) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n" +
           std::string(framing) + "\r\n\r\n";
}

std::string head_for(std::string_view topic, std::size_t size) {
    return head_for(topic, "Content-Length: " + std::to_string(size));
}

std::string chunk(std::string_view bytes) {
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return size.data() + std::string(bytes) + "\r\n";
}

const std::string three =
    "{\"data\":\"a\\nb\"}\r\n\n{\"data\":{\"n\":1.0}}\n \n{\"data\":\"\u20ac\"}";

TEST(line_upload, may_be_cut_at_any_byte) {
    stream_server s;
    raw_client c(s.port());
    for (std::size_t cut = 1; cut < three.size(); ++cut) {
        const std::string topic = "t" + std::to_string(cut);
        const std::string_view whole = three;
        c.send(head_for(topic, "Transfer-Encoding: chunked"));
        c.send(chunk(whole.substr(0, cut)) + chunk(whole.substr(cut)) + "0\r\n\r\n");
        const answer got = c.read_answer();
        ASSERT_EQ(got.status, 200) << got.body;
        EXPECT_EQ(json_value(got.body, "published"), "3") << "cut at " << cut;
        EXPECT_THAT(s.kept(topic), ElementsAre("a\nb", R"({"n":1.0})", "\u20ac"));
    }
}

TEST(line_upload, may_come_in_single_bytes) {
    stream_server s;
    raw_client c(s.port());
    c.send(head_for("t", three.size())).send_slowly(three);
    EXPECT_EQ(json_value(c.read_answer().body, "published"), "3");
    EXPECT_EQ(s.kept("t").size(), 3u);
}

TEST(line_upload, of_nothing_publishes_nothing) {
    stream_server s;
    raw_client c(s.port());
    for (const std::string_view nothing : {"\n", " \r\n\t\n"}) {
        c.send(head_for("t", nothing.size())).send(nothing);
        EXPECT_EQ(c.read_answer().body, R"({"published":0})");
    }
}

TEST(line_upload, with_a_wrong_line_keeps_what_came_before_and_names_the_line) {
    stream_server s;
    raw_client c(s.port());
    const std::string body = "{\"data\":1}\n\n{\"data\":2}\n{\"data\":}\n{\"data\":4}\n";
    c.send(head_for("t", body.size())).send(body);
    const answer got = c.read_answer();
    EXPECT_EQ(got.status, 400);
    EXPECT_THAT(got.body, HasSubstr("line 4"));
    EXPECT_THAT(got.body, HasSubstr("2 events were published before"));
    EXPECT_THAT(s.kept("t"), ElementsAre("1", "2"));
}

TEST(line_upload, whose_batch_is_refused_before_one_that_is_stored_names_the_lines_of_the_first) {
    testing::temporary_folder folder;
    sqlite_journal_options options;
    options.path = folder.path_of("journal.db");
    options.limits.max_retained_bytes = 10;
    auto record = open_sqlite_journal(std::move(options));
    ASSERT_TRUE(record) << record.error().detail;
    stream_server s({.max_batch = 1}, {}, std::move(*record));
    raw_client c(s.port());
    const std::string body = "{\"data\":1}\n{\"data\":\"" + std::string(100, 'x') +
                             "\",\"retain\":true}\n{\"data\":3}\n";
    c.send(head_for("t", body.size())).send(body);
    const answer got = c.read_answer();
    EXPECT_EQ(got.status, 503);
    EXPECT_THAT(got.body, HasSubstr("lines 2: "));
    EXPECT_THAT(got.body, HasSubstr("2 events were published"));
    EXPECT_THAT(s.kept("t"), ElementsAre("1", "3"));
}

TEST(line_upload, that_breaks_off_in_a_line_has_published_the_whole_lines_alone) {
    stream_server s;
    raw_client c(s.port());
    c.send(head_for("t", three.size())).send("{\"data\":1}\n{\"data\":2}");
    ASSERT_TRUE(s.reaches_connections(1));
    c.end_sending();
    c.read_all();
    c.close();
    ASSERT_TRUE(s.reaches_connections(0));
    EXPECT_THAT(s.kept("t"), ElementsAre("1"));
}

TEST(line_upload, a_line_may_be_as_long_as_an_event_needs_and_no_longer) {
    hub_options options;
    options.max_event_size = 1000;
    stream_server s(options);
    raw_client c(s.port());
    const auto line_of = [](std::size_t size) {
        return "{\"data\":1" + std::string(size - 10, ' ') + "}";
    };
    const std::size_t most = 2 * 1000 + (64u << 10);
    c.send(head_for("t", most)).send(line_of(most));
    EXPECT_EQ(c.read_answer().status, 200);
    c.send(head_for("t", most + 1)).send(line_of(most + 1));
    const answer got = c.read_answer();
    EXPECT_EQ(got.status, 413);
    EXPECT_THAT(got.body, HasSubstr("line 1: too long"));
}

}  // namespace
}  // namespace carillon::transport
