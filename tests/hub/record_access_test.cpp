// The record beside streams: events that are named, and history.
#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

class record_of_a_hub : public ::testing::Test {
protected:
    bool replace(const std::string& id, const char* data) {
        bool done = false;
        event instead;
        instead.data = data;
        t_.h.replace({id, *topic::parse("a"), nullptr}, std::move(instead),
                     [&](const auto& r) { done = r.has_value(); });
        t_.on.run_until_idle();
        return done;
    }
    bool take_back(const std::string& id) {
        bool done = false;
        t_.h.take_back({id, *topic::parse("a"), nullptr},
                       [&](const auto& r) { done = r.has_value(); });
        t_.on.run_until_idle();
        return done;
    }
    history_page history(const std::string& after = {}) {
        history_query q;
        q.topics = patterns({"a"});
        q.after_id = after;
        history_page page;
        t_.h.history(std::move(q), [&](result<history_page> r) {
            ASSERT_TRUE(r);
            page = std::move(*r);
        });
        return page;
    }

    test_hub t_{{}, [] {
                    memory_journal_options o;
                    o.retention_of = [](std::string_view) { return retention{.max_events = 8}; };
                    return o;
                }()};
};

TEST_F(record_of_a_hub, an_event_is_replaced_again_by_its_first_id) {
    fake_connection c;
    t_.open(c, {"a"});
    event e = make_event({"a"}, "0");
    e.id = *wire::event_id::parse("own");
    t_.publish(std::move(e));
    const published other = t_.publish("a", "other");
    EXPECT_TRUE(replace("own", "1"));
    EXPECT_TRUE(replace("own", "2"));
    EXPECT_TRUE(replace(other.id, "x"));
    ASSERT_EQ(history().events.size(), 2u) << "only the newest contents are there";
    EXPECT_EQ(c.own("carillon.replaced").size(), 3u);
    EXPECT_NE(history().events.front()->content.data.find("\"2\""), std::string::npos);
    EXPECT_TRUE(take_back("own"));
    EXPECT_FALSE(take_back("own")) << "nothing is left of it";
    EXPECT_FALSE(replace("own", "3"));
}

TEST_F(record_of_a_hub, an_event_is_changed_by_whoever_may_change_all_of_it) {
    event e = make_event({"a", "sealed"}, "orig");
    e.is_private = true;
    const published p = t_.publish(std::move(e));
    const auto take_back_as = [&](std::string_view may) {
        std::optional<result<>> outcome;
        const auto check = [may](const event& of) -> result<> {
            for (const topic& t : of.topics) {
                if (!may.contains(t.str())) return fail(errc::forbidden, t.str());
            }
            return {};
        };
        t_.h.take_back({p.id, *topic::parse("a"), nullptr, check}, [&](const auto& done) {
            outcome = done ? result<>{} : std::unexpected(done.error());
        });
        t_.on.run_until_idle();
        return *outcome;
    };
    const auto refused = take_back_as("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::forbidden);
    EXPECT_EQ(refused.error().detail, "sealed");
    EXPECT_TRUE(take_back_as("a, sealed")) << "although it sees nothing private";
    EXPECT_FALSE(take_back_as("a, sealed"));
}

TEST_F(record_of_a_hub, history_says_why_something_is_missing) {
    const published first = t_.publish("a", "0");
    for (int i = 0; i < 20; ++i) t_.publish("a", "x");
    const history_page page = history(first.id);
    EXPECT_EQ(page.verdict, resume_verdict::gap);
    ASSERT_TRUE(page.lost);
    EXPECT_EQ(page.lost->reason, "retention");
    EXPECT_EQ(history("nobody-knows-it").verdict, resume_verdict::reset);
}

TEST_F(record_of_a_hub, a_last_value_that_is_replaced_is_the_replacement) {
    event e = make_event({"a"}, "0");
    e.retain = true;
    const published first = t_.publish(std::move(e));
    ASSERT_TRUE(replace(first.id, "1"));
    fake_connection c;
    t_.open(c, {"a"});
    ASSERT_EQ(c.own("carillon.replaced").size(), 1u);
    EXPECT_NE(c.own("carillon.replaced").front().data.find("\"1\""), std::string::npos);
    ASSERT_TRUE(replace(first.id, "2"));
    fake_connection d;
    t_.open(d, {"a"});
    ASSERT_EQ(d.own("carillon.replaced").size(), 1u);
    EXPECT_NE(d.own("carillon.replaced").front().data.find("\"2\""), std::string::npos);
}

}  // namespace
}  // namespace carillon::testing
