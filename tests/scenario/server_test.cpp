#include "support/running_server.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include <unistd.h>

namespace carillon::testing {
namespace {

constexpr std::string_view json = "Content-Type: application/json\r\n";

/// A file of settings that goes with the test.
class settings_file {
public:
    explicit settings_file(std::string_view text)
        : path_(std::filesystem::temp_directory_path() /
                ("carillon-" + std::to_string(::getpid()) + ".toml")) {
        write(text);
    }
    ~settings_file() { std::filesystem::remove(path_); }
    void write(std::string_view text) const { std::ofstream(path_) << text; }
    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

TEST(server, delivers_what_is_published_one_by_one_as_an_array_and_as_lines) {
    running_server s;
    raw_client c(s.port());
    s.subscribe(c, "/news");
    ASSERT_TRUE(c.read_until("carillon.open"));
    s.publish("news", R"({"n":1e400,"big":12345678901234567890.10})");
    EXPECT_NE(s.request("POST", "/events/publish/news",
                        R"([{"data":"a\r\nb"},{"data":2,"event":"tick"}])", json)
                  .find("\"position\":3"),
              std::string::npos);
    EXPECT_NE(s.request("POST", "/events/publish",
                        "{\"topic\":\"news\",\"data\":3}\n\n{\"topic\":\"news\",\"data\":4}",
                        "Content-Type: application/x-ndjson\r\n")
                  .find("\"published\":2"),
              std::string::npos);
    ASSERT_TRUE(c.read_until("data: 4\n\n"));
    EXPECT_NE(c.seen().find("data: {\"n\":1e400,\"big\":12345678901234567890.10}\n\n"),
              std::string::npos);
    EXPECT_NE(c.seen().find("data: a\ndata: b\n\n"), std::string::npos);
    EXPECT_NE(c.seen().find("event: tick\ndata: 2\n\n"), std::string::npos);
}

TEST(server, an_array_is_all_or_nothing) {
    running_server s;
    const std::string answer =
        s.request("POST", "/events/publish/news", R"([{"data":1},{"dat":2}])", json);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_NE(answer.find("event 1: `dat`"), std::string::npos) << answer;
    EXPECT_NE(s.request("GET", "/events/history?topic=news").find("\"events\":[]"),
              std::string::npos);
}

TEST(server, resumes_after_a_drop_at_any_moment) {
    running_server s;
    std::string cursor;
    {
        raw_client c(s.port());
        s.subscribe(c, "?topic=a&topic=b/*");
        ASSERT_TRUE(c.read_until("carillon.open"));
        const std::size_t at = c.seen().find("id: ") + 4;
        cursor = c.seen().substr(at, c.seen().find('\n', at) - at);
    }
    s.publish("a", "1");
    s.publish("b/x", "2");
    s.publish("c", "3");
    raw_client c(s.port());
    s.subscribe(c, "?topic=a&topic=b/*", "Last-Event-ID: " + cursor + "\r\n");
    ASSERT_TRUE(c.read_until("data: 2\n\n"));
    EXPECT_NE(c.seen().find("\"resume\":\"resumed\""), std::string::npos);
    EXPECT_NE(c.seen().find("data: 1\n\n"), std::string::npos);
    EXPECT_EQ(c.seen().find("data: 3"), std::string::npos);
}

TEST(server, tells_a_client_of_an_earlier_life_and_gives_it_what_came_since) {
    const std::uint16_t port = free_port();
    std::string cursor;
    {
        running_server s({}, port);
        cursor = s.publish("a", "1");
        s.signal(SIGKILL);
        s.wait();
    }
    running_server s({}, port);
    s.publish("a", "2");
    raw_client c(s.port());
    s.subscribe(c, "/a?lastEventId=" + cursor);
    ASSERT_TRUE(c.read_until("data: 2\n\n"));
    EXPECT_NE(c.seen().find("\"resume\":\"reset\""), std::string::npos);
}

TEST(server, rewinds_and_shows_whole_events) {
    running_server s;
    for (const char* n : {"1", "2", "3"}) s.publish("a", n);
    raw_client last(s.port()), since(s.port()), full(s.port());
    s.subscribe(last, "/a?last=2");
    ASSERT_TRUE(last.read_until("data: 3\n\n"));
    EXPECT_EQ(last.seen().find("data: 1\n\n"), std::string::npos);
    s.subscribe(since, "/a?since=earliest&open=0");
    ASSERT_TRUE(since.read_until("data: 3\n\n"));
    EXPECT_EQ(since.seen().find("carillon.open"), std::string::npos);
    EXPECT_NE(since.seen().find("data: 1\n\n"), std::string::npos);
    s.subscribe(full, "/a?last=1&envelope=full");
    ASSERT_TRUE(full.read_until("\"topics\":[\"a\"]"));
    EXPECT_TRUE(s.request("GET", "/events/subscribe/a?since=never").starts_with("HTTP/1.1 400"));
}

TEST(server, refuses_what_would_harm_or_cannot_be_served) {
    running_server s({"--publish.max_event_size", "1KiB"});
    const auto starts = [&](const std::string& answer, std::string_view status) {
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status)))
            << status << ": " << answer;
    };
    starts(s.request("POST", "/events/publish/a", "{\"data\":1}", "Content-Type: text/plain\r\n"),
           "415");
    starts(s.request("POST", "/events/publish/a", "{\"data\":", json), "400");
    starts(s.request("POST", "/events/publish/a", "{\"data\":\"\xFF\"}", json), "400");
    starts(s.request("POST", "/events/publish/a", R"({"data":1,"event":"a\nb"})", json), "400");
    starts(s.request("POST", "/events/publish/a", R"({"data":1,"id":"a\u0000b"})", json), "400");
    starts(s.request("POST", "/events/publish/$x", "{\"data\":1}", json), "400");
    starts(s.request("POST", "/events/publish/a*", "{\"data\":1}", json), "400");
    starts(s.request("POST", "/events/publish/a", "{\"data\":\"" + std::string(1023, 'x') + "\"}",
                     json),
           "200");
    starts(s.request("POST", "/events/publish/a", "{\"data\":\"" + std::string(1024, 'x') + "\"}",
                     json),
           "413");
    starts(s.request("POST", "/events/publish/a", "{\"data\":1}",
                     "Content-Type: application/json\r\nOrigin: https://evil.example\r\n"),
           "403");
    starts(s.request("GET", "/events/subscribe/a", {}, "Accept: text/html\r\n"), "406");
    starts(s.request("GET", "/events/subscribe/$client/x"), "403");
    starts(s.request("DELETE", "/events/subscribe/a"), "405");
    starts(s.request("GET", "/nothing"), "404");
    raw_client c(s.port());
    c.send("GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    EXPECT_TRUE(c.read_until("HTTP/1.1 403"));
    starts(s.request("GET", "/health"), "200");
}

TEST(server, an_event_source_is_told_to_come_back_when_the_house_is_full) {
    running_server s({"--stream.max_clients", "1"});
    raw_client c(s.port());
    s.subscribe(c, "/a");
    ASSERT_TRUE(c.read_until("carillon.open"));
    const std::string kept =
        s.request("GET", "/events/subscribe/a", {}, "Accept: text/event-stream\r\n");
    EXPECT_TRUE(kept.starts_with("HTTP/1.1 200")) << kept;
    EXPECT_NE(kept.find("retry: "), std::string::npos);
    EXPECT_NE(kept.find("MAX_CLIENTS"), std::string::npos);
    const std::string other = s.request("GET", "/events/subscribe/a");
    EXPECT_TRUE(other.starts_with("HTTP/1.1 503")) << other;
    EXPECT_NE(other.find("Retry-After: "), std::string::npos);
}

TEST(server, serves_clients_by_their_ids) {
    running_server s;
    raw_client c(s.port());
    s.subscribe(c, "/a");
    ASSERT_TRUE(c.read_until("\"topics\""));
    const std::size_t at = c.seen().find("\"client\":\"") + 10;
    const std::string path = "/events/clients/" + c.seen().substr(at, 28);
    EXPECT_NE(s.request("GET", path).find("\"connected\":true"), std::string::npos);
    EXPECT_TRUE(s.request("PUT", path + "/topics/b/c").starts_with("HTTP/1.1 204"));
    s.publish("b/c", "\"added\"");
    ASSERT_TRUE(c.read_until("data: added\n\n"));
    EXPECT_TRUE(
        s.request("POST", path + "/send", R"({"data":"alone"})", json).starts_with("HTTP/1.1 200"));
    ASSERT_TRUE(c.read_until("data: alone\n\n"));
    EXPECT_TRUE(s.request("POST", path + "/heartbeat").starts_with("HTTP/1.1 204"));
    ASSERT_TRUE(c.read_until("\r\n:\n\r\n"));
    EXPECT_TRUE(s.request("DELETE", path).starts_with("HTTP/1.1 204"));
    EXPECT_NE(c.read_all().find("carillon.close"), std::string::npos);
    EXPECT_NE(s.request("GET", path).find("CLIENT_NOT_FOUND"), std::string::npos);
}

TEST(server, a_reader_that_stops_gets_everything_later_and_slows_nobody) {
    running_server s;
    raw_client slow(s.port()), quick(s.port());
    slow.limit_receive_buffer(32 << 10);
    s.subscribe(slow, "/a");
    s.subscribe(quick, "/a");
    ASSERT_TRUE(slow.read_until("carillon.open"));
    ASSERT_TRUE(quick.read_until("carillon.open"));
    std::string lines;
    for (int i = 0; i < 2000; ++i)
        lines += "{\"data\":\"<" + std::to_string(i) + ">" + std::string(1000, 'x') + "\"}\n";
    s.request("POST", "/events/publish/a", lines, "Content-Type: application/x-ndjson\r\n");
    ASSERT_TRUE(quick.read_until("<1999>"));
    ASSERT_TRUE(slow.read_until("<1999>"));
    std::size_t at = 0;
    for (int i = 0; i < 2000; ++i) {
        at = slow.seen().find("<" + std::to_string(i) + ">", at);
        ASSERT_NE(at, std::string::npos) << i;
    }
}

TEST(server, survives_the_loss_of_half_of_its_subscribers) {
    running_server s;
    std::vector<std::unique_ptr<raw_client>> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(std::make_unique<raw_client>(s.port()));
        s.subscribe(*all.back(), "/a");
    }
    for (auto& c : all) ASSERT_TRUE(c->read_until("carillon.open"));
    for (std::size_t i = 0; i < all.size(); i += 2) all[i].reset();
    s.publish("a", "\"after\"");
    for (std::size_t i = 1; i < all.size(); i += 2)
        ASSERT_TRUE(all[i]->read_until("data: after\n\n")) << i;
}

