#include "hub/visibility.hpp"

#include "hub/attributes.hpp"
#include "hub/own_topic.hpp"
#include "support/test_hub.hpp"

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

event about(std::initializer_list<std::string_view> topics, bool is_private = false) {
    event e = make_event(topics, "x");
    e.is_private = is_private;
    return e;
}

struct reader {
    grant_table table;
    grants_ptr grants;
    std::vector<attribute> attributes;
    event_filter filter;
    std::vector<std::string> own;  ///< of the hub's own topics, what it listens to

    bool sees(const event& e) const {
        visibility_memo memo;
        identity who;
        who.attributes = attributes;
        const kept_identity kept(who);
        const viewer v{grants.get(), &kept, filter.empty() ? nullptr : &filter};
        return shows(v, e, memo,
                     [&](const topic& t) { return std::ranges::find(own, t.str()) != own.end(); });
    }
    void may_see(std::initializer_list<std::string_view> names) {
        grant_set set;
        set.subscribe = patterns(names);
        grants = table.intern(set);
    }
};

TEST(visibility, everybody_sees_what_is_not_private) { EXPECT_TRUE(reader{}.sees(about({"a"}))); }

TEST(visibility, private_events_need_a_grant_for_one_of_their_topics) {
    reader r;
    EXPECT_FALSE(r.sees(about({"a"}, true)));
    r.may_see({"b", "c/**"});
    EXPECT_FALSE(r.sees(about({"a"}, true)));
    EXPECT_TRUE(r.sees(about({"a", "c/1"}, true)));
}

TEST(visibility, an_event_in_the_hubs_own_space_needs_a_listener_there) {
    reader r;
    r.may_see({"**"});
    EXPECT_FALSE(r.sees(about({"$user/1"})));
    EXPECT_FALSE(r.sees(about({"$user/1", "$user/2"}, true)));
    r.own = {"$user/2"};
    EXPECT_FALSE(r.sees(about({"$user/1"})));
    EXPECT_TRUE(r.sees(about({"$user/1", "$user/2"}, true)));
}

TEST(visibility, all_attributes_are_asked_for_beside_the_one_it_is_routed_by) {
    const event e = about({"$meta/role=admin", "$and/tenant=a%2Fb"}, true);
    reader r;
    r.own = {"$meta/role=admin", "$and/tenant=a%2Fb"};
    EXPECT_FALSE(r.sees(e));
    r.attributes = {{"role", "admin"}, {"tenant", "a/b"}};
    EXPECT_TRUE(r.sees(e));
    r.own = {"$and/tenant=a%2Fb"};
    EXPECT_FALSE(r.sees(e)) << "a condition lets nobody in";
    const event shared = about({"$user/1", "$meta/role=admin", "$and/tenant=x"}, true);
    r.own = {"$meta/role=admin"};
    EXPECT_FALSE(r.sees(shared));
    r.own = {"$user/1"};
    EXPECT_TRUE(r.sees(shared)) << "the user is named, whatever else is asked of others";
}

TEST(visibility, filters_hold_beside_all_else) {
    reader r;
    event e = about({"a"});
    r.filter.names = {"paid", "message"};
    EXPECT_TRUE(r.sees(e));
    e.name = *wire::event_name::parse("sent");
    EXPECT_FALSE(r.sees(e));
    r.filter.names = {"sent"};
    r.filter.kinds = {"chat.message"};
    EXPECT_FALSE(r.sees(e));
    e.kind = "chat.message";
    EXPECT_TRUE(r.sees(e));
    r.filter.metadata = {{"room", "7"}, {"vip", "true"}};
    EXPECT_FALSE(r.sees(e));
    e.metadata = R"({"room":"7"})";
    EXPECT_FALSE(r.sees(e));
    e.metadata = R"({"room":7,"vip":true})";
    EXPECT_TRUE(r.sees(e));
    e.is_private = true;
    EXPECT_FALSE(r.sees(e));
}

TEST(visibility, the_hubs_own_words_pass_all_filters) {
    reader r;
    r.filter.names = {"paid"};
    event e = about({"a"});
    e.name = *wire::event_name::parse("carillon.deleted");
    EXPECT_TRUE(r.sees(e));
}

