// What a stream listens to, where it begins, and how it is written.
#include "support/event_reader.hpp"

#include <ctime>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(streams, wildcards_match_as_the_guide_says) {
    running_server s;
    const std::map<std::string, strings> expected{
        {"chat/*", {"chat/7"}},
        {"chat/*/typing", {"chat/7/typing"}},
        {"chat/**", {"chat", "chat/7", "chat/7/typing", "chat/7/read", "chat/"}},
        {"*", {"chat", "chats"}},
        {"*/7", {"chat/7"}},
        {"**", {"chat", "chat/7", "chat/7/typing", "chat/7/read", "chats", "chat/", "news/a"}},
    };
    std::map<std::string, std::unique_ptr<event_reader>> readers;
    for (const auto& [pattern, topics] : expected) {
        const auto at = readers.emplace(
            pattern, std::make_unique<event_reader>(s, "?topic=" + pattern + "&topic=end"));
        at.first->second->open();
    }
    for (const char* topic :
         {"chat", "chat/7", "chat/7/typing", "chat/7/read", "chats", "chat/", "news/a", "end"})
        s.publish(topic, '"' + std::string(topic) + '"');
    for (const auto& [pattern, topics] : expected)
        EXPECT_EQ(readers[pattern]->data_until("end"), topics) << pattern;

    for (const char* wrong : {"a*", "*a", "a/**/b", "***", "a/b*/c", "", "a%0Ab"})
        EXPECT_EQ(s.get("/events/subscribe?topic=" + std::string(wrong)).status, 400) << wrong;
    for (const char* inner : {"$x", "$client/*"})
        EXPECT_EQ(s.get("/events/subscribe?topic=" + std::string(inner)).status, 403) << inner;
    EXPECT_EQ(s.get("/events/subscribe").status, 400) << "no topic";
}

TEST(streams, filters_leave_out_events_live_in_replay_and_in_history) {
    running_server s;
    const std::string filter = "events=price,last&where.region=eu";
    event_reader live(s, "/a?" + filter);
    const std::string start = live.open().id;
    const answer done = s.request(
        "POST", "/events/publish/a",
        R"([{"event":"price","data":1,"metadata":{"region":"eu"}},)"
        R"({"event":"price","data":2,"metadata":{"region":"us"}},)"
        R"({"event":"other","data":3,"metadata":{"region":"eu"}},{"event":"price","data":4},)"
        R"({"event":"last","data":5,"metadata":{"region":"eu","n":1}}])",
        json_type);
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_THAT(live.data(2), ElementsAre("1", "5"));
    event_reader replayed(s, "/a?" + filter, after(start));
    replayed.open();
    EXPECT_THAT(replayed.data(2), ElementsAre("1", "5"));
    const answer kept = s.get("/events/history?topic=a&" + filter);
    EXPECT_THAT(kept.body, HasSubstr(R"("data":1)"));
    EXPECT_THAT(kept.body, HasSubstr(R"("data":5)"));
    for (const char* left_out : {R"("data":2)", R"("data":3)", R"("data":4)"})
        EXPECT_THAT(kept.body, Not(HasSubstr(left_out)));
    for (const char* path : {"/events/subscribe/a?events=", "/events/history?topic=a&where.k="})
        EXPECT_EQ(s.get(path).status, 400) << path;
}

TEST(streams, an_event_of_several_topics_comes_once_live_and_replayed) {
    running_server s;
    const std::string target = "?topic=a&topic=b&topic=*&topic=a";
    event_reader live(s, target);
    const std::string start = live.open().id;
    const answer done =
        s.request("POST", "/events/publish",
                  R"([{"topics":["a","b","c"],"data":1},{"topics":["d/e"],"data":2},)"
                  R"({"topics":["b","a"],"data":3}])",
                  json_type);
    ASSERT_EQ(done.status, 200) << done.body;
    s.publish("a", "4");
    EXPECT_THAT(live.data(3), ElementsAre("1", "3", "4"));
    event_reader replayed(s, target, after(start));
    replayed.open();
    EXPECT_THAT(replayed.data(3), ElementsAre("1", "3", "4"));
    s.publish("b", "5");
    EXPECT_EQ(live.next().data, "5");
    EXPECT_EQ(replayed.next().data, "5");
}

