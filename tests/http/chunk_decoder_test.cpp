#include "http/chunk_decoder.hpp"

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

constexpr std::size_t max_line = 64;

/// The decoded body with '.' where it ended, or the refusal's status; pieces of `cut` bytes come
/// in.
std::string decode(std::string_view bytes, std::size_t cut) {
    chunk_decoder decoder;
    std::string body;
    while (!bytes.empty() && !decoder.done()) {
        const std::string part(bytes.substr(0, cut));
        std::string_view in = part;
        while (!in.empty() && !decoder.done()) {
            const auto data = decoder.next(in, max_line);
            if (!data) return std::to_string(data.error().status);
            body += *data;
        }
        bytes.remove_prefix(part.size() - in.size());
    }
    return decoder.done() ? body + "." + std::string(bytes) : body;
}

std::string decode(std::string_view bytes) {
    const std::string whole = decode(bytes, bytes.size());
    for (std::size_t cut = 1; cut < bytes.size(); ++cut)
        EXPECT_EQ(decode(bytes, cut), whole) << cut;
    return whole;
}

TEST(chunk_decoder, joins_chunks) {
    EXPECT_EQ(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "abcde.");
    EXPECT_EQ(decode("0\r\n\r\n"), ".");
    EXPECT_EQ(decode("000a\r\n0123456789\r\n0\r\n\r\n"), "0123456789.");
    EXPECT_EQ(decode("A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"), "\r\n\r\n\r\n\r\n\r\n.");
    EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET /"), "a.GET /") << "what follows is not its own";
    EXPECT_EQ(decode("5\r\nab"), "ab");
}

TEST(chunk_decoder, ignores_extensions_and_trailers) {
    EXPECT_EQ(decode("1;a=b;c=\"d;e\"\r\nx\r\n0;z\r\n\r\n"), "x.");
    EXPECT_EQ(decode("1 ;a\r\nx\r\n0\r\nTrailer-A: b\r\nC:\r\n\r\n"), "x.");
    EXPECT_EQ(decode("0\r\nContent-Length: 5\r\n\r\n"), ".");
}

TEST(chunk_decoder, refuses_loose_framing) {
    for (const std::string_view bad : {"\r\n",
                                       "g\r\n",
                                       "-1\r\n",
                                       "+1\r\n",
                                       "0x1\r\nx",
                                       " 1\r\nx",
                                       "1 \r\nx",
                                       "1\nx",
                                       "1\rx",
                                       "1 2\r\n",
                                       "1;a\nb\r\n",
                                       "1;a\rb\r\n",
                                       "1\r\nxy",
                                       "1\r\nx\n",
                                       "1\r\nx\rg",
                                       "1\r\nx0\r\n\r\n",
                                       ";a\r\n",
                                       "1\r\nx\r\n\r\n",
                                       "0\r\n\n",
                                       "0\r\nA b: c\r\n",
                                       "0\r\n: c\r\n",
                                       "0\r\nA\r\n",
                                       "0\r\nA: b\n",
                                       "0\r\nA: b\rc",
                                       "0\r\n A: b\r\n",
                                       "1\x0b\r\n",
                                       "1;\x7f\r\n",
                                       "10000000000000000\r\n",
                                       "fffffffffffffffff\r\n"}) {
        EXPECT_EQ(decode(bad), "400") << bad;
    }
}

TEST(chunk_decoder, takes_sizes_up_to_64_bits) {
    chunk_decoder decoder;
    std::string_view in = "ffffffffffffffff\r\nab";
    auto data = decoder.next(in, max_line);
    ASSERT_TRUE(data);
    EXPECT_EQ(*data, "ab");
}

TEST(chunk_decoder, limits_a_chunks_head_line) {
    const auto line_of = [](std::size_t size) { return "1;" + std::string(size - 3, 'a') + "\r"; };
    EXPECT_EQ(decode(line_of(max_line) + "\nx\r\n" + line_of(max_line) + "\ny\r\n0\r\n\r\n"),
              "xy.");
    EXPECT_EQ(decode(line_of(max_line + 1) + "\nx\r\n0\r\n\r\n"), "400");
    EXPECT_EQ(decode(std::string(max_line + 1, '0') + "1\r\nx"), "400");
}

TEST(chunk_decoder, limits_all_trailers_together) {
    const auto trailers_of = [](std::size_t size) {
        return "0\r\nA: b\r\nC: " + std::string(size - 12, 'd') + "\r\n\r\n";
    };
    // Counted without the last LF, which ends the body.
    EXPECT_EQ(decode(trailers_of(max_line)), ".");
    EXPECT_EQ(decode(trailers_of(max_line + 1)), "431");
}

}  // namespace
}  // namespace carillon::http
