// `carillon publish` and `carillon subscribe` as a night shift uses them.
#include "support/event_reader.hpp"
#include "support/relay.hpp"

#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Names of what runs against a server, which must end as `--url` does.
strings at(const std::string& url, strings words) {
    words.insert(words.end(), {"--url", url});
    return words;
}

void sleep_ms(int ms) { ::poll(nullptr, 0, ms); }

/// The data of all events of a topic.
strings stored(const running_server& s, std::string_view topic) {
    event_reader c(s, "?topic=" + std::string(topic) + "&since=earliest");
    c.open();
    const std::string end = "the end of what is stored";
    EXPECT_EQ(s.request("POST", "/events/publish",
                        "{\"ephemeral\":true,\"topic\":\"" + std::string(topic) + "\",\"data\":\"" +
                            end + "\"}",
                        json_type)
                  .status,
              200);
    return c.data_until(end);
}

TEST(commands, publish_and_subscribe_work_together) {
    running_server s;
    const auto run = [&](strings words, std::string_view input = {}) {
        words.insert(words.end(), {"--url", s.url()});
        return run_carillon(std::move(words), input);
    };
    EXPECT_EQ(run({"publish", "news", "{\"a\":1}"}).status, 0);
    EXPECT_EQ(run({"publish", "news", "plain", "--event", "tick"}).status, 0);
    EXPECT_EQ(run({"publish", "news"}, "first line\nsecond line\n").status, 0);
    const finished got = run({"subscribe", "news", "--since", "earliest", "-n", "4", "--json"});
    EXPECT_EQ(got.status, 0);
    EXPECT_THAT(got.output, HasSubstr("\"data\":{\"a\":1}}"));
    EXPECT_THAT(got.output, HasSubstr("\"event\":\"tick\""));
    EXPECT_THAT(got.output, HasSubstr("second line"));
    EXPECT_EQ(run({"publish", "a*", "1"}).status, 2);
    // A line of JSON stays one, however the publisher wrote it.
    EXPECT_EQ(s.post("long", "{\"data\":{\n\"a\":[1,\r\n2.0]}}").status, 200);
    EXPECT_THAT(run({"subscribe", "long", "--last", "1", "-n", "1", "--json"}).output,
                HasSubstr("\"data\":{ \"a\":[1, 2.0]}}\n"));
}

TEST(commands, health_is_an_exit_status) {
    running_server s;
    EXPECT_EQ(run_carillon({"health", "--url", s.url()}).status, 0);
    EXPECT_EQ(run_carillon({"health", "--live", "--url", s.url() + "/"}).status, 0);
    s.kill();
    const finished gone = run_carillon({"health", "--url", s.url()});
    EXPECT_EQ(gone.status, 1);
    EXPECT_THAT(gone.output, HasSubstr(s.url() + "/ready"));
    s.restart();
    EXPECT_EQ(run_carillon({"health", "--url", s.url(), "--timeout", "0"}).status, 1);
    EXPECT_EQ(run_carillon({"health"}, {}, {"CARILLON_URL=" + s.url()}).status, 0);
}

TEST(commands, there_is_a_manual_page_and_a_completion_for_every_command) {
    const finished list = run_carillon({"manual", "--list"});
    EXPECT_EQ(list.status, 0);
    std::istringstream names(list.output);
    int pages = 0;
    for (std::string name; names >> name; ++pages) {
        const finished page = run_carillon({"manual", name});
        EXPECT_EQ(page.status, 0) << name;
        EXPECT_THAT(page.output, HasSubstr(".SH NAME\n")) << name;
        // No line may begin with a request that is none of these.
        std::istringstream lines(page.output);
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with('.')) continue;
            EXPECT_THAT(line, ::testing::ContainsRegex("^\\.(TH|SH|SS|TP|br|nf|fi)"));
        }
    }
    EXPECT_GT(pages, 5);
    EXPECT_THAT(run_carillon({"manual", "carillon-serve"}).output,
                HasSubstr("\\fB\\-\\-stream.max_clients\\fR"));
    EXPECT_EQ(run_carillon({"manual", "carillon-x"}).status, 2);
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const finished script = run_carillon({"completion", shell});
        EXPECT_EQ(script.status, 0);
        for (const char* word : {"serve", "publish", "stream.max_clients"})
            EXPECT_THAT(script.output, HasSubstr(word)) << shell;
    }
    EXPECT_EQ(run_carillon({"completion", "ksh"}).status, 2);
}

