#include "coding/block_coder.hpp"

#include "support/decoder.hpp"

#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using coding::effort;
using coding::text_sum;

constexpr std::array all_codings{content_coding::identity, content_coding::gzip, content_coding::br,
                                 content_coding::zstd};

std::string event_text(int number, std::size_t size) {
    std::string text = "id: 1-" + std::to_string(number) + "\ndata: {\"items\":[";
    for (int i = 0; text.size() < size; ++i) {
        text += R"({"sku":"BK-)" + std::to_string((number + i) * 7919 % 100'000) +
                R"(","name":"the information of which people","quantity":)" + std::to_string(i) +
                "},";
    }
    return text + "]}\n\n";
}

std::string noise(std::mt19937& random, std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

/// A block, as the encode cache shares it among streams.
struct made_block {
    std::string text;
    std::string bytes;
    coding::text_part part;
};

made_block make(coding::block_coder& coder, content_coding c, std::string text, effort how) {
    made_block made{std::move(text), {}, {}};
    coder.append(c, made.text, how, made.bytes);
    made.part = coding::part_of(c, made.text);
    return made;
}

class every_coding : public ::testing::TestWithParam<content_coding> {};
INSTANTIATE_TEST_SUITE_P(coding, every_coding, ::testing::ValuesIn(all_codings),
                         [](const auto& named) { return std::string(to_string(named.param)); });

TEST_P(every_coding, decodes_to_the_text_whoever_joined_when) {
    const content_coding c = GetParam();
    std::mt19937 random(16);
    coding::block_coder coder;
    std::vector<made_block> blocks;
    for (int i = 0; i < 60; ++i) {
        std::string text;
        if (i % 7 == 3) text = ":\n";
        if (i % 7 == 5) text = noise(random, random() % 5000);
        if (text.empty()) text = event_text(i, std::size_t{1} << random() % 13);
        blocks.push_back(make(coder, c, text, i % 5 == 0 ? effort::store : effort::squeeze));
    }
    for (int stream = 0; stream < 40; ++stream) {
        std::string expected(coding::opening_text_of(c));
        text_sum sum;
        sum.add(coding::opening_part_of(c));
        decoder client(c);
        client.feed(coding::opening_of(c));
        for (std::size_t at = random() % blocks.size(); at < blocks.size();
             at += 1 + random() % 3) {
            client.feed(blocks[at].bytes);
            expected += blocks[at].text;
            sum.add(blocks[at].part);
            // No event waits in the client's decoder for the next.
            ASSERT_EQ(client.text.size(), expected.size());
        }
        client.feed(coding::trailer_of(c, sum));
        ASSERT_FALSE(client.failed());
        ASSERT_TRUE(client.text == expected);
        EXPECT_EQ(client.ended(), c == content_coding::gzip || c == content_coding::br);
    }
}

// Past all windows many times over: nothing that is far behind a stream's end is looked for.
TEST_P(every_coding, decodes_hours_of_events_from_a_random_moment_on) {
    constexpr std::size_t events = 20'000;
    const content_coding c = GetParam();
    std::mt19937 random(3);
    coding::block_coder coder;
    std::vector<made_block> blocks;
    for (int i = 0; i < 200; ++i) {
        const auto how = i % 10 == 0 ? effort::store : effort::squeeze;
        blocks.push_back(make(coder, c, event_text(i, 100 + random() % 2000), how));
    }
    for (int stream = 0; stream < 2; ++stream) {
        text_sum sum;
        sum.add(coding::opening_part_of(c));
        decoder client(c);
        client.feed(coding::opening_of(c));
        client.text.clear();
        for (std::size_t at = random() % events; at < 2 * events; ++at) {
            const made_block& b = blocks[at * 7919 % blocks.size()];
            client.feed(b.bytes);
            sum.add(b.part);
            ASSERT_TRUE(client.text == b.text) << at;
            client.text.clear();
        }
        client.feed(coding::trailer_of(c, sum));
        EXPECT_FALSE(client.failed());
        EXPECT_EQ(client.ended(), c == content_coding::gzip || c == content_coding::br);
    }
}

TEST_P(every_coding, decodes_a_prefix_when_it_is_cut_at_any_byte) {
    const content_coding c = GetParam();
    coding::block_coder coder;
    std::string bytes(coding::opening_of(c));
    std::string text(coding::opening_text_of(c));
    for (int i = 0; i < 3; ++i) {
        const auto b = make(coder, c, event_text(i, 400), i == 1 ? effort::store : effort::squeeze);
        bytes += b.bytes;
        text += b.text;
    }
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        decoder client(c);
        client.feed(std::string_view(bytes).substr(0, cut));
        ASSERT_FALSE(client.failed()) << cut;
        ASSERT_FALSE(client.ended()) << cut;
        ASSERT_TRUE(text.starts_with(client.text)) << cut;
        client.feed(std::string_view(bytes).substr(cut));
        ASSERT_TRUE(client.text == text) << cut;
    }
}

