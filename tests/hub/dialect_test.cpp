// What a stream says of itself, in the hub's own words and in a system's.
#include <carillon/hub/dialect.hpp>

#include "support/hub_fixture.hpp"

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

/// A system with a first event, a heartbeat and a last event of its own.
class terse_dialect final : public stream_dialect {
public:
    void opening(const opening_facts& facts, std::string& out) const override {
        out += "id: " + facts.id + "\ndata: connected " +
               std::string(to_string(facts.verdict.value())) + "\n\n";
    }
    void heartbeat(const heartbeat_facts&, std::string& out) const override {
        out += "data: heartbeat\n\n";
    }
    void gap(const lost_events& lost, std::string& out) const override {
        out += "data: lost " + std::string(lost.reason) + "\n\n";
    }
    void close(const closing_facts& facts, std::string& out) const override {
        if (facts.why == close_reason::replaced)
            out += "id: " + facts.id + "~r\ndata: replaced\n\n";
    }
};

class dialect : public hub_fixture {
protected:
    dialect() {
        profile_.dialect = std::make_shared<terse_dialect>();
        profile_.heartbeat_interval = 1000ms;
    }
};

TEST_F(dialect, a_system_words_its_control_events) {
    const std::string head = publish("news", "before")[0].id;
    fake_connection c;
    open(c, {"news"});
    EXPECT_EQ(c.opening(), (received{"message", "connected fresh", head}));
    executor_.advance(1100ms);
    EXPECT_EQ(c.events.back(), (received{"message", "heartbeat", head}));
    EXPECT_EQ(c.comments.size(), 0u);
}

TEST_F(dialect, the_last_event_may_have_a_suffix_behind_a_real_position) {
    fake_connection first, second;
    auto request = asking(first, {"news"});
    request.client = "0123456789abcdefghijklmn";
    ASSERT_TRUE(shard_->open(std::move(request)));
    const std::string newest = publish("news", "x")[0].id;
    executor_.run_until_idle();
    request = asking(second, {"news"});
    request.client = "0123456789abcdefghijklmn";
    ASSERT_TRUE(shard_->open(std::move(request)));
    executor_.run_until_idle();
    EXPECT_EQ(first.closed, close_reason::replaced);
    EXPECT_EQ(first.events.back(), (received{"message", "replaced", newest + "~r"}));
}

TEST_F(dialect, what_it_does_not_say_is_not_written) {
    fake_connection c(framing::chunked);
    subscriber* s = open(c, {"news"});
    const std::string before = c.bytes;
    shard_->end(*s, close_reason::removed);
    EXPECT_EQ(c.closed, close_reason::removed);
    EXPECT_EQ(c.bytes, before) << "an empty chunk would end the response";
}

TEST_F(hub_fixture, tells_the_connection_how_its_stream_begins) {
    memory_journal_options kept;
    kept.retention_of = [](std::string_view) { return retention{.max_events = 2}; };
    rebuild({}, std::move(kept));
    const std::string first = publish("news", "1")[0].id;
    for (const char* data : {"2", "3", "4"}) publish("news", data);
    fake_connection c;
    subscriber* s = open(c, {"news"}, first);
    ASSERT_TRUE(c.begun);
    EXPECT_EQ(c.begun->verdict, resume_verdict::gap);
    EXPECT_EQ(c.begun->id, events_->id_of(position{2}));
    EXPECT_EQ(c.begun->id, c.opening().id);
    EXPECT_EQ(c.begun->client, shard_->id_of(*s));
    EXPECT_EQ(c.begun->topics, strings{"news"});
    ASSERT_TRUE(c.begun->lost);
    EXPECT_EQ(c.begun->lost->from, first);
    EXPECT_EQ(c.begun->lost->to, events_->id_of(position{2}));
    EXPECT_EQ(c.begun->lost->reason, "retention");
    EXPECT_EQ(c.begun->events, 2u);
    EXPECT_GE(c.begun->retry, profile_.retry * 4 / 5);
    EXPECT_LE(c.begun->retry, profile_.retry * 6 / 5);
}

// A head must go out at once, or a proxy holds the response back.
TEST_F(hub_fixture, a_stream_without_an_opening_event_writes_at_once) {
    fake_connection c;
    auto request = asking(c, {"news"});
    request.opening_event = false;
    ASSERT_TRUE(shard_->open(std::move(request)));
    EXPECT_TRUE(c.begun);
    EXPECT_EQ(c.writes, 1u);
    EXPECT_EQ(c.bytes, "");
}

}  // namespace
}  // namespace carillon::testing
