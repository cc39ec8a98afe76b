// Callers that come too often.
#include "support/event_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

TEST(rates, a_publisher_that_comes_too_often_is_told_when_to_come_again) {
    const running_server s({"--rates.publishes_per_address", "1"});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(s.post("news", R"({"data":1})").status, 200) << i;
    answer refused = s.post("news", R"({"data":1})");
    if (refused.status == 200) refused = s.post("news", R"({"data":1})");  // a second has gone by
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(json_value(refused.body, "code"), "RATE_LIMITED");
    EXPECT_EQ(json_value(refused.body, "status"), "429");
    EXPECT_THAT(refused.body, HasSubstr("`rates.publishes_per_address`"));
    EXPECT_GE(std::stoi(refused.header("Retry-After")), 1);
    const answer lines = s.post("news", "{\"data\":1}\n", lines_type);
    EXPECT_EQ(lines.status, 429);
    EXPECT_EQ(s.get("/events/history?topic=news").status, 200) << "who reads is not held back";
    event_reader c(s, "/news");
    c.open();
    EXPECT_TRUE(s.shows("/metrics", "carillon_rate_limited_total{of=\"publish\"}"));
}

TEST(rates, an_event_source_that_comes_too_often_is_not_ended_for_good) {
    const running_server s({"--rates.connects_per_address", "2"});
    EXPECT_EQ(s.request("HEAD", "/events/subscribe/news").status, 200);
    EXPECT_EQ(s.request("HEAD", "/events/subscribe/news").status, 200);
    const answer refused = s.get("/events/subscribe/news");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(json_value(refused.body, "status"), "503") << "as its head says";
    EXPECT_EQ(json_value(refused.body, "title"), "Service Unavailable");
    EXPECT_EQ(json_value(refused.body, "code"), "RATE_LIMITED");
    EXPECT_THAT(refused.body, HasSubstr("`rates.connects_per_address`"));
    EXPECT_GE(std::stoi(refused.header("Retry-After")), 1);
    const answer told =
        s.request("GET", "/events/subscribe/news", {}, "Accept: text/event-stream\r\n");
    EXPECT_EQ(told.status, 200);
    EXPECT_THAT(told.body, HasSubstr("retry: "));
    EXPECT_THAT(told.body, HasSubstr("RATE_LIMITED"));
    EXPECT_EQ(s.post("news", R"({"data":1})").status, 200);
}

TEST(rates, of_a_user_hold_from_all_addresses_and_for_no_other) {
    const running_server s({"--rates.connects_per_user", "1"});
    const auto status = [&](std::string_view token) {
        return s.request("HEAD", "/events/subscribe/news?token=" + std::string(token)).status;
    };
    constexpr std::string_view ann = "YW5uOmFubjphbm5AeDp1c2Vy";  // ann:ann:ann@x:user
    constexpr std::string_view bob = "Ym9iOmJvYjpib2JAeDp1c2Vy";
    EXPECT_EQ(status(ann), 200);
    EXPECT_EQ(status(ann), 503);
    EXPECT_EQ(status(bob), 200);
    EXPECT_EQ(s.request("HEAD", "/events/subscribe/news").status, 200) << "nobody in particular";
}

TEST(rates, a_flood_from_one_address_leaves_others_as_they_are) {
    const running_server s(
        {"--rates.publishes_per_address", "5", "--rates.connects_per_address", "30"});
    event_reader c(s, "/news");
    c.open();
    raw_client flood(s.port(), 0, "127.0.0.9");
    int held_back = 0;
    for (int i = 0; i < 300; ++i) {
        flood.send(
            "POST /events/publish/flood HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"data\":1}");
        held_back += flood.read_answer().status == 429 ? 1 : 0;
        if (i % 20 != 0) continue;
        ASSERT_EQ(s.post("news", fmt::format(R"({{"data":{}}})", i)).status, 200) << i;
        EXPECT_EQ(c.next().data, std::to_string(i));
    }
    EXPECT_GE(held_back, 200);
    int streams = 0;
    for (int i = 0; i < 60; ++i) {
        raw_client one(s.port(), 0, "127.0.0.9");
        one.send("HEAD /events/subscribe/news HTTP/1.1\r\nHost: localhost\r\n\r\n");
        streams += one.read_answer(true).status == 200 ? 1 : 0;
    }
    EXPECT_LE(streams, 35);
    event_reader another(s, "/news");
    another.open();
}

}  // namespace
}  // namespace carillon::testing
