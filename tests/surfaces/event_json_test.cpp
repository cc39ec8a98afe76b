#include "surfaces/topics/event_json.hpp"

#include "base/time_text.hpp"
#include "surfaces/topics/topic_surface.hpp"

#include <gtest/gtest.h>

namespace carillon::surfaces {
namespace {

using namespace std::chrono_literals;

stored_event sample() {
    stored_event e;
    e.content.topics = {*topic::parse("a"), *topic::parse("b/\"c\"")};
    e.content.data = "text \"quoted\"";
    e.pos = position{7};
    e.stored_at = std::chrono::system_clock::time_point(1'700'000'000'123ms);
    return e;
}

std::string json_of(const stored_event& e, std::string_view id) {
    std::string out;
    append_event_json(out, e, id);
    return out;
}

TEST(event_json, tells_nobody_for_whom_else_an_event_is) {
    stored_event e = sample();
    e.content.topics = {*topic::parse("$user/ann"), *topic::parse("$client/token")};
    EXPECT_TRUE(json_of(e, "x.7").contains(R"("topics":[])"));
}

TEST(event_json, shows_text_as_a_string_and_json_in_the_publishers_spelling) {
    stored_event e = sample();
    EXPECT_EQ(json_of(e, "x.7"),
              R"({"id":"x.7","position":7,"data":"text \"quoted\"","topics":["a","b/\"c\""],)"
              R"("timestamp":"2023-11-14T22:13:20.123Z"})");
    e.content.data = "1.0e5";
    e.content.payload = payload_kind::json;
    e.content.name = *wire::event_name::parse("tick");
    e.content.metadata = R"({"m":  1})";
    e.content.timestamp = "mine";
    EXPECT_EQ(json_of(e, {}), R"({"event":"tick","data":1.0e5,"topics":["a","b/\"c\""],)"
                              R"("metadata":{"m":  1},"timestamp":"mine"})");
}

TEST(full_envelope, is_one_unnamed_block_with_the_whole_event) {
    stored_event e = sample();
    e.content.name = *wire::event_name::parse("tick");
    e.content.comment = "one\ntwo";
    std::string out;
    EXPECT_TRUE(full_envelope().encode(e, "x.7", out));
    EXPECT_TRUE(out.starts_with(": one\n: two\nid: x.7\ndata: {\"id\":\"x.7\"")) << out;
    EXPECT_TRUE(out.ends_with("}\n\n"));
    EXPECT_EQ(out.find("event: "), std::string::npos);
}

TEST(full_envelope, an_ephemeral_event_has_no_id_and_lines_stay_lines) {
    stored_event e = sample();
    e.content.payload = payload_kind::json;
    e.content.data = "{\n\"a\":1}";
    std::string out;
    EXPECT_TRUE(full_envelope().encode(e, {}, out));
    EXPECT_EQ(out.find("id: "), std::string::npos);
    EXPECT_TRUE(out.starts_with("data: {\"data\":{\ndata: \"a\":1},")) << out;
}

TEST(client_json, shows_what_there_is_and_leaves_out_what_is_not) {
    client_info c;
    c.id = "abc";
    c.topics = {"a", "b/\"c\""};
    c.address = "::1";
    std::string out;
    append_client_json(out, c);
    EXPECT_EQ(out, R"({"id":"abc","topics":["a","b/\"c\""],"address":"::1",)"
                   R"("events":0,"bytes":0,"durable":false,"connected":false,"behind":false})");
    c.user = "ann";
    c.session = "s1";
    c.profile = "topics";
    c.events = 2;
    c.bytes = 99;
    c.metadata = R"({"m":1.0})";
    c.connected_at = std::chrono::system_clock::time_point(1ms);
    c.last_event_id = "x.7";
    c.last_event_at = std::chrono::system_clock::time_point(2ms);
    c.last_heartbeat_at = std::chrono::system_clock::time_point(3ms);
    c.durable = c.behind = true;
    out.clear();
    append_client_json(out, c);
    EXPECT_EQ(out, R"({"id":"abc","user":"ann","session":"s1","profile":"topics",)"
                   R"("topics":["a","b/\"c\""],"metadata":{"m":1.0},"address":"::1",)"
                   R"("connectedAt":"1970-01-01T00:00:00.001Z","lastEventId":"x.7",)"
                   R"("lastEventAt":"1970-01-01T00:00:00.002Z",)"
                   R"("lastHeartbeatAt":"1970-01-01T00:00:00.003Z",)"
                   R"("events":2,"bytes":99,"durable":true,"connected":true,"behind":true})");
}

TEST(rfc3339, pads_and_counts_from_before_1970) {
    EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point(-1ms)), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace carillon::surfaces
