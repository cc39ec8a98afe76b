// What an operator does to the server, and what its readers do to it.
#include "support/event_reader.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view for_event_source = "Accept: text/event-stream\r\n";

std::vector<std::unique_ptr<event_reader>> readers_of(const running_server& s, int count,
                                                      std::string_view target = "/a") {
    std::vector<std::unique_ptr<event_reader>> all;
    for (int i = 0; i < count; ++i) all.push_back(std::make_unique<event_reader>(s, target));
    for (auto& c : all) c->open();
    return all;
}

TEST(operating, an_event_source_is_told_to_come_back_when_the_house_is_full) {
    running_server s({"--stream.max_clients", "1"});
    event_reader c(s, "/a");
    c.open();
    event_reader kept(s, "/a", for_event_source);
    EXPECT_EQ(kept.status(), 200);
    EXPECT_TRUE(kept.ends_well());
    EXPECT_TRUE(kept.retry().has_value());
    EXPECT_THAT(kept.bytes(), HasSubstr("MAX_CLIENTS"));
    const answer other = s.get("/events/subscribe/a");
    EXPECT_EQ(other.status, 503);
    EXPECT_NE(other.header("Retry-After"), "");
    c.close();
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 0\n"));
    event_reader again(s, "/a");
    again.open();
}

TEST(operating, an_address_may_open_so_many_streams) {
    running_server s({"--stream.max_clients_per_address", "2"});
    const auto all = readers_of(s, 2);
    const answer refused = s.get("/events/subscribe/a");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(json_value(refused.body, "status"), "503");
    EXPECT_THAT(refused.body, HasSubstr("`stream.max_clients_per_address`"));
}

TEST(operating, a_reader_that_stops_gets_everything_later_and_slows_nobody) {
    running_server s;
    event_reader slow(s, "/a", {}, {.receive_buffer = 32 << 10});
    event_reader quick(s, "/a");
    slow.open();
    quick.open();
    constexpr int count = 2000;
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += "{\"data\":\"" + std::to_string(i) + "-" + std::string(1000, 'x') + "\"}\n";
    EXPECT_EQ(s.post("a", lines, lines_type).status, 200);
    for (event_reader* c : {&quick, &slow}) {
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(c->next().data.starts_with(std::to_string(i) + "-")) << i;
    }
}

TEST(operating, a_reader_without_progress_is_cut_if_the_policy_says_so) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("carillon.toml",
                                               "[[topics]]\npattern = \"**\"\nslow.policy = "
                                               "\"cut\"\nslow.cut_after = \"100ms\"\n")});
    event_reader slow(s, "/a", {}, {.receive_buffer = 4 << 10});
    slow.open();
    // More than the kernel keeps in the reader's stead.
    const std::string body = "{\"data\":\"" + std::string(512 << 10, 'x') + "\"}";
    for (int i = 0; i < 8; ++i) EXPECT_EQ(s.post("a", body).status, 200);
    EXPECT_TRUE(s.shows("/metrics", "carillon_slow_cuts_total 1\n"));
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 0\n"));
}

/// Publishes so much to `a` that the kernel cannot keep it in the reader's stead.
void publish_too_much(const running_server& s, int count, int keys) {
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(
            s.post("a", "{\"data\":\"" + std::to_string(i) + "-" + std::string(256 << 10, 'x') +
                            "\",\"key\":\"" + std::to_string(i % keys) + "\"}")
                .status,
            200);
    }
}

TEST(operating, a_slow_reader_misses_the_oldest_and_is_told_if_the_policy_says_so) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("c.toml",
                                               "[[topics]]\npattern = \"a\"\nslow.policy = "
                                               "\"drop_oldest\"\nslow.max_events = 5\n")});
    event_reader slow(s, "/a", {}, {.receive_buffer = 4 << 10});
    slow.open();
    publish_too_much(s, 60, 60);
    int next = 0;
    bool told = false;
    for (received e = slow.next(); next < 60; e = slow.next()) {
        if (e.type == "carillon.gap") {
            told = true;
            EXPECT_EQ(json_value(e.data, "reason"), "slow");
            next = std::stoi(json_value(e.data, "to").substr(9));
        } else {
            ASSERT_TRUE(e.data.starts_with(std::to_string(next) + "-")) << next;
            ++next;
        }
        if (next == 60) break;
    }
    EXPECT_TRUE(told);
}

