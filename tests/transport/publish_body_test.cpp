#include "transport/publish_body.hpp"

#include "transport/json_slices.hpp"
#include "transport/stream_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::optional<topic> no_topic;
const std::optional<topic> news = *topic::parse("news");

std::string why(std::string_view text, const std::optional<topic>& path = news) {
    const auto parsed = parse_publish_body(text, path);
    EXPECT_FALSE(parsed) << text;
    return parsed ? std::string() : parsed.error().detail;
}

TEST(json_slices, accept_any_number_and_refuse_what_is_no_json) {
    for (const char* good : {"0", "-0.0", "1e999999", "123456789012345678901234567890.1", "\"\"",
                             "null", " [ ] ", "{\"a\":{}}", "\"\\ud83d\\ude00\""})
        EXPECT_TRUE(check_json(good)) << good;
    for (const char* bad : {"", " ", "01", "+1", "1.", ".5", "NaN", "'a'", "[1,]", "{\"a\":1,}",
                            "{a:1}", "[1] 2", "\"\n\"", "\"\xff\"", "tru", "// x\n1"})
        EXPECT_FALSE(check_json(bad)) << bad;
    EXPECT_TRUE(check_json(std::string(60, '[') + std::string(60, ']')));
    EXPECT_FALSE(check_json(std::string(100'000, '[')));
}

TEST(json_slices, are_the_text_itself) {
    const std::string_view text =
        R"( { "a" : [1, "x\"}]" ] , "b\u0063" : 1.0e+5 ,"d":{"e":"\\"} } )";
    const auto members = object_members(text);
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 3u);
    EXPECT_EQ((*members)[0].second, R"([1, "x\"}]" ])");
    EXPECT_EQ((*members)[1].first, "bc");
    EXPECT_EQ((*members)[1].second, "1.0e+5");
    EXPECT_EQ((*members)[2].second, R"({"e":"\\"})");
    EXPECT_FALSE(object_members(R"({"a":1,"\u0061":2})")) << "a name stands twice";
    EXPECT_FALSE(object_members("[1]"));
    const auto elements = array_elements("[1,[2,3],\"],[\"]");
    ASSERT_TRUE(elements);
    EXPECT_EQ(*elements, (std::vector<std::string_view>{"1", "[2,3]", "\"],[\""}));
}

TEST(publish_body, reads_each_field) {
    const auto parsed = parse_publish_body(
        R"({"id":"i-1","event":"tick","data":[1.0],"retry":5,"comment":"c","topics":["a","b","a"],)"
        R"("metadata":{"m": 1},"timestamp":"t","key":"k","retain":true,"idempotencyKey":"once"})",
        no_topic);
    ASSERT_TRUE(parsed) << parsed.error().detail;
    EXPECT_FALSE(parsed->array);
    EXPECT_EQ(parsed->idempotency_key, "once");
    const event& e = parsed->events.at(0);
    EXPECT_EQ(e.id->str(), "i-1");
    EXPECT_EQ(e.name->str(), "tick");
    EXPECT_EQ(e.data, "[1.0]");
    EXPECT_EQ(e.payload, payload_kind::json);
    EXPECT_EQ(e.retry, 5ms);
    EXPECT_EQ(e.comment, "c");
    EXPECT_EQ(e.topics.size(), 2u);
    EXPECT_EQ(e.metadata, R"({"m": 1})");
    EXPECT_EQ(e.timestamp, "t");
    EXPECT_EQ(e.key, "k");
    EXPECT_TRUE(e.retain);
    EXPECT_FALSE(e.ephemeral);
}

TEST(publish_body, a_string_is_text_and_null_is_json) {
    EXPECT_EQ(parse_publish_body(R"({"data":"a\nb"})", news)->events[0].data, "a\nb");
    EXPECT_EQ(parse_publish_body(R"({"data":null})", news)->events[0].data, "null");
    EXPECT_EQ(parse_publish_body(R"({"data":1,"id":null})", news)->events[0].id, std::nullopt);
}

