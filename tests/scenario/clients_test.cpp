// Single clients, addressed by their ids: ephemeral and durable ones.
#include "support/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view token = "a-token-of-22_letters_";
static_assert(token.size() == 22);

std::string path_of(std::string_view client, std::string_view rest = {}) {
    return "/events/clients/" + std::string(client) + std::string(rest);
}

std::string client_of(const received& opening) { return json_value(opening.data, "client"); }

std::string durable(std::string_view topic, std::string_view client = token) {
    return "/" + std::string(topic) + "?client=" + std::string(client);
}

/// Closes the stream and waits until the server has seen it.
void drop(const running_server& s, event_reader& c) {
    c.close();
    EXPECT_TRUE(s.shows(path_of(token), "\"connected\":false"));
}

TEST(clients, an_ephemeral_one_can_be_shown_sent_to_changed_and_ended) {
    running_server s({"--shards", "3"});
    event_reader c(s, "/a");
    event_reader other(s, "/a");
    const std::string id = client_of(c.open());
    other.open();
    const std::string record = s.get(path_of(id)).body;
    EXPECT_EQ(json_value(record, "id"), id);
    EXPECT_EQ(json_value(record, "connected"), "true");
    EXPECT_EQ(json_value(record, "durable"), "false");
    EXPECT_EQ(json_value(record, "address"), "127.0.0.1");
    EXPECT_THAT(s.get("/events/clients").body, HasSubstr("\"total\":2,"));

    const answer sent = s.request("POST", path_of(id, "/send"), R"({"data":"alone"})", json_type);
    EXPECT_EQ(sent.status, 200);
    const received alone = c.next();
    EXPECT_EQ(alone.data, "alone");
    EXPECT_EQ(alone.id, json_value(sent.body, "id"));

    EXPECT_EQ(s.request("PUT", path_of(id, "/topics/b/c")).status, 204);
    s.publish("b/c", "\"added\"");
    EXPECT_EQ(c.next().data, "added");
    EXPECT_EQ(s.request("DELETE", path_of(id, "/topics/b%2Fc")).status, 204);
    EXPECT_EQ(s.request("DELETE", path_of(id, "/topics/b/c")).status, 404) << "no longer there";
    s.publish("b/c", "\"removed\"");

    EXPECT_EQ(s.request("POST", path_of(id, "/heartbeat")).status, 204);
    EXPECT_TRUE(c.reads_comments(1));
    EXPECT_EQ(s.request("DELETE", path_of(id)).status, 204);
    const received last = c.next();
    EXPECT_EQ(last.type, "carillon.close");
    EXPECT_EQ(json_value(last.data, "reason"), "removed");
    EXPECT_TRUE(c.ends_well());
    EXPECT_EQ(s.get(path_of(id)).status, 404);

    s.publish("a", "\"all\"");
    EXPECT_EQ(other.next().data, "all") << "what went to one went to one only";
}

TEST(clients, one_that_nobody_knows_is_not_found_by_any_call) {
    running_server s({"--shards", "2"});
    event_reader c(s, "/a");
    std::string known = client_of(c.open());
    std::string forged = known;
    forged[0] = forged[0] == 'A' ? 'B' : 'A';
    for (const std::string& id : {std::string("x"), std::string(28, 'A'), std::string(28, '_'),
                                  std::string(token), forged, std::string("%00")}) {
        const answer all[] = {
            s.get(path_of(id)),
            s.request("DELETE", path_of(id)),
            s.request("POST", path_of(id, "/send"), R"({"data":1})", json_type),
            s.request("POST", path_of(id, "/heartbeat")),
            s.request("PUT", path_of(id, "/topics/b")),
            s.request("DELETE", path_of(id, "/topics/a")),
        };
        for (const answer& got : all) {
            EXPECT_EQ(got.status, 404) << id;
            EXPECT_EQ(json_value(got.body, "code"), "CLIENT_NOT_FOUND") << id << got.body;
        }
    }
    s.publish("a", "1");
    EXPECT_EQ(c.next().data, "1");
}

TEST(clients, what_is_sent_to_one_is_checked_like_any_event) {
    running_server s({"--publish.max_event_size", "1KiB"});
    event_reader c(s, "/a");
    const std::string id = client_of(c.open());
    const std::string path = path_of(id, "/send");
    EXPECT_EQ(s.request("POST", path, R"({"data":1})", "Content-Type: text/plain\r\n").status, 415);
    EXPECT_EQ(s.request("POST", path, R"({"data":1,"event":"a\nb"})", json_type).status, 400);
    const answer large =
        s.request("POST", path, "{\"data\":\"" + std::string(1025, 'x') + "\"}", json_type);
    EXPECT_EQ(large.status, 413);
    EXPECT_EQ(json_value(large.body, "code"), "EVENT_TOO_LARGE");
    EXPECT_EQ(s.request("PUT", path_of(id, "/topics/$x")).status, 403);
}