TEST(operating, a_slow_reader_gets_the_newest_of_each_key_if_the_policy_says_so) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("c.toml",
                                               "[[topics]]\npattern = \"a\"\nslow.policy = "
                                               "\"conflate\"\n")});
    event_reader slow(s, "/a", {}, {.receive_buffer = 4 << 10});
    slow.open();
    publish_too_much(s, 60, 3);
    std::vector<int> seen;
    while (seen.empty() || seen.back() != 59) {
        const received e = slow.next();
        ASSERT_EQ(e.type, "message") << "what is superseded is no gap";
        seen.push_back(std::stoi(e.data));
        if (seen.size() > 1) {
            ASSERT_LT(seen[seen.size() - 2], seen.back());
        }
    }
    EXPECT_LT(seen.size(), 55u);
    EXPECT_THAT(seen, ::testing::IsSupersetOf({57, 58, 59}));
}

TEST(operating, survives_the_loss_of_half_of_its_subscribers) {
    running_server s;
    const auto all = readers_of(s, 1000);
    for (std::size_t i = 0; i < all.size(); i += 2) all[i]->connection().reset();
    s.publish("a", "\"after\"");
    for (std::size_t i = 1; i < all.size(); i += 2) ASSERT_EQ(all[i]->next().data, "after") << i;
    EXPECT_TRUE(s.shows("/metrics", "carillon_subscribers 500\n"));
}

TEST(operating, a_drain_tells_each_stream_and_skips_nothing_of_what_is_published_meanwhile) {
    running_server s({"--drain.window", "500ms"});
    const auto all = readers_of(s, 20);
    s.signal(SIGTERM);
    for (int i = 0; i < 50; ++i) {
        const answer got = s.post("a", "{\"data\":" + std::to_string(i) + "}");
        if (got.status != 200) break;
        ::poll(nullptr, 0, 5);
    }
    for (const auto& c : all) {
        EXPECT_TRUE(c->ends_well());
        EXPECT_THAT(c->bytes(), HasSubstr("retry: "));
        int next = 0;
        std::optional<received> e;
        while ((e = c->poll()) && e->type == "message") ASSERT_EQ(e->data, std::to_string(next++));
        ASSERT_TRUE(e);
        EXPECT_EQ(e->type, "carillon.close");
        EXPECT_EQ(json_value(e->data, "reason"), "drain");
    }
    EXPECT_EQ(s.wait(), 0);
}

TEST(operating, while_draining_streams_go_on_and_new_ones_are_sent_elsewhere) {
    running_server s({"--drain.window", "1h"});
    event_reader c(s, "/a");
    c.open();
    s.signal(SIGTERM);
    while (s.get("/ready").status != 503) {
    }
    EXPECT_EQ(s.get("/health").status, 200);
    event_reader told(s, "/a", for_event_source);
    EXPECT_EQ(told.status(), 200);
    EXPECT_TRUE(told.ends_well());
    s.publish("a", "\"still\"");
    EXPECT_EQ(c.next().data, "still");
    s.signal(SIGTERM);  // the second one ends it at once
    EXPECT_EQ(s.wait(), 0);
}

