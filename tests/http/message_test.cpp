#include "http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(problem, says_when_to_come_back_if_it_passes_by_itself) {
    for (const errc code : {errc::unavailable, errc::rate_limited, errc::max_clients}) {
        const auto r = problem({code, "later"}, std::chrono::milliseconds(1500));
        const auto* header = &r.headers.back();
        EXPECT_EQ(header->first, "Retry-After");
        EXPECT_GE(std::stoi(header->second), 2);
        EXPECT_LE(std::stoi(header->second), 3);
    }
    for (const auto& [name, value] : problem({errc::not_found, "never"}).headers)
        EXPECT_NE(name, "Retry-After");
}

TEST(request, finds_headers_by_name_in_any_case) {
    request r;
    r.headers = {{"Accept", "a"}, {"X-One", "1"}, {"x-one", "2"}};
    EXPECT_EQ(r.header_value("accept"), "a");
    EXPECT_EQ(r.header_value("X-ONE"), "1");
    EXPECT_EQ(r.header_value("X-On"), std::nullopt);
    EXPECT_EQ(r.header_value("X-One2"), std::nullopt);
}

TEST(request, decodes_its_query) {
    request r;
    r.query = "topic=a%2Fb&topic=c+d&empty=&flag&&%74opic=e&x=1=2&bad=100%&bad=%zz";
    EXPECT_EQ(r.query_value("topic"), "a/b");
    EXPECT_THAT(r.query_values("topic"), ElementsAre("a/b", "c d", "e"));
    EXPECT_EQ(r.query_value("empty"), "");
    EXPECT_EQ(r.query_value("flag"), "");
    EXPECT_EQ(r.query_value("x"), "1=2");
    EXPECT_EQ(r.query_value("missing"), std::nullopt);
    EXPECT_THAT(r.query_values("bad"), ElementsAre("100%", "%zz"));
    EXPECT_THAT(r.query_values("missing"), ElementsAre());
    r.query = "a=1&b=%3D";
    EXPECT_THAT(r.query_pairs(), ElementsAre(Pair("a", "1"), Pair("b", "=")));
    r.query.clear();
    EXPECT_THAT(r.query_pairs(), ElementsAre());
}

TEST(percent_decode, decodes_once_and_refuses_malformed_escapes) {
    EXPECT_EQ(percent_decode(""), "");
    EXPECT_EQ(percent_decode("a%20b+c"), "a b+c");
    EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
    EXPECT_EQ(percent_decode("%252F"), "%2F");
    EXPECT_EQ(percent_decode("%c3%A9"), "\xc3\xa9");
    EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
    for (const char* bad : {"%", "%a", "%g0", "%0g", "a%2", "%%20", "%-1"}) {
        EXPECT_EQ(percent_decode(bad), std::nullopt) << bad;
    }
}

TEST(accepts, follows_the_most_specific_range) {
    const auto stream = [](std::optional<std::string_view> accept) {
        return accepts(accept, "text", "event-stream");
    };
    EXPECT_TRUE(stream(std::nullopt));
    EXPECT_TRUE(stream(""));
    EXPECT_TRUE(stream(" "));
    EXPECT_TRUE(stream("*/*"));
    EXPECT_TRUE(stream("text/*"));
    EXPECT_TRUE(stream("TEXT/Event-Stream"));
    EXPECT_TRUE(stream("application/json, text/event-stream;charset=utf-8;q=0.1"));
    EXPECT_TRUE(stream("text/event-stream;q=0.001"));
    EXPECT_TRUE(stream("text/*;q=0, text/event-stream"));
    EXPECT_TRUE(stream("text/html;level=\"a,b;q=0\", */*;q=0.1"));
    EXPECT_TRUE(stream("text/event-stream;q="));
    EXPECT_FALSE(stream("application/json"));
    EXPECT_FALSE(stream("text/event-stream;q=0"));
    EXPECT_FALSE(stream("text/event-stream;q=0.000"));
    EXPECT_FALSE(stream("*/*, text/event-stream; q=0"));
    EXPECT_FALSE(stream("text/event-stream2, atext/event-stream"));
    EXPECT_FALSE(stream("text"));
    EXPECT_FALSE(stream(","));
}

TEST(problem, is_the_document_of_its_code) {
    const response r = problem({errc::max_clients, "the hub is full"});
    EXPECT_EQ(r.status, 503);
    ASSERT_EQ(r.headers.size(), 2U);
    EXPECT_EQ(r.headers[0].second, "application/problem+json");
    EXPECT_EQ(r.headers[1].first, "Retry-After");
    EXPECT_EQ(r.body, R"({"type":"about:blank","title":"Service Unavailable","status":503,)"
                      R"("detail":"the hub is full","code":"MAX_CLIENTS"})");
}

TEST(problem, stays_json_whatever_it_quotes) {
    const response r = problem(
        {errc::invalid_request, "\"\\\x01\n\xff\xc3\xa9\xe2\x82\xed\xa0\x80\xf0\x9f\x94\x94"});
    EXPECT_THAT(r.body, HasSubstr("\"detail\":\"\\\"\\\\\\u0001\\n\xef\xbf\xbd\xc3\xa9"));
    EXPECT_THAT(r.body, HasSubstr("\xf0\x9f\x94\x94\",\"code\""));
    EXPECT_EQ(r.body.find('\xff'), std::string::npos);
    EXPECT_EQ(r.body.find("\xed\xa0"), std::string::npos) << "a surrogate is no UTF-8";
}

TEST(status_of, maps_each_code) {
    EXPECT_EQ(status_of(errc::invalid_request), 400);
    EXPECT_EQ(status_of(errc::unauthenticated), 401);
    EXPECT_EQ(status_of(errc::forbidden), 403);
    EXPECT_EQ(status_of(errc::not_found), 404);
    EXPECT_EQ(status_of(errc::client_not_found), 404);
    EXPECT_EQ(status_of(errc::disabled), 404);
    EXPECT_EQ(status_of(errc::method_not_allowed), 405);
    EXPECT_EQ(status_of(errc::not_acceptable), 406);
    EXPECT_EQ(status_of(errc::request_timeout), 408);
    EXPECT_EQ(status_of(errc::conflict), 409);
    EXPECT_EQ(status_of(errc::send_error), 409);
    EXPECT_EQ(status_of(errc::length_required), 411);
    EXPECT_EQ(status_of(errc::payload_too_large), 413);
    EXPECT_EQ(status_of(errc::event_too_large), 413);
    EXPECT_EQ(status_of(errc::uri_too_long), 414);
    EXPECT_EQ(status_of(errc::unsupported_media_type), 415);
    EXPECT_EQ(status_of(errc::expectation_failed), 417);
    EXPECT_EQ(status_of(errc::rate_limited), 429);
    EXPECT_EQ(status_of(errc::headers_too_large), 431);
    EXPECT_EQ(status_of(errc::io_error), 500);
    EXPECT_EQ(status_of(errc::internal), 500);
    EXPECT_EQ(status_of(errc::not_implemented), 501);
    EXPECT_EQ(status_of(errc::max_clients), 503);
    EXPECT_EQ(status_of(errc::unavailable), 503);
}

}  // namespace
}  // namespace carillon::http
