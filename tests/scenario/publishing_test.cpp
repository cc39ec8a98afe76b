// What is published arrives, whole and in order; what cannot be carried is refused.
#include "support/event_reader.hpp"

#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string event_of(std::string_view data) { return "{\"data\":" + std::string(data) + "}"; }

TEST(publishing, one_an_array_and_lines_arrive_in_order_with_the_ids_of_the_answers) {
    running_server s;
    event_reader c(s, "/news");
    c.open();
    strings ids{s.publish("news", "1")};

    const answer array = s.post("news", R"([{"data":2},{"data":3,"event":"tick"}])");
    EXPECT_EQ(array.status, 200);
    EXPECT_TRUE(array.body.starts_with("[{") && array.body.ends_with("}]")) << array.body;
    ids.push_back(json_value(array.body, "id"));
    ids.push_back(json_value(array.body.substr(array.body.find("},{")), "id"));

    const answer lines = s.request(
        "POST", "/events/publish",
        "{\"topic\":\"news\",\"data\":4}\r\n\n{\"topic\":\"news\",\"data\":5}", lines_type);
    EXPECT_EQ(json_value(lines.body, "published"), "2");
    EXPECT_EQ(json_value(lines.body, "position"), "5");

    for (int i = 1; i <= 5; ++i) {
        const received e = c.next();
        EXPECT_EQ(e.data, std::to_string(i));
        EXPECT_EQ(e.type, i == 3 ? "tick" : "message");
        if (i < 4) {
            EXPECT_EQ(e.id, ids[static_cast<std::size_t>(i - 1)]);
        }
        if (i == 5) {
            EXPECT_EQ(e.id, json_value(lines.body, "id"));
        }
        EXPECT_TRUE(e.id.ends_with("." + std::to_string(i))) << e.id;
    }
}

TEST(publishing, an_array_is_all_or_nothing) {
    running_server s;
    const answer refused = s.post("news", R"([{"data":1},{"dat":2}])");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("event 1: `dat`"));
    EXPECT_EQ(s.post("news", "[]").status, 200);
    EXPECT_THAT(s.get("/events/history?topic=news").body, HasSubstr("\"events\":[]"));
}

TEST(publishing, lines_are_published_while_the_upload_goes_on_and_up_to_the_wrong_one) {
    running_server s;
    event_reader c(s, "/news");
    c.open();
    raw_client upload(s.port());
    const auto chunk = [&](const std::string& text) {
        char size[16];
        std::snprintf(size, sizeof size, "%zx\r\n", text.size());
        upload.send(size + text + "\r\n");
    };
    upload.send("POST /events/publish/news HTTP/1.1\r\nHost: a.localhost\r\n" +
                std::string(lines_type) + "Transfer-Encoding: chunked\r\n\r\n");
    chunk("{\"data\":1}\n{\"da");
    EXPECT_EQ(c.next().data, "1");
    chunk("ta\":2}\n");
    EXPECT_EQ(c.next().data, "2");
    chunk("{\"data\":3}\nwrong\n{\"data\":4}\n");
    EXPECT_EQ(c.next().data, "3");
    const answer refused = upload.read_answer();
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("line 4: "));
    EXPECT_THAT(refused.body, HasSubstr("3 events were published before"));
    s.publish("news", "5");
    EXPECT_EQ(c.next().data, "5");
}

TEST(publishing, numbers_come_out_as_they_went_in) {
    running_server s;
    event_reader plain(s, "/n"), full(s, "/n?envelope=full");
    plain.open();
    full.open();
    for (const std::string number : {"12345678901234567890.10", "1e400", "-0", "0.10", "1E+2",
                                     "9007199254740993", R"({"b": 1.0,"a":[0.1e-7, 1.00]})"}) {
        s.publish("n", number);
        EXPECT_EQ(plain.next().data, number);
        EXPECT_THAT(full.next().data, HasSubstr("\"data\":" + number + ","));
        EXPECT_THAT(s.get("/events/history?topic=n&last=1").body,
                    HasSubstr("\"data\":" + number + ","));
    }
}

