#include "server/pages.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace carillon::server {
namespace {

const std::string sound =
    "carillon pages 1\n"
    "/index.html\ttext/html; charset=utf-8\tabc\t5\t3\t0\n"
    "/assets/a-1.js\ttext/javascript\tdef\t2\t0\t1\n"
    "\n"
    "plainzip"
    "jsB";

TEST(page_pack_test, finds_a_file_in_all_its_codings) {
    const auto pack = page_pack::parse(sound);
    ASSERT_TRUE(pack.has_value());
    const page_file* const page = pack->find("/index.html");
    ASSERT_NE(page, nullptr);
    EXPECT_EQ(page->type, "text/html; charset=utf-8");
    EXPECT_EQ(page->etag, "abc");
    EXPECT_EQ(page->plain, "plain");
    EXPECT_EQ(page->gzip, "zip");
    EXPECT_EQ(page->brotli, "");
    const page_file* const script = pack->find("/assets/a-1.js");
    ASSERT_NE(script, nullptr);
    EXPECT_EQ(script->plain, "js");
    EXPECT_EQ(script->brotli, "B");
    EXPECT_EQ(pack->find("/assets"), nullptr);
    EXPECT_EQ(pack->find("/assets/a-1.jsx"), nullptr);
}

TEST(page_pack_test, knows_the_pages_below_others) {
    const auto pack = page_pack::parse(
        "carillon pages 1\n/pages.txt\ttext/plain\ta\t35\t0\t0\n\n"
        "/guides/guide/publishing\n/console/x");
    ASSERT_TRUE(pack.has_value());
    EXPECT_TRUE(pack->has_page("/guides/guide/publishing"));
    EXPECT_TRUE(pack->has_page("/guides/guide/publishing/"));
    EXPECT_TRUE(pack->has_page("/console/x"));
    for (const char* const none : {"", "/", "/guides", "/guides/guide", "/guides/guide/publishin",
                                   "/guides/guide/publishing/x", "/console/x\n", "x"})
        EXPECT_FALSE(pack->has_page(none)) << none;
    // A pack without the list keeps nothing back.
    EXPECT_TRUE(page_pack::parse(sound)->has_page("/guides/none"));
}

TEST(page_pack_test, takes_nothing_for_a_build_without_pages) {
    const auto pack = page_pack::parse("");
    ASSERT_TRUE(pack.has_value());
    EXPECT_TRUE(pack->empty());
    EXPECT_EQ(pack->find("/index.html"), nullptr);
}

TEST(page_pack_test, refuses_every_pack_that_was_cut) {
    for (std::size_t size = 1; size < sound.size(); ++size) {
        // A head that ends between two lines names fewer files, and is sound.
        const std::string cut = sound.substr(0, size);
        const auto pack = page_pack::parse(cut);
        if (!pack) continue;
        EXPECT_EQ(pack->find("/assets/a-1.js"), nullptr) << size;
    }
    EXPECT_FALSE(page_pack::parse("carillon pages 2\n\n"));
    EXPECT_FALSE(page_pack::parse("carillon pages 1\n/a\tb\tc\t-1\t0\t0\n\n"));
    EXPECT_FALSE(page_pack::parse("carillon pages 1\n/a\tb\tc\t1\t0\n\nx"));
}

TEST(pages_test, have_the_same_routes_with_and_without_the_application) {
    const page_pack none;
    const auto pack = page_pack::parse(sound);
    ASSERT_TRUE(pack.has_value());
    const auto paths = [](const page_pack& of) {
        std::string all;
        for (const auto& route : demonstration_routes(of)) all += route.path + ' ';
        for (const auto& route : console_routes(of)) all += route.path + ' ';
        return all;
    };
    EXPECT_EQ(paths(none), paths(*pack));
    EXPECT_EQ(paths(none),
              "/ /home /guides /guides/{page...} /reference /console /console/{page...} "
              "/assets/{file} ");
}

}  // namespace
}  // namespace carillon::server
