#include "base/packed_texts.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon {
namespace {

std::vector<std::string> read_all(const packed_texts& texts, std::size_t count) {
    std::vector<std::string> all;
    auto from = texts.read();
    for (std::size_t i = 0; i < count; ++i) all.emplace_back(from.next());
    return all;
}

TEST(packed_texts, come_out_as_they_went_in) {
    const std::string lengths[] = {"",
                                   "a",
                                   std::string(127, 'b'),
                                   std::string(128, 'c'),
                                   std::string("\0\xff", 2),
                                   std::string(16'384, 'd'),
                                   ""};
    const std::vector<std::string_view> views(std::begin(lengths), std::end(lengths));
    const packed_texts texts(views);
    EXPECT_FALSE(texts.empty());
    EXPECT_EQ(read_all(texts, 7), std::vector<std::string>(std::begin(lengths), std::end(lengths)));
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(texts[i], lengths[i]) << i;
    EXPECT_EQ(texts[7], "");
    EXPECT_EQ(texts[1000], "");
}

TEST(packed_texts, may_be_many_or_none) {
    const std::vector<std::string_view> many(300, "x");
    EXPECT_EQ(packed_texts(many)[299], "x");
    EXPECT_EQ(packed_texts(many)[300], "");
    EXPECT_TRUE(packed_texts().empty());
    EXPECT_TRUE(packed_texts(std::span<const std::string_view>()).empty());
    EXPECT_EQ(packed_texts()[0], "");
    EXPECT_EQ(packed_texts().read().next(), "");
}

}  // namespace
}  // namespace carillon
