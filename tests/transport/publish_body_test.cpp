#include "transport/publish_body.hpp"

#include "base/time_text.hpp"
#include "support/cpu_growth.hpp"
#include "transport/json_slices.hpp"
#include "transport/stream_host.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::optional<topic> no_topic;
const std::optional<topic> news = *topic::parse("news");

std::string why(std::string_view text, const std::optional<topic>& path = news) {
    const auto parsed = parse_publish_body(text, path, {});
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
    std::vector<std::string_view> elements;
    ASSERT_TRUE(each_element("[1,[2,3],\"],[\"]", [&](std::string_view, std::string_view e) {
        elements.push_back(e);
        return result<>{};
    }));
    EXPECT_EQ(elements, (std::vector<std::string_view>{"1", "[2,3]", "\"],[\""}));
}

// Eight times as many: quadratic work would grow by 64.
constexpr std::size_t few = 12'500;
constexpr std::size_t many = 100'000;
constexpr double linear_at_most = 24;

std::string object_of(std::size_t members) {
    std::string text = "{\"data\":1";
    for (std::size_t i = 0; i < members; ++i) text += ",\"m" + std::to_string(i) + "\":1";
    return text + "}";
}

std::string with_topics(std::size_t count, bool all_alike = false) {
    std::string text = R"({"data":1,"topics":["news")";
    for (std::size_t i = 1; i < count; ++i)
        text += ",\"t" + std::to_string(all_alike ? 0 : i) + '"';
    return text + "]}";
}

TEST(json_slices, work_grows_with_the_members_and_not_with_their_square) {
    const auto call = [](const std::string& text) { EXPECT_TRUE(object_members(text)); };
    EXPECT_LT(testing::cpu_growth(call, object_of(few), object_of(many)), linear_at_most);
    EXPECT_FALSE(object_members(object_of(many).insert(1, "\"m99999\":0,")));
}

TEST(publish_body, with_100000_members_ends_at_the_first_that_no_event_has) {
    const auto call = [](const std::string& text) {
        EXPECT_FALSE(parse_publish_body(text, news, {}));
    };
    EXPECT_LT(testing::cpu_growth(call, object_of(few), object_of(many)), linear_at_most);
    EXPECT_THAT(why(object_of(many)), HasSubstr("`m0`: no such field"));
}

TEST(publish_body, with_100000_topics_ends_at_the_first_that_is_too_many) {
    hub_options generous;
    generous.max_topics_per_event = 1000;
    for (const bool alike : {false, true}) {
        const auto call = [&](const std::string& text) {
            EXPECT_FALSE(parse_publish_body(text, news, generous));
        };
        EXPECT_LT(testing::cpu_growth(call, with_topics(few, alike), with_topics(many, alike)),
                  linear_at_most);
    }
    EXPECT_THAT(why(with_topics(many)), HasSubstr("at most 16 topics"));
}

TEST(publish_body, has_as_many_topics_and_events_as_it_may_and_no_more) {
    hub_options limits;
    limits.max_batch = 3;
    limits.max_topic_length = 4;
    const auto reads = [&](const std::string& text) {
        return parse_publish_body(text, news, limits).has_value();
    };
    EXPECT_TRUE(reads(with_topics(16)));
    EXPECT_FALSE(reads(with_topics(17)));
    EXPECT_TRUE(reads(R"([{"data":1},{"data":2},{"data":3}])"));
    EXPECT_FALSE(reads(R"([{"data":1},{"data":2},{"data":3},{"data":4}])"));
    EXPECT_TRUE(reads(R"({"data":1,"topics":["news","four"]})"));
    EXPECT_FALSE(reads(R"({"data":1,"topics":["news","five5"]})"));
    EXPECT_EQ(
        parse_publish_body("[{\"data\":1},{\"data\":1},{\"data\":1},7]", news, limits).error().code,
        errc::payload_too_large);
}

TEST(publish_body, for_a_place_of_its_own_names_no_topic) {
    const auto target = body_target::elsewhere();
    EXPECT_TRUE(parse_event(R"({"data":1})", target, {})->content.topics.empty());
    for (const char* bad : {R"({"data":1,"topic":"a"})", R"({"data":1,"topics":["a"]})"})
        EXPECT_FALSE(parse_event(bad, target, {})) << bad;
}

TEST(publish_body, reads_each_field) {
    const auto parsed = parse_publish_body(
        R"({"id":"i-1","event":"tick","data":[1.0],"retry":5,"comment":"c","topics":["a","b","a"],)"
        R"("metadata":{"m": 1},"timestamp":"t","key":"k","retain":true,"idempotencyKey":"once"})",
        no_topic, {});
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
    EXPECT_EQ(parse_publish_body(R"({"data":"a\nb"})", news, {})->events[0].data, "a\nb");
    EXPECT_EQ(parse_publish_body(R"({"data":null})", news, {})->events[0].data, "null");
    EXPECT_EQ(parse_publish_body(R"({"data":1,"id":null})", news, {})->events[0].id, std::nullopt);
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
    EXPECT_THAT(why(R"({"data":1,"comment":"a\u0000b"})"), HasSubstr("`comment`"));
    EXPECT_THAT(why(R"({"data":1,"timestamp":"a\nb"})"), HasSubstr("`timestamp`"));
    EXPECT_THAT(why(R"({"data":1,"ttl":1,"ttl":2})"), HasSubstr("`ttl` stands twice"));
    EXPECT_THAT(why(R"({"data":1,"deliverAt":"tomorrow"})"), HasSubstr("`deliverAt`"));
    EXPECT_THAT(why(R"([{"data":1,"deliverAt":"2999-01-01T00:00:00Z"}])"), HasSubstr("one by one"));
}

