#include "http/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

access_rules rules() {
    access_rules r;
    r.allowed_hosts = {"localhost", "127.0.0.1", "::1", "*.example.com"};
    r.cors_origins = {"https://app.example.org", "https://*.example.net", "http://dev.local:3000"};
    return r;
}

struct asked {
    std::string method = "POST";
    std::optional<std::string> host = "localhost:8080";
    std::optional<std::string> origin = {};
    std::optional<std::string> fetch_site = {};
    route_rules route = {};
};

result<> check(const access_rules& r, const asked& a) {
    request q;
    q.method = a.method;
    request_head head;
    head.host = a.host;
    head.origin = a.origin;
    head.fetch_site = a.fetch_site;
    return check_access(r, a.route, q, head);
}

TEST(check_access, admits_the_hosts_that_are_allowed) {
    for (const char* host : {"localhost", "LocalHost:80", "localhost.", "127.0.0.1:1", "[::1]",
                             "[::1]:8080", "a.example.com", "A.EXAMPLE.COM:443"}) {
        EXPECT_TRUE(check(rules(), {.method = "GET", .host = host})) << host;
    }
    for (const char* host : {"evil.com", "localhost.evil.com", "example.com", ".example.com",
                             "a.b.example.com", "aexample.com", "127.0.0.2", "[::2]", "", "*"}) {
        const auto checked = check(rules(), {.method = "GET", .host = host});
        ASSERT_FALSE(checked) << host;
        EXPECT_EQ(checked.error().code, errc::forbidden);
        EXPECT_THAT(checked.error().detail, HasSubstr("http.allowed_hosts"));
    }
}

TEST(check_access, admits_every_host_for_a_star) {
    access_rules r;
    r.allowed_hosts = {"*"};
    EXPECT_TRUE(check(r, {.host = "evil.com"}));
    EXPECT_TRUE(check(r, {.host = ""}));
    r.allowed_hosts = {"[::1]"};
    EXPECT_TRUE(check(r, {.host = "[::1]:80"}));
}

TEST(check_access, admits_http10_without_host) {
    EXPECT_TRUE(check(rules(), {.method = "GET", .host = std::nullopt}));
}

TEST(check_access, admits_writes_without_a_page_behind_them) {
    EXPECT_TRUE(check(rules(), {}));
    EXPECT_TRUE(check(rules(), {.fetch_site = "same-origin"}));
    EXPECT_TRUE(check(rules(), {.fetch_site = "none"}));
}

TEST(check_access, admits_writes_from_the_same_origin) {
    const auto same = [](const char* host, const char* origin) {
        return check(rules(), {.host = host, .origin = origin}).has_value();
    };
    EXPECT_TRUE(same("localhost:8080", "http://localhost:8080"));
    EXPECT_TRUE(same("LOCALHOST:8080", "https://localhost:8080"));
    EXPECT_TRUE(same("localhost", "http://localhost"));
    EXPECT_TRUE(same("localhost:80", "http://localhost"));
    EXPECT_TRUE(same("localhost:443", "https://localhost"));
    EXPECT_TRUE(same("[::1]:8080", "http://[::1]:8080"));
    EXPECT_FALSE(same("localhost:8080", "http://localhost:8081"));
    EXPECT_FALSE(same("localhost:8080", "http://localhost"));
    EXPECT_FALSE(same("localhost:443", "http://localhost"));
    EXPECT_FALSE(same("localhost:8080", "http://127.0.0.1:8080"));
}

TEST(check_access, refuses_what_foreign_pages_ask) {
    for (const char* origin :
         {"http://evil.com", "null", "", "https://localhost.evil.com:8080",
          "http://a@localhost:8080", "localhost:8080", "://localhost:8080",
          "https://app.example.org.evil.com", "https://x.app.example.org", "http://app.example.org",
          "https://example.net", "https://a.b.example.net", "http://dev.local"}) {
        for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "ODD", "GET", "HEAD"}) {
            const auto checked = check(rules(), {.method = method, .origin = origin});
            ASSERT_FALSE(checked) << origin;
            EXPECT_EQ(checked.error().code, errc::forbidden);
        }
        EXPECT_TRUE(check(rules(), {.method = "OPTIONS", .origin = origin})) << origin;
    }
    EXPECT_FALSE(check(rules(), {.fetch_site = "cross-site"}));
    EXPECT_FALSE(check(rules(), {.fetch_site = "Cross-Site"}));
    EXPECT_FALSE(check(rules(), {.method = "GET", .fetch_site = "cross-site"}));
    EXPECT_TRUE(check(rules(), {.method = "GET", .fetch_site = "same-site"}));
}

