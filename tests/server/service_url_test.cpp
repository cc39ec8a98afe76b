#include "server/service_url.hpp"

#include "http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using ::testing::ElementsAre;

std::string first_place(std::string_view typed) {
    const auto url = service_url::parse(typed);
    return url ? url->str() : "error: " + url.error().detail;
}

TEST(service_url, takes_what_people_type) {
    EXPECT_EQ(first_place("http://hub.example:3000"), "http://hub.example:3000/events");
    EXPECT_EQ(first_place("http://hub.example/"), "http://hub.example/events");
    EXPECT_EQ(first_place("hub.example:3000///"), "http://hub.example:3000/events");
    EXPECT_EQ(first_place("localhost"), "http://localhost/events");
    EXPECT_EQ(first_place("[::1]:3000"), "http://[::1]:3000/events");
    EXPECT_EQ(first_place("HTTPS://hub.example/a/"), "https://hub.example/a/events");
    EXPECT_EQ(first_place("http://hub.example/events"), "http://hub.example/events");
    EXPECT_EQ(first_place("http://events"), "http://events/events");
}

TEST(service_url, refuses_what_is_no_address_of_a_server) {
    for (const char* typed :
         {"", "http://", "ftp://a", "http://a?b", "a#b", "a b", "/hub", ":3000"})
        EXPECT_FALSE(service_url::parse(typed)) << typed;
}

/// All places that are tried, and then the one that is named if none was right.
std::vector<std::string> places(const http::test_server& server, std::string_view path) {
    const std::string base = "http://localhost:" + std::to_string(server.port());
    auto url = service_url::parse(base + std::string(path));
    http_client client;
    std::vector<std::string> all{url->str().substr(base.size())};
    while (url->try_next(client)) all.push_back(url->str().substr(base.size()));
    all.push_back(url->str().substr(base.size()));
    return all;
}

TEST(service_url, tries_the_path_as_a_prefix_and_then_asks_the_server) {
    const http::test_server silent([](http::router&) {});
    EXPECT_THAT(places(silent, ""), ElementsAre("/events", "/events"));
    EXPECT_THAT(places(silent, "/hub"), ElementsAre("/hub/events", "/hub", "/hub/events"));
    const http::test_server telling([](http::router& routes) {
        routes.add("GET", "/api", [](http::request&, http::responder to) {
            to.send(http::json_response(
                200, R"({"endpoints":{"publish":"POST /my/hub/publish/{topic}"}})"));
        });
    });
    EXPECT_THAT(places(telling, "/"), ElementsAre("/events", "/my/hub", "/events"));
}

TEST(service_url, stays_where_the_service_was) {
    http_client client;
    auto url = service_url::parse("localhost/hub");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->try_next(client));
    url->settle();
    EXPECT_FALSE(url->try_next(client));
    EXPECT_EQ(url->str(), "http://localhost/hub");
}

}  // namespace
}  // namespace carillon::server