TEST(publish_body, says_what_is_wrong_and_where) {
    EXPECT_THAT(why("{}"), HasSubstr("`data` is missing"));
    EXPECT_THAT(why("7"), HasSubstr("object"));
    EXPECT_THAT(why(R"([{"data":1},{"dta":1}])"), HasSubstr("event 1: `dta`"));
    EXPECT_THAT(why(R"({"data":1})", no_topic), HasSubstr("`topic` is missing"));
    EXPECT_THAT(why(R"({"data":1,"topic":"other"})"), HasSubstr("different topics"));
    EXPECT_THAT(why(R"({"data":1,"retry":1.5})"), HasSubstr("`retry`"));
    EXPECT_THAT(why(R"({"data":1,"retry":-1})"), HasSubstr("`retry`"));
    EXPECT_THAT(why(R"({"data":1,"metadata":[]})"), HasSubstr("`metadata`"));
    EXPECT_THAT(why(R"({"data":1,"event":7})"), HasSubstr("`event`"));
    EXPECT_THAT(why(R"({"data":1,"id":"a b"})"), HasSubstr("`id`"));
    EXPECT_THAT(why(R"({"data":1,"ephemeral":1})"), HasSubstr("`ephemeral`"));
    EXPECT_THAT(why(R"({"data":1,"ttl":0})"), HasSubstr("`ttl`"));
    EXPECT_THAT(why(R"([{"data":1,"deliverAt":"2999-01-01T00:00:00Z"}])"), HasSubstr("one by one"));
}

TEST(publish_body, the_same_key_with_another_body_or_topic_has_another_hash) {
    const auto one = keyed("k", "news", "{}");
    EXPECT_EQ(one.body_hash, keyed("k", "news", "{}").body_hash);
    EXPECT_NE(one.body_hash, keyed("k", "news", "{ }").body_hash);
    EXPECT_NE(one.body_hash, keyed("k", "", "{}").body_hash);
    EXPECT_NE(keyed("k", "a", "b").body_hash, keyed("k", "", "ab").body_hash);
}

http::request asking(std::string query, std::vector<http::header> headers = {}) {
    http::request r;
    r.query = std::move(query);
    r.headers = std::move(headers);
    return r;
}

TEST(stream_query, a_cursor_comes_from_the_header_before_the_query) {
    EXPECT_EQ(cursor_of(asking("last_event_id=q", {{"Last-Event-ID", "h"}})), "h");
    for (const char* name : {"last_event_id", "lastEventId", "lastEventID", "evs_last_event_id"})
        EXPECT_EQ(cursor_of(asking(std::string(name) + "=q")), "q");
    EXPECT_EQ(cursor_of(asking("last_event_id=", {{"Last-Event-ID", ""}})), "");
}

TEST(stream_query, a_rewind_is_a_count_or_a_time) {
    EXPECT_EQ(std::get<rewind_last>(*rewind_of(asking("last=3"))).count, 3u);
    EXPECT_EQ(std::get<rewind_since>(*rewind_of(asking("since=earliest"))).time,
              std::chrono::system_clock::time_point{});
    EXPECT_TRUE(std::holds_alternative<std::monostate>(*rewind_of(asking(""))));
    EXPECT_FALSE(rewind_of(asking("last=-1")));
    EXPECT_FALSE(rewind_of(asking("since=yesterday")));
    const std::chrono::system_clock::time_point now{1'000'000s};
    EXPECT_EQ(*parse_since("10m", now), now - 10min);
    EXPECT_EQ(parse_since("999990", now)->time_since_epoch(), 999'990s);
}

TEST(stream_query, what_follows_a_gap_is_one_of_three) {
    EXPECT_EQ(gap_policy_of(asking("")), gap_policy::replay);
    EXPECT_EQ(gap_policy_of(asking("on_gap=live")), gap_policy::live);
    EXPECT_EQ(gap_policy_of(asking("on_gap=close")), gap_policy::close);
    EXPECT_FALSE(gap_policy_of(asking("on_gap=")));
}

TEST(idempotency_key, comes_from_the_header_or_the_field_and_not_from_both) {
    const auto key = [](const char* header, std::string field) {
        return idempotency_key_of(
            header == nullptr ? asking("") : asking("", {{"Idempotency-Key", header}}),
            std::move(field));
    };
    EXPECT_EQ(*key(nullptr, ""), std::nullopt);
    EXPECT_EQ(**key("\"a\"", ""), "a");
    EXPECT_EQ(**key("a", ""), "a");
    EXPECT_EQ(**key(nullptr, "a"), "a");
    EXPECT_EQ(**key("a", "a"), "a");
    EXPECT_FALSE(key("a", "b"));
    EXPECT_FALSE(key("", ""));
    EXPECT_FALSE(key(nullptr, "\xc3\xa4"));
}

}  // namespace
}  // namespace carillon::transport
