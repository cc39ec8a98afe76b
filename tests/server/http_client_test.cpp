#include "server/http_client.hpp"

#include "http/test_server.hpp"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using http::responder;
using http::test_server;
using ::testing::HasSubstr;

void add_routes(http::router& routes) {
    routes.add("GET", "/text", [](http::request&, responder to) { to.send(http::text("hello")); });
    routes.add("GET", "/size/{n}", [](http::request& r, responder to) {
        to.send(http::text(std::string(std::stoul(r.path_rest[0]), 'x')));
    });
    routes.add("GET", "/busy", [](http::request&, responder to) {
        http::response r = http::problem({errc::unavailable, "not \"now\""});
        r.headers.emplace_back("Retry-After", "7");
        to.send(std::move(r));
    });
    routes.add("GET", "/elsewhere", [](http::request&, responder to) {
        to.send(http::response{302, {{"Location", "/text"}}, {}, false});
    });
    routes.add("GET", "/never", [](http::request&, responder to) {
        static std::vector<responder> kept;
        kept.push_back(std::move(to));
    });
    routes.add("POST", "/echo", [](http::request& r, responder to) {
        to.send(http::text(std::string(r.header_value("X-One").value_or("")) + r.body));
    });
}

class http_client_test : public ::testing::Test {
protected:
    std::string url(std::string_view path) const {
        return "http://localhost:" + std::to_string(server_.port()) + std::string(path);
    }
    http_answer ask(http_call call) {
        call.url = url(call.url);
        auto got = client_.perform(call);
        EXPECT_TRUE(got) << got.error().detail;
        return got ? *got : http_answer{};
    }
    http_answer ask(std::string path) {
        http_call call;
        call.url = std::move(path);
        return ask(std::move(call));
    }
    test_server server_{add_routes};
    http_client client_;
};

TEST_F(http_client_test, gives_status_type_and_body) {
    const http_answer got = ask("/text");
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.content_type, "text/plain");
    EXPECT_EQ(got.body, "hello");
    EXPECT_EQ(ask("/nothing").status, 404);
}

TEST_F(http_client_test, takes_up_to_a_mebibyte_and_no_more) {
    EXPECT_EQ(ask("/size/1048576").body.size(), 1048576u);
    http_call call;
    call.url = url("/size/1048577");
    const auto got = client_.perform(call);
    EXPECT_TRUE(!got || got->body.size() <= 1048576u);
}

TEST_F(http_client_test, hands_pieces_over_until_it_is_told_to_stop) {
    http_call call;
    call.url = "/size/3000000";
    std::size_t taken = 0;
    call.on_body = [&](std::string_view piece) {
        taken += piece.size();
        return taken < 1'000'000;
    };
    EXPECT_EQ(ask(call).status, 200);
    EXPECT_GE(taken, 1'000'000u);
    EXPECT_LT(taken, 3'000'000u);
}

TEST_F(http_client_test, what_is_no_200_does_not_reach_the_taker) {
    http_call call;
    call.url = "/busy";
    call.on_body = [](std::string_view) {
        ADD_FAILURE();
        return true;
    };
    const http_answer got = ask(call);
    EXPECT_EQ(got.status, 503);
    EXPECT_EQ(got.retry_after, std::chrono::seconds(7));
    EXPECT_EQ(explain(got), "503 (UNAVAILABLE): not \"now\"");
}

TEST_F(http_client_test, sends_fields_and_a_body) {
    http_call call;
    call.url = "/echo";
    call.method = "POST";
    call.headers = {"X-One: 1", "Content-Type: text/plain"};
    call.body = std::string("a\0body", 6) + std::string(100'000, 'x');
    EXPECT_EQ(ask(call).body, "1" + call.body);
}

TEST_F(http_client_test, keeps_its_connection) {
    for (int i = 0; i < 3; ++i) ask("/text");
    EXPECT_EQ(server_.counters().accepted.load(), 1u);
}

TEST_F(http_client_test, gives_up_a_peer_that_says_nothing) {
    http_call call;
    call.url = url("/never");
    call.silence = std::chrono::milliseconds(300);
    const auto got = client_.perform(call);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, errc::request_timeout);
    EXPECT_EQ(got.error().detail, "no byte came for 300ms");
}

TEST_F(http_client_test, ends_when_it_is_told_to) {
    http_call call;
    call.url = url("/never");
    call.go_on = [] { return false; };
    EXPECT_FALSE(client_.perform(call));
}

TEST_F(http_client_test, goes_only_where_it_was_sent) {
    EXPECT_EQ(ask("/elsewhere").status, 302);
    for (const char* other : {"file:///etc/passwd", "ftp://localhost/x", "gopher://localhost/"}) {
        http_call call;
        call.url = other;
        EXPECT_FALSE(client_.perform(call)) << other;
    }
}

TEST(http_client, says_why_nobody_answered) {
    std::uint16_t port = 0;
    {
        const test_server gone(add_routes);
        port = gone.port();
    }
    http_call call;
    call.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    const auto got = http_client().perform(call);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, errc::io_error);
    EXPECT_THAT(got.error().detail, HasSubstr("connect"));
}

TEST(http_client, an_answer_that_is_no_problem_document_is_its_status) {
    EXPECT_EQ(
        explain({.status = 502, .content_type = "text/html", .body = "<h1>", .retry_after = {}}),
        "the server answered 502");
    EXPECT_EQ(explain({.status = 400,
                       .content_type = "application/problem+json",
                       .body = "{",
                       .retry_after = {}}),
              "the server answered 400");
}

TEST(http_client, encodes_all_but_unreserved_characters_and_those_to_keep) {
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a b/c?%\u00e4"), "a%20b%2Fc%3F%25%C3%A4");
    EXPECT_EQ(percent_encode("a/b:c", "/:"), "a/b:c");
}

}  // namespace
}  // namespace carillon::server
