#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace carillon {
namespace {

TEST(utf8, is_told_from_what_only_looks_like_it) {
    for (const std::string_view good :
         {"", "abcdefghijk", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x94\x94", "abcdefgh\xC3\xA4"}) {
        EXPECT_TRUE(is_utf8(good)) << good;
        EXPECT_EQ(as_utf8(good), good);
    }
    for (const std::string_view bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                       "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "abcdefgh\xFF"}) {
        EXPECT_FALSE(is_utf8(bad)) << bad;
        EXPECT_TRUE(is_utf8(as_utf8(bad))) << bad;
    }
}

TEST(utf8, each_byte_that_is_part_of_nothing_is_replaced_and_the_rest_stays) {
    EXPECT_EQ(as_utf8("a\xff\xc3\xa4\xe2\x82z"), "a\uFFFD\u00e4\uFFFD\uFFFDz");
    EXPECT_EQ(as_utf8("\xff"), "\uFFFD");
}

}  // namespace
}  // namespace carillon
