// Topics with figures, page by page.
#include "journal/every_journal.hpp"

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

using ::testing::ElementsAre;

class topic_listing : public journals {
protected:
    std::vector<std::string> listed(const topic_query& q) {
        std::vector<std::string> all;
        for (const topic_figures& t : record().topics(q)) all.push_back(t.name);
        return all;
    }
};

TEST_P(topic_listing, is_in_the_order_of_names_and_in_pages) {
    for (const char* name : {"b", "a/2", "a", "a/1"}) append({name});
    EXPECT_THAT(listed({}), ElementsAre("a", "a/1", "a/2", "b"));
    EXPECT_THAT(listed({.limit = 2}), ElementsAre("a", "a/1"));
    EXPECT_THAT(listed({.after = "a/1", .limit = 2}), ElementsAre("a/2", "b"));
    EXPECT_THAT(listed({.prefix = "a/"}), ElementsAre("a/1", "a/2"));
    EXPECT_THAT(listed({.prefix = "a/", .after = "a/2"}), ElementsAre());
    EXPECT_THAT(listed({.prefix = "c"}), ElementsAre());
}

TEST_P(topic_listing, leaves_out_the_hubs_own_unless_they_are_asked_for) {
    for (const char* name : {"!", "$user/ann", "$all", "z"}) append({name});
    EXPECT_THAT(listed({}), ElementsAre("!", "z"));
    EXPECT_THAT(listed({.limit = 1}), ElementsAre("!"));
    EXPECT_THAT(listed({.after = "!", .limit = 1}), ElementsAre("z"));
    EXPECT_THAT(listed({.prefix = "$"}), ElementsAre("$all", "$user/ann"));
}

TEST_P(topic_listing, holds_more_topics_than_are_looked_at_at_once) {
    for (int i = 100; i < 150; ++i) append({"t" + std::to_string(i)});
    EXPECT_EQ(listed({}).size(), 50u);
    EXPECT_EQ(listed({.limit = 33}).back(), "t132");
}

TEST_P(topic_listing, counts_the_events_of_the_last_minute) {
    append({"a"}, "four");
    pass(30s);
    for (int i = 0; i < 3; ++i) append({"a"});
    pass(1s);
    const auto all = record().topics({});
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].events, 4u);
    EXPECT_EQ(all[0].newest.value, 4u);
    EXPECT_EQ(all[0].newest_at, now_.load() - 1s);
    EXPECT_FALSE(all[0].has_value);
    EXPECT_GE(all[0].recent.back(), GetParam() == journal_kind::file_alone ? 1u : 3u);
    pass(60s);
    EXPECT_EQ(record().topics({})[0].recent, decltype(topic_figures::recent){});
}

INSTANTIATE_TEST_SUITE_P(, topic_listing, every_journal, name_of);

}  // namespace
}  // namespace carillon::testing