TEST(clients, a_durable_one_keeps_its_topics_and_letters_over_a_reconnection) {
    running_server s({"--shards", "3"});
    event_reader c(s, durable("a"));
    const received opening = c.open();
    EXPECT_EQ(client_of(opening), token);
    EXPECT_EQ(s.request("PUT", path_of(token, "/topics/b")).status, 204);
    s.publish("b", "1");
    const std::string cursor = c.next().id;
    drop(s, c);

    s.publish("b", "2");
    EXPECT_EQ(s.request("POST", path_of(token, "/send"), R"({"data":"letter"})", json_type).status,
              200);
    EXPECT_EQ(s.request("PUT", path_of(token, "/topics/c")).status, 204);
    s.publish("c", "3");
    const answer beat = s.request("POST", path_of(token, "/heartbeat"));
    EXPECT_EQ(beat.status, 409);
    EXPECT_EQ(json_value(beat.body, "code"), "SEND_ERROR");

    event_reader again(s, durable("a"), after(cursor));
    const received reopened = again.open();
    EXPECT_EQ(verdict(reopened), "resumed");
    EXPECT_THAT(reopened.data, HasSubstr(R"("topics":["a","b","c"])"));
    EXPECT_THAT(again.data(3), ElementsAre("2", "letter", "3"));
    s.publish("b", "\"live\"");
    EXPECT_EQ(again.next().data, "live");
}

TEST(clients, a_topic_taken_from_a_durable_one_stays_away) {
    running_server s({"--shards", "3"});
    event_reader c(s, "?topic=a&topic=b&client=" + std::string(token));
    const std::string cursor = c.open().id;
    EXPECT_EQ(s.request("DELETE", path_of(token, "/topics/b")).status, 204);
    drop(s, c);
    s.publish("b", "1");
    s.publish("a", "2");
    event_reader again(s, "?topic=a&topic=b&client=" + std::string(token), after(cursor));
    EXPECT_THAT(again.open().data, HasSubstr(R"("topics":["a"])"));
    EXPECT_EQ(again.next().data, "2");
}

TEST(clients, a_second_connection_of_a_durable_one_ends_the_first) {
    running_server s({"--shards", "3"});
    auto current = std::make_unique<event_reader>(s, durable("a"));
    current->open();
    for (int i = 0; i < 5; ++i) {
        auto next = std::make_unique<event_reader>(s, durable("a"));
        next->open();
        const received last = current->next();
        EXPECT_EQ(last.type, "carillon.close");
        EXPECT_EQ(json_value(last.data, "reason"), "replaced");
        // Two pages with one token must not push each other out again and again.
        EXPECT_GE(current->retry(), std::chrono::seconds(30));
        EXPECT_TRUE(current->ends_well());
        current = std::move(next);
    }
    EXPECT_EQ(
        s.request("POST", path_of(token, "/send"), R"({"data":"to the last"})", json_type).status,
        200);
    EXPECT_EQ(current->next().data, "to the last");
    EXPECT_TRUE(s.shows("/events/clients", "\"total\":1,"));
}

TEST(clients, a_durable_one_is_forgotten_after_its_grace) {
    running_server s({"--stream.client_grace", "0s"});
    event_reader c(s, durable("a"));
    c.open();
    c.close();
    EXPECT_TRUE(s.shows(path_of(token), "CLIENT_NOT_FOUND"));
}

TEST(clients, a_durable_one_that_is_removed_is_forgotten_at_once) {
    running_server s;
    event_reader c(s, durable("a"));
    c.open();
    EXPECT_EQ(s.request("DELETE", path_of(token)).status, 204);
    EXPECT_TRUE(c.ends_well());
    EXPECT_EQ(s.get(path_of(token)).status, 404);
}

TEST(clients, a_token_has_22_to_128_safe_characters) {
    running_server s;
    for (const std::string& good : {std::string(22, 'x'), std::string(128, 'x')})
        EXPECT_EQ(event_reader(s, durable("a", good)).status(), 200) << good;
    for (const std::string& bad : {std::string(21, 'x'), std::string(129, 'x'),
                                   std::string(21, 'x') + ".", std::string(22, 'x') + "%2F"}) {
        EXPECT_EQ(s.get("/events/subscribe" + durable("a", bad)).status, 400) << bad;
    }
}

}  // namespace
}  // namespace carillon::testing
