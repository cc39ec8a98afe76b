// A stream that drops at any moment misses nothing, or is told that it did.
#include "support/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Keeps five events of each topic.
constexpr std::string_view keeps_five = "[[topics]]\npattern = \"**\"\nretention.max_events = 5\n";

strings publish_many(const running_server& s, std::string_view topic, int count) {
    strings ids;
    for (int i = 1; i <= count; ++i) ids.push_back(s.publish(topic, std::to_string(i)));
    return ids;
}

/// What a browser knows and has shown when its connection drops behind these bytes.
class dropped final : wire::parser_listener {
public:
    dropped(std::string_view stream, std::string_view last_event_id) {
        wire::parser p(*this);
        EXPECT_TRUE(p.feed(stream));
        cursor_ = p.last_event_id().empty() ? last_event_id : p.last_event_id();
    }
    const strings& shown() const { return shown_; }
    const std::string& cursor() const { return cursor_; }

private:
    void on_event(const wire::message& m) override {
        if (!m.type.starts_with("carillon.")) shown_.emplace_back(m.data);
    }
    strings shown_;
    std::string cursor_;
};

TEST(resume, the_opening_event_comes_first_with_the_position_before_the_first_event) {
    running_server s;
    publish_many(s, "a", 3);
    event_reader c(s, "/a");
    const received opening = c.open();
    EXPECT_EQ(verdict(opening), "fresh");
    EXPECT_TRUE(opening.id.ends_with(".3")) << opening.id;
    EXPECT_THAT(opening.data, ::testing::HasSubstr(R"("topics":["a"])"));
    EXPECT_EQ(json_value(opening.data, "client").size(), 28u);
    ASSERT_TRUE(c.retry());
    EXPECT_GE(c.retry()->count(), 2400);
    EXPECT_LE(c.retry()->count(), 3600);
    s.publish("a", "4");
    EXPECT_TRUE(c.next().id.ends_with(".4"));

    event_reader rewound(s, "/a?last=2");
    EXPECT_TRUE(rewound.open().id.ends_with(".2"));
    EXPECT_THAT(rewound.data(2), ElementsAre("3", "4"));
}

TEST(resume, gives_exactly_what_was_missed) {
    running_server s;
    event_reader c(s, "?topic=a&topic=b/*");
    c.open();
    s.publish("a", "1");
    const std::string cursor = c.next().id;
    c.close();
    s.publish("b/x", "2");
    s.publish("c", "3");
    s.publish("a", "4");
    event_reader again(s, "?topic=a&topic=b/*", after(cursor));
    const received opening = again.open();
    EXPECT_EQ(verdict(opening), "resumed");
    EXPECT_EQ(opening.id, cursor);
    EXPECT_THAT(again.data(2), ElementsAre("2", "4"));
    s.publish("a", "5");
    EXPECT_EQ(again.next().data, "5") << "and live after that, each once";
}

TEST(resume, a_stream_that_drops_before_its_first_event_misses_nothing) {
    running_server s;
    publish_many(s, "a", 2);
    event_reader c(s, "/a");
    const std::string cursor = c.open().id;
    c.close();
    s.publish("a", "3");
    event_reader again(s, "/a", after(cursor));
    EXPECT_EQ(verdict(again.open()), "resumed");
    EXPECT_EQ(again.next().data, "3");
}

TEST(resume, a_stream_that_drops_behind_any_byte_misses_and_repeats_nothing) {
    running_server s;
    event_reader c(s, "/a");
    const std::string start = c.open().id;
    publish_many(s, "a", 4);
    const strings all{"1", "2", "3", "4"};
    EXPECT_EQ(c.data(4), all);

    event_reader resumed(s, "/a", after(start));
    resumed.open();
    EXPECT_EQ(resumed.data(4), all);
    const std::string bytes = resumed.bytes();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const dropped client(std::string_view(bytes).substr(0, cut), start);
        event_reader again(s, "/a", after(client.cursor()));
        EXPECT_EQ(verdict(again.open()), "resumed");
        strings seen = client.shown();
        for (std::string& data : again.data(all.size() - seen.size()))
            seen.push_back(std::move(data));
        ASSERT_EQ(seen, all) << "cut behind byte " << cut;
    }
}

TEST(resume, a_cursor_may_stand_in_the_query) {
    running_server s;
    const std::string cursor = publish_many(s, "a", 2).front();
    for (const char* name : {"last_event_id", "lastEventId", "lastEventID", "evs_last_event_id"}) {
        event_reader c(s, "/a?" + std::string(name) + "=" + cursor);
        EXPECT_EQ(verdict(c.open()), "resumed") << name;
        EXPECT_EQ(c.next().data, "2") << name;
    }
    event_reader both(s, "/a?since=earliest&last_event_id=unknown", after(cursor));
    EXPECT_EQ(verdict(both.open()), "resumed") << "the header wins over all";
    EXPECT_EQ(both.next().data, "2");
}