TEST(publishing, line_ends_in_data_and_comments_forge_nothing) {
    running_server s;
    event_reader c(s, "/a");
    c.open();
    const std::string forged = R"("x\rid: f\ndata: f\r\n\r\nevent: f\n\ndata: f\n")";
    s.publish("a", forged, "\"comment\":" + forged);
    const received e = c.next();
    EXPECT_EQ(e.data, "x\nid: f\ndata: f\n\nevent: f\n\ndata: f\n");
    EXPECT_EQ(e.type, "message");
    EXPECT_TRUE(e.id.ends_with(".1")) << e.id;
    EXPECT_THAT(c.comments(),
                ElementsAre(" x", " id: f", " data: f", " ", " event: f", " ", " data: f", " "));
    s.publish("a", "{\"a\":\r\n1,\r\"b\":\n\n2}");
    EXPECT_EQ(c.next().data, "{\"a\":\n1,\n\"b\":\n\n2}");
    s.publish("a", "\"\"");
    EXPECT_EQ(c.next().data, "");
}

TEST(publishing, nul_and_byte_order_marks_in_data_pass_as_they_are) {
    running_server s;
    event_reader c(s, "/a");
    c.open();
    s.publish("a", R"("\u0000a\u0000")");
    EXPECT_EQ(c.next().data, std::string("\0a\0", 3));
    s.publish("a", R"("\ufeffa")");
    EXPECT_EQ(c.next().data,
              "\xEF\xBB\xBF"
              "a");
    s.publish("a", R"("\ud83d\udd14")", R"("event":"\ufeffbell")");
    const received e = c.next();
    EXPECT_EQ(e.data, "\xF0\x9F\x94\x94");
    EXPECT_EQ(e.type,
              "\xEF\xBB\xBF"
              "bell");
}

TEST(publishing, what_a_stream_cannot_carry_is_refused) {
    running_server s;
    event_reader c(s, "/a");
    c.open();
    const std::string wrong[] = {
        R"({"data":1,"event":"a\nb"})",
        R"({"data":1,"event":"a\rb"})",
        R"({"data":1,"event":"a\u0000b"})",
        R"({"data":1,"event":""})",
        R"({"data":1,"event":"carillon.open"})",
        R"({"data":1,"id":"a\nb"})",
        R"({"data":1,"id":"a\u0000b"})",
        R"({"data":1,"id":"a\rb"})",
        R"({"data":1,"id":"\ufeffa"})",
        R"({"data":1,"id":""})",
        R"({"data":1,"id":"a b"})",
        R"({"data":1,"id":"0123abcd.17"})",
        R"({"data":1,"id":")" + std::string(129, 'x') + R"("})",
        R"({"data":1,"event":")" + std::string(257, 'x') + R"("})",
        R"({"data":1,"retry":-1})",
        R"({"data":1,"retry":"x"})",
        R"({"data":"\ud800"})",
        R"({"data":"\udd14\ud83d"})",
        "{\"data\":\"\xFF\"}",
        "{\"data\":\"\xC0\xAF\"}",
        "{\"data\":\"\xED\xA0\x80\"}",
        "{\"data\":\"\xF4\x90\x80\x80\"}",
        "{\"data\":\"\xE2\x82\"}",
        "{\"data\":{\"\xFF\":1}}",
        "{\"data\":1,\"event\":\"\xFF\"}",
        "{\"data\":1,\"comment\":\"\xFF\"}",
        "\xEF\xBB\xBF{\"data\":1}",
        std::string("{\"data\":\"\0\"}", 12),
        "{\"data\":\"a\nb\"}",
        R"({"event":"a"})",
        R"({"data":1,"unknown":2})",
        R"({"data":1,"metadata":[]})",
        R"({"data":1,"topic":"b"})",
        R"({"data":})",
        R"({"data":01})",
        R"({"data":1} x)",
        "1",
        "",
    };
    for (const std::string& body : wrong) {
        const answer refused = s.post("a", body);
        EXPECT_EQ(refused.status, 400) << body;
        EXPECT_EQ(refused.header("Content-Type"), "application/problem+json") << body;
        EXPECT_EQ(json_value(refused.body, "code"), "INVALID_REQUEST") << body;
    }
    s.publish("a", "\"still here\"",
              R"("id":")" + std::string(128, 'x') + R"(","event":")" + std::string(256, 'y') + '"');
    const received e = c.next();
    EXPECT_EQ(e.data, "still here");
    EXPECT_EQ(e.id, std::string(128, 'x'));
    EXPECT_EQ(e.type, std::string(256, 'y'));
}