TEST(server, speaks_to_clients_of_http_1_0_without_chunks) {
    running_server s;
    raw_client c(s.port());
    c.send("GET /events/subscribe/a HTTP/1.0\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(c.read_until("carillon.open"));
    s.publish("a", "1");
    ASSERT_TRUE(c.read_until("data: 1\n\n"));
    EXPECT_EQ(c.seen().find("chunked"), std::string::npos);
}

TEST(server, drains_and_tells_each_stream) {
    running_server s({"--drain.window", "500ms"});
    std::vector<std::unique_ptr<raw_client>> all;
    for (int i = 0; i < 20; ++i) {
        all.push_back(std::make_unique<raw_client>(s.port()));
        s.subscribe(*all.back(), "/a");
        ASSERT_TRUE(all.back()->read_until("carillon.open"));
    }
    s.signal(SIGTERM);
    for (auto& c : all) {
        const std::string seen = c->read_all();
        EXPECT_NE(seen.find("\"reason\":\"drain\""), std::string::npos);
        EXPECT_TRUE(seen.ends_with("0\r\n\r\n"));
    }
    EXPECT_EQ(s.wait(), 0);
}

TEST(server, a_second_signal_ends_it_at_once) {
    running_server s({"--drain.window", "1h"});
    raw_client c(s.port());
    s.subscribe(c, "/a");
    ASSERT_TRUE(c.read_until("carillon.open"));
    s.signal(SIGTERM);
    while (!s.request("GET", "/ready").starts_with("HTTP/1.1 503")) {
    }
    const std::string told =
        s.request("GET", "/events/subscribe/a", {}, "Accept: text/event-stream\r\n");
    EXPECT_TRUE(told.starts_with("HTTP/1.1 200")) << told;
    s.publish("a", "\"still\"");
    ASSERT_TRUE(c.read_until("data: still\n\n"));
    s.signal(SIGTERM);
    EXPECT_EQ(s.wait(), 0);
}

TEST(server, reloads_its_rows_and_keeps_its_streams) {
    const settings_file file("[stream]\nmax_clients = 5\n");
    running_server s({"--config", file.path()});
    raw_client c(s.port());
    s.subscribe(c, "/a");
    ASSERT_TRUE(c.read_until("carillon.open"));
    for (const char* n : {"1", "2", "3"}) s.publish("a", n);
    file.write("[[topics]]\npattern = \"a\"\nretention.max_events = 1\n");
    s.signal(SIGHUP);
    while (s.request("GET", "/events/history?topic=a").find("\"position\":2") !=
           std::string::npos) {
    }
    s.publish("a", "4");
    EXPECT_TRUE(c.read_until("data: 4\n\n"));
}

TEST(server, refuses_wrong_settings_with_place_and_suggestion) {
    const settings_file file("[stream]\nheartbeat_intervall = \"30s\"\nretry = 5\n");
    const auto [status, text] = run_carillon("serve --config " + file.path());
    EXPECT_EQ(status, 2);
    EXPECT_NE(text.find(":2: unknown setting `stream.heartbeat_intervall`; did you mean "
                        "`stream.heartbeat_interval`?"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(":3: `stream.retry`"), std::string::npos) << text;
    const auto open = run_carillon("serve --listen 0.0.0.0:0");
    EXPECT_EQ(open.first, 1);
    EXPECT_NE(open.second.find("auth.mode"), std::string::npos) << open.second;
}

TEST(commands, publish_and_subscribe_work_together) {
    running_server s;
    const std::string url = " --url http://127.0.0.1:" + std::to_string(s.port());
    EXPECT_EQ(run_carillon("publish news '{\"a\":1}'" + url).first, 0);
    EXPECT_EQ(run_carillon("publish news plain --event tick" + url).first, 0);
    const auto [status, text] = run_carillon("subscribe news --since earliest -n 2 --json" + url);
    EXPECT_EQ(status, 0);
    EXPECT_NE(text.find("\"data\":{\"a\":1}}"), std::string::npos) << text;
    EXPECT_NE(text.find("\"event\":\"tick\""), std::string::npos) << text;
    EXPECT_EQ(run_carillon("publish 'a*' 1" + url).first, 1);
}

}  // namespace
}  // namespace carillon::testing