TEST(commands, publish_follows_a_quiet_pipe_over_restarts) {
    running_server s({"--http.body_timeout", "100ms", "--http.idle_timeout", "150ms"});
    process p(carillon(at(s.url(), {"publish", "logs"})));
    strings written;
    const auto write = [&](const std::string& line) {
        written.push_back(line);
        p.write(line + "\n");
    };
    event_reader c(s, "/logs");
    c.open();
    write("one");
    EXPECT_EQ(c.next().data, "one");
    sleep_ms(400);
    write("two");
    EXPECT_EQ(c.next().data, "two") << "a pause is longer than the server waits for a body";
    s.kill();
    for (int i = 0; i < 50; ++i) write("while it is away " + std::to_string(i));
    EXPECT_TRUE(p.read_until("; again in"));
    s.restart();
    for (int i = 0; i < 50; ++i) write("afterwards " + std::to_string(i));
    p.close_input();
    EXPECT_EQ(p.wait(), 0) << p.output();
    EXPECT_THAT(p.output(), HasSubstr("{\"published\":102,\"id\":"));
    EXPECT_EQ(stored(s, "logs"), written);
}

TEST(commands, publish_stores_each_line_once_though_answers_are_lost) {
    running_server s;
    relay between(s.port());
    process p(carillon(at(between.url(), {"publish", "logs"})));
    strings written;
    for (int i = 0; i < 20; ++i) {
        between.lose_answers(i % 5 == 2);
        written.push_back(std::to_string(i));
        p.write(written.back() + "\n");
        sleep_ms(20);
    }
    EXPECT_TRUE(p.read_until("; again in"));
    between.lose_answers(false);
    p.close_input();
    EXPECT_EQ(p.wait(), 0) << p.output();
    EXPECT_EQ(stored(s, "logs"), written);
}

TEST(commands, publish_skips_bad_lines_and_says_so_at_the_end) {
    running_server s({"--publish.max_event_size", "100"});
    const finished text =
        run_carillon(at(s.url(), {"publish", "l"}),
                     "a\nb\xff\n\r\nw\r\n" + std::string(200, 'x') + "\n\"open\nlast");
    EXPECT_EQ(text.status, 3);
    EXPECT_THAT(text.output, HasSubstr("line 5 is skipped: 413 (EVENT_TOO_LARGE)"));
    EXPECT_THAT(text.output, HasSubstr("{\"published\":5,\"skipped\":1,\"id\":"));
    EXPECT_EQ(stored(s, "l"), (strings{"a", "b\uFFFD", "w", "\"open", "last"}));

    const finished events = run_carillon(at(s.url(), {"publish", "e", "--ndjson"}),
                                         "{\"data\":1}\nnonsense\n{\"data\":2,\"topic\":\"o\"}\n"
                                         "{\"data\":3,\"topic\":\"e\"}\n{}\n"
                                         "{\"data\":4,\"event\":\"carillon.x\"}\n"
                                         "{\"data\":5,\"idempotencyKey\":\"k\"}\n"
                                         "{\"data\":5,\"idempotencyKey\":\"k\"}\n"
                                         "{\"data\":6,\"retri\":1}\n {\"data\":\"\xff\"}\n"
                                         "{\"data\":7,\"topics\":[\"e\",\"$x\"]}\n");
    EXPECT_EQ(events.status, 3);
    for (const char* line :
         {"line 2 is", "line 3 is", "line 5 is", "line 6 is", "line 9 is", "line 11 is"})
        EXPECT_THAT(events.output, HasSubstr(line));
    EXPECT_EQ(stored(s, "e"), (strings{"1", "3", "5", "\uFFFD"}));
}