TEST(check_access, lets_routes_admit_readers_from_every_page) {
    const route_rules open{.any_page = true};
    for (const char* method : {"GET", "HEAD"}) {
        EXPECT_TRUE(check(rules(), {.method = method, .origin = "http://evil.com", .route = open}));
        EXPECT_TRUE(check(rules(), {.method = method, .fetch_site = "cross-site", .route = open}));
    }
    EXPECT_FALSE(check(rules(), {.origin = "http://evil.com", .route = open}));
    EXPECT_FALSE(check(rules(), {.method = "GET", .host = "evil.com", .route = open}));
}

TEST(check_access, admits_hosts_by_address_range) {
    access_rules r = rules();
    r.allowed_networks = {*net::ip_network::parse("10.1.0.0/16"),
                          *net::ip_network::parse("2001:db8::/32")};
    for (const char* host : {"10.1.0.0", "10.1.255.255:3000", "[2001:db8::5]:80", "localhost"}) {
        EXPECT_TRUE(check(r, {.method = "GET", .host = host})) << host;
    }
    for (const char* host : {"10.2.0.0", "10.0.255.255", "[2001:db9::5]", "10.1.0.0.evil.com",
                             "10.1", "0xa010001", "evil.com"}) {
        EXPECT_FALSE(check(r, {.method = "GET", .host = host})) << host;
    }
}

TEST(check_access, lets_probes_ask_by_any_name) {
    const route_rules probed{.any_host = true};
    EXPECT_TRUE(check(rules(), {.method = "GET", .host = "10.0.0.5:3000", .route = probed}));
    EXPECT_TRUE(check(rules(), {.method = "GET", .host = "carillon:3000", .route = probed}));
    EXPECT_FALSE(check(rules(), {.host = "10.0.0.5", .origin = "http://a", .route = probed}));
}

TEST(check_access, admits_writes_from_configured_origins) {
    for (const char* origin : {"https://app.example.org", "https://APP.example.org:443",
                               "https://a.example.net", "http://dev.local:3000"}) {
        EXPECT_TRUE(check(rules(), {.origin = origin, .fetch_site = "cross-site"})) << origin;
    }
    access_rules all = rules();
    all.cors_origins = {"*"};
    EXPECT_TRUE(check(all, {.origin = "http://evil.com"}));
    EXPECT_TRUE(check(all, {.origin = "null"}));
}

TEST(cors_lines, let_allowed_origins_read) {
    access_rules r = rules();
    EXPECT_EQ(cors_lines(r, "https://a.example.net"),
              "Access-Control-Allow-Origin: https://a.example.net\r\n"
              "Access-Control-Expose-Headers: Last-Event-ID, Retry-After, WWW-Authenticate\r\n"
              "Vary: Origin\r\n");
    EXPECT_EQ(cors_lines(r, "https://evil.com"), "Vary: Origin\r\n");
    EXPECT_EQ(cors_lines(r, std::nullopt), "Vary: Origin\r\n");
    r.cors_credentials = true;
    EXPECT_THAT(cors_lines(r, "https://a.example.net"),
                HasSubstr("Access-Control-Allow-Credentials: true\r\n"));
    r.cors_origins.clear();
    EXPECT_EQ(cors_lines(r, "https://a.example.net"), "");
}

TEST(cors_lines, never_open_credentials_to_everyone) {
    access_rules r;
    r.cors_origins = {"*"};
    r.cors_credentials = true;
    EXPECT_THAT(cors_lines(r, "https://evil.com"), HasSubstr("Access-Control-Allow-Origin: *\r\n"));
    EXPECT_THAT(cors_lines(r, "https://evil.com"), Not(HasSubstr("Credentials")));
    r.cors_origins.emplace_back("https://good.com");
    EXPECT_THAT(cors_lines(r, "https://good.com"), HasSubstr("Credentials: true"));
}