TEST(operating, a_reload_changes_rows_and_keeps_streams) {
    const temporary_folder folder;
    const std::string file = folder.write("carillon.toml", "[stream]\nmax_clients = 5\n");
    running_server s({"--config", file});
    event_reader c(s, "/a");
    c.open();
    for (const char* n : {"1", "2", "3"}) s.publish("a", n);
    folder.write("carillon.toml", "[[topics]]\npattern = \"a\"\nretention.max_events = 1\n");
    s.signal(SIGHUP);
    while (s.get("/events/history?topic=a").body.find("\"position\":2") != std::string::npos) {
    }
    s.publish("a", "4");
    EXPECT_EQ(c.data(4), (strings{"1", "2", "3", "4"}));
}

TEST(operating, a_reload_with_a_wrong_file_changes_nothing) {
    const temporary_folder folder;
    const std::string file = folder.write("carillon.toml", "[stream]\nmax_clients = 5\n");
    running_server s({"--config", file});
    folder.write("carillon.toml", "[stream]\nmax_client = 5\n");
    s.signal(SIGHUP);
    EXPECT_TRUE(s.logs("did you mean `stream.max_clients`?"));
    EXPECT_EQ(s.get("/ready").status, 200);
}

TEST(operating, a_reload_that_is_refused_changes_nothing_and_is_told_once) {
    const temporary_folder folder;
    const std::string file = folder.write("carillon.toml", "shards = 1\n");
    running_server s({"--config", file, "--log.level", "info"});
    for (const char* wrong : {"http.cors_origins = ['nonsense']", "http.trusted_proxies = ['foo']",
                              "auth.public_topics = ['a/**/b']"}) {
        folder.write("carillon.toml", fmt::format("shards = 2\n{}\n", wrong));
        s.signal(SIGHUP);
        const std::string_view text = wrong;
        EXPECT_TRUE(s.logs(fmt::format("carillon.toml:2: `{}", text.substr(0, text.find(' ')))))
            << wrong;
    }
    EXPECT_THAT(s.log(), Not(HasSubstr("takes effect with a restart"))) << "nothing is taken";
    folder.write("carillon.toml", "shards = 1\nstream.max_clients = 7\n");
    s.signal(SIGHUP);
    EXPECT_TRUE(s.logs("settings reloaded"));
    EXPECT_EQ(s.log().find("settings reloaded"), s.log().rfind("settings reloaded"));
}

/// The words of a text that begin with `carillon_` or `process_`.
std::set<std::string> metric_names(const std::string& text) {
    std::set<std::string> names;
    for (const std::string prefix : {"carillon_", "process_"}) {
        for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos; ++at) {
            const std::size_t end =
                text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at);
            names.insert(text.substr(at, end - at));
        }
    }
    return names;
}

std::string file_text(const std::string& path) {
    std::ifstream file(std::string(CARILLON_SOURCE_DIR) + "/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(operating, the_list_of_metrics_in_the_docs_is_what_there_is) {
    running_server s;
    auto shown = metric_names(s.get("/metrics").body);
    std::erase_if(shown, [](const std::string& name) {  // a histogram's series
        return name.ends_with("_bucket") || name.ends_with("_sum") || name.ends_with("_count");
    });
    EXPECT_GT(shown.size(), 20u);
    EXPECT_EQ(metric_names(file_text("docs/operations/metrics.md")), shown);
    for (const std::string& name : metric_names(file_text("packaging/grafana/carillon.json")))
        EXPECT_TRUE(shown.contains(name)) << name;
}

TEST(operating, the_page_of_settings_in_the_docs_is_what_there_is) {
    EXPECT_EQ(run_carillon({"config", "--reference"}).output,
              file_text("docs/reference/settings.md"));
}

TEST(operating, what_is_refused_is_logged_and_counted_and_cannot_fill_the_disk) {
    running_server s({"--log.level", "info", "--stream.max_clients", "1"});
    event_reader c(s, "/a");
    c.open();
    EXPECT_EQ(s.get("/events/subscribe/a").status, 503);
    EXPECT_TRUE(s.logs("stream refused"));
    EXPECT_TRUE(s.shows("/metrics", "carillon_refused_streams_total{reason=\"full\"} 1\n"));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(s.get("/nothing").status, 404);
    s.signal(SIGTERM);
    s.signal(SIGINT);
    EXPECT_EQ(s.wait(), 0);
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = s.log().find("request refused", at)) != std::string::npos; ++at)
        ++lines;
    EXPECT_GE(lines, 1u);
    EXPECT_LT(lines, 450u);
}

