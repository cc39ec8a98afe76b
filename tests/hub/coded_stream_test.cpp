// Streams that have a content coding: what their clients decode is what the others get as it is.
#include "support/decoder.hpp"
#include "support/test_hub.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

hub_options compressing(std::size_t from = 0) {
    hub_options o;
    o.options_of = [from](std::string_view topic) {
        topic_options t;
        t.compress_from = topic == "plain" ? no_compression : from;
        return t;
    };
    return o;
}

std::string long_text(int number) {
    std::string text = "{\"n\":" + std::to_string(number) + ",\"items\":[";
    for (int i = 0; i < 20; ++i)
        text += R"({"name":"information","price":)" + std::to_string(i) + "},";
    return text + "]}";
}

/// A client of a coded stream.
struct client {
    client(test_hub& hub, content_coding c, std::initializer_list<std::string_view> topics = {"a"},
           std::string_view cursor = {})
        : coding(c) {
        stream_request r = hub.request(out, topics, cursor);
        r.coding = c;
        const auto opened = hub.s.open(std::move(r));
        hub.on.run_until_idle();
        who = opened ? *opened : nullptr;
    }
    /// What it has read, without the comments that fill a decoder's window.
    std::string text() {
        decoder d(coding);
        d.feed(out.bytes);
        failed = d.failed();
        ended = d.ended();
        const std::size_t begin = d.text.find_first_not_of(": \n");
        return begin == std::string::npos ? "" : d.text.substr(begin);
    }

    fake_connection out;
    content_coding coding;
    subscriber* who = nullptr;
    bool failed = false;
    bool ended = false;
};

class coded_stream : public ::testing::TestWithParam<content_coding> {};
INSTANTIATE_TEST_SUITE_P(hub, coded_stream,
                         ::testing::Values(content_coding::gzip, content_coding::br,
                                           content_coding::zstd),
                         [](const auto& named) { return std::string(to_string(named.param)); });

TEST_P(coded_stream, has_all_that_others_get_whoever_joined_when) {
    test_hub hub(compressing());
    std::mt19937 random(3);
    std::vector<std::unique_ptr<client>> clients;
    fake_connection plain;
    ASSERT_NE(hub.open(plain, {"a"}), nullptr);
    for (int i = 0; i < 60; ++i) {
        if (i % 6 == 0) clients.push_back(std::make_unique<client>(hub, GetParam()));
        hub.publish("a", random() % 3 == 0 ? "x" : long_text(i));
        for (const auto& c : clients) {
            if (random() % 5 == 0) hub.s.heartbeat(*c->who);
        }
    }
    for (const auto& c : clients) {
        const std::string text = c->text();
        EXPECT_FALSE(c->failed);
        EXPECT_FALSE(c->ended);
        EXPECT_THAT(text, HasSubstr("carillon.open"));
        std::string without_beats;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at) + 1;
            if (text.substr(at, end - at) != ":\n") without_beats += text.substr(at, end - at);
            at = end;
        }
        const std::size_t events = without_beats.find("\n\n") + 2;
        EXPECT_TRUE(plain.bytes.ends_with(without_beats.substr(events)));
    }
}

TEST_P(coded_stream, ends_with_a_trailer_behind_its_last_event) {
    test_hub hub(compressing());
    client c(hub, GetParam());
    hub.publish("a", long_text(1));
    hub.s.end(*c.who, close_reason::removed);
    hub.on.run_until_idle();
    const std::string text = c.text();
    EXPECT_FALSE(c.failed);
    EXPECT_EQ(c.ended, GetParam() != content_coding::zstd);
    EXPECT_EQ(c.out.closed, close_reason::removed);
    EXPECT_THAT(text, HasSubstr(long_text(1)));
    EXPECT_THAT(text, HasSubstr("carillon.close"));
}

TEST_P(coded_stream, is_whole_though_the_socket_takes_little) {
    for (const std::size_t room : {1u, 7u, 30u, 61u, 200u, 333u}) {
        test_hub hub(compressing());
        client c(hub, GetParam());
        c.out.per_write = room;
        std::string expected;
        for (int i = 0; i < 6; ++i) {
            hub.publish("a", long_text(i));
            hub.flush(*c.who, c.out);
        }
        hub.s.end(*c.who, close_reason::removed);
        hub.on.run_until_idle();
        const std::string text = c.text();
        EXPECT_FALSE(c.failed) << room;
        for (int i = 0; i < 6; ++i) EXPECT_THAT(text, HasSubstr(long_text(i)));
        if (c.out.blocked) continue;  // it broke off, and says so
        EXPECT_EQ(c.ended, GetParam() != content_coding::zstd) << room;
    }
}

TEST_P(coded_stream, resumes_where_another_ended) {
    test_hub hub(compressing());
    std::string cursor;
    for (int i = 0; i < 10; ++i) {
        const auto p = hub.publish("a", long_text(i));
        if (i == 4) cursor = p.id;
    }
    client c(hub, GetParam(), {"a"}, cursor);
    hub.publish("a", "live");
    hub.s.end(*c.who, close_reason::removed);
    hub.on.run_until_idle();
    const std::string text = c.text();
    EXPECT_FALSE(c.failed);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(text.contains(long_text(i)), i > 4) << i;
    EXPECT_THAT(text, HasSubstr("data: live\n\n"));
}

TEST_P(coded_stream, gets_an_event_in_the_same_bytes_as_the_others) {
    test_hub hub(compressing());
    client first(hub, GetParam());
    hub.publish("a", "earlier");
    client second(hub, GetParam());
    const std::size_t before = first.out.bytes.size();
    hub.publish("a", long_text(7));
    const std::string event = first.out.bytes.substr(before);
    EXPECT_LT(event.size(), long_text(7).size() / 2);
    EXPECT_THAT(second.out.bytes, EndsWith(event));
}

TEST_P(coded_stream, stores_what_is_small_or_of_a_topic_that_is_not_compressed) {
    test_hub hub(compressing(1000));
    client c(hub, GetParam(), {"a", "plain"});
    const auto sent = [&](std::string_view topic, const std::string& data) {
        const std::size_t before = c.out.bytes.size();
        hub.publish(topic, data);
        return c.out.bytes.substr(before);
    };
    EXPECT_THAT(sent("a", std::string(900, 'x')), HasSubstr(std::string(900, 'x')));
    EXPECT_LT(sent("a", std::string(1000, 'x')).size(), 200U);
    EXPECT_THAT(sent("plain", std::string(5000, 'x')), HasSubstr(std::string(5000, 'x')));
    hub.publish(make_event({"a", "plain"}, std::string(4000, 'y')));
    EXPECT_THAT(c.out.bytes, HasSubstr(std::string(4000, 'y')));
    c.text();
    EXPECT_FALSE(c.failed);
}

TEST(coded_streams, count_what_they_spare) {
    test_hub hub(compressing());
    const client c(hub, content_coding::gzip);
    const auto before = hub.h.stats();
    hub.publish("a", long_text(1));
    const auto after = hub.h.stats();
    EXPECT_GT(after.text - before.text, long_text(1).size());
    EXPECT_LT(after.coded - before.coded, long_text(1).size() / 2);
}

}  // namespace
}  // namespace carillon::testing