TEST(cors_lines, match_exact_origins_and_one_label_for_each_star) {
    access_rules r;
    r.cors_credentials = true;
    const auto let_in = [&](std::string_view pattern, std::string_view origin) {
        r.cors_origins = {std::string(pattern)};
        return cors_lines(r, origin).contains(
            "Access-Control-Allow-Origin: " + std::string(origin) + "\r\n");
    };
    for (const auto& [pattern, origin] : {
             std::pair("https://app.example.org", "https://app.example.org"),
             {"https://app.example.org", "https://APP.example.org:443"},
             {"https://app.example.org:8443", "https://app.example.org:8443"},
             {"http://[::1]:3000", "http://[::1]:3000"},
             {"https://*.example.org", "https://a.example.org"},
             {"https://*.*.example.org", "https://a.b.example.org"},
             {"https://app.*.example.org", "https://app.pr-7.example.org"},
             {"capacitor://localhost", "capacitor://localhost"},
         })
        EXPECT_TRUE(let_in(pattern, origin)) << pattern << " " << origin;
    for (const auto& [pattern, origin] : {
             std::pair("https://app.example.org", "http://app.example.org"),
             {"https://app.example.org", "https://app.example.org:8443"},
             {"https://app.example.org", "https://app.example.org.evil.com"},
             {"https://app.example.org", "https://evil.com"},
             {"https://app.example.org", "https://app.example.org/"},
             {"https://app.example.org", "null"},
             {"https://*.example.org", "https://example.org"},
             {"https://*.example.org", "https://a.b.example.org"},
             {"https://*.example.org", "https://.example.org"},
             {"https://*.example.org", "https://evilexample.org"},
             {"https://*.example.org", "https://a.example.org.evil.com"},
             {"https://app.*.example.org", "https://app.example.org"},
             {"https://*", "https://example.org"},
             {"null", "null"},
             {"*", "null"},
         })
        EXPECT_FALSE(let_in(pattern, origin)) << pattern << " " << origin;
    r.cors_origins = {"*", "null", "https://good.example"};
    EXPECT_THAT(cors_lines(r, "null"), HasSubstr("Access-Control-Allow-Origin: *\r\n"));
    EXPECT_THAT(cors_lines(r, "null"), Not(HasSubstr("Credentials")));
}

TEST(check_cors, refuses_what_lets_nobody_in_or_everybody) {
    const auto fine = [](std::vector<std::string> origins, bool credentials = false) {
        access_rules r;
        r.cors_origins = std::move(origins);
        r.cors_credentials = credentials;
        return check_cors(r).has_value();
    };
    EXPECT_TRUE(fine({}));
    EXPECT_TRUE(fine({}, true));
    EXPECT_TRUE(fine({"*"}));
    EXPECT_TRUE(fine({"*", "https://a.example"}, true));
    EXPECT_TRUE(
        fine({"https://*.example.com", "http://localhost:5173", "tauri://localhost"}, true));
    EXPECT_FALSE(fine({"*"}, true));
    for (const char* wrong :
         {"", "null", "example.com", "https://", "https://a.example/", "https://a.example/path",
          "*.example.com", "https://a*.example.com", "*://a.example", "https://a.example:port"})
        EXPECT_FALSE(fine({wrong})) << wrong;
}

TEST(options_response, lets_a_client_send_its_cursor) {
    request r;
    r.method = "OPTIONS";
    r.headers = {{"Access-Control-Request-Method", "GET"},
                 {"Access-Control-Request-Headers", "last-event-id"}};
    request_head head;
    head.origin = "https://app.example.org";
    const auto headers = options_response(rules(), r, head, "GET").headers;
    EXPECT_THAT(headers,
                ::testing::Contains(header{"Access-Control-Allow-Headers", "last-event-id"}));
    EXPECT_THAT(headers, ::testing::Contains(header{"Access-Control-Max-Age", "600"}));
}

TEST(options_response, answers_preflights_of_allowed_origins) {
    request r;
    r.method = "OPTIONS";
    r.headers = {{"Access-Control-Request-Method", "PUT"},
                 {"Access-Control-Request-Headers", "content-type, authorization"}};
    request_head head;
    head.origin = "https://app.example.org";
    const auto value = [](const response& from, std::string_view name) {
        for (const header& h : from.headers) {
            if (h.first == name) return h.second;
        }
        return std::string("-");
    };
    response answer = options_response(rules(), r, head, "GET, PUT");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(value(answer, "Allow"), "GET, PUT");
    EXPECT_EQ(value(answer, "Access-Control-Allow-Methods"), "GET, PUT");
    EXPECT_EQ(value(answer, "Access-Control-Allow-Headers"), "content-type, authorization");
    EXPECT_EQ(value(answer, "Access-Control-Max-Age"), "600");

    r.headers[1].second = "a: b";
    answer = options_response(rules(), r, head, "GET, PUT");
    EXPECT_EQ(value(answer, "Access-Control-Allow-Headers"), "-");
    head.origin = "https://evil.com";
    answer = options_response(rules(), r, head, "GET, PUT");
    EXPECT_EQ(value(answer, "Access-Control-Allow-Methods"), "-");
    EXPECT_EQ(value(answer, "Allow"), "GET, PUT");
}

