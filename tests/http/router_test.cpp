#include "http/server.hpp"

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

/// Which route was found: handlers write their name into the request's body.
struct named_routes {
    void add(std::string_view method, std::string_view pattern) {
        const std::string name = std::string(method) + " " + std::string(pattern);
        routes.add(method, pattern, [name](request& r, responder) { r.body = name; });
    }
    std::string find(std::string_view method, std::string_view path) const {
        const auto match = routes.find(method, path);
        if (match.on_request == nullptr) {
            return match.allow.empty() ? "404" : "405 " + match.allow;
        }
        request r;
        net::loop l;
        (*match.on_request)(r, responder({}, l));
        for (const std::string& value : match.values) r.body += " [" + value + "]";
        return r.body;
    }
    router routes;
};

TEST(router, finds_literal_paths) {
    named_routes n;
    n.add("GET", "/");
    n.add("GET", "/health");
    n.add("POST", "/events/publish");
    EXPECT_EQ(n.find("GET", "/"), "GET /");
    EXPECT_EQ(n.find("GET", "/health"), "GET /health");
    EXPECT_EQ(n.find("GET", "/he%61lth"), "GET /health");
    EXPECT_EQ(n.find("POST", "/events/publish"), "POST /events/publish");
    for (const char* unknown : {"/health/", "//health", "/Health", "/events", "/events/", "//",
                                "/events//publish", "/events%2Fpublish", "/healthy", "*", ""}) {
        EXPECT_EQ(n.find("GET", unknown), "404") << unknown;
    }
}

TEST(router, finds_what_people_type_with_a_slash_behind) {
    named_routes n;
    const auto page = [&n](const char* path) {
        n.routes.add("GET", path, [path](request& r, responder) { r.body = path; }, {},
                     {.any_page = true});
    };
    page("/");
    page("/guides");
    page("/guides/{page...}");
    n.add("GET", "/events");
    EXPECT_EQ(n.find("GET", "/guides/"), "/guides");
    EXPECT_EQ(n.find("HEAD", "/guides/"), "/guides");
    EXPECT_EQ(n.find("GET", "/guides/a/"), "/guides/{page...} [a/]");
    EXPECT_EQ(n.find("POST", "/guides/"), "404");
    for (const char* other : {"//", "/events/", "/none/"}) EXPECT_EQ(n.find("GET", other), "404");
}

TEST(router, decodes_one_segment_after_splitting) {
    named_routes n;
    n.add("GET", "/clients/{id}");
    n.add("PUT", "/clients/{id}/topics/{topic}");
    EXPECT_EQ(n.find("GET", "/clients/a"), "GET /clients/{id} [a]");
    EXPECT_EQ(n.find("GET", "/clients/a%2Fb%25+c"), "GET /clients/{id} [a/b%+c]");
    EXPECT_EQ(n.find("GET", "/clients/"), "404");
    EXPECT_EQ(n.find("GET", "/clients/a/b"), "404");
    EXPECT_EQ(n.find("GET", "/clients/%zz"), "404");
    EXPECT_EQ(n.find("PUT", "/clients/1/topics/2"), "PUT /clients/{id}/topics/{topic} [1] [2]");
}

TEST(router, keeps_the_rest_of_a_path_as_it_is) {
    named_routes n;
    n.add("GET", "/sub/{topic...}");
    EXPECT_EQ(n.find("GET", "/sub/a"), "GET /sub/{topic...} [a]");
    EXPECT_EQ(n.find("GET", "/sub/a/b"), "GET /sub/{topic...} [a/b]");
    EXPECT_EQ(n.find("GET", "/sub/https://example.com/a"),
              "GET /sub/{topic...} [https://example.com/a]");
    EXPECT_EQ(n.find("GET", "/sub//a/"), "GET /sub/{topic...} [/a/]");
    EXPECT_EQ(n.find("GET", "/sub/a%2Fb%252F"), "GET /sub/{topic...} [a/b%2F]");
    EXPECT_EQ(n.find("GET", "/sub/"), "404");
    EXPECT_EQ(n.find("GET", "/sub"), "404");
}

TEST(router, prefers_literals_and_goes_back_from_dead_ends) {
    named_routes n;
    n.add("GET", "/a/b/d");
    n.add("GET", "/a/{x}/c");
    n.add("GET", "/a/{rest...}");
    n.add("GET", "/a/b");
    EXPECT_EQ(n.find("GET", "/a/b/d"), "GET /a/b/d");
    EXPECT_EQ(n.find("GET", "/a/b/c"), "GET /a/{x}/c [b]");
    EXPECT_EQ(n.find("GET", "/a/b/e"), "GET /a/{rest...} [b/e]");
    EXPECT_EQ(n.find("GET", "/a/b"), "GET /a/b");
    EXPECT_EQ(n.find("GET", "/a/z"), "GET /a/{rest...} [z]");
}

TEST(router, lists_the_methods_of_a_known_path) {
    named_routes n;
    n.add("GET", "/things/{id}");
    n.add("DELETE", "/things/{id}");
    n.add("POST", "/things/new");
    EXPECT_EQ(n.find("PATCH", "/things/1"), "405 GET, DELETE, HEAD, OPTIONS");
    EXPECT_EQ(n.find("OPTIONS", "/things/1"), "405 GET, DELETE, HEAD, OPTIONS");
    EXPECT_EQ(n.find("PUT", "/things/new"), "405 POST, GET, DELETE, HEAD, OPTIONS");
    EXPECT_EQ(n.find("DELETE", "/things/new"), "DELETE /things/{id} [new]");
    EXPECT_EQ(n.find("GET", "/nothing"), "404");
}

TEST(router, gives_head_to_the_get_handler) {
    named_routes n;
    n.add("GET", "/a");
    n.add("POST", "/b");
    EXPECT_EQ(n.find("HEAD", "/a"), "GET /a");
    EXPECT_EQ(n.find("HEAD", "/b"), "405 POST, OPTIONS");
}

TEST(router, tells_which_routes_read_uploads) {
    router routes;
    routes.add(
        "POST", "/up", [](request&, responder) {},
        [](request&, responder&, upload_control) { return std::unique_ptr<upload>(); });
    routes.add("POST", "/plain", [](request&, responder) {});
    EXPECT_NE(routes.find("POST", "/up").on_upload, nullptr);
    EXPECT_EQ(routes.find("POST", "/plain").on_upload, nullptr);
}

}  // namespace
}  // namespace carillon::http