TEST_P(every_coding, takes_texts_at_the_bounds_of_its_blocks) {
    const content_coding c = GetParam();
    std::mt19937 random(1);
    coding::block_coder coder;
    for (const std::size_t size : {1u, 65'534u, 65'535u, 65'536u, 65'537u, 131'071u, 131'072u,
                                   131'073u, 262'145u, 1'100'000u}) {
        for (const auto how : {effort::store, effort::squeeze}) {
            for (const bool random_text : {true, false}) {
                const auto b =
                    make(coder, c, random_text ? noise(random, size) : std::string(size, 'x'), how);
                EXPECT_LE(b.bytes.size(), size + 13 + 5 * (size / 65'535 + 1));
                decoder client(c);
                client.feed(coding::opening_of(c));
                client.feed(b.bytes);
                ASSERT_FALSE(client.failed());
                ASSERT_TRUE(client.text.substr(coding::opening_text_of(c).size()) == b.text);
            }
        }
    }
}

TEST_P(every_coding, ends_a_stream_without_any_block) {
    const content_coding c = GetParam();
    text_sum sum;
    sum.add(coding::opening_part_of(c));
    decoder client(c);
    client.feed(coding::opening_of(c));
    client.feed(coding::trailer_of(c, sum));
    EXPECT_FALSE(client.failed());
    EXPECT_EQ(client.text, coding::opening_text_of(c));
}

TEST(block_coder, makes_nothing_of_an_empty_text) {
    coding::block_coder coder;
    for (const auto c : all_codings) {
        std::string out = "before";
        coder.append(c, "", effort::squeeze, out);
        EXPECT_EQ(out, "before");
    }
}

TEST(block_coder, makes_equal_blocks_of_equal_texts) {
    coding::block_coder coder;
    for (const auto c : all_codings) {
        const auto first = make(coder, c, event_text(1, 2000), effort::squeeze);
        make(coder, c, std::string(300'000, 'y'), effort::squeeze);
        EXPECT_EQ(make(coder, c, event_text(1, 2000), effort::squeeze).bytes, first.bytes);
    }
}

TEST(block_coder, stores_a_secret_in_as_many_bytes_as_any_other) {
    coding::block_coder coder;
    for (const auto c : all_codings) {
        const auto guessed = make(coder, c, "secret=abcd secret=abcd", effort::store);
        const auto missed = make(coder, c, "secret=abcd secret=wxyz", effort::store);
        EXPECT_EQ(guessed.bytes.size(), missed.bytes.size());
    }
}

// Go's decoder holds back what stands in front of any other end of a block.
TEST(block_coder, ends_a_gzip_block_with_a_flush_whether_it_is_compressed_or_not) {
    coding::block_coder coder;
    for (const std::size_t size : {2u, 60u, 1024u, 70'000u}) {
        for (const auto how : {effort::store, effort::squeeze}) {
            const auto b = make(coder, content_coding::gzip, event_text(3, size), how);
            EXPECT_THAT(b.bytes, ::testing::EndsWith(std::string_view("\0\0\xff\xff", 4))) << size;
        }
    }
    const auto tiny = make(coder, content_coding::gzip, ":\n", effort::squeeze);
    EXPECT_THAT(tiny.bytes, ::testing::EndsWith(std::string_view("\0\0\xff\xff", 4)));
}

TEST(block_coder, makes_an_event_small) {
    coding::block_coder coder;
    const std::string text = event_text(3, 1024);
    for (const auto c : {content_coding::gzip, content_coding::br, content_coding::zstd})
        EXPECT_LT(make(coder, c, text, effort::squeeze).bytes.size(), text.size() * 4 / 10);
}

TEST(block_coder, opens_brotli_with_comments_that_fill_its_window_and_cost_little) {
    EXPECT_LE(coding::opening_of(content_coding::br).size(), 32U);
    const std::string_view text = coding::opening_text_of(content_coding::br);
    EXPECT_GE(text.size(), 1u << 14);
    std::size_t at = 0;
    while (at < text.size()) {
        EXPECT_EQ(text[at], ':');
        const std::size_t end = text.find('\n', at);
        ASSERT_NE(end, std::string_view::npos);
        EXPECT_LE(end - at, 1024U);
        at = end + 1;
    }
}

TEST(text_sum, is_that_of_the_whole_text) {
    text_sum by_pieces;
    std::string all;
    for (int i = 0; i < 50; ++i) {
        const std::string text = event_text(i, static_cast<std::size_t>(i * i));
        by_pieces.add(coding::summed_part(text));
        all += text;
    }
    text_sum whole;
    whole.add(coding::summed_part(all));
    EXPECT_EQ(by_pieces, whole);
    by_pieces.add({});
    EXPECT_EQ(by_pieces, whole);
    EXPECT_LE(sizeof(text_sum), 8U);
}

TEST(content_coding, is_parsed_as_it_is_written) {
    for (const auto c : all_codings) EXPECT_EQ(parse_content_coding(to_string(c)), c);
    EXPECT_EQ(parse_content_coding("GZip"), content_coding::gzip);
    EXPECT_EQ(parse_content_coding("x-gzip"), content_coding::gzip);
    EXPECT_EQ(parse_content_coding("deflate"), std::nullopt);
    EXPECT_EQ(parse_content_coding(""), std::nullopt);
    EXPECT_EQ(parse_content_coding("gzi"), std::nullopt);
}

}  // namespace
}  // namespace carillon::testing
