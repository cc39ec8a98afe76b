#include "base/base64url.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace carillon {
namespace {

TEST(base64url, writes_the_vectors_of_rfc_4648_without_padding) {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64url(bytes), text);
        EXPECT_EQ(parse_base64url(text), bytes) << text;
    }
}

TEST(base64url, refuses_what_no_bytes_are_written_as) {
    for (const char* bad :
         {"Z", "Zg=", "Zg==", "Zm9vY", "Zh", "Zm9", "Z g", "Zm+v", "Zm/v", "\xc3\xa4"})
        EXPECT_FALSE(parse_base64url(bad)) << bad;
}

}  // namespace
}  // namespace carillon