TEST(publishing, topics_of_the_hub_and_impossible_ones_are_refused) {
    running_server s;
    for (const char* topic : {"$x", "$client/x", "carillon.x"})
        EXPECT_EQ(s.post(topic, event_of("1")).status, 403) << topic;
    for (const char* topic : {"a*", "*", "a/**", "a%0Ab", "a%0Db", "a%00b", "%FF", "%C0%AF"}) {
        EXPECT_EQ(s.post(topic, event_of("1")).status, 400) << topic;
    }
    for (const char* topic : {"a//b", "/", "https://example.com/x", "%E9%90%98", "a%2Fb", "a%25b"})
        EXPECT_EQ(s.post(topic, event_of("1")).status, 200) << topic;
    EXPECT_EQ(s.request("POST", "/events/publish", event_of("1"), json_type).status, 400)
        << "no topic";
}

TEST(publishing, a_topic_in_a_path_is_decoded_once) {
    running_server s;
    event_reader c(s, "?topic=a%252Fb&topic=%E9%90%98/x");
    c.open();
    EXPECT_EQ(json_value(s.post("a/b", event_of("0")).body, "topic"), "a/b");
    EXPECT_EQ(json_value(s.post("a%252Fb", event_of("1")).body, "topic"), "a%2Fb");
    EXPECT_EQ(json_value(s.post("%E9%90%98%2Fx", event_of("2")).body, "topic"), "\xE9\x90\x98/x");
    EXPECT_THAT(c.data(2), ElementsAre("1", "2"));
}

TEST(publishing, an_ephemeral_event_has_no_id_and_is_not_kept) {
    running_server s;
    event_reader c(s, "/a");
    const received opening = c.open();
    const answer done = s.post("a", R"({"data":"now","ephemeral":true})");
    EXPECT_EQ(done.status, 200);
    EXPECT_EQ(json_value(done.body, "id"), "");
    const received e = c.next();
    EXPECT_EQ(e.data, "now");
    EXPECT_EQ(e.id, opening.id);
    EXPECT_THAT(c.bytes().substr(c.bytes().find("\n\n")), Not(HasSubstr("id:")));
    EXPECT_THAT(s.get("/events/history?topic=a").body, HasSubstr("\"events\":[]"));
    s.publish("a", "\"later\"");
    event_reader late(s, "/a?since=earliest");
    late.open();
    EXPECT_EQ(late.next().data, "later");
}

TEST(publishing, a_request_that_is_sent_twice_with_a_key_is_published_once) {
    running_server s;
    const std::string key = "Idempotency-Key: \"a-1\"\r\n" + std::string(json_type);
    const answer first = s.post("a", R"([{"data":1},{"data":2}])", key);
    EXPECT_EQ(first.status, 200);
    s.publish("a", "3");
    EXPECT_EQ(s.post("a", R"([{"data":1},{"data":2}])", key).body, first.body);
    s.kill();
    s.restart();
    EXPECT_EQ(json_value(s.post("a", R"([{"data":1},{"data":2}])", key).body, "position"), "1");
    const answer other = s.post("a", R"([{"data":1},{"data":4}])", key);
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(json_value(other.body, "code"), "CONFLICT");
    EXPECT_EQ(s.post("b", R"([{"data":1},{"data":2}])", key).status, 409);

    const std::string once = R"({"data":5,"idempotencyKey":"b"})";
    const std::string id = json_value(s.post("a", once).body, "id");
    EXPECT_EQ(json_value(s.post("a", once).body, "id"), id);
    const answer lines =
        s.post("a", "{\"data\":6}\n" + once + "\n{\"data\":7}\n" + once + "\n", lines_type);
    EXPECT_EQ(lines.status, 200);
    event_reader c(s, "/a?since=earliest");
    c.open();
    s.publish("a", "\"end\"");
    EXPECT_THAT(c.data_until("end"), ElementsAre("1", "2", "3", "5", "6", "7"));
}

