#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include <gtest/gtest.h>

namespace carillon {
namespace {

TEST(topic, holds_any_utf8_but_wildcards_and_control_characters) {
    for (const std::string_view good :
         {"a", "a/b", "/", "a//b", "https://example.com/x?y#z", "$x", "\xC3\xA4"}) {
        EXPECT_TRUE(topic::parse(good)) << good;
    }
    for (const std::string& bad :
         {std::string(), std::string("a*"), std::string("*"), std::string("a\n"),
          std::string("a\0b", 3), std::string("\x7F"), std::string("\xFF")}) {
        EXPECT_FALSE(topic::parse(bad));
    }
    EXPECT_TRUE(topic::parse(std::string(5, 'x'), 5));
    EXPECT_FALSE(topic::parse(std::string(6, 'x'), 5));
    EXPECT_TRUE(topic::parse("$x")->internal());
    EXPECT_TRUE(topic::parse("carillon.x")->reserved());
}

TEST(topic_pattern, takes_wildcards_only_as_whole_segments) {
    for (const std::string_view good : {"a", "*", "**", "a/*", "*/b", "a/**", "a/*/c", "*/*/**"}) {
        EXPECT_TRUE(topic_pattern::parse(good)) << good;
    }
    for (const std::string_view bad :
         {"", "a*", "*a", "***", "**/a", "a/**/b", "a/b**", "$a/*", "$a/**", "$/b/*"}) {
        EXPECT_FALSE(topic_pattern::parse(bad)) << bad;
    }
}

TEST(topic_pattern, matches_by_segments) {
    struct sample {
        std::string_view pattern, name;
        bool matches;
    };
    for (const auto& [pattern, name, matches] : {
             sample{"a", "a", true},         sample{"a", "ab", false},
             sample{"*", "a", true},         sample{"*", "a/b", false},
             sample{"**", "a/b", true},      sample{"**", "$a", false},
             sample{"*", "$a", false},       sample{"*/b", "$a/b", false},
             sample{"a/**", "a", true},      sample{"a/**", "a/", true},
             sample{"a/**", "a/b/c", true},  sample{"a/**", "ab", false},
             sample{"a/*", "a", false},      sample{"a/*", "a/", false},
             sample{"a/*", "a/b", true},     sample{"a/*", "a/b/c", false},
             sample{"a/*/c", "a/b/c", true}, sample{"a/*/c", "a//c", false},
             sample{"*/b", "a/b", true},     sample{"*/b/**", "a/b", true},
             sample{"/*", "/a", true},       sample{"a//**", "a//b", true},
         }) {
        EXPECT_EQ(topic_pattern::parse(pattern)->matches(name), matches) << pattern << " " << name;
        if (matches) {
            EXPECT_TRUE(name.starts_with(topic_pattern::parse(pattern)->literal_prefix()));
        }
    }
}

TEST(topic_pattern, reaches_the_hubs_own_space_only_if_the_hub_made_it) {
    const auto below = topic_pattern::below(*topic::parse("$a"));
    for (const std::string_view name : {"$a", "$a/b", "$a/b/c"}) EXPECT_TRUE(below.matches(name));
    for (const std::string_view name : {"$ab", "a", "$b/a"}) EXPECT_FALSE(below.matches(name));
}

TEST(cursor, has_one_form) {
    const cursor c{"abcd0123", position{42}};
    EXPECT_EQ(c.str(), "abcd0123.42");
    EXPECT_EQ(cursor::parse(c.str()), c);
    EXPECT_TRUE(cursor::parse("abcd0123.0"));
    EXPECT_TRUE(cursor::parse("abcd0123.18446744073709551615"));
    for (const std::string_view bad :
         {"", "abcd0123", "abcd0123.", "abcd012.1", "abcd01234.1", "ABCD0123.1", "abcd0123.01",
          "abcd0123.-1", "abcd0123.1x", "abcd0123.18446744073709551616"}) {
        EXPECT_FALSE(cursor::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace carillon
