// Streams that end: jobs, and the output of models.
#include "support/event_reader.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

/// Its path.
std::string begin(const running_server& s) {
    const answer made = s.request("POST", "/events/streams");
    EXPECT_EQ(made.status, 201) << made.body;
    return "/events/streams/" + json_value(made.body, "stream");
}

answer append(const running_server& s, const std::string& path, std::string_view data) {
    return s.request("POST", path, "{\"data\":\"" + std::string(data) + "\"}", json_type);
}

/// The data of a stream's messages up to its end; its ids go into `cursor`.
strings read_to_the_end(const running_server& s, const std::string& path, std::string& cursor,
                        std::string_view fields = {}) {
    event_reader c(s, path, fields, {.whole_path = true});
    strings all;
    while (const auto e = c.poll()) {
        if (e->type == "message") all.push_back(e->data);
        cursor = e->id;
    }
    EXPECT_TRUE(c.is_complete());
    return all;
}

TEST(finite, readers_get_everything_from_the_start_then_the_end_then_204) {
    running_server s;
    const std::string path = begin(s);
    append(s, path, "one");
    event_reader early(s, path, {}, {.whole_path = true});
    append(s, path, "two");
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    strings live;
    while (const auto e = early.poll()) {
        if (e->type == "message") live.push_back(e->data);
    }
    EXPECT_TRUE(early.is_complete());
    EXPECT_EQ(live, (strings{"one", "two"}));
    for (const bool restarted : {false, true}) {
        if (restarted) {
            s.kill();
            s.restart();
        }
        std::string cursor;
        EXPECT_EQ(read_to_the_end(s, path, cursor), (strings{"one", "two"})) << "who joins late";
        EXPECT_EQ(s.request("GET", path, {}, after(cursor)).status, 204);
        EXPECT_EQ(append(s, path, "three").status, 409);
        EXPECT_EQ(s.request("POST", path + "/close").status, 409);
    }
}

TEST(finite, leaves_its_connection_to_the_next_request) {
    running_server s;
    const std::string path = begin(s);
    append(s, path, "one");
    raw_client c(s.port());
    const auto read_to = [&](std::string_view end) {
        std::string all;
        while (!all.contains(end)) {
            const std::string piece = c.receive();
            if (piece.empty()) break;
            all += piece;
        }
        return all;
    };
    const std::string head = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n";
    const std::string_view end = "\r\n0\r\n\r\n";
    c.send(head + "\r\n");
    EXPECT_THAT(read_to("one"), HasSubstr("\r\nConnection: keep-alive\r\n"));
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    EXPECT_TRUE(read_to(end).ends_with(end));
    c.send(head + "Accept-Encoding: gzip\r\n\r\n");
    EXPECT_TRUE(read_to(end).ends_with(end));
    c.send(head + "Connection: close\r\n\r\n");
    EXPECT_THAT(read_to(end), HasSubstr("\r\nConnection: close\r\n"));
    c.receive();
    EXPECT_TRUE(c.ended());
}

TEST(finite, a_reader_that_drops_resumes_and_a_producer_goes_on_after_a_restart) {
    running_server s;
    const std::string path = begin(s);
    const std::string first = json_value(append(s, path, "one").body, "id");
    s.kill();
    s.restart();
    EXPECT_EQ(append(s, path, "two").status, 200);
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    std::string cursor;
    EXPECT_EQ(read_to_the_end(s, path, cursor, after(first)), strings{"two"});
}

TEST(finite, a_producer_learns_that_a_reader_asked_to_stop) {
    running_server s;
    const std::string path = begin(s);
    EXPECT_EQ(json_value(append(s, path, "one").body, "stopRequested"), "false");
    EXPECT_EQ(s.request("DELETE", path).status, 202);
    EXPECT_EQ(json_value(append(s, path, "two").body, "stopRequested"), "true");
}

TEST(finite, what_is_no_stream_is_not_found) {
    running_server s;
    s.publish("a", "1");
    for (const std::string id : {"a", "AAAAAAAAAAAAAAAAAAAAAA", "%2e%2e%2e"}) {
        const std::string path = "/events/streams/" + id;
        EXPECT_EQ(s.get(path).status, 404);
        EXPECT_EQ(append(s, path, "x").status, 404);
        EXPECT_EQ(s.request("POST", path + "/close").status, 404);
        EXPECT_EQ(s.request("DELETE", path).status, 404);
    }
}

/// The id that a path ends in.
std::string id_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