TEST(visibility, verdicts_of_grants_are_kept_and_belong_to_that_set_alone) {
    grant_table table;
    visibility_memo memo;
    const event e = about({"a"}, true);
    // More sets than the memo has places, each gone before the next comes.
    for (int i = 0; i < 100; ++i) {
        grant_set set;
        set.subscribe = patterns({i % 3 == 0 ? "a" : "b"});
        set.subscribe.push_back(*topic_pattern::parse("n" + std::to_string(i)));
        const auto grants = table.intern(set);
        EXPECT_EQ(memo.granted(*grants, e), i % 3 == 0) << i;
        EXPECT_EQ(memo.granted(*grants, e), i % 3 == 0) << i;
    }
}

TEST(visibility, equal_grants_are_held_once_and_forgotten_with_the_last_holder) {
    grant_table table;
    grant_set set;
    set.subscribe = patterns({"b", "a"});
    const auto one = table.intern(set);
    set.subscribe = patterns({"a", "b", "a"});
    EXPECT_EQ(table.intern(set), one);
    EXPECT_EQ(table.intern(grant_set{}), nullptr);
    for (int i = 0; i < 10'000; ++i) {
        set.subscribe = patterns({"x/" + std::to_string(i)});
        table.intern(set);
    }
    EXPECT_LT(table.size(), 200u);
    set.subscribe = patterns({"a", "b"});
    EXPECT_EQ(table.intern(set), one);
}

TEST(attributes, strings_numbers_and_booleans_of_an_object_can_be_compared) {
    const std::vector<attribute> expected{
        {"a", "x\"\\/\b\f\n\r\t\u00e9\U0001F600"}, {"b", "-1.50e3"}, {"c", "true"}, {"d", ""}};
    EXPECT_EQ(
        attributes_of(R"( { "a" : "x\"\\\/\b\f\n\r\t\u00E9\ud83d\uDE00" , "b":-1.50e3,"n":null,
                 "o":{"x":["}",{"y":"]"}]},"c":true,"l":[1,"]"],"d":"" } )"),
        expected);
    EXPECT_TRUE(attributes_of("").empty());
    EXPECT_TRUE(attributes_of("{}").empty());
    EXPECT_TRUE(attributes_of("[1]").empty());
}

TEST(attributes, text_that_is_no_json_gives_what_stands_before_the_mistake) {
    for (const std::string_view bad :
         {R"({"a":"1","b":"x)", R"({"a":"1","b":"\q"})", R"({"a":"1","b":"\ud83d\u0041"})",
          R"({"a":"1","b":{"c":)", R"({"a":"1",)", R"({"a":"1","b")", R"({"a":"1","b":"\u12)"}) {
        EXPECT_EQ(attributes_of(bad), (std::vector<attribute>{{"a", "1"}})) << bad;
    }
}

TEST(own_topic, any_id_is_one_segment_and_no_two_are_the_same) {
    EXPECT_EQ(as_segment("ann"), "ann");
    EXPECT_EQ(as_segment("a/b*c%d=e f\n\x7f"), "a%2Fb%2Ac%25d%3De%20f%0A%7F");
    EXPECT_EQ(as_segment("\xC3\xA9t\xC3\xA9"), "\xC3\xA9t\xC3\xA9");
    EXPECT_EQ(as_segment(""), "");
    EXPECT_EQ(as_segment("\xFF"), "");
    EXPECT_NE(as_segment(std::string(max_id_length, '/')), "");
    EXPECT_EQ(as_segment(std::string(max_id_length + 1, 'a')), "");
    EXPECT_EQ(user_topic(as_segment(std::string(max_id_length, '/'))).str().size(),
              6 + 3 * max_id_length);
    const std::string longest(max_attribute_length, '=');
    EXPECT_TRUE(attribute_topic({longest, longest}));
    EXPECT_FALSE(attribute_topic({longest + "a", "b"}));
    EXPECT_FALSE(attribute_topic({"a", longest + "b"}));
    EXPECT_NE(attribute_topic({"a", "b=c"})->str(), attribute_topic({"a=b", "c"})->str());
}

TEST(filter_table, keeps_equal_filters_once_and_forgets_those_of_nobody) {
    filter_table table;
    const event_filter news{.names = {"news"}, .kinds = {}, .metadata = {{"a", "b"}}};
    const auto kept = table.intern(news);
    EXPECT_EQ(table.intern(news), kept);
    EXPECT_NE(table.intern({.names = {"news"}, .kinds = {"x"}, .metadata = {}}), kept);
    EXPECT_EQ(table.size(), 2u);
    for (int i = 0; i < 1000; ++i)
        table.intern({.names = {std::to_string(i)}, .kinds = {}, .metadata = {}});
    EXPECT_LE(table.size(), 64u);
    EXPECT_EQ(table.intern(news), kept) << "somebody has it";
}

}  // namespace
}  // namespace carillon::testing
