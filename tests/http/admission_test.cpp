#include "http/admission.hpp"

#include "http/problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using ::testing::HasSubstr;

TEST(has_dot_segment, knows_every_spelling) {
    for (const char* path :
         {"/..",         "/.",        "/a/../b",     "/a/./b", "/a/..",      "/a/.",
          "/%2e%2e/b",   "/a/%2E./b", "/a/.%2e",     "/a/%2e", "/a/..%2fb",  "/a%2f..%2fb",
          "/a%2f%2e%2e", "/..;/b",    "/a/..;x=1/b", "/a/.;",  "/a/..%3b/b", "/a\\..\\b",
          "/a/..\\b",    "/a/..%5cb", "//../"}) {
        EXPECT_TRUE(has_dot_segment(path)) << path;
    }
    for (const char* path : {"/", "//", "/a/b", "/...", "/.a", "/a.", "/..a", "/a..b/c", "/a/;..",
                             "/%252e%252e/b", "/a;/b", "/1.2.3", "/https://example.com/a", "*"}) {
        EXPECT_FALSE(has_dot_segment(path)) << path;
    }
}

TEST(is_of_type, compares_types_without_case_and_parameters) {
    const std::vector<std::string_view> json{"application/json", "application/*+json"};
    for (const char* type :
         {"application/json", "Application/JSON", "application/json; charset=utf-8",
          " application/json\t;x", "application/cloudevents+json", "application/A+JSON;v=1"}) {
        EXPECT_TRUE(is_of_type(type, json)) << type;
    }
    for (const char* type :
         {"", "text/plain", "application/jsonx", "application/x-ndjson", "application/+json",
          "text/a+json", "application/json/x", "application/*+xml", "json"}) {
        EXPECT_FALSE(is_of_type(type, json)) << type;
    }
}

struct asked {
    std::string method = "POST";
    std::string path = "/events";
    std::vector<header> headers = {};
    std::optional<std::uint64_t> length = {};
    bool chunked = false;
    std::optional<std::string> host = "localhost";
};

class admission : public ::testing::Test {
protected:
    admission() {
        const handler nothing = [](request&, responder) {};
        const route_rules json{.needs_body = true, .media_types = {"application/json"}};
        routes.add("POST", "/events", nothing, {}, json);
        routes.add("POST", "/events/{topic...}", nothing, {}, json);
        routes.add("POST", "/begin", nothing);
        routes.add("GET", "/events", nothing);
        routes.add("GET", "/health", nothing, {}, {.any_host = true});
        rules.allowed_hosts = {"localhost"};
    }

    response refused(const asked& a) {
        request r;
        r.method = a.method;
        r.path = a.path;
        r.headers = a.headers;
        request_head head;
        head.host = a.host;
        head.length = a.length;
        head.chunked = a.chunked;
        router::match match;
        auto answer = refusal_of(rules, routes, r, head, match);
        EXPECT_EQ(answer.has_value(), answer || match.on_request == nullptr);
        return answer.value_or(response{});
    }

    router routes;
    access_rules rules;
};

const header json{"Content-Type", "application/json"};

TEST_F(admission, admits_what_a_route_takes) {
    EXPECT_EQ(refused({.headers = {json}, .length = 5}).status, 200);
    EXPECT_EQ(refused({.headers = {json}, .chunked = true}).status, 200);
    EXPECT_EQ(refused({.method = "GET"}).status, 200);
    EXPECT_EQ(refused({.path = "/begin"}).status, 200);
    EXPECT_EQ(refused({.path = "/begin", .headers = {{"Content-Type", "x/y"}}, .length = 5}).status,
              200);
}

TEST_F(admission, asks_for_the_length_of_a_body_that_must_be_there) {
    const response answer = refused({.headers = {json}});
    EXPECT_EQ(answer.status, 411);
    EXPECT_THAT(answer.body, HasSubstr("LENGTH_REQUIRED"));
    EXPECT_TRUE(answer.close) << "what follows may be the body";
    EXPECT_EQ(refused({.headers = {json}, .length = 0}).status, 200) << "the handler's to judge";
}

TEST_F(admission, refuses_bodies_of_other_types) {
    for (const std::vector<header>& fields :
         {std::vector<header>{}, {{"content-type", "text/plain"}}, {{"Content-Type", ""}}}) {
        const response answer = refused({.headers = fields, .length = 5});
        EXPECT_EQ(answer.status, 415);
        EXPECT_THAT(answer.body, HasSubstr("application/json"));
    }
}

TEST_F(admission, refuses_encoded_bodies) {
    for (const char* coding : {"gzip", "identity, br", "GZIP", "x"}) {
        const response answer =
            refused({.headers = {json, {"Content-Encoding", coding}}, .length = 5});
        EXPECT_EQ(answer.status, 415) << coding;
        EXPECT_THAT(answer.body, HasSubstr("send the body without Content-Encoding"));
        EXPECT_THAT(answer.headers, ::testing::Contains(header("Accept-Encoding", "identity")));
    }
    for (const char* coding : {"identity", "Identity", "", " "}) {
        EXPECT_EQ(refused({.headers = {json, {"content-encoding", coding}}, .length = 5}).status,
                  200);
    }
    EXPECT_EQ(
        refused({.path = "/begin", .headers = {{"Content-Encoding", "gzip"}}, .length = 5}).status,
        415);
    EXPECT_EQ(refused({.method = "GET", .headers = {{"Content-Encoding", "gzip"}}}).status, 200);
}

TEST_F(admission, refuses_dot_segments_whether_or_not_there_is_a_route) {
    for (const char* path :
         {"/events/../health", "/events/a/%2e%2e/b", "/nothing/..", "/health/."}) {
        for (const char* method : {"GET", "POST", "OPTIONS", "PUT"}) {
            EXPECT_EQ(
                refused({.method = method, .path = path, .headers = {json}, .length = 1}).status,
                400)
                << path;
        }
    }
}

TEST_F(admission, looks_at_the_host_of_unknown_paths_too) {
    EXPECT_EQ(refused({.method = "GET", .path = "/nothing", .host = "evil.com"}).status, 403);
    EXPECT_EQ(refused({.method = "GET", .path = "/health", .host = "evil.com"}).status, 200);
    EXPECT_EQ(refused({.method = "PUT", .path = "/health", .host = "evil.com"}).status, 403);
    EXPECT_EQ(refused({.method = "GET", .path = "/nothing"}).status, 404);
    EXPECT_EQ(refused({.method = "PUT", .path = "/health"}).status, 405);
    EXPECT_EQ(refused({.method = "ODD", .path = "/health"}).status, 501);
}

}  // namespace
}  // namespace carillon::http