/// The client's address for a request with these headers; proxies are 10.0.0.0/8, ::1 and the local
/// socket.
std::string client(const char* peer, std::vector<header> headers) {
    access_rules r;
    for (const char* range : {"10.0.0.0/8", "::1", "unix"}) {
        r.trusted_proxies.push_back(*net::ip_network::parse(range));
    }
    request q;
    q.headers = std::move(headers);
    q.forwarded = true;
    const auto address =
        std::string_view(peer) == "unix" ? net::ip_address() : net::ip_address::parse(peer).value();
    return client_of(r, q, address).str();
}

TEST(client_of, believes_trusted_proxies_only) {
    EXPECT_EQ(client("203.0.113.5", {{"X-Forwarded-For", "1.2.3.4"}}), "203.0.113.5");
    EXPECT_EQ(client("203.0.113.5", {{"Forwarded", "for=1.2.3.4"}}), "203.0.113.5");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}), "1.2.3.4");
    EXPECT_EQ(client("unix", {{"X-Forwarded-For", "1.2.3.4"}}), "1.2.3.4");
    EXPECT_EQ(client("::1", {{"Forwarded", "for=1.2.3.4"}}), "1.2.3.4");
    EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}

TEST(client_of, walks_from_the_nearest_hop) {
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4"}}), "1.2.3.4");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.9.9.9,::1"}}),
              "1.2.3.4");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6"}, {"x-forwarded-for", "1.2.3.4"}}),
              "1.2.3.4");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}), "10.0.0.3");
    EXPECT_EQ(
        client("10.0.0.1", {{"Forwarded", "for=6.6.6.6, for=1.2.3.4;proto=https, for=10.1.1.1"}}),
        "1.2.3.4");
}

TEST(client_of, reads_every_form_of_a_node) {
    const auto forwarded = [](const char* value) {
        return client("10.0.0.1", {{"Forwarded", value}});
    };
    EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
    EXPECT_EQ(forwarded("for=\"[2001:db8::1]\""), "2001:db8::1");
    EXPECT_EQ(forwarded("for=\"192.0.2.43:47011\""), "192.0.2.43");
    EXPECT_EQ(forwarded("for=192.0.2.43:80"), "192.0.2.43");
    EXPECT_EQ(forwarded("by=10.0.0.9 ; FOR=192.0.2.43 ; proto=http"), "192.0.2.43");
    EXPECT_EQ(forwarded("for=\"192.0.2.\\43\""), "192.0.2.43");
    EXPECT_EQ(forwarded("host=\"a,b\";for=192.0.2.43"), "192.0.2.43");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.43:1234"}}), "192.0.2.43");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "[2001:db8::1]:1234"}}), "2001:db8::1");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "2001:db8::1"}}), "2001:db8::1");
}

TEST(client_of, stops_at_what_it_cannot_read) {
    const auto forwarded = [](const char* value) {
        return client("10.0.0.1", {{"Forwarded", value}});
    };
    for (const char* value :
         {"for=unknown", "for=_hidden", "for=\"_gazonk\"", "proto=http", "for=", "for", "for=\"\"",
          "for=\"[::1\"", "for=\"1.2.3.4", "for=::", "for=unix", ",", ";"}) {
        EXPECT_EQ(forwarded(value), "10.0.0.1") << value;
    }
    EXPECT_EQ(forwarded("for=6.6.6.6, for=_hidden, for=10.0.0.7"), "10.0.0.7");
    EXPECT_EQ(client("10.0.0.1", {{"X-Forwarded-For", "6.6.6.6, unknown"}}), "10.0.0.1");
}

TEST(client_of, believes_neither_of_two_that_disagree) {
    // A proxy that writes one header passes the client's own version of the other on.
    EXPECT_EQ(client("10.0.0.1", {{"Forwarded", "for=6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}}),
              "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {{"Forwarded", "for=1.2.3.4"}, {"X-Forwarded-For", "1.2.3.4"}}),
              "1.2.3.4");
}

}  // namespace
}  // namespace carillon::http