TEST(publishing, an_event_that_is_taken_back_or_replaced_is_shown_to_nobody_who_comes_later) {
    running_server s;
    event_reader live(s, "/a");
    live.open();
    const std::string first = s.publish("a", "\"wrong\"");
    s.publish("a", "\"right\"", R"("id":"own")");
    EXPECT_EQ(live.data(2), (strings{"wrong", "right"}));
    EXPECT_EQ(s.request("DELETE", "/events/history/" + first + "?topic=a").status, 200);
    EXPECT_EQ(
        s.request("PUT", "/events/history/own?topic=a", R"({"data":{"n":1.0}})", json_type).status,
        200);
    EXPECT_EQ(s.request("DELETE", "/events/history/" + first + "?topic=a").status, 404);
    EXPECT_EQ(s.request("DELETE", "/events/history/unknown?topic=a").status, 404);
    EXPECT_EQ(s.request("DELETE", "/events/history/own").status, 400);
    for (const bool restarted : {false, true}) {
        if (restarted) {
            s.kill();
            s.restart();
        }
        const std::string history = s.get("/events/history?topic=a&since=earliest").body;
        EXPECT_THAT(history, ::testing::Not(HasSubstr("wrong")));
        EXPECT_THAT(history, ::testing::Not(HasSubstr("right")));
        EXPECT_THAT(history, HasSubstr("carillon.deleted"));
        EXPECT_THAT(history, HasSubstr(R"({"id":"own","data":{"n":1.0}})"));
        event_reader resumed(s, "/a", after(first));
        EXPECT_EQ(verdict(resumed.open()), "resumed") << "its id is still a cursor, and no gap";
    }
    EXPECT_THAT(
        live.bytes() +
            [&] {
                live.poll();
                live.poll();
                return live.bytes();
            }(),
        HasSubstr("event: carillon.replaced"));
}

TEST(publishing, an_event_is_kept_no_longer_than_it_says) {
    running_server s;
    s.publish("a", "1", R"("ttl":1)");
    s.publish("a", "2", R"("ttl":3600,"expires":"2020-01-01T00:00:00Z")");
    s.publish("a", "3", R"("expires":"2999-01-01T00:00:00Z")");
    EXPECT_THAT(s.get("/events/history?topic=a").body, HasSubstr("\"data\":1,"));
    EXPECT_THAT(s.get("/events/history?topic=a").body, ::testing::Not(HasSubstr("\"data\":2,")));
    ::poll(nullptr, 0, 1100);
    event_reader c(s, "/a?since=earliest");
    c.open();
    EXPECT_EQ(c.next().data, "3");
    EXPECT_EQ(s.post("a", R"({"data":1,"ttl":0})").status, 400);
    EXPECT_EQ(s.post("a", R"({"data":1,"ttl":1.5})").status, 400);
    EXPECT_EQ(s.post("a", R"({"data":1,"expires":"tomorrow"})").status, 400);
}