TEST(finite, nobody_writes_to_a_stream_but_its_producers_calls) {
    running_server s;
    const std::string path = begin(s);
    const std::string open = begin(s);
    const std::string first = json_value(append(s, path, "one").body, "id");
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    const std::string id = id_of(path);
    for (const std::string& name : {"$stream/" + id, "$open-stream/" + id}) {
        const std::string topic_field = "\"topic\":\"" + name + "\"";
        EXPECT_EQ(s.post(name, R"({"data":"late"})").status, 403);
        EXPECT_EQ(
            s.request("POST", "/events/publish", "[{\"data\":1," + topic_field + "}]", json_type)
                .status,
            403);
        EXPECT_EQ(
            s.request("POST", "/events/publish", "{\"data\":1," + topic_field + "}\n", lines_type)
                .status,
            403);
        EXPECT_EQ(s.request("POST", "/events/publish",
                            R"({"data":1,"deliverAt":"2000-01-01T00:00:00Z",)" + topic_field + "}",
                            json_type)
                      .status,
                  403);
        EXPECT_EQ(s.request("DELETE", "/events/history/" + first + "?topic=" + name).status, 403);
        EXPECT_EQ(s.request("PUT", "/events/history/" + first + "?topic=" + name,
                            R"({"data":"other"})", json_type)
                      .status,
                  403);
        EXPECT_EQ(s.get("/events/history?topic=" + name).status, 403);
        EXPECT_EQ(s.get("/events/subscribe?topic=" + name).status, 403);
    }
    // Names that streams had in earlier builds are topics as any other now.
    EXPECT_EQ(s.post("streams/" + id, R"({"data":"elsewhere"})").status, 200);
    EXPECT_EQ(s.request("DELETE", "/events/history/" + first + "?topic=streams/" + id).status, 404);
    // Nor does a producer reach another stream, or say what comes later or last.
    for (const std::string& more :
         {"\"topics\":[\"$stream/" + id + "\"]", "\"topic\":\"$stream/" + id_of(open) + "\"",
          std::string(R"("topic":"news")"), std::string(R"("retain":true)"),
          std::string(R"("private":true)"), std::string(R"("deliverAt":"2000-01-01T00:00:00Z")"),
          std::string(R"("event":"carillon.end")")})
        EXPECT_EQ(s.request("POST", open, "{\"data\":1," + more + "}", json_type).status, 400)
            << more;
    EXPECT_EQ(append(s, path, "late").status, 409);
    std::string cursor;
    EXPECT_EQ(read_to_the_end(s, path, cursor), strings{"one"});
    EXPECT_EQ(s.request("GET", path, {}, after(cursor)).status, 204);
}

TEST(finite, no_wildcard_shows_a_stream_or_its_id) {
    running_server s;
    event_reader all(s, "?topic=**&topic=*/*&envelope=full");
    all.open();
    const std::string path = begin(s);
    append(s, path, "secret");
    s.request("POST", path + "/close");
    s.publish("news", R"("last")");
    EXPECT_EQ(json_value(all.next().data, "data"), "last");
    for (const char* wild : {"**", "*/*", "*"}) {
        const std::string listed = s.get(std::string("/events/history?topic=") + wild).body;
        EXPECT_THAT(listed, ::testing::Not(HasSubstr(id_of(path))));
        EXPECT_THAT(listed, ::testing::Not(HasSubstr("secret")));
    }
    EXPECT_THAT(s.get("/events/clients").body, ::testing::Not(HasSubstr(id_of(path))));
}

TEST(finite, an_append_that_expires_does_not_lose_the_stream) {
    running_server s;
    const std::string path = begin(s);
    EXPECT_EQ(s.request("POST", path, R"({"data":"short","ttl":1})", json_type).status, 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    for (const bool restarted : {false, true}) {
        if (restarted) {
            s.kill();
            s.restart();
        }
        event_reader c(s, path, {}, {.whole_path = true});
        EXPECT_EQ(c.status(), 200);
        EXPECT_EQ(append(s, path, "goes on").status, 200);
    }
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    std::string cursor;
    EXPECT_EQ(read_to_the_end(s, path, cursor), (strings{"goes on", "goes on"}));
}

TEST(finite, no_event_is_behind_the_end_however_calls_race_over_loops_and_a_restart) {
    running_server s({"--shards", "3"});
    constexpr int streams = 40;
    strings paths;
    for (int i = 0; i < streams; ++i) paths.push_back(begin(s));
    for (int i = 0; i < streams; ++i) {
        if (i == streams / 2) {
            s.kill();
            s.restart();
        }
        std::atomic<int> stored{0};
        const auto produce = [&] {
            for (answer a = append(s, paths[i], "x"); a.status == 200; a = append(s, paths[i], "x"))
                ++stored;
        };
        std::vector<std::jthread> all;
        for (int p = 0; p < 2; ++p) all.emplace_back(produce);
        all.emplace_back([&] { EXPECT_EQ(s.request("POST", paths[i] + "/close").status, 200); });
        all.clear();
        std::string cursor;
        EXPECT_EQ(read_to_the_end(s, paths[i], cursor).size(), static_cast<std::size_t>(stored));
        EXPECT_EQ(s.request("GET", paths[i], {}, after(cursor)).status, 204);
        EXPECT_EQ(append(s, paths[i], "late").status, 409);
    }
}

TEST(finite, as_many_are_open_as_may_be_and_those_whose_producers_are_silent_end) {
    running_server s({"--finite_streams.max_open", "2", "--finite_streams.idle_timeout", "1s"});
    const std::string silent = begin(s);
    begin(s);
    EXPECT_EQ(s.request("POST", "/events/streams").status, 503);
    event_reader c(s, silent, {}, {.whole_path = true});
    c.open();
    EXPECT_EQ(c.next().type, "carillon.begin");
    const received end = c.next();
    EXPECT_EQ(end.type, "carillon.end");
    EXPECT_EQ(end.data, R"({"reason":"idle"})");
    EXPECT_EQ(append(s, silent, "late").status, 409);
    EXPECT_TRUE(s.shows("/metrics", "carillon_finite_streams_ended_idle_total 2"));
    EXPECT_EQ(s.request("POST", "/events/streams").status, 201);
}

}  // namespace
}  // namespace carillon::testing
