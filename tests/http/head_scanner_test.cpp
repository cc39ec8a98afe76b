#include "http/head_scanner.hpp"

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using outcome = std::expected<std::size_t, refusal>;

/// Scans with the bytes arriving one at a time.
outcome scan_slowly(std::string_view bytes, const limits& bounds) {
    head_scanner scanner;
    outcome last = 0;
    for (std::size_t n = 1; n <= bytes.size(); ++n) {
        last = scanner.scan(bytes.substr(0, n), bounds);
        if (!last || *last != 0) return last;
    }
    return last;
}

outcome scan(std::string_view bytes, const limits& bounds = {}) {
    const outcome whole = head_scanner().scan(bytes, bounds);
    EXPECT_EQ(whole, scan_slowly(bytes, bounds)) << bytes;
    return whole;
}

int status(const outcome& o) { return o ? 200 : o.error().status; }

TEST(head_scanner, finds_the_end_of_the_head) {
    EXPECT_EQ(scan("GET / HTTP/1.1\r\n\r\n"), 18U);
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nA: b\r\n\r\nbody\r\n\r\n"), 24U);
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nA: b\r\n"), 0U);
    EXPECT_EQ(scan("GET / HTTP/1.1\r\nA: b\r\n\r"), 0U);
    EXPECT_EQ(scan(""), 0U);
    EXPECT_EQ(scan("GET /\xff\x80 HTTP/1.1\r\nA:\tb\r\n\r\n"), 26U);
}

TEST(head_scanner, skips_a_few_empty_lines) {
    const std::string head = "GET / HTTP/1.1\r\n\r\n";
    head_scanner scanner;
    EXPECT_EQ(scanner.scan("\r\n\r\n" + head, {}), head.size() + 4);
    EXPECT_EQ(scanner.begin(), 4U);
    std::string lines;
    for (std::uint32_t i = 0; i < head_scanner::max_leading_lines; ++i) lines += "\r\n";
    EXPECT_EQ(scan(lines + head), lines.size() + head.size());
    EXPECT_EQ(status(scan(lines + "\r\n" + head)), 400);
}

TEST(head_scanner, refuses_other_line_ends_and_control_characters) {
    for (const std::string_view bytes :
         {std::string_view("GET / HTTP/1.1\n\n"),
          std::string_view("GET / HTTP/1.1\nHost: a\r\n\r\n"),
          std::string_view("GET / HTTP/1.1\r\nA: b\n\r\n"), std::string_view("\n"),
          std::string_view("GET / HTTP/1.1\r\rA: b"), std::string_view("GET / HTTP/1.1\r\nA: b\rc"),
          std::string_view("GET / HTTP/1.1\r\nA: \0\r\n", 22), std::string_view("GET /\x7f"),
          std::string_view("\x16\x03\x01\x02"), std::string_view("GET / HTTP/1.1\r\nA: \x1b[2J"),
          std::string_view("GET / HTTP/1.1\r\nA: b\v\r\n")}) {
        EXPECT_EQ(status(scan(bytes)), 400) << bytes;
    }
}

TEST(head_scanner, refuses_folded_lines) {
    EXPECT_EQ(status(scan("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n")), 400);
    EXPECT_EQ(status(scan("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n")), 400);
    EXPECT_EQ(status(scan("GET / HTTP/1.1\r\n Host: a\r\n\r\n")), 400);
}

TEST(head_scanner, finds_control_characters_at_every_offset) {
    for (std::size_t at = 0; at < 40; ++at) {
        for (const char c : {'\0', '\x01', '\x1f', '\x7f', '\n'}) {
            std::string bytes(40, '\xff');
            bytes[at] = c;
            EXPECT_EQ(status(scan(bytes)), 400) << at;
            bytes[at] = '\t';
            EXPECT_EQ(status(scan(bytes)), 200) << at;
        }
    }
}

TEST(head_scanner, limits_the_head) {
    const auto head_of = [](std::size_t size) {
        std::string head = "GET / HTTP/1.1\r\nA: ";
        head.append(size - head.size() - 4, 'x');
        return head + "\r\n\r\n";
    };
    limits bounds;
    bounds.max_head_size = 100;
    EXPECT_EQ(scan(head_of(99), bounds), 99U);
    EXPECT_EQ(scan(head_of(100), bounds), 100U);
    EXPECT_EQ(status(scan(head_of(101), bounds)), 431);
    EXPECT_EQ(status(scan(head_of(5000), bounds)), 431);
    EXPECT_EQ(scan("\r\n\r\n" + head_of(100), bounds), 104U) << "empty lines before it are free";
    EXPECT_EQ(status(scan("\r\n\r\n" + head_of(101), bounds)), 431);
}

TEST(head_scanner, limits_the_target) {
    limits bounds;
    bounds.max_target_size = 20;
    const auto head_of = [](std::size_t target) {
        return "GET /" + std::string(target - 1, 'a') + " HTTP/1.1\r\n\r\n";
    };
    EXPECT_EQ(status(scan(head_of(20), bounds)), 200);
    EXPECT_EQ(status(scan(head_of(21), bounds)), 414);
    EXPECT_EQ(status(scan(head_of(21).substr(0, 25), bounds)), 414)
        << "before the line is complete";
    EXPECT_EQ(status(scan(head_of(20).substr(0, 24), bounds)), 200);
    bounds.max_head_size = 30;
    EXPECT_EQ(status(scan(head_of(25), bounds)), 414) << "the target is what to complain about";
}

TEST(head_scanner, complains_about_what_comes_first) {
    limits bounds;
    bounds.max_target_size = 20;
    bounds.max_head_size = 60;
    EXPECT_EQ(status(scan("GET /" + std::string(30, 'a') + "\n", bounds)), 414);
    EXPECT_EQ(status(scan("GET /" + std::string(10, 'a') + "\n" + std::string(100, 'b'), bounds)),
              400);
    EXPECT_EQ(status(scan("GET / HTTP/1.1\r\nA: " + std::string(60, 'a') + "\n", bounds)), 431);
}

}  // namespace
}  // namespace carillon::http
