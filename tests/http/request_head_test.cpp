#include "http/request_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

/// "200" and what was understood, or the status of the refusal.
int status(std::string_view head) {
    request r;
    const auto end = head_scanner().scan(head, {});
    if (!end) return end.error().status;
    EXPECT_EQ(*end, head.size()) << head;
    const auto parsed = parse_head(head, r);
    return parsed ? 200 : parsed.error().status;
}

int get_with(std::string_view fields) {
    return status("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
}

int post_with(std::string_view fields) {
    return status("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
}

TEST(parse_head, fills_the_request) {
    request r;
    const auto head = parse_head(
        "POST /a%20b/c?x=1&y=?2 HTTP/1.1\r\nHost: example.com:8080\r\nContent-Length: 12\r\n"
        "Origin: http://a\r\nsec-fetch-site: same-site\r\nEXPECT: 100-Continue\r\nX:  padded "
        "\t\r\n\r\n",
        r);
    ASSERT_TRUE(head) << head.error().detail;
    EXPECT_EQ(r.method, "POST");
    EXPECT_EQ(r.path, "/a%20b/c");
    EXPECT_EQ(r.query, "x=1&y=?2");
    EXPECT_FALSE(r.http10);
    EXPECT_FALSE(r.forwarded);
    EXPECT_EQ(r.headers.size(), 6U);
    EXPECT_THAT(r.headers[5], Pair("X", "padded"));
    EXPECT_EQ(head->host, "example.com:8080");
    EXPECT_EQ(head->origin, "http://a");
    EXPECT_EQ(head->fetch_site, "same-site");
    EXPECT_EQ(head->length, 12U);
    EXPECT_TRUE(head->has_body());
    EXPECT_TRUE(head->keep_alive);
    EXPECT_EQ(head->expects, request_head::expectation::go_ahead);
}

TEST(parse_head, leaves_nothing_of_the_request_before) {
    request r;
    ASSERT_TRUE(parse_head("GET /a?b HTTP/1.0\r\nVia: x\r\nA: 1\r\nB: 2\r\n\r\n", r));
    EXPECT_TRUE(r.http10);
    EXPECT_TRUE(r.forwarded);
    const auto head = parse_head("GET /c HTTP/1.1\r\nHost: a\r\n\r\n", r);
    ASSERT_TRUE(head);
    EXPECT_EQ(r.path, "/c");
    EXPECT_EQ(r.query, "");
    EXPECT_FALSE(r.http10);
    EXPECT_FALSE(r.forwarded);
    EXPECT_THAT(r.headers, ElementsAre(Pair("Host", "a")));
    EXPECT_FALSE(head->has_body());
}

TEST(parse_head, knows_when_the_connection_stays) {
    const auto stays = [](std::string head) {
        request r;
        const auto parsed = parse_head(head + "\r\n\r\n", r);
        EXPECT_TRUE(parsed) << head;
        return parsed && parsed->keep_alive;
    };
    EXPECT_TRUE(stays("GET / HTTP/1.1\r\nHost: a"));
    EXPECT_TRUE(stays("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket"));
    EXPECT_FALSE(stays("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close"));
    EXPECT_FALSE(stays("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close"));
    EXPECT_FALSE(stays("GET / HTTP/1.0"));
    EXPECT_TRUE(stays("GET / HTTP/1.0\r\nConnection: keep-alive"));
    EXPECT_FALSE(stays("GET / HTTP/1.0\r\nConnection: close"));
}

TEST(parse_head, notices_proxies) {
    for (const char* field : {"Via: 1.1 a", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4",
                              "x-forwarded-proto: https", "X-Forwarded-Host: b"}) {
        request r;
        ASSERT_TRUE(
            parse_head("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n", r));
        EXPECT_TRUE(r.forwarded) << field;
    }
}

TEST(parse_head, refuses_request_lines_that_others_may_read_otherwise) {
    for (const char* line : {"GET  / HTTP/1.1",
                             "GET /  HTTP/1.1",
                             " GET / HTTP/1.1",
                             "GET / HTTP/1.1 ",
                             "GET / x HTTP/1.1",
                             "GET\t/ HTTP/1.1",
                             "GET /",
                             "GET",
                             "GET / http/1.1",
                             "GET / HTTP/1.1x",
                             "GET / HTTP/11",
                             "GET / HTTPS/1.1",
                             "G(T / HTTP/1.1",
                             "GET /a#b HTTP/1.1",
                             "GET a HTTP/1.1",
                             "GET * HTTP/1.1",
                             "POST * HTTP/1.1",
                             "GET ftp://a/ HTTP/1.1",
                             "GET a:80 HTTP/1.1",
                             "GET /\t HTTP/1.1"}) {
        EXPECT_EQ(status(std::string(line) + "\r\nHost: a\r\n\r\n"), 400) << line;
    }
    EXPECT_EQ(status("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    EXPECT_EQ(status("FOO-bar /x HTTP/1.1\r\nHost: a\r\n\r\n"), 200) << "the router decides";
    EXPECT_EQ(status("GET /\xe6\x97\xa5 HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
}

TEST(parse_head, tells_other_versions_from_nonsense) {
    EXPECT_EQ(status("PRI * HTTP/2.0\r\n\r\n"), 505);
    for (const char* version : {"HTTP/2.0", "HTTP/2", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"}) {
        EXPECT_EQ(status("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n"), 505) << version;
    }
}

TEST(parse_head, knows_no_tunnels) {
    EXPECT_EQ(status("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"), 501);
    EXPECT_EQ(status("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

TEST(parse_head, takes_absolute_targets_of_the_same_host_only) {
    request r;
    ASSERT_TRUE(
        parse_head("GET HTTP://Example.com:80/a?b HTTP/1.1\r\nHost: example.com:80\r\n\r\n", r));
    EXPECT_EQ(r.path, "/a");
    EXPECT_EQ(r.query, "b");
    ASSERT_TRUE(parse_head("GET https://a HTTP/1.1\r\nHost: a\r\n\r\n", r));
    EXPECT_EQ(r.path, "/");
    ASSERT_TRUE(parse_head("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", r));
    EXPECT_EQ(r.path, "/");
    EXPECT_EQ(r.query, "q");
    for (const char* target :
         {"http://b/", "http://a:81/", "http:///", "http://x@a/", "http://a:x/"}) {
        EXPECT_EQ(status("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400)
            << target;
    }
}

TEST(parse_head, wants_exactly_one_host) {
    EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), 400);
    EXPECT_EQ(status("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    EXPECT_EQ(status("GET / HTTP/1.0\r\n\r\n"), 200);
    for (const char* host : {"a", "a.example", "a:80", "[::1]", "[::1]:80", "127.0.0.1", "a.", "",
                             "xn--bcher-kva.example", "a_b"}) {
        EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 200) << host;
    }
    for (const char* host : {"a b", "a/b", "x@a", "a:b", "a:80:80", "[::1", "::1", "[a]b", "a,b",
                             "a?b", "a#b", "[]", "a:123456", "a\\b", "<a>"}) {
        EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400) << host;
    }
}

TEST(parse_head, refuses_every_other_spelling_of_a_length) {
    for (const char* good : {"0", "5", "00005", "9999999999999999999"}) {
        EXPECT_EQ(post_with("Content-Length: " + std::string(good) + "\r\n"), 200) << good;
    }
    for (const char* bad : {"", "-1", "+5", "5, 5", "5,5", "5 5", "5,", ",5", "0x5", "5.0", "5a",
                            "a", "18446744073709551616", "99999999999999999999", "\"5\"", "5;5"}) {
        EXPECT_EQ(post_with("Content-Length: " + std::string(bad) + "\r\n"), 400) << bad;
    }
    EXPECT_EQ(post_with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400);
    EXPECT_EQ(post_with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400);
    EXPECT_EQ(post_with("Content-Length : 5\r\n"), 400);
}

TEST(parse_head, takes_chunked_and_no_other_coding) {
    EXPECT_EQ(post_with("Transfer-Encoding: chunked\r\n"), 200);
    EXPECT_EQ(post_with("transfer-encoding:CHUNKED\r\n"), 200);
    for (const char* unknown :
         {"gzip", "gzip, chunked", "deflate, gzip, chunked", "x-gzip,chunked"}) {
        EXPECT_EQ(post_with("Transfer-Encoding: " + std::string(unknown) + "\r\n"), 501) << unknown;
    }
    for (const char* bad :
         {"", "identity", "xchunked", "chunkedx", "chunked;a=b", "chunked, chunked",
          "chunked, gzip", "chunked,", ",chunked", "\"chunked\"", "chun ked", "chunked, identity",
          "identity, chunked", "chunked\x80"}) {
        EXPECT_EQ(post_with("Transfer-Encoding: " + std::string(bad) + "\r\n"), 400) << bad;
    }
    EXPECT_EQ(post_with("Transfer-Encoding: \x0b"
                        "chunked\r\n"),
              400);
    EXPECT_EQ(post_with("Transfer-Encoding : chunked\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding\t: chunked\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding:\r\n chunked\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400);
    EXPECT_EQ(post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400);
    EXPECT_EQ(post_with("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n"), 400);
    EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(status("POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"), 400);
}

TEST(parse_head, refuses_malformed_fields) {
    for (const char* field :
         {"A b: c", "A : b", ": b", "A", "A(b): c", "\"A\": b", "A\xc3\xa9: b"}) {
        EXPECT_EQ(get_with(std::string(field) + "\r\n"), 400) << field;
    }
    for (const char* field :
         {"A:", "A:b", "A:\tb", "A: \xc3\xa9", "A: b:c", "!#$%&'*+-.^_`|~: x"}) {
        EXPECT_EQ(get_with(std::string(field) + "\r\n"), 200) << field;
    }
}

TEST(parse_head, limits_the_number_of_fields) {
    std::string fields;
    for (std::size_t i = 1; i < max_header_fields; ++i) fields += "A: b\r\n";
    EXPECT_EQ(get_with(fields), 200);
    EXPECT_EQ(get_with(fields + "A: b\r\n"), 431);
}

TEST(parse_head, reads_expectations) {
    const auto expects = [](std::string_view version, std::string_view value) {
        request r;
        const auto head = parse_head("POST / " + std::string(version) + "\r\nHost: a\r\nExpect: " +
                                         std::string(value) + "\r\n\r\n",
                                     r);
        return head.value().expects;
    };
    using enum request_head::expectation;
    EXPECT_EQ(expects("HTTP/1.1", "100-continue"), go_ahead);
    EXPECT_EQ(expects("HTTP/1.1", "102-processing"), unknown);
    EXPECT_EQ(expects("HTTP/1.0", "100-continue"), none);
}

}  // namespace
}  // namespace carillon::http