TEST(operating, wrong_settings_are_refused_with_place_and_suggestion) {
    const temporary_folder folder;
    const std::string file =
        folder.write("carillon.toml", "[stream]\nheartbeat_intervall = \"30s\"\nretry = 5\n");
    const finished wrong = run_carillon({"serve", "--config", file});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.output, HasSubstr(":2: unknown setting `stream.heartbeat_intervall`; did you "
                                        "mean `stream.heartbeat_interval`?"));
    EXPECT_THAT(wrong.output, HasSubstr(":3: `stream.retry`"));
    const finished unknown = run_carillon({"serve"}, {}, {"CARILLON_STREAM_RETRI=1s"});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_THAT(unknown.output, HasSubstr("CARILLON_STREAM_RETRY"));
}

TEST(operating, what_a_start_would_refuse_is_found_by_a_check_with_its_place) {
    const temporary_folder folder;
    for (const char* wrong : {"listen = ['x']",
                              "listen = ['0.0.0.0:3000']",
                              "metrics.listen = ['x']",
                              "http.trusted_proxies = ['foo']",
                              "http.cors_origins = ['nonsense']",
                              "http.cors_credentials = true\nhttp.cors_origins = ['*']",
                              "http.allowed_hosts = ['http://a/b']",
                              "http.codings = ['foo']",
                              "auth.keys = ['http://example.com/x']",
                              "auth.keys = ['/no/such/file']",
                              "auth.publish_grants = ['foo']",
                              "auth.subscribe_grants = ['foo']",
                              "auth.public_topics = ['a/**/b']",
                              "auth.forward_url = 'ftp://x'",
                              "webhook.url = 'http://example.com/x'",
                              "data_dir = ''",
                              "records.path = ''",
                              "users.prefix = ['api']",
                              "domains.prefix = ['/', '/a/../b']",
                              "metadata.prefix = ['/a/']",
                              "notifications.prefix = ['/a//b']",
                              "topic_service.prefix = '/'",
                              "topic_service.prefix = '/{x}'"}) {
        const std::string file = folder.write("c.toml", std::string("\n") + wrong + "\n");
        const std::string_view text = wrong;
        const std::string place = fmt::format("c.toml:2: `{}", text.substr(0, text.find(' ')));
        for (const strings& words :
             {strings{"config", "--check", file}, strings{"serve", "--config", file}}) {
            const finished got = run_carillon(words);
            EXPECT_EQ(got.status, 2) << wrong;
            EXPECT_THAT(got.output, HasSubstr(place)) << words.front();
        }
    }
    const finished flag = run_carillon({"serve", "--http.codings", "foo", "--listen", "x"});
    EXPECT_EQ(flag.status, 2);
    EXPECT_THAT(flag.output, HasSubstr("--http.codings: `http.codings = foo`"));
    EXPECT_THAT(flag.output, HasSubstr("--listen: `listen = x`")) << "all at once";
    // An engine for containers makes a folder of a file that is missing.
    const std::string path = folder.path().string();
    for (const strings& words :
         {strings{"config", "--check", path}, strings{"serve", "--config", path}}) {
        const finished got = run_carillon(words);
        EXPECT_EQ(got.status, 2);
        EXPECT_THAT(got.output, HasSubstr("this is a folder"));
    }
    const finished fine = run_carillon({"config", "--check", folder.write("c.toml", "shards = 1")});
    EXPECT_EQ(fine.status, 0);
    EXPECT_THAT(fine.output, HasSubstr("c.toml: fine"));
}

