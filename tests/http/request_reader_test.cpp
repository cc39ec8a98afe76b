#include "http/request_reader.hpp"

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

/// What the requests in a byte stream come to, as one line each; the bytes arrive in pieces of
/// `sizes`, repeated.
std::string read_all(std::string_view bytes, const std::vector<std::size_t>& sizes,
                     const limits& bounds = {}) {
    request_reader reader;
    request r;
    std::string told;
    bool in_body = false;
    for (std::size_t turn = 0; !bytes.empty(); ++turn) {
        const std::string part(bytes.substr(0, sizes[turn % sizes.size()]));
        bytes.remove_prefix(part.size());
        std::string_view in = part;
        while (!in.empty() || in_body) {
            if (!in_body) {
                const auto head = reader.next_head(in, bounds, r);
                if (!head) return told + "refused " + std::to_string(head.error().status);
                if (!*head) break;
                told += r.method + " " + r.path + " ";
                in_body = true;
            }
            const auto piece = reader.next_body(in, bounds);
            if (!piece) return told + "refused " + std::to_string(piece.error().status);
            told += piece->data;
            in_body = !piece->end;
            if (piece->end) told += "\n";
            if (in.empty()) break;
        }
    }
    return told;
}

const std::string three_requests =
    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    "\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\n"
    "GET /d HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(request_reader, reads_the_same_wherever_the_bytes_are_cut) {
    const std::string wanted = "GET /a \nPOST /b hello\nPOST /c abcde\nGET /d \n";
    EXPECT_EQ(read_all(three_requests, {three_requests.size()}), wanted);
    EXPECT_EQ(read_all(three_requests, {1}), wanted);
    for (std::size_t first = 1; first < three_requests.size(); ++first) {
        EXPECT_EQ(read_all(three_requests, {first, three_requests.size()}), wanted) << first;
        EXPECT_EQ(read_all(three_requests, {first}), wanted) << first;
        EXPECT_EQ(read_all(three_requests, {first, 1, 2, 3}), wanted) << first;
    }
}

TEST(request_reader, refuses_the_same_wherever_the_bytes_are_cut) {
    limits bounds;
    bounds.max_head_size = 120;
    bounds.max_target_size = 40;
    const std::string good = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const std::string& bad :
         {"GET /" + std::string(50, 'a'), "GET / HTTP/1.1\r\nA: " + std::string(120, 'b'),
          std::string("GET / HTTP/1.1\nHost: x\n\n"), std::string("GET / HTTP/2.0\r\n\r\n"),
          std::string(
              "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeX"),
          std::string("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")}) {
        const std::string bytes = good + bad + std::string(300, 'z');
        const std::string whole = read_all(bytes, {bytes.size()}, bounds);
        EXPECT_NE(whole.find("refused"), std::string::npos) << bad;
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            EXPECT_EQ(read_all(bytes, {cut}, bounds), whole) << bad << " cut at " << cut;
        }
    }
}

TEST(request_reader, limits_heads_that_come_in_pieces) {
    limits bounds;
    bounds.max_head_size = 64;
    const auto head_of = [](std::size_t size) {
        std::string head = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
        head.append(size - head.size() - 4, 'x');
        return head + "\r\n\r\n";
    };
    const std::string lines = "\r\n\r\n\r\n\r\n";
    for (std::size_t cut = 1; cut < 80; ++cut) {
        EXPECT_EQ(read_all(lines + head_of(64) + head_of(64), {cut}, bounds), "GET / \nGET / \n")
            << cut;
        EXPECT_EQ(read_all(lines + head_of(65), {cut}, bounds), "refused 431") << cut;
    }
}

TEST(request_reader, knows_whether_a_head_has_begun) {
    request_reader reader;
    request r;
    const auto feed = [&](std::string_view in) { (void)reader.next_head(in, {}, r); };
    EXPECT_FALSE(reader.in_head());
    feed("\r\n");
    EXPECT_FALSE(reader.in_head());
    feed("G");
    EXPECT_TRUE(reader.in_head());
    feed("ET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(reader.in_head());
}

}  // namespace
}  // namespace carillon::http