TEST(streams, a_new_one_begins_with_the_last_events_or_at_a_time) {
    running_server s;
    for (const char* n : {"1", "2", "3"}) s.publish("a", n);
    const std::time_t now = std::time(nullptr);
    const auto begins_with = [&](const std::string& query) {
        event_reader c(s, "/a?" + query);
        EXPECT_EQ(verdict(c.open()), "fresh") << query;
        const std::string sentinel = "\"" + query + "\"";
        EXPECT_EQ(s.post("a", "{\"ephemeral\":true,\"data\":" + sentinel + "}").status, 200);
        return c.data_until(query);
    };
    EXPECT_THAT(begins_with("last=0"), ElementsAre());
    EXPECT_THAT(begins_with("last=2"), ElementsAre("2", "3"));
    EXPECT_THAT(begins_with("last=3"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("last=100"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("since=earliest"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("since=10m"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("since=2026-01-31T12:00:00%2B01:00"), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("since=" + std::to_string(now - 60)), ElementsAre("1", "2", "3"));
    EXPECT_THAT(begins_with("since=" + std::to_string(now + 60)), ElementsAre());
    for (const char* wrong : {"last=-1", "last=x", "last=", "since=never", "since=10",
                              "since=2026-13-01T00:00:00Z", "since=10y"}) {
        const answer got = s.request("GET", "/events/history?topic=a&" + std::string(wrong));
        EXPECT_EQ(got.status, std::string_view(wrong) == "since=10" ? 200 : 400) << wrong;
    }
}

TEST(streams, the_history_shows_whole_events) {
    running_server s;
    s.publish("a", "\"x\"", R"("event":"tick","metadata":{"k":1.0},"timestamp":"yesterday")");
    const std::string id = s.publish("a", "2", R"("id":"own")");
    const std::string body = s.get("/events/history?topic=a").body;
    EXPECT_THAT(body, HasSubstr(R"("position":1,"event":"tick","data":"x","topics":["a"],)"
                                R"("metadata":{"k":1.0},"timestamp":"yesterday"})"));
    EXPECT_THAT(body, HasSubstr(R"({"id":"own","position":2,"data":2,)"));
    EXPECT_EQ(id, "own");
    EXPECT_EQ(s.get("/events/history?topic=a&limit=0").status, 400);
    EXPECT_EQ(s.get("/events/history").status, 400);
}

TEST(streams, the_full_envelope_shows_whole_events_unnamed) {
    running_server s;
    event_reader c(s, "/a?envelope=full");
    c.open();
    const std::string id =
        s.publish("a", "{\"n\":1.50}", R"("event":"tick","metadata":{"k":"v\n"},"comment":"note")");
    const received e = c.next();
    EXPECT_EQ(e.type, "message");
    EXPECT_EQ(e.id, id);
    EXPECT_THAT(e.data, HasSubstr("{\"id\":\"" + id + R"(","position":1,"event":"tick",)" +
                                  R"("data":{"n":1.50},"topics":["a"],"metadata":{"k":"v\n"},)"));
    EXPECT_EQ(json_value(e.data, "timestamp").size(), 24u);
    EXPECT_THAT(c.comments(), ElementsAre(" note"));
    EXPECT_EQ(s.get("/events/subscribe/a?envelope=other").status, 400);
    event_reader plain(s, "/a?envelope=plain&last=1");
    plain.open();
    EXPECT_EQ(plain.next().data, "{\"n\":1.50}");
}

TEST(streams, a_new_one_gets_the_last_values_of_its_topics_first_without_ids) {
    running_server s;
    s.publish("t/1", "1", R"("retain":true)");
    const std::string head = s.publish("t/1", "2", R"("retain":true)");
    s.publish("t/2", "3", R"("retain":true)");
    s.publish("t/2", "4");
    s.publish("t/3", "5", R"("retain":true)");
    s.publish("t/3", "\"\"", R"("retain":true)");
    for (const bool restarted : {false, true}) {
        if (restarted) {
            s.kill();
            s.restart();
        }
        event_reader c(s, "/t/*");
        const received opening = c.open();
        for (const char* expected : {"2", "3"}) {
            const received e = c.next();
            EXPECT_EQ(e.data, expected);
            EXPECT_EQ(e.id, opening.id) << "it must not move the cursor";
        }
        s.publish("t/1", "\"live\"");
        EXPECT_EQ(c.next().data, "live");
    }
    event_reader resumed(s, "/t/*", after(head));
    EXPECT_EQ(verdict(resumed.open()), "resumed");
    EXPECT_EQ(resumed.next().data, "3") << "who resumes gets history and no values";
    EXPECT_EQ(s.post("a", R"({"data":1,"retain":true,"ephemeral":true})").status, 400);
}

TEST(streams, the_opening_event_can_be_left_out) {
    running_server s;
    event_reader c(s, "/a?open=0");
    EXPECT_EQ(c.status(), 200);
    s.publish("a", "1");
    EXPECT_EQ(c.next().data, "1");
    EXPECT_THAT(c.bytes(), Not(HasSubstr("carillon.open")));
}

TEST(streams, a_retry_of_the_publisher_goes_along) {
    running_server s;
    event_reader c(s, "/a");
    c.open();
    s.publish("a", "1", R"("retry":12345)");
    c.next();
    EXPECT_EQ(c.retry(), std::chrono::milliseconds(12345));
}

TEST(streams, a_heartbeat_is_a_colon_and_a_newline_and_nothing_else) {
    running_server s({"--stream.heartbeat_interval", "200ms"});
    event_reader c(s, "/a");
    c.open();
    const std::size_t opening = c.bytes().size();
    ASSERT_TRUE(c.reads_comments(2));
    EXPECT_EQ(c.bytes().substr(opening, 4), ":\n:\n");
    s.publish("a", "1");
    EXPECT_EQ(c.next().data, "1");
}

TEST(streams, a_heartbeat_may_be_an_event_without_an_id) {
    running_server s({"--stream.heartbeat_interval", "200ms"});
    event_reader c(s, "/a?heartbeat=event");
    const received opening = c.open();
    const std::size_t size = c.bytes().size();
    const received beat = c.next();
    EXPECT_EQ(beat.type, "heartbeat");
    EXPECT_EQ(beat.id, opening.id);
    EXPECT_THAT(c.bytes().substr(size), Not(HasSubstr("id:")));
    EXPECT_THAT(c.comments(), ElementsAre());
}

TEST(streams, the_cursor_of_one_that_matches_nothing_moves_once_it_lags) {
    running_server s({"--stream.heartbeat_interval", "200ms", "--stream.cursor_lag", "1"});
    event_reader c(s, "/quiet");
    c.open();
    s.publish("noise", "1");
    ASSERT_TRUE(c.reads_comments(2)) << "one behind is not too far";
    EXPECT_THAT(c.bytes(), Not(HasSubstr("carillon.cursor")));
    const std::string head = s.publish("noise", "2");
    const received moved = c.next();
    EXPECT_EQ(moved.type, "carillon.cursor");
    EXPECT_EQ(moved.id, head);
    c.close();
    s.publish("quiet", "3");
    event_reader again(s, "/quiet", after(moved.id));
    EXPECT_EQ(verdict(again.open()), "resumed");
    EXPECT_EQ(again.next().data, "3");
}

TEST(streams, the_head_keeps_proxies_from_holding_and_changing_it) {
    running_server s;
    event_reader c(s, "/a", "Connection: upgrade\r\nUpgrade: websocket\r\n");
    c.open();
    EXPECT_EQ(c.status(), 200);
    EXPECT_EQ(c.head().header("Content-Type"), "text/event-stream");
    EXPECT_EQ(c.head().header("Cache-Control"), "no-cache, no-transform");
    EXPECT_EQ(c.head().header("X-Accel-Buffering"), "no");
    EXPECT_EQ(c.head().header("Connection"), "keep-alive");
    EXPECT_EQ(c.head().header("Content-Length"), "");
}

TEST(streams, what_does_not_accept_one_gets_406) {
    running_server s;
    for (const char* accept :
         {"text/html", "application/json, text/plain", "text/event-stream;q=0, */*", "image/*"}) {
        const answer got =
            s.request("GET", "/events/subscribe/a", {}, "Accept: " + std::string(accept) + "\r\n");
        EXPECT_EQ(got.status, 406) << accept;
        EXPECT_EQ(json_value(got.body, "code"), "NOT_ACCEPTABLE") << accept;
    }
    for (const char* accept : {"*/*", "text/*", "text/html, text/event-stream;q=0.5", ""}) {
        event_reader c(s, "/a", "Accept: " + std::string(accept) + "\r\n");
        EXPECT_EQ(c.status(), 200) << accept;
    }
    EXPECT_EQ(s.request("DELETE", "/events/subscribe/a").status, 405);
    EXPECT_THAT(s.request("POST", "/events/subscribe/a").header("Allow"), HasSubstr("GET"));
}

TEST(streams, a_head_request_gets_the_head_alone_and_no_stream) {
    running_server s;
    raw_client c(s.port());
    c.send(
        "HEAD /events/subscribe/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const answer head = c.read_answer(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
    const answer next = c.read_answer();
    EXPECT_EQ(next.status, 200) << "the connection goes on";
    EXPECT_THAT(next.body, HasSubstr("ok"));
    EXPECT_THAT(s.get("/events/clients").body, HasSubstr("\"total\":0"));
}

TEST(streams, clients_of_http_1_0_get_no_chunks) {
    running_server s({"--stream.heartbeat_interval", "200ms"});
    event_reader c(s, "/a?last=9", {}, {.version = "HTTP/1.0"});
    c.open();
    EXPECT_EQ(c.head().header("Transfer-Encoding"), "");
    EXPECT_EQ(c.head().header("Connection"), "close");
    s.publish("a", "1");
    EXPECT_EQ(c.next().data, "1");
    ASSERT_TRUE(c.reads_comments(1));
    EXPECT_TRUE(c.bytes().starts_with("id: "));
    EXPECT_TRUE(c.bytes().ends_with("data: 1\n\n:\n"));
}

TEST(streams, readers_that_take_one_byte_at_a_time_get_everything) {
    running_server s;
    for (int i = 0; i < 20; ++i) s.publish("a", std::to_string(i));
    event_reader c(s, "/a?since=earliest", {}, {.receive_buffer = 1024, .piece = 1});
    c.open();
    EXPECT_EQ(c.data(20).back(), "19");
    s.publish("a", "\"live\"");
    EXPECT_EQ(c.next().data, "live");
}

}  // namespace
}  // namespace carillon::testing