/// RFC 3339, so many seconds from now.
std::string time_from_now(int seconds) {
    const std::time_t at = std::time(nullptr) + seconds;
    std::tm utc{};
    ::gmtime_r(&at, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

TEST(publishing, what_waits_or_is_for_one_client_may_have_a_key_too) {
    running_server s;
    const std::string body =
        R"({"data":"once","idempotencyKey":"k","deliverAt":")" + time_from_now(3600) + "\"}";
    const answer first = s.post("a", body);
    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(s.post("a", body).body, first.body);
    EXPECT_EQ(s.post("a", R"({"data":"once","idempotencyKey":"k"})").status, 409);
    s.kill();
    s.restart();
    EXPECT_EQ(s.post("a", body).body, first.body);
    EXPECT_EQ(
        json_value(
            s.request("DELETE", "/events/scheduled/" + json_value(first.body, "scheduledId")).body,
            "code"),
        "");
    EXPECT_EQ(s.get("/events/scheduled").body, R"({"scheduled":[]})");

    event_reader c(s, "/news");
    const std::string client = json_value(c.open().data, "client");
    const std::string message = R"({"data":"for you","idempotencyKey":"c"})";
    const std::string path = "/events/clients/" + client + "/send";
    const auto send = [&](std::string_view what) {
        return s.request("POST", path, what, "Content-Type: application/json\r\n");
    };
    const answer sent = send(message);
    EXPECT_EQ(sent.status, 200) << sent.body;
    EXPECT_EQ(send(message).body, sent.body);
    EXPECT_EQ(send(R"({"data":"other","idempotencyKey":"c"})").status, 409);
    s.post("news", R"({"data":"next"})");
    EXPECT_EQ(c.next().data, "for you");
    EXPECT_EQ(c.next().data, "next");
}

TEST(publishing, an_event_may_wait_for_its_time_also_through_a_restart) {
    running_server s;
    const auto schedule = [&](const std::string& data, int seconds) {
        const answer got = s.post(
            "a", "{\"data\":\"" + data + "\",\"deliverAt\":\"" + time_from_now(seconds) + "\"}");
        EXPECT_EQ(got.status, 202) << got.body;
        return json_value(got.body, "scheduledId");
    };
    const std::string later = schedule("cancelled", 3600);
    schedule("soon", 2);
    schedule("past", -10);
    event_reader c(s, "/a?since=earliest");
    c.open();
    EXPECT_EQ(c.next().data, "past");
    const std::string listed = s.get("/events/scheduled").body;
    EXPECT_LT(listed.find("soon"), listed.find("cancelled"));
    EXPECT_EQ(s.request("DELETE", "/events/scheduled/" + later).status, 204);
    EXPECT_EQ(s.request("DELETE", "/events/scheduled/" + later).status, 404);
    s.kill();
    s.restart();
    event_reader again(s, "/a?last=1");
    again.open();
    EXPECT_EQ(again.next().data, "past");
    EXPECT_EQ(again.next().data, "soon");
    EXPECT_THAT(s.get("/events/scheduled").body, HasSubstr("[]"));
    EXPECT_EQ(s.post("a", R"({"data":1,"deliverAt":"soon"})").status, 400);
    EXPECT_EQ(s.post("a", R"({"data":1,"deliverAt":"2099-01-01T00:00:00.9Zjunk"})").status, 400);
    EXPECT_EQ(s.post("a", R"({"data":1,"deliverAt":"2099-01-01T01:00:00.9+01:00"})").status, 202);
    EXPECT_THAT(s.get("/events/scheduled").body,
                HasSubstr(R"("deliverAt":"2099-01-01T00:00:00.900Z")"));
    EXPECT_EQ(s.post("a", R"([{"data":1,"deliverAt":"2999-01-01T00:00:00Z"}])").status, 400);
}

TEST(publishing, a_key_is_checked) {
    running_server s;
    const auto with = [&](const std::string& key) {
        return s
            .post("a", "{\"data\":1}", "Idempotency-Key: " + key + "\r\n" + std::string(json_type))
            .status;
    };
    EXPECT_EQ(with(""), 400);
    EXPECT_EQ(with(std::string(255, 'k')), 200);
    EXPECT_EQ(with(std::string(256, 'k')), 400);
    EXPECT_EQ(with("two words"), 400);
    EXPECT_EQ(s.post("a", R"([{"data":1,"idempotencyKey":"x"}])").status, 400);
    EXPECT_EQ(s.post("a", R"({"data":1,"idempotencyKey":7})").status, 400);
}

TEST(publishing, a_body_needs_a_json_content_type) {
    running_server s;
    for (const char* type :
         {"Content-Type: text/plain\r\n", "", "Content-Type: application/x-www-form-urlencoded\r\n",
          "Content-Type: multipart/form-data\r\n",
          "Content-Type: text/plain; a=application/json\r\n"}) {
        const answer refused = s.post("a", event_of("1"), type);
        EXPECT_EQ(refused.status, 415) << type;
        EXPECT_EQ(json_value(refused.body, "code"), "UNSUPPORTED_MEDIA_TYPE") << type;
    }
    for (const char* type :
         {"Content-Type: application/json; charset=utf-8\r\n", "content-type: Application/JSON\r\n",
          "Content-Type: application/cloudevents+json\r\n",
          "Content-Type: application/jsonl\r\n"}) {
        EXPECT_EQ(s.post("a", event_of("1"), type).status, 200) << type;
    }
}

TEST(publishing, an_event_of_one_mebibyte_passes_and_one_byte_more_does_not) {
    running_server s;
    event_reader c(s, "/a");
    c.open();
    // The topic's byte counts as well.
    const std::string most((1u << 20) - 1, 'x');
    EXPECT_EQ(s.post("a", event_of('"' + most + '"')).status, 200);
    EXPECT_EQ(c.next().data, most);
    for (const auto type : {json_type, lines_type}) {
        const answer refused = s.post("a", event_of('"' + most + "x\""), type);
        EXPECT_EQ(refused.status, 413) << type;
        EXPECT_EQ(json_value(refused.body, "code"), "EVENT_TOO_LARGE") << type;
    }
    s.publish("a", "\"small\"");
    EXPECT_EQ(c.next().data, "small");
}

TEST(publishing, a_body_a_batch_a_topic_and_their_number_are_limited) {
    running_server s({"--http.max_body_size", "300", "--publish.max_batch", "3",
                      "--publish.max_topics_per_event", "2"});
    const std::string padding(300 - event_of("\"\"").size(), 'x');
    EXPECT_EQ(s.post("a", event_of('"' + padding + '"')).status, 200);
    const answer body = s.post("a", event_of('"' + padding + "x\""));
    EXPECT_EQ(body.status, 413);
    EXPECT_EQ(json_value(body.body, "code"), "PAYLOAD_TOO_LARGE");
    EXPECT_EQ(s.post("a", event_of('"' + padding + padding + '"'), lines_type).status, 200)
        << "an upload of lines is not held whole";

    EXPECT_EQ(s.post("a", R"([{"data":1},{"data":2},{"data":3}])").status, 200);
    EXPECT_EQ(s.post("a", R"([{"data":1},{"data":2},{"data":3},{"data":4}])").status, 413);

    EXPECT_EQ(s.post(std::string(255, 't'), event_of("1")).status, 200);
    EXPECT_EQ(s.post(std::string(256, 't'), event_of("1")).status, 400);

    EXPECT_EQ(
        s.request("POST", "/events/publish", R"({"topics":["a","b"],"data":1})", json_type).status,
        200);
    EXPECT_EQ(
        s.request("POST", "/events/publish", R"({"topics":["a","b","c"],"data":1})", json_type)
            .status,
        400);
}

TEST(publishing, what_takes_an_events_place_changes_nothing_but_its_content) {
    running_server s;
    const std::string id = s.publish("a", "1");
    const std::string target = "/events/history/" + id + "?topic=a";
    for (const char* more :
         {R"("private":true)", R"("ttl":1)", R"("retain":true)", R"("ephemeral":true)",
          R"("id":"own")", R"("key":"k")", R"("metadata":{"a":1})",
          R"("deliverAt":"2099-01-01T00:00:00Z")", R"("idempotencyKey":"once")"}) {
        const std::string body = std::string("{\"data\":2,") + more + "}";
        EXPECT_EQ(s.request("PUT", target, body, json_type).status, 400) << more;
    }
    EXPECT_EQ(s.request("PUT", target, R"({"data":2,"event":"new"})", json_type).status, 200);
}

TEST(publishing, a_line_that_the_hub_refuses_takes_no_other_along) {
    running_server s;
    const answer got = s.request("POST", "/events/publish",
                                 "{\"topic\":\"c\",\"data\":1}\n{\"topic\":\"c\",\"data\":2}\n"
                                 "{\"topic\":\"$x\",\"data\":3}\n",
                                 lines_type);
    EXPECT_EQ(got.status, 403);
    EXPECT_NE(got.body.find("line 3: "), std::string::npos) << got.body;
    EXPECT_NE(got.body.find("2 events were published"), std::string::npos) << got.body;
    // One key cannot stand for lines that are stored as they come.
    const answer keyed =
        s.post("c", "{\"data\":4}\n", std::string(lines_type) + "Idempotency-Key: once\r\n");
    EXPECT_EQ(keyed.status, 400);
    EXPECT_EQ(s.get("/events/history?topic=c").body.find("\"data\":4"), std::string::npos);
}

/// Begins an upload of lines with these, each a chunk.
void begin_upload(raw_client& c, const strings& lines) {
    c.send("POST /events/publish/news HTTP/1.1\r\nHost: localhost\r\n" + std::string(lines_type) +
           "Transfer-Encoding: chunked\r\n\r\n");
    for (const std::string& line : lines) {
        std::array<char, 20> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", line.size() + 1);
        c.send(size.data() + line + "\n\r\n");
    }
}

TEST(publishing, an_open_upload_is_told_how_many_lines_were_stored_when_the_server_ends) {
    running_server s({"--drain.window", "200ms"});
    raw_client c(s.port());
    begin_upload(c, {"{\"data\":1}", "{\"data\":2}"});
    EXPECT_TRUE(s.shows("/events/history?topic=news", "\"position\":2"));
    s.signal(SIGTERM);
    const answer got = c.read_answer();
    EXPECT_EQ(got.status, 503);
    EXPECT_NE(got.header("Retry-After"), "");
    EXPECT_THAT(got.body, HasSubstr("(2 events were published before)"));
    EXPECT_EQ(s.wait(), 0);
}

TEST(publishing, an_upload_that_stops_is_told_how_many_lines_were_stored) {
    running_server s({"--http.body_timeout", "100ms"});
    raw_client c(s.port());
    begin_upload(c, {"{\"data\":1}"});
    const answer got = c.read_answer();
    EXPECT_EQ(got.status, 408);
    EXPECT_THAT(got.body, HasSubstr("(1 events were published before)"));
}

}  // namespace
}  // namespace carillon::testing
