#include "server/web_client.hpp"

#include "http/test_server.hpp"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using http::responder;
using testing::HasSubstr;

class web_client_test : public testing::Test {
protected:
    static void add_routes(http::router& routes) {
        routes.add("GET", "/size/{n}", [](http::request& r, responder to) {
            to.send(http::text(std::string(std::stoul(r.path_rest[0]), 'x')));
        });
        routes.add("GET", "/never", [](http::request&, responder to) {
            // Kept until the server ends: nobody answers.
            static std::vector<std::unique_ptr<responder>> kept;
            kept.push_back(std::make_unique<responder>(std::move(to)));
        });
        routes.add("GET", "/elsewhere", [](http::request&, responder to) {
            to.send(http::response{302, {{"Location", "/size/1"}}, {}, false});
        });
        routes.add("POST", "/echo", [](http::request& r, responder to) {
            to.send(http::text(std::string(r.header_value("X-One").value_or("")) + r.body));
        });
    }
    result<web_answer> ask(web_request r) {
        if (r.url.starts_with('/'))
            r.url = "http://localhost:" + std::to_string(server_.port()) + r.url;
        std::promise<result<web_answer>> answer;
        client_.ask(std::move(r), [&](result<web_answer> a) { answer.set_value(std::move(a)); });
        return answer.get_future().get();
    }

    http::test_server server_{add_routes};
    web_client client_;
};

TEST_F(web_client_test, asks_and_tells_status_headers_and_body) {
    const auto got =
        ask({.url = "/echo", .method = "POST", .headers = {{"X-One", "1"}}, .body = "hello"});
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "1hello");
    EXPECT_THAT(std::string(got->header_value("content-type")), HasSubstr("text/plain"));
    EXPECT_EQ(ask({.url = "/nowhere"})->status, 404);
}

TEST_F(web_client_test, takes_an_answer_of_the_limit_and_no_byte_more) {
    EXPECT_EQ(ask({.url = "/size/100", .max_answer = 100})->body.size(), 100u);
    const auto more = ask({.url = "/size/101", .max_answer = 100});
    ASSERT_FALSE(more);
    EXPECT_THAT(more.error().detail, HasSubstr("longer than 100 bytes"));
}

TEST_F(web_client_test, follows_no_redirect) { EXPECT_EQ(ask({.url = "/elsewhere"})->status, 302); }

TEST_F(web_client_test, gives_up_in_time) {
    const auto late = ask({.url = "/never", .timeout = std::chrono::milliseconds(50)});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, errc::io_error);
}

TEST_F(web_client_test, answers_what_is_under_way_when_it_ends) {
    std::promise<result<web_answer>> answer;
    {
        web_client brief;
        brief.ask({.url = "http://localhost:" + std::to_string(server_.port()) + "/never"},
                  [&](result<web_answer> a) { answer.set_value(std::move(a)); });
    }
    EXPECT_EQ(answer.get_future().get().error().code, errc::unavailable);
}

TEST_F(web_client_test, refuses_headers_that_would_forge_others) {
    for (const auto& [name, value] : {std::pair{"X", "a\r\nY: b"}, {"X\nY", "a"}, {"", "a"}})
        EXPECT_EQ(ask({.url = "/echo", .headers = {{name, value}}}).error().code,
                  errc::invalid_request);
}

TEST(web_url, is_https_or_loopback_unless_plain_http_is_allowed) {
    for (const char* fine : {"https://id.example.com/keys", "http://localhost:3000/a",
                             "http://127.0.0.1/", "http://[::1]:8080/", "http://api.localhost/"})
        EXPECT_TRUE(check_web_url(fine, false)) << fine;
    for (const char* wrong :
         {"http://id.example.com/keys", "http://127.0.0.1.example.com/", "ftp://localhost/",
          "file:///etc/passwd", "/keys", "", "http://", "http://localhost@example.com/"})
        EXPECT_FALSE(check_web_url(wrong, false)) << wrong;
    EXPECT_TRUE(check_web_url("http://backend:3000/auth", true));
    EXPECT_FALSE(check_web_url("file:///etc/passwd", true));
}

}  // namespace
}  // namespace carillon::server