TEST(publish_body, a_number_is_refused_one_past_its_bounds) {
    const auto reads = [](std::string_view field, std::string_view value) {
        const std::string text = fmt::format(R"({{"data":1,"{}":{}}})", field, value);
        return parse_publish_body(text, news, {}).has_value();
    };
    for (const char* good : {"1", "316224000"}) EXPECT_TRUE(reads("ttl", good)) << good;
    for (const char* bad : {"0", "316224001", "9223372036854775807", "9223372036854775808", "-1",
                            "1.5", "1e3", "\"1\""})
        EXPECT_FALSE(reads("ttl", bad)) << bad;
    for (const char* good : {"0", "86400000"}) EXPECT_TRUE(reads("retry", good)) << good;
    for (const char* bad : {"86400001", "9223372036854775807", "-1"})
        EXPECT_FALSE(reads("retry", bad)) << bad;
}

TEST(publish_body, a_time_is_never_early) {
    const auto parsed = parse_publish_body(R"({"data":1,"deliverAt":"2026-01-31T12:00:00.9001Z",)"
                                           R"("expires":"2026-01-31T12:00:00.9001Z"})",
                                           news, {});
    const auto noon = *parse_time("2026-01-31T12:00:00Z");
    EXPECT_EQ(parsed->deliver_at, noon + 901ms);
    EXPECT_EQ(parsed->events[0].expires, noon + 901ms);
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
    EXPECT_EQ(*parse_since("1970-01-12T13:46:40.25Z", now), now + 250ms);
    // The last second of the clock, and beyond it.
    const auto last = parse_since("9223372036", now);
    for (const char* later : {"9223372037", "99999999999", "9223372036854775807"})
        EXPECT_EQ(parse_since(later, now), last) << later;
    EXPECT_FALSE(parse_since("9223372036854775808", now));
    EXPECT_LT(*parse_since("11574d", now), now);
    EXPECT_FALSE(parse_since("11575d", now)) << "more than a duration may be";
}

TEST(stream_query, a_filter_names_events_and_members_of_their_metadata) {
    const auto none = filter_of(asking("topic=a&where=x&eventsx=y"));
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
    const auto some = filter_of(asking("events=a,b&events=c%20d&where.k=v&where.a.b=1%2C2"));
    ASSERT_TRUE(some);
    EXPECT_EQ(some->names, (std::vector<std::string>{"a", "b", "c d"}));
    EXPECT_EQ(some->metadata, (std::vector<attribute>{{"k", "v"}, {"a.b", "1,2"}}));
    const std::string word(max_attribute_length, 'x');
    EXPECT_TRUE(filter_of(asking("events=" + word + "&where." + word + "=" + word)));
    for (const std::string& bad :
         {std::string("events="), std::string("events=a,"), "events=" + word + "x",
          std::string("where.=v"), std::string("where.k="), "where.k=" + word + "x",
          "where." + word + "x=v"})
        EXPECT_EQ(filter_of(asking(bad)).error().code, errc::invalid_request) << bad;
    std::string words = "where.k=v&events=0";
    for (std::size_t i = 2; i < max_filter_words; ++i) words += ",x";
    EXPECT_TRUE(filter_of(asking(words)));
    EXPECT_FALSE(filter_of(asking(words + ",x")));
}

TEST(stream_query, what_follows_a_gap_is_one_of_three) {
    EXPECT_EQ(gap_policy_of(asking("")), gap_policy::replay);
    EXPECT_EQ(gap_policy_of(asking("on_gap=live")), gap_policy::live);
    EXPECT_EQ(gap_policy_of(asking("on_gap=close")), gap_policy::close);
    EXPECT_FALSE(gap_policy_of(asking("on_gap=")));
}

TEST(idempotency_key, comes_from_the_header_or_the_field_and_not_from_both) {
    std::string space;
    const auto key = [&](const char* header, std::string field) {
        return idempotency_key_of(
            header == nullptr ? asking("") : asking("", {{"Idempotency-Key", header}}),
            std::move(field), space);
    };
    EXPECT_EQ(*key(nullptr, ""), std::nullopt);
    EXPECT_EQ(**key("\"a\"", ""), "a");
    EXPECT_EQ(**key("a", ""), "a");
    space = "~ann:";
    EXPECT_EQ(**key("a", ""), "~ann:a");
    space.clear();
    EXPECT_EQ(**key(nullptr, "a"), "a");
    EXPECT_EQ(**key("a", "a"), "a");
    EXPECT_FALSE(key("a", "b"));
    EXPECT_FALSE(key("", ""));
    EXPECT_FALSE(key(nullptr, "\xc3\xa4"));
}

}  // namespace
}  // namespace carillon::transport