TEST(resume, a_publishers_own_id_is_a_cursor) {
    running_server s;
    s.publish("a", "1", R"("id":"order-1")");
    s.publish("a", "2", R"("id":"order-2")");
    s.publish("b", "3", R"("id":"order-3")");
    s.publish("a", "4");
    event_reader c(s, "/a", after("order-1"));
    EXPECT_EQ(verdict(c.open()), "resumed");
    const received second = c.next();
    EXPECT_EQ(second.data, "2");
    EXPECT_EQ(second.id, "order-2");
    EXPECT_EQ(c.next().data, "4");

    event_reader other(s, "/a", after("order-3"));
    EXPECT_EQ(verdict(other.open()), "reset") << "it is known in another topic only";
}

TEST(resume, a_repeated_id_resumes_from_its_earliest_event) {
    running_server s;
    for (const char* data : {"1", "2", "3"}) s.publish("a", data, R"("id":"same")");
    event_reader c(s, "/a", after("same"));
    c.open();
    EXPECT_THAT(c.data(2), ElementsAre("2", "3"));
}

TEST(resume, an_unknown_cursor_is_a_reset_and_gets_all_that_is_kept) {
    running_server s;
    const strings ids = publish_many(s, "a", 2);
    const std::string epoch = ids[0].substr(0, ids[0].find('.'));
    for (const std::string& cursor :
         {std::string("never-seen"), std::string("0000000x.1"), epoch + ".3",
          epoch + ".99999999999999999999", std::string("a b"), std::string(500, 'x')}) {
        event_reader c(s, "/a", after(cursor));
        const received opening = c.open();
        EXPECT_EQ(verdict(opening), "reset") << cursor;
        EXPECT_EQ(opening.id, epoch + ".0") << cursor;
        EXPECT_THAT(c.data(2), ElementsAre("1", "2")) << cursor;
    }
    event_reader exact(s, "/a", after(epoch + ".2"));
    EXPECT_EQ(verdict(exact.open()), "resumed") << "the head itself is known";
}

TEST(resume, a_forged_cursor_is_a_reset_and_skips_nothing) {
    running_server s;
    const std::string first = s.publish("a", "1");
    s.publish("a", "2");
    const std::string epoch = first.substr(0, first.rfind('.') + 1);
    for (const std::string& forged :
         {epoch + "3", epoch + "18446744073709551615", epoch + "18446744073709551616", epoch + "-1",
          epoch + "01", epoch + "1e0", epoch + "0x1", epoch, epoch + "1.1", std::string(".1"),
          std::string("zzzzzz.1"), std::string("\xFF")}) {
        event_reader c(s, "/a", after(forged));
        EXPECT_EQ(verdict(c.open()), "reset") << forged;
        EXPECT_THAT(c.data(2), ElementsAre("1", "2")) << forged;
    }
}

TEST(resume, a_cursor_of_ten_megabytes_is_refused_with_a_word) {
    const running_server s;
    const std::string huge(10'000'000, 'x');
    EXPECT_EQ(s.request("GET", "/events/subscribe/a", {}, after(huge)).status, 431);
    EXPECT_EQ(s.get("/events/subscribe/a?last_event_id=" + huge).status, 414);
}

TEST(resume, what_retention_took_is_a_gap_and_the_rest_follows) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("c.toml", keeps_five)});
    const strings ids = publish_many(s, "a", 10);
    ASSERT_TRUE(s.shows("/metrics", "carillon_journal_events 5\n"));
    event_reader lost(s, "/a", after(ids[3]));
    const received opening = lost.open();
    EXPECT_EQ(verdict(opening), "gap");
    EXPECT_EQ(json_value(opening.data, "from"), ids[3]);
    EXPECT_EQ(json_value(opening.data, "to"), ids[4]);
    EXPECT_EQ(json_value(opening.data, "reason"), "retention");
    EXPECT_EQ(opening.id, ids[4]) << "a drop right here must not bring the gap again";
    EXPECT_THAT(lost.data(5), ElementsAre("6", "7", "8", "9", "10"));

    event_reader whole(s, "/a", after(ids[4]));
    EXPECT_EQ(verdict(whole.open()), "resumed");
    EXPECT_THAT(whole.data(5), ElementsAre("6", "7", "8", "9", "10"));

    s.kill();
    s.restart();
    event_reader later(s, "/a", after(ids[3]));
    EXPECT_EQ(verdict(later.open()), "gap") << "a restart forgets no loss";
}