TEST(commands, publish_lets_the_line_under_way_end_when_it_is_interrupted) {
    running_server s;
    process p(carillon(at(s.url(), {"publish", "logs"})));
    p.write("one\ntwo\npart of a third");
    EXPECT_TRUE(s.shows("/events/history?topic=logs", "two"));
    p.signal(SIGTERM);
    EXPECT_EQ(p.wait(), 0);
    EXPECT_THAT(p.output(), HasSubstr("{\"published\":2,"));

    // The 10,000 are in the pipe together: what has been taken out of it is published.
    process many(carillon(at(s.url(), {"publish", "many"})));
    std::string lines;
    for (int i = 0; i < 10'000; ++i) lines += std::to_string(i) + '\n';
    many.write(lines);
    EXPECT_TRUE(s.shows("/events/history?topic=many&last=1", "data"));
    many.signal(SIGTERM);
    EXPECT_EQ(many.wait(), 0);
    EXPECT_THAT(many.output(), HasSubstr("{\"published\":10000,"));

    process lost(carillon(at("http://127.0.0.1:1", {"publish", "logs"})));
    lost.write("one\ntwo\n");
    EXPECT_TRUE(lost.read_until("; again in"));
    lost.signal(SIGTERM);
    EXPECT_EQ(lost.wait(), 1);
    EXPECT_THAT(lost.output(), HasSubstr("2 lines were read and not published"));
}

TEST(commands, a_single_event_is_tried_once_or_for_as_long_as_one_says) {
    const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
    EXPECT_EQ(run_carillon(at(nobody, {"publish", "a", "1"})).status, 1);
    running_server s;
    s.kill();
    process p(carillon(at(s.url(), {"publish", "a", "1", "--retry-for", "1h"})));
    EXPECT_TRUE(p.read_until("; again in"));
    s.restart();
    EXPECT_EQ(p.wait(), 0);
    EXPECT_EQ(stored(s, "a"), strings{"1"});
}

TEST(commands, topics_arrive_as_they_are_named) {
    running_server s;
    for (const std::string topic :
         {"./logs", "a/../b", "x/.", "a//b", "\u00e4?&#%2f", "http://x/y"}) {
        EXPECT_EQ(run_carillon(at(s.url(), {"publish", topic, "hello"})).status, 0) << topic;
        const finished got =
            run_carillon(at(s.url(), {"subscribe", topic, "--last", "1", "-n", "1"}));
        EXPECT_EQ(got.output, "hello\n") << topic;
    }
}

TEST(commands, the_url_is_what_people_type) {
    running_server s;
    running_server elsewhere({"--topic_service.prefix", "/hub"});
    const auto port = [](const running_server& of) { return std::to_string(of.port()); };
    for (const std::string& url :
         {s.url() + "/", "localhost:" + port(s), "127.0.0.1:" + port(s) + "/events/",
          elsewhere.url(), elsewhere.url() + "/hub", elsewhere.url() + "/hub/"}) {
        EXPECT_EQ(run_carillon(at(url, {"publish", "a", "1"})).status, 0) << url;
        EXPECT_EQ(run_carillon(at(url, {"subscribe", "a", "--last", "1", "-n", "1"})).output, "1\n")
            << url;
    }
    EXPECT_EQ(run_carillon({"publish", "a", "1"}, {}, {"CARILLON_URL=" + s.url() + "//"}).status,
              0);
    for (const std::string& wrong : {s.url() + "?x=1", std::string("ftp://localhost")}) {
        EXPECT_EQ(run_carillon(at(wrong, {"publish", "a", "1"})).status, 2);
        EXPECT_EQ(run_carillon(at(wrong, {"subscribe", "a"})).status, 2);
    }
    EXPECT_EQ(run_carillon(at(s.url() + "/nothing", {"publish", "a", "1"})).status, 1);
    EXPECT_EQ(run_carillon(at(s.url() + "/nothing", {"subscribe", "a"})).status, 1);
}

TEST(commands, subscribe_notices_a_path_that_is_dead) {
    running_server s({"--stream.heartbeat_interval", "300ms", "--stream.retry", "100ms"});
    relay between(s.port());
    process p(carillon(at(between.url(), {"subscribe", "a", "--last", "1"})));
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 1\n"));
    s.publish("a", "\"before\"");
    EXPECT_TRUE(p.read_until("before\n"));
    sleep_ms(1000);  // three heartbeats
    between.stall();
    sleep_ms(50);
    s.publish("a", "\"during\"");
    EXPECT_TRUE(p.read_until("no byte came for 2s")) << p.output();
    EXPECT_TRUE(p.read_until("during\n")) << p.output();
    EXPECT_EQ(between.connections(), 2);
    p.signal(SIGTERM);
    EXPECT_EQ(p.wait(), 0);
}

TEST(commands, subscribe_ends_when_nobody_can_read_what_it_prints) {
    running_server s;
    s.publish("a", "1");
    process p({"/bin/sh", "-c", "exec \"$0\" \"$@\" >/dev/full", CARILLON_BINARY, "subscribe", "a",
               "--last", "1", "--url", s.url()});
    EXPECT_EQ(p.wait(), 1);
    EXPECT_THAT(p.output(), HasSubstr("standard output cannot be written"));
}

}  // namespace
}  // namespace carillon::testing
