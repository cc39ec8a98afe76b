#include <carillon/hub/grants.hpp>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon {
namespace {

topic_pattern pattern(std::string_view text) { return *topic_pattern::parse(text); }

grant_set listening_to(std::initializer_list<std::string_view> patterns) {
    grant_set g;
    for (const std::string_view p : patterns) g.subscribe.push_back(pattern(p));
    return g;
}

TEST(grants, publishing_and_seeing_are_granted_apart) {
    grant_set g = listening_to({"a/*"});
    g.publish.push_back(pattern("b"));
    EXPECT_TRUE(g.may_see(*topic::parse("a/1")));
    EXPECT_FALSE(g.may_see(*topic::parse("b")));
    EXPECT_TRUE(g.may_publish(*topic::parse("b")));
    EXPECT_FALSE(g.may_publish(*topic::parse("a/1")));
}

TEST(grants, none_reaches_the_hubs_own_space) {
    const grant_set g = listening_to({"**", "$user/1"});
    EXPECT_FALSE(g.may_see(*topic::parse("$user/1")));
    EXPECT_FALSE(g.may_subscribe(pattern("$user/1")));
    EXPECT_TRUE(g.may_subscribe(pattern("**")));
}

TEST(grants, equal_sets_compare_equal_once_they_are_normalised) {
    grant_set one = listening_to({"b", "a", "b"});
    grant_set other = listening_to({"a", "b"});
    EXPECT_NE(one, other);
    one.normalise();
    other.normalise();
    EXPECT_EQ(one, other);
}

/// All topics of up to three segments of these, empty ones too.
std::vector<std::string> many_topics() {
    const std::array<std::string, 3> segments{"a", "b", ""};
    std::vector<std::string> all;
    for (const auto& x : segments) {
        all.push_back(x);
        for (const auto& y : segments) {
            all.push_back(x + "/" + y);
            for (const auto& z : segments) all.push_back(x + "/" + y + "/" + z);
        }
    }
    return all;
}

// A wildcard can stand for more than "a", "b" and nothing: `c` is what no pattern names.
TEST(grants, a_pattern_covers_another_if_it_matches_all_that_the_other_does) {
    std::vector<std::string> texts{"**"};
    for (const std::string first : {"a", "*", ""}) {
        texts.push_back(first);
        texts.push_back(first + "/**");
        for (const std::string second : {"b", "*", ""}) {
            texts.push_back(first + "/" + second);
            texts.push_back(first + "/" + second + "/**");
        }
    }
    std::erase(texts, "");
    std::vector<std::string> topics = many_topics();
    for (const std::string t : {"c", "c/c", "c/c/c", "a/c", "a/c/c", "/c", "a/b/c", "c/b", "c/"})
        topics.push_back(t);
    for (const std::string& w : texts) {
        for (const std::string& n : texts) {
            bool all = true;
            for (const std::string& t : topics)
                all = all && (!pattern(n).matches(t) || pattern(w).matches(t));
            EXPECT_EQ(covers(pattern(w), pattern(n)), all) << w << " covers " << n;
        }
    }
}

}  // namespace
}  // namespace carillon