TEST(resume, a_client_may_choose_what_follows_a_gap) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("c.toml", keeps_five)});
    const strings ids = publish_many(s, "a", 10);
    ASSERT_TRUE(s.shows("/metrics", "carillon_journal_events 5\n"));
    event_reader live(s, "/a?on_gap=live", after(ids[3]));
    const received opening = live.open();
    EXPECT_EQ(verdict(opening), "gap");
    EXPECT_EQ(json_value(opening.data, "to"), ids[9]);
    EXPECT_EQ(opening.id, ids[9]);
    s.publish("a", "11");
    EXPECT_EQ(live.next().data, "11");

    event_reader closes(s, "/a?on_gap=close", after(ids[3]));
    const received last = closes.open();
    EXPECT_EQ(verdict(last), "gap");
    EXPECT_EQ(last.id, ids[3]) << "it may ask again with another policy";
    EXPECT_EQ(json_value(closes.next().data, "reason"), "gap");
    EXPECT_TRUE(closes.ends_well());
    EXPECT_GE(closes.retry(), std::chrono::seconds(30));

    event_reader whole(s, "/a?on_gap=close", after(ids[8]));
    EXPECT_EQ(verdict(whole.open()), "resumed");
    EXPECT_THAT(whole.data(2), ElementsAre("10", "11"));
    EXPECT_EQ(s.get("/events/subscribe/a?on_gap=no").status, 400);
}

TEST(resume, what_retention_took_from_other_topics_is_no_gap) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("c.toml", keeps_five)});
    const std::string cursor = s.publish("b", "1");
    publish_many(s, "a", 10);
    s.publish("b", "2");
    event_reader c(s, "/b", after(cursor));
    EXPECT_EQ(verdict(c.open()), "resumed");
    EXPECT_EQ(c.next().data, "2");
}

TEST(resume, more_than_one_connection_may_replay_is_a_gap) {
    running_server s({"--stream.max_replay_events", "3"});
    const strings ids = publish_many(s, "a", 9);
    event_reader within(s, "/a", after(ids[5]));
    EXPECT_EQ(verdict(within.open()), "resumed");
    EXPECT_THAT(within.data(3), ElementsAre("7", "8", "9"));
    event_reader beyond(s, "/a", after(ids[4]));
    const received opening = beyond.open();
    EXPECT_EQ(verdict(opening), "gap");
    EXPECT_EQ(json_value(opening.data, "reason"), "budget");
    EXPECT_EQ(json_value(opening.data, "to"), ids[5]);
    EXPECT_THAT(beyond.data(3), ElementsAre("7", "8", "9"));
}

TEST(resume, a_client_of_an_earlier_life_misses_nothing_of_what_was_answered) {
    running_server s;
    const std::string cursor = s.publish("a", "1");
    s.publish("a", "2");
    s.kill();
    s.restart();
    s.publish("a", "3");
    event_reader c(s, "/a", after(cursor));
    EXPECT_EQ(verdict(c.open()), "resumed");
    EXPECT_THAT(c.data(2), ElementsAre("2", "3"));
}

TEST(resume, a_client_of_an_earlier_life_is_told_what_memory_forgets) {
    running_server s({"--journal.kind", "memory"});
    const std::string cursor = s.publish("a", "1");
    s.kill();
    s.restart();
    s.publish("a", "2");
    event_reader c(s, "/a", after(cursor));
    EXPECT_EQ(verdict(c.open()), "reset");
    EXPECT_EQ(c.next().data, "2");
}

TEST(resume, an_id_is_the_same_for_history_repeats_and_what_is_taken_back_after_a_restart_too) {
    running_server s;
    const std::string keyed = std::string(json_type) + "Idempotency-Key: once\r\n";
    const answer first = s.post("a", R"({"data":"x"})", keyed);
    const std::string id(json_value(first.body, "id"));
    s.kill();
    s.restart();
    EXPECT_EQ(s.post("a", R"({"data":"x"})", keyed).body, first.body);
    EXPECT_THAT(s.get("/events/history?topic=a&since=earliest").body, ::testing::HasSubstr(id));
    event_reader reader(s, "/a?since=earliest");
    reader.open();
    EXPECT_EQ(reader.next().id, id);
    EXPECT_EQ(s.request("DELETE", "/events/history/" + id + "?topic=a").status, 200);
    const received told = reader.next();
    EXPECT_EQ(told.type, "carillon.deleted");
    EXPECT_EQ(json_value(told.data, "id"), id);
}

TEST(resume, the_history_goes_on_from_where_a_page_ended) {
    running_server s;
    publish_many(s, "a", 5);
    std::string next;
    strings seen;
    do {
        const answer page = s.get("/events/history?topic=a&limit=2" +
                                  (next.empty() ? "&since=earliest" : "&last_event_id=" + next));
        ASSERT_EQ(page.status, 200) << page.body;
        for (std::size_t at = 0; (at = page.body.find("\"data\":", at)) != std::string::npos; ++at)
            seen.push_back(json_value(std::string_view(page.body).substr(at), "data"));
        next = json_value(page.body, "more") == "true" ? json_value(page.body, "next") : "";
    } while (!next.empty());
    EXPECT_THAT(seen, ElementsAre("1", "2", "3", "4", "5"));
    EXPECT_EQ(json_value(s.get("/events/history?topic=a&last_event_id=unknown").body, "resume"),
              "reset");
}

}  // namespace
}  // namespace carillon::testing