TEST(operating, a_folder_for_data_that_cannot_be_is_a_clear_error) {
    const temporary_folder folder;
    const std::string file = folder.write("file", "x");
    const finished got =
        run_carillon({"serve", "--listen", "127.0.0.1:0", "--data-dir", file + "/data"});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.output, HasSubstr("data_dir"));
    const finished none = run_carillon({"serve", "--listen", "127.0.0.1:0", "--config",
                                        folder.write("c.toml", "data_dir = \"\"\n")});
    EXPECT_EQ(none.status, 2);
    EXPECT_THAT(none.output, HasSubstr("c.toml:1: `data_dir` is empty"));
    EXPECT_THAT(none.output, HasSubstr("journal.kind"));
    for (const auto& [words, status] :
         {std::pair(strings{"serve", "--listen", "127.0.0.1:0", "--data-dir", ""}, 2),
          {strings{"journal", "verify", "--data-dir", ""}, 1}}) {
        const finished flag = run_carillon(words);
        EXPECT_EQ(flag.status, status);
        EXPECT_THAT(flag.output, HasSubstr("`data_dir` is empty"));
    }
}

TEST(operating, a_second_server_on_the_same_data_is_a_clear_error) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    running_server s({"--data-dir", data});
    const finished second = run_carillon({"serve", "--listen", "127.0.0.1:0", "--data-dir", data});
    EXPECT_EQ(second.status, 1);
    EXPECT_THAT(second.output, HasSubstr("another process has the journal"));
}

TEST(operating, a_listener_beyond_loopback_needs_a_word_of_the_operator) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    for (const char* address : {"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80"}) {
        const finished refused = run_carillon({"serve", "--listen", address, "--data-dir", data});
        EXPECT_EQ(refused.status, 2);
        EXPECT_THAT(refused.output, HasSubstr("auth.mode"));
    }
    EXPECT_FALSE(std::filesystem::exists(data)) << "a start that is refused leaves nothing";
}

TEST(operating, the_port_is_closed_until_the_journal_is_open) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    running_server s({"--data-dir", data});
    // Of two reasons not to start, it meets the journal first.
    const finished second = run_carillon(
        {"serve", "--listen", "127.0.0.1:" + std::to_string(s.port()), "--data-dir", data});
    EXPECT_EQ(second.status, 1);
    EXPECT_THAT(second.output, HasSubstr("another process has the journal"));
}

TEST(operating, starts_where_a_cluster_has_set_variables_for_a_service_of_its_name) {
    running_server s(
        {"--log.level", "info"}, 0,
        {"CARILLON_SERVICE_HOST=10.0.0.1", "CARILLON_SERVICE_PORT=3000",
         "CARILLON_PORT=tcp://10.0.0.1:3000", "CARILLON_PORT_3000_TCP=tcp://10.0.0.1:3000",
         "CARILLON_PORT_3000_TCP_PROTO=tcp", "CARILLON_PORT_3000_TCP_PORT=3000",
         "CARILLON_PORT_3000_TCP_ADDR=10.0.0.1",
         "CARILLON_LOG_FORMAT=", "CARILLON_CONFIG=", "CARILLON_URL="});
    EXPECT_TRUE(s.logs("\"variables\":7"));
    EXPECT_TRUE(s.logs("listening"));
}

TEST(operating, pages_of_other_sites_can_neither_read_nor_write) {
    running_server s;
    raw_client rebound(s.port());
    rebound.send("GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    EXPECT_EQ(rebound.read_answer().status, 403);
    constexpr std::string_view body = "{\"data\":1}";
    EXPECT_EQ(
        s.post("a", body, "Content-Type: application/json\r\nOrigin: https://evil.example\r\n")
            .status,
        403);
    EXPECT_EQ(s.post("a", body, "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n")
                  .status,
              403);
    EXPECT_THAT(s.get("/events/history?topic=a").body, HasSubstr("\"events\":[]"));
}

}  // namespace
}  // namespace carillon::testing
