// HTTP/1.1 and 1.0 as honest clients speak it, the odd and the slow ones included.
#include "support/event_reader.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string publish_one =
    "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 10\r\n\r\n{\"data\":1}";

std::string history(const running_server& s) {
    return s.get("/events/history?topic=a&since=earliest").body;
}

TEST(http, single_bytes_make_whole_requests) {
    running_server s;
    raw_client c(s.port());
    c.send_slowly(publish_one);
    EXPECT_EQ(c.read_answer().status, 200);
    c.send_slowly(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    for (const char byte : std::string("{\"data\":2}"))
        c.send_slowly("1\r\n" + std::string(1, byte) + "\r\n");
    c.send_slowly("0\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 200);
    EXPECT_THAT(history(s), HasSubstr("\"data\":2"));
}

TEST(http, a_response_may_be_read_in_single_bytes) {
    running_server s;
    const std::string text(20'000, 'x');
    s.publish("a", '"' + text + '"');
    raw_client c(s.port(), 1024);
    for (int i = 0; i < 2; ++i) {
        c.send("GET /events/history?topic=a&since=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string got;
        while (!got.ends_with(text + '"')) {
            const std::string byte = c.receive(1);
            ASSERT_EQ(byte.size(), 1u) << got.size();
            got += byte;
        }
        EXPECT_TRUE(got.starts_with("HTTP/1.1 200"));
        while (got.substr(got.find("\r\n\r\n") + 4).size() <
               std::stoul(answer{200, got, {}}.header("Content-Length")))
            got += c.receive(1);
    }
}

TEST(http, a_client_that_has_sent_all_may_close_its_half_and_read_the_answer) {
    running_server s;
    raw_client whole(s.port());
    whole.send(publish_one + publish_one).end_sending();
    EXPECT_EQ(whole.read_answer().status, 200);
    EXPECT_EQ(whole.read_answer().status, 200);
    EXPECT_EQ(whole.read_all(), "");
    EXPECT_TRUE(whole.ended());
}

TEST(http, a_client_of_http_1_0_says_whether_the_connection_stays) {
    running_server s({"--auth.mode", "none"});
    raw_client c(s.port());
    c.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const answer kept = c.read_answer();
    EXPECT_EQ(kept.status, 200);
    EXPECT_EQ(kept.header("Connection"), "keep-alive");
    c.send(
        "POST /events/publish/a HTTP/1.0\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{\"data\":1}");
    const answer last = c.read_answer();
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_EQ(c.read_all(), "");
    EXPECT_TRUE(c.ended());
}

TEST(http, a_client_of_http_1_1_may_ask_for_the_end) {
    running_server s;
    raw_client c(s.port());
    c.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + publish_one);
    EXPECT_EQ(c.read_answer().header("Connection"), "close");
    EXPECT_EQ(c.read_all(), "");
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(http, head_and_options_tell_of_a_resource_and_change_nothing) {
    running_server s;
    raw_client c(s.port());
    for (const std::string path : {"/health", "/nothing"}) {
        c.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer full = c.read_answer();
        c.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer head = c.read_answer(true);
        EXPECT_EQ(head.status, full.status);
        EXPECT_EQ(head.header("Content-Type"), full.header("Content-Type"));
        EXPECT_EQ(head.header("Content-Length"), std::to_string(full.body.size()));
    }
    for (const auto& [path, allow] : std::vector<std::pair<std::string, std::string>>{
             {"/health", "GET, HEAD, OPTIONS"},
             {"/events/publish/a", "POST, OPTIONS"},
             {"*", "GET, HEAD, POST, PUT, DELETE, OPTIONS"}}) {
        c.send("OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const answer options = c.read_answer();
        EXPECT_EQ(options.status, 204) << path;
        EXPECT_EQ(options.header("Allow"), allow) << path;
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
}

TEST(http, pipelined_requests_are_answered_in_order) {
    running_server s;
    raw_client c(s.port());
    std::string all;
    for (int i = 0; i < 50; ++i) all += publish_one;
    c.send(all + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (int i = 1; i <= 50; ++i) {
        const answer got = c.read_answer();
        EXPECT_EQ(got.status, 200);
        EXPECT_EQ(json_value(got.body, "position"), std::to_string(i));
    }
    EXPECT_THAT(c.read_answer().body, HasSubstr("\"ok\""));
}

TEST(http, a_body_may_wait_for_100_continue) {
    running_server s;
    raw_client c(s.port());
    c.send(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 100);
    c.send("{\"data\":1}");
    EXPECT_EQ(c.read_answer().status, 200);
    // What is too large is refused before it is sent.
    c.send(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 413);
}

TEST(http, refusals_are_problem_documents_with_their_code) {
    running_server s({"--http.max_body_size", "1KiB", "--http.max_target_size", "100",
                      "--http.max_head_size", "1KiB", "--http.head_timeout", "200ms",
                      "--stream.max_clients", "1"});
    const auto refused = [&](const answer& got, int status, std::string_view code) {
        EXPECT_EQ(got.status, status) << got.head;
        EXPECT_EQ(json_value(got.body, "code"), code) << got.body;
        EXPECT_EQ(json_value(got.body, "status"), std::to_string(status));
        EXPECT_THAT(got.header("Content-Type"), StartsWith("application/problem+json"));
    };
    refused(s.post("a", "{"), 400, "INVALID_REQUEST");
    refused(s.get("/nothing"), 404, "NOT_FOUND");
    const answer method = s.request("DELETE", "/events/subscribe/a");
    refused(method, 405, "METHOD_NOT_ALLOWED");
    EXPECT_THAT(method.header("Allow"), HasSubstr("GET"));
    refused(s.request("GET", "/events/subscribe/a", {}, "Accept: text/html\r\n"), 406,
            "NOT_ACCEPTABLE");
    refused(s.post("a", "{\"data\":\"" + std::string(2048, 'x') + "\"}"), 413, "PAYLOAD_TOO_LARGE");
    refused(s.get("/" + std::string(200, 'x')), 414, "URI_TOO_LONG");
    refused(s.post("a", "1", "Content-Type: text/plain\r\n"), 415, "UNSUPPORTED_MEDIA_TYPE");
    refused(s.request("GET", "/health", {}, "X: " + std::string(2048, 'x') + "\r\n"), 431,
            "HEADERS_TOO_LARGE");
    raw_client late(s.port());
    refused(late.send("GET /health HTTP/1.1\r\n").read_answer(), 408, "REQUEST_TIMEOUT");
    event_reader only(s, "/a");
    only.open();
    const answer full = s.get("/events/subscribe/a");
    refused(full, 503, "MAX_CLIENTS");
    EXPECT_NE(full.header("Retry-After"), "");
}

TEST(http, pages_of_configured_origins_may_ask_and_others_may_not) {
    running_server s({"--http.cors_origins", "https://www.example.com"});
    const auto preflight = [&](std::string_view origin) {
        return s.request("OPTIONS", "/events/publish/a", {},
                         "Origin: " + std::string(origin) +
                             "\r\nAccess-Control-Request-Method: POST\r\n"
                             "Access-Control-Request-Headers: content-type\r\n");
    };
    const answer friendly = preflight("https://www.example.com");
    EXPECT_EQ(friendly.status, 204);
    EXPECT_EQ(friendly.header("Access-Control-Allow-Origin"), "https://www.example.com");
    EXPECT_THAT(friendly.header("Access-Control-Allow-Methods"), HasSubstr("POST"));
    EXPECT_THAT(friendly.header("Access-Control-Allow-Headers"), HasSubstr("content-type"));
    for (const char* foreign : {"https://evil.example", "https://www.example.com.evil.example",
                                "http://www.example.com", "https://www.example.com:8443", "null"}) {
        EXPECT_THAT(preflight(foreign).head, Not(HasSubstr("Access-Control-Allow"))) << foreign;
        EXPECT_EQ(event_reader(s, "/a", "Origin: " + std::string(foreign) + "\r\n").status(), 403)
            << foreign;
    }
    event_reader c(s, "/a", "Origin: https://www.example.com\r\n");
    EXPECT_EQ(c.head().header("Access-Control-Allow-Origin"), "https://www.example.com");
}

TEST(http, what_a_page_may_see_of_an_answer_is_said_with_it) {
    running_server s({"--http.cors_origins", "https://*.example.com,https://www.example.org",
                      "--http.cors_credentials", "true", "--rates.publishes_per_address", "1"});
    constexpr std::string_view page = "Origin: https://a.example.com\r\n";
    event_reader c(s, "/a", page);
    for (const answer& told : {c.head(), s.request("GET", "/events/history?topic=a", {}, page),
                               s.request("GET", "/nothing", {}, page),
                               s.request("POST", "/events/publish/a", "no JSON",
                                         fmt::format("{}{}", page, json_type))}) {
        EXPECT_EQ(told.header("Access-Control-Allow-Origin"), "https://a.example.com");
        EXPECT_EQ(told.header("Access-Control-Allow-Credentials"), "true");
        EXPECT_THAT(told.header("Access-Control-Expose-Headers"), HasSubstr("Retry-After"));
        EXPECT_THAT(told.header("Access-Control-Expose-Headers"), HasSubstr("Last-Event-ID"));
        EXPECT_EQ(told.header("Vary"), "Origin");
    }
    EXPECT_NE(s.request("GET", "/events/history?topic=a", {}, page).header("Last-Event-ID"), "");
    answer limited;
    for (int i = 0; i < 20 && limited.status != 429; ++i) {
        limited = s.request("POST", "/events/publish/a", R"({"data":1})",
                            fmt::format("{}{}", page, json_type));
    }
    EXPECT_EQ(limited.status, 429);
    EXPECT_NE(limited.header("Retry-After"), "");
    EXPECT_EQ(limited.header("Access-Control-Allow-Origin"), "https://a.example.com");
    for (const char* stranger : {"Origin: https://a.b.example.com\r\n", "Origin: null\r\n"}) {
        const answer told = s.request("GET", "/events/history?topic=a", {}, stranger);
        EXPECT_EQ(told.status, 403);
        EXPECT_EQ(told.header("Access-Control-Allow-Origin"), "");
        EXPECT_EQ(told.header("Vary"), "Origin");
    }
}

TEST(http, origins_that_say_nothing_or_everything_are_told_at_the_start) {
    for (const auto& [origins, credentials] :
         {std::pair("null", "false"), {"https://a.example/", "false"}, {"*", "true"}}) {
        const finished got =
            run_carillon({"serve", "--listen", "127.0.0.1:0", "--journal.kind", "memory",
                          "--http.cors_origins", origins, "--http.cors_credentials", credentials});
        EXPECT_NE(got.status, 0) << origins;
        EXPECT_THAT(got.output, HasSubstr("http.cors_")) << origins;
    }
}

TEST(http, a_page_of_another_site_makes_the_server_do_no_work) {
    running_server s({"--http.cors_origins", "https://www.example.com"});
    s.publish("a", "1");
    const auto asked = [&](std::string_view path, std::string_view field) {
        return s.request("GET", path, {}, std::string(field) + "\r\n").status;
    };
    for (const char* path :
         {"/events/subscribe/a", "/events/history?topic=a", "/events/clients", "/events/scheduled",
          "/events/streams/AAAAAAAAAAAAAAAAAAAAAA", "/metrics"}) {
        EXPECT_EQ(asked(path, "Origin: https://evil.example"), 403) << path;
        EXPECT_EQ(asked(path, "Sec-Fetch-Site: cross-site"), 403) << path;
        // Pages of this server name no origin when they read.
        if (std::string_view(path).contains("history")) {
            EXPECT_EQ(asked(path, "Sec-Fetch-Site: same-origin"), 200);
            EXPECT_EQ(asked(path, "Sec-Fetch-Site: none"), 200);
            EXPECT_EQ(asked(path, "Origin: http://localhost"), 200);
            EXPECT_EQ(asked(path, "Origin: https://www.example.com\r\nSec-Fetch-Site: cross-site"),
                      200);
        }
    }
    for (const char* path : {"/", "/api", "/health", "/ready"}) {
        EXPECT_EQ(asked(path, "Sec-Fetch-Site: cross-site"), 200) << path << ": a link leads here";
    }
}

/// `METHOD /path` of each route, as `/api` lists them.
strings served_routes(const running_server& s) {
    strings all;
    const std::string text = s.get("/api").body;
    constexpr std::string_view mark = R"({"method":")";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
        const std::string one = text.substr(at, text.find("summary", at) - at);
        all.push_back(json_value(one, "method") + ' ' + json_value(one, "path"));
    }
    return all;
}

/// Without those that are there a second time below `/api`, which the page says in a sentence.
strings without_aliases(const strings& served) {
    strings all;
    std::ranges::copy_if(served, std::back_inserter(all), [&](const std::string& route) {
        const std::size_t at = route.find(" /api/");
        if (at == std::string::npos) return true;
        const std::string once = route.substr(0, at + 1) + route.substr(at + 5);
        return std::ranges::find(served, once) == served.end();
    });
    return all;
}

/// The first column of the table in docs/reference/http.md.
strings documented_routes() {
    std::ifstream page(CARILLON_SOURCE_DIR "/docs/reference/http.md");
    strings all, whole;
    for (std::string line; std::getline(page, line);) {
        if (!line.starts_with("| `") || !line.contains(" /")) continue;
        std::string_view cell = std::string_view(line).substr(0, line.find('|', 1));
        EXPECT_EQ(std::ranges::find(whole, cell), whole.end()) << cell << " has two rows";
        whole.emplace_back(cell);
        while (cell.contains('`')) {
            cell.remove_prefix(cell.find('`') + 1);
            const std::string_view entry = cell.substr(0, cell.find('`'));
            cell.remove_prefix(entry.size() + 1);
            const std::string route(entry.substr(0, entry.find('?')));
            if (std::ranges::find(all, route) == all.end()) all.push_back(route);
        }
    }
    return all;
}

TEST(http, every_route_is_served_and_documented) {
    running_server s;
    const strings served = served_routes(s);
    EXPECT_GT(served.size(), 20U);
    EXPECT_THAT(documented_routes(), ::testing::UnorderedElementsAreArray(without_aliases(served)));
    for (const std::string& route : served) {
        const std::size_t blank = route.find(' ');
        std::string path = route.substr(blank + 1);
        for (std::size_t at = 0; (at = path.find('{')) != std::string::npos;)
            path.replace(at, path.find('}') - at + 1, "x");
        raw_client c(s.port());
        c.send(route.substr(0, blank + 1) + path +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        ASSERT_TRUE(c.read_until("\r\n\r\n")) << route;
        for (const char* unknown : {"nothing at this path", "METHOD_NOT_ALLOWED", "HTTP/1.1 50"})
            EXPECT_THAT(c.seen(), Not(HasSubstr(unknown))) << route;
    }
}

TEST(http, a_path_has_no_dot_segments_in_any_spelling) {
    running_server s;
    const std::string body = R"({"topics":["../subscribe/x","news"],"data":"evil"})";
    for (const char* path :
         {"/events/publish/../subscribe/x", "/events/publish/../history",
          "/events/publish/..%2fsubscribe/x", "/events/publish/%2e%2e/%2e%2e/health",
          "/events/publish/.%2e/subscribe/x", "/events/publish/a/./b", "/events/publish/..;/x",
          "/events/publish/..%5csubscribe/x", "/events/streams/../publish/news"}) {
        EXPECT_EQ(s.request("POST", path, body, json_type).status, 400) << path;
    }
    EXPECT_EQ(s.request("PUT", "/events/clients/x/topics/../../../subscribe/x").status, 400);
    EXPECT_EQ(s.get("/events/subscribe/../history").status, 400);
    EXPECT_EQ(s.get("/./health").status, 400);
    // Where no proxy looks, such topics can be named.
    EXPECT_EQ(s.request("POST", "/events/publish", body, json_type).status, 200);
    EXPECT_THAT(s.get("/events/history?since=earliest&topic=../subscribe/x").body,
                HasSubstr("evil"));
    event_reader c(s, "?topic=../subscribe/x&since=earliest");
    c.open();
    EXPECT_EQ(c.next().data, "evil");
}

TEST(http, a_body_that_must_be_there_has_a_length) {
    running_server s;
    for (const char* target :
         {"POST /events/publish/a", "POST /events/clients/x/send", "PUT /events/history/x?topic=a",
          "POST /events/streams/AAAAAAAAAAAAAAAAAAAAAA"}) {
        raw_client c(s.port());
        c.send(std::string(target) +
               " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n");
        const answer refused = c.read_answer();
        EXPECT_EQ(refused.status, 411) << target;
        EXPECT_EQ(json_value(refused.body, "code"), "LENGTH_REQUIRED");
        EXPECT_EQ(refused.header("Connection"), "close");
        // What comes now is the body, whatever it looks like.
        c.send(publish_one);
        EXPECT_EQ(c.read_all(), "") << target;
    }
    EXPECT_THAT(history(s), HasSubstr("\"events\":[]"));
    raw_client c(s.port());
    c.send("POST /events/streams HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(c.read_answer().status, 201) << "needs no body";
}

TEST(http, a_body_comes_without_a_content_coding) {
    running_server s;
    const std::string body = "{\"data\":1}";
    const answer refused = s.post("a", body,
                                  "Content-Type: application/json\r\n"
                                  "Content-Encoding: gzip\r\n");
    EXPECT_EQ(refused.status, 415);
    EXPECT_EQ(refused.header("Accept-Encoding"), "identity");
    EXPECT_THAT(refused.body, HasSubstr("send the body without Content-Encoding"));
    EXPECT_EQ(s.post("a", body,
                     "Content-Type: application/x-ndjson\r\n"
                     "Content-Encoding: deflate\r\n")
                  .status,
              415);
    EXPECT_EQ(s.post("a", body,
                     "Content-Type: application/json\r\n"
                     "Content-Encoding: identity\r\n")
                  .status,
              200);
}

TEST(http, a_type_that_is_not_read_here_is_refused_before_the_body_comes) {
    running_server s;
    const std::string stream =
        "/events/streams/" + json_value(s.request("POST", "/events/streams").body, "stream");
    const auto refused = [&](std::string_view target, std::string_view type) {
        raw_client c(s.port());
        c.send(std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
               std::string(type) + "\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
        return c.read_answer().status;
    };
    EXPECT_EQ(refused("POST /events/publish/a", "text/plain"), 415);
    EXPECT_EQ(refused("POST /events/publish/a", "application/json"), 100);
    EXPECT_EQ(refused("POST " + stream, "text/plain"), 415);
    EXPECT_EQ(refused("POST /events/clients/x/send", "application/x-ndjson"), 415);
    EXPECT_EQ(refused("PUT /events/history/x?topic=a", "application/x-ndjson"), 415);
    EXPECT_EQ(refused("POST /events/publish/../a", "application/json"), 400);
    EXPECT_EQ(refused("POST /nothing", "application/json"), 404);
    // Two events in one body that would be read as one.
    EXPECT_EQ(s.request("POST", stream, "{\"data\":1}\n{\"data\":2}\n", lines_type).status, 415);
}

TEST(http, head_of_a_stream_says_what_get_would) {
    running_server s;
    const auto lines = [](const std::string& head) {
        strings found;
        for (std::size_t at = 0; at < head.size();) {
            const std::size_t end = head.find("\r\n", at);
            const std::string line = head.substr(at, end - at);
            if (!line.empty() && !line.starts_with("Date:")) found.push_back(line);
            at = end + 2;
        }
        return found;
    };
    for (const std::string version : {"HTTP/1.1", "HTTP/1.0"}) {
        event_reader get(s, "/a", "", {.version = version});
        raw_client head(s.port());
        head.send("HEAD /events/subscribe/a " + version + "\r\nHost: localhost\r\n\r\n");
        EXPECT_THAT(lines(head.read_answer(true).head),
                    ::testing::UnorderedElementsAreArray(lines(get.head().head)));
    }
    raw_client twice(s.port());
    for (int i = 0; i < 2; ++i) {
        twice.send("HEAD /events/subscribe/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_EQ(twice.read_answer(true).header("Transfer-Encoding"), "chunked");
    }
}

TEST(http, an_interface_has_a_limit_of_its_own) {
    struct interface {
        const char* setting;
        const char* stream;
        const char* name;
        const char* surface;
    };
    running_server s({"--topic_service.max_clients", "1", "--users.max_clients", "1",
                      "--domains.max_clients", "1", "--metadata.max_clients", "1"});
    for (const interface& i : {interface{"topic_service", "/events/subscribe/a", "topic", "topics"},
                               interface{"users", "/api/sse/connect", "users", "users"},
                               interface{"domains", "/realtime/stream", "domain", "domains"},
                               interface{"metadata", "/api/sse", "metadata", "metadata"}}) {
        SCOPED_TRACE(i.setting);
        event_reader within(s, i.stream, as_admin, {.whole_path = true});
        ASSERT_EQ(within.head().status, 200);
        const answer past = s.request("GET", i.stream, {}, as_admin);
        EXPECT_EQ(past.status, 503);
        EXPECT_EQ(past.header("Content-Type"), "application/problem+json");
        EXPECT_THAT(past.body, HasSubstr(R"("code":"MAX_CLIENTS")"));
        EXPECT_THAT(past.body, HasSubstr(i.name));
        EXPECT_FALSE(past.header("Retry-After").empty());
        // An EventSource comes back later instead of giving up.
        const answer told =
            s.request("GET", i.stream, {}, std::string(as_admin) + "Accept: text/event-stream\r\n");
        EXPECT_EQ(told.status, 200);
        EXPECT_THAT(told.body, HasSubstr("retry: "));
        EXPECT_THAT(told.body, HasSubstr(R"({"code":"MAX_CLIENTS"})"));
        const std::string figures = s.get("/metrics").body;
        const std::string whose = std::string("{surface=\"") + i.surface + "\"} 1";
        EXPECT_THAT(figures, HasSubstr("carillon_surface_streams" + whose));
        EXPECT_THAT(figures, HasSubstr("carillon_surface_max_streams" + whose));
    }
    EXPECT_THAT(s.get("/metrics").body,
                HasSubstr(R"(carillon_refused_streams_total{reason="full"} 8)"));
}

TEST(http, every_response_has_a_date_and_forbids_to_guess_its_type) {
    running_server s({"--stream.max_clients", "1"});
    event_reader stream(s, "/a");
    std::vector<answer> all{stream.head()};
    for (const char* path : {"/", "/api", "/health", "/ready", "/metrics", "/nothing",
                             "/events/subscribe/a", "/events/history?topic=a", "/%zz"}) {
        all.push_back(s.get(path));
    }
    all.push_back(s.request("GET", "/events/subscribe/a", {}, "Accept: text/event-stream\r\n"));
    all.push_back(s.request("OPTIONS", "/health"));
    all.push_back(s.post("a", "{\"data\":1}"));
    all.push_back(s.request("GET", "/", {}, "Bad Header: 1\r\n"));
    for (const answer& a : all) {
        EXPECT_EQ(a.header("X-Content-Type-Options"), "nosniff") << a.head;
        EXPECT_THAT(a.header("Date"), ::testing::EndsWith(" GMT")) << a.head;
    }
    const std::string csp = s.get("/").header("Content-Security-Policy");
    for (const char* rule : {"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"})
        EXPECT_THAT(csp, HasSubstr(rule));
}

TEST(http, probes_may_ask_by_address) {
    const auto status = [](const running_server& s, std::string_view host, std::string_view path) {
        raw_client c(s.port());
        c.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
        return c.read_answer().status;
    };
    running_server named({"--http.allowed_hosts", "localhost"});
    for (const char* host : {"10.0.0.5:3000", "carillon:3000", "[2001:db8::1]"}) {
        EXPECT_EQ(status(named, host, "/health"), 200) << host;
        EXPECT_EQ(status(named, host, "/ready"), 200) << host;
        EXPECT_EQ(status(named, host, "/metrics"), 403) << host;
        EXPECT_EQ(status(named, host, "/events/history?topic=a"), 403) << host;
    }
    running_server open(
        {"--auth.mode", "none", "--http.allowed_hosts", "localhost", "--metrics.any_host", "true"});
    EXPECT_EQ(status(open, "10.0.0.5:3000", "/metrics"), 200);
    EXPECT_EQ(status(open, "10.0.0.5:3000", "/api"), 403);
    running_server ranged({"--auth.mode", "none", "--http.allowed_hosts", "localhost",
                           "--http.allowed_hosts", "10.0.0.0/8"});
    EXPECT_EQ(status(ranged, "10.0.0.5:3000", "/metrics"), 200);
    EXPECT_EQ(status(ranged, "11.0.0.5:3000", "/metrics"), 403);
    EXPECT_EQ(status(ranged, "10.0.0.5:3000", "/events/history?topic=a"), 200);
}

TEST(http, a_client_address_is_believed_from_trusted_proxies_alone) {
    const auto streams_of = [](const running_server& s, std::string_view fields) {
        raw_client c(s.port());
        c.send("GET /events/subscribe/a HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
               "\r\n");
        return c.read_answer().status;
    };
    {
        running_server s(
            {"--stream.max_clients_per_address", "1", "--http.trusted_proxies", "127.0.0.1"});
        event_reader one(s, "/a", "X-Forwarded-For: 203.0.113.1\r\n");
        one.open();
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.1\r\n"), 503);
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.2\r\n"), 200);
        EXPECT_EQ(streams_of(s, "Forwarded: for=203.0.113.1\r\n"), 503);
        // What a client claimed before the proxy wrote the last one counts for nothing.
        EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.9, 203.0.113.1\r\n"), 503);
    }
    running_server s({"--stream.max_clients_per_address", "1"});
    event_reader one(s, "/a", "X-Forwarded-For: 203.0.113.1\r\n");
    one.open();
    EXPECT_EQ(streams_of(s, "X-Forwarded-For: 203.0.113.2\r\n"), 503);
    EXPECT_EQ(streams_of(s, "Forwarded: for=203.0.113.2\r\n"), 503);
}

}  // namespace
}  // namespace carillon::testing
