// `carillon doctor` through the real proxies, with the packaged files and with spoiled ones.
#include "support/process.hpp"
#include "support/relay.hpp"
#include "support/running_proxy.hpp"
#include "support/running_server.hpp"
#include "support/temporary_folder.hpp"
#include "support/tokens.hpp"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// From an address that the proxy does not connect from.
constexpr const char* outsider = "127.0.0.9";

strings doctor(std::uint16_t port, strings more = {}) {
    strings all{"doctor", "http://localhost:" + std::to_string(port), "--from", outsider};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

/// A finding with this verdict, and the proxy's own remedy if it is bad.
::testing::Matcher<const std::string&> finds(const std::string& verdict, const std::string& check) {
    return ContainsRegex("\n?" + verdict + " +" + check + " ");
}

class doctor_behind : public ::testing::TestWithParam<proxy_kind> {
protected:
    running_server hub_{{"--http.trusted_proxies", "127.0.0.1", "--http.cors_origins",
                         "https://app.example.com", "--stream.heartbeat_interval", "1s"}};
};

TEST_P(doctor_behind, finds_nothing_wrong_with_the_packaged_file) {
    const running_proxy proxy(GetParam(), hub_.port());
    ASSERT_TRUE(proxy.running());
    process p(carillon(doctor(proxy.port(), {"--idle", "1500ms", "--restart", "3s", "--origin",
                                             "https://app.example.com"})));
    ASSERT_TRUE(p.read_until("good       idle")) << p.output();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    hub_.kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    hub_.restart();
    EXPECT_EQ(p.wait(), 0) << p.output();
    EXPECT_THAT(p.output(),
                AllOf(finds("good", "delivery"), finds("good", "restart"), finds("good", "address"),
                      finds("good", "paths"), finds("good", "origin"), Not(HasSubstr("bad "))));
    const bool named = GetParam() != proxy_kind::haproxy;
    EXPECT_THAT(p.output(), HasSubstr(named ? "behind " + std::string(to_string(GetParam()))
                                            : std::string("behind ")));
}

INSTANTIATE_TEST_SUITE_P(doctor, doctor_behind,
                         ::testing::Values(proxy_kind::nginx, proxy_kind::haproxy,
                                           proxy_kind::caddy, proxy_kind::apache),
                         [](const auto& one) { return std::string(to_string(one.param)); });

class doctor : public ::testing::Test {
protected:
    /// Through the proxy with these changes to its file; the doctor finds something wrong.
    std::string through(proxy_kind kind, running_proxy::changes c, strings more = {}) {
        const running_proxy proxy(kind, hub_.port(), std::move(c));
        EXPECT_TRUE(proxy.running());
        process p(carillon(testing::doctor(proxy.port(), std::move(more))));
        EXPECT_EQ(p.wait(), 1);
        return p.output();
    }
    /// The same, while the hub is killed and stays away for a moment.
    std::string over_a_restart(proxy_kind kind, running_proxy::changes c) {
        const running_proxy proxy(kind, hub_.port(), std::move(c));
        EXPECT_TRUE(proxy.running());
        process p(carillon(testing::doctor(proxy.port(), {"--idle", "0s", "--restart", "4s"})));
        EXPECT_TRUE(p.read_until("compression")) << p.output();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        hub_.kill();
        EXPECT_EQ(p.wait(), 1);
        hub_.restart();
        return p.output();
    }

    running_server hub_{{"--http.trusted_proxies", "127.0.0.1", "--http.cors_origins",
                         "https://app.example.com", "--stream.heartbeat_interval", "4s"}};
};

TEST_F(doctor, names_what_is_wrong_with_nginx) {
    EXPECT_THAT(through(proxy_kind::nginx,
                        {{"proxy_http_version 1.1;", ""},
                         {"proxy_buffering off;", "proxy_ignore_headers X-Accel-Buffering;"}},
                        {"--idle", "0s"}),
                AllOf(finds("bad", "delivery"), HasSubstr("nginx: `proxy_buffering off;`")));
    const std::string several =
        through(proxy_kind::nginx,
                {{"proxy_read_timeout 90s", "proxy_read_timeout 1s"},
                 {"X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for"},
                 {"proxy_set_header Connection \"\";                       #",
                  "add_header Access-Control-Allow-Origin *; #"},
                 {"proxy_http_version 1.1;", ""},
                 {"location /events/subscribe {\n        limit_except GET OPTIONS {\n            "
                  "deny all;\n        }\n        proxy_pass http://carillon;",
                  "location /events/subscribe {\n        proxy_pass "
                  "http://carillon/events/subscribe;"}},
                {"--idle", "3s", "--origin", "https://app.example.com"});
    EXPECT_THAT(several,
                AllOf(finds("bad", "idle"), HasSubstr("`proxy_read_timeout 90s;`"),
                      finds("bad", "claims"), finds("bad", "address"), finds("bad", "origin"),
                      finds("bad", "protocol"), finds("bad", "paths"), finds("good", "delivery")));
    EXPECT_THAT(over_a_restart(proxy_kind::nginx, {{"error_page 500 502 504", "#"}}),
                AllOf(finds("bad", "restart"), HasSubstr("answered 502")));
    EXPECT_THAT(
        through(proxy_kind::nginx, {{"Host $host", "Host elsewhere.example"}}, {"--idle", "0s"}),
        AllOf(finds("bad", "host"), HasSubstr("`proxy_set_header Host $host;`")));
}

TEST_F(doctor, names_what_is_wrong_with_haproxy) {
    EXPECT_THAT(
        through(proxy_kind::haproxy,
                {{"option http-no-delay", "#"}, {"timeout client 90s", "timeout client 1s"}},
                {"--idle", "3s"}),
        AllOf(finds("bad", "delivery"), HasSubstr("late"),
              HasSubstr("HAProxy: `option http-no-delay`")));
    EXPECT_THAT(over_a_restart(proxy_kind::haproxy,
                               {{"errorfile 50", "#"}, {"http-request return status 200", "#"}}),
                AllOf(finds("bad", "restart"), HasSubstr("answered 503")));
}

TEST_F(doctor, names_what_is_wrong_with_caddy) {
    EXPECT_THAT(
        through(proxy_kind::caddy, {{"handle @streams {", "encode gzip\n\thandle @streams {"}},
                {"--idle", "0s"}),
        AllOf(finds("bad", "compression"), HasSubstr("Caddy: no `encode`")));
    EXPECT_THAT(over_a_restart(proxy_kind::caddy, {{"lb_try_duration 20s", "lb_try_duration 0"},
                                                   {"handle @event_source {", "handle /none {"}}),
                AllOf(finds("bad", "restart"), HasSubstr("answered 502")));
}

TEST_F(doctor, names_what_is_wrong_with_apache) {
    EXPECT_THAT(
        through(proxy_kind::apache,
                {{"MergeSlashes Off", "MergeSlashes On"}, {"ProxyTimeout 90", "ProxyTimeout 1"}},
                {"--idle", "3s"}),
        AllOf(finds("bad", "paths"), HasSubstr("Apache: `AllowEncodedSlashes On`"),
              finds("bad", "idle")));
    EXPECT_THAT(
        over_a_restart(proxy_kind::apache,
                       {{"BalancerMember \"http://127.0.0.1:3099\" status=+H retry=0", ""}}),
        finds("bad", "restart"));
}

/// A certificate for `localhost` that signs itself, in `folder`.
struct certificate {
    std::string file, key;
    certificate(const temporary_folder& folder, int days)
        : file(folder.path_of("tls.pem")), key(folder.path_of("tls.key")) {
        process made({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-addext",
                      "subjectAltName=DNS:localhost", "-days", std::to_string(days), "-keyout", key,
                      "-out", file});
        EXPECT_EQ(made.wait(), 0) << made.output();
    }
};

TEST_F(doctor, names_a_certificate_that_ends_soon) {
    const auto behind_tls = [&](int days) {
        const temporary_folder folder;
        const certificate c(folder, days);
        const std::string port = std::to_string(free_port());
        const running_proxy nginx(
            proxy_kind::nginx, hub_.port(),
            {{"server_name events.example.com;",
              "listen 127.0.0.1:" + port + " ssl http2; ssl_certificate " + c.file +
                  "; ssl_certificate_key " + c.key + "; server_name events.example.com;"}});
        EXPECT_TRUE(nginx.running());
        return run_carillon(
            {"doctor", "https://localhost:" + port, "--from", outsider, "--idle", "0s"}, {},
            {"SSL_CERT_FILE=" + c.file});
    };
    const finished soon = behind_tls(5);
    EXPECT_EQ(soon.status, 1) << soon.output;
    EXPECT_THAT(soon.output, AllOf(finds("bad", "certificate"), HasSubstr("ends in 4 days"),
                                   HasSubstr("set: renew it"), finds("good", "connections"),
                                   finds("good", "delivery")));
    const finished later = behind_tls(61);
    EXPECT_EQ(later.status, 0) << later.output;
    EXPECT_THAT(later.output, AllOf(finds("good", "certificate"), HasSubstr("ends in 60 days"),
                                    finds("good", "connections"), HasSubstr("HTTP/2"),
                                    finds("good", "compression"), finds("note", "head")));
}

TEST_F(doctor, does_not_trust_a_certificate_that_nobody_vouches_for) {
    const temporary_folder folder;
    const certificate c(folder, 61);
    const std::string port = std::to_string(free_port());
    const running_proxy nginx(
        proxy_kind::nginx, hub_.port(),
        {{"server_name events.example.com;", "listen 127.0.0.1:" + port + " ssl; ssl_certificate " +
                                                 c.file + "; ssl_certificate_key " + c.key +
                                                 "; server_name events.example.com;"}});
    const finished refused = run_carillon({"doctor", "https://localhost:" + port, "--idle", "0s"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, AllOf(finds("bad", "reach"), HasSubstr("certificate")));
}

TEST_F(doctor, finds_clocks_that_are_apart) {
    // The hub's time reaches the doctor with one more digit.
    EXPECT_THAT(through(proxy_kind::nginx,
                        {{"gzip off;",
                          "gzip off; sub_filter_types *; sub_filter '\"time\":' "
                          "'\"time\":1'; sub_filter_once on;"}},
                        {"--idle", "0s"}),
                AllOf(finds("bad", "clock"), HasSubstr("s apart"), HasSubstr("set: NTP on both"),
                      finds("good", "delivery")));
}

TEST_F(doctor, names_origins_that_may_not_read_or_send_cookies_and_notes_six_connections) {
    const auto from = [&](const std::string& origin, strings more = {}) {
        strings all{"doctor", hub_.url(), "--from", outsider, "--idle", "0s", "--origin", origin};
        all.insert(all.end(), more.begin(), more.end());
        return run_carillon(std::move(all));
    };
    const finished stranger = from("https://other.example.com");
    EXPECT_EQ(stranger.status, 1);
    EXPECT_THAT(stranger.output,
                AllOf(finds("bad", "origin"), HasSubstr("may not read streams"),
                      HasSubstr("http.cors_origins with this origin"), finds("note", "connections"),
                      HasSubstr("a browser opens six connections"),
                      HasSubstr("nothing stands in front"), finds("good", "claims")));
    const finished cookies = from("https://app.example.com", {"--credentials"});
    EXPECT_EQ(cookies.status, 1);
    EXPECT_THAT(cookies.output, AllOf(finds("bad", "origin"), HasSubstr("may not send cookies"),
                                      HasSubstr("http.cors_credentials")));
}

TEST_F(doctor, takes_a_slow_path_for_what_it_is) {
    const running_server hub;
    relay path(hub.port());
    path.delay(std::chrono::milliseconds(60));
    const finished asked = run_carillon({"doctor", path.url(), "--idle", "0s"});
    EXPECT_EQ(asked.status, 0) << asked.output;
    EXPECT_THAT(asked.output, AllOf(finds("good", "clock"), finds("good", "delivery"),
                                    finds("good", "compression"), finds("good", "paths")));
}

TEST_F(doctor, tells_addresses_apart_that_are_no_hub) {
    const auto run = [](strings arguments) {
        arguments.insert(arguments.begin(), "doctor");
        return run_carillon(std::move(arguments));
    };
    const finished dead = run({"127.0.0.1:" + std::to_string(free_port())});
    EXPECT_EQ(dead.status, 1);
    EXPECT_THAT(dead.output, AllOf(finds("bad", "reach"), HasSubstr("connect")));
    const finished other = run({hub_.url() + "/health"});
    EXPECT_EQ(other.status, 1);
    EXPECT_THAT(other.output, finds("bad", "reach"));
    EXPECT_EQ(run({"ftp://example.com"}).status, 2);
}

TEST_F(doctor, says_that_a_token_has_expired) {
    const std::string secret = "a-secret-of-at-least-thirty-two-bytes";
    const running_server hub(
        {"--auth.secret", secret, "--auth.leeway", "0s", "--auth.public_topics", "none"});
    const finished made =
        run_carillon({"token", "--auth.secret", secret, "--user", "ann", "--expires-in", "1s"});
    ASSERT_EQ(made.status, 0) << made.output;
    std::this_thread::sleep_for(std::chrono::milliseconds(2100));
    const std::string token = made.output.substr(0, made.output.find('\n'));
    const finished asked =
        run_carillon({"doctor", hub.url(), "--token", token, "--idle", "0s", "--json"});
    EXPECT_EQ(asked.status, 1);
    EXPECT_THAT(asked.output, AllOf(HasSubstr(R"("good":false)"), HasSubstr("expired")));
}

TEST_F(doctor, asks_for_a_token_where_no_topic_is_public) {
    const running_server hub(
        {"--auth.secret", std::string(test_secret), "--auth.public_topics", ""});
    const std::string path = "/events/subscribe/$doctor/0123456789abcdef";
    for (const char* what : {"", "?ping=x"}) {
        const answer refused = hub.get(path + what);
        EXPECT_EQ(refused.status, 401) << what;
        EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer");
    }
    const finished without = run_carillon({"doctor", hub.url(), "--idle", "0s"});
    EXPECT_EQ(without.status, 1);
    EXPECT_THAT(without.output, AllOf(finds("bad", "reach"), HasSubstr("no topic is public"),
                                      HasSubstr("--token")));
    const finished with =
        run_carillon({"doctor", hub.url(), "--token", token_of("ann"), "--idle", "0s"});
    EXPECT_EQ(with.status, 0) << with.output;
    EXPECT_THAT(with.output, AllOf(finds("good", "delivery"), Not(HasSubstr("bad "))));
}

TEST_F(doctor, needs_no_token_where_a_topic_is_public) {
    const running_server hub(
        {"--auth.secret", std::string(test_secret), "--auth.public_topics", "news/**"});
    const finished asked = run_carillon({"doctor", hub.url(), "--idle", "0s"});
    EXPECT_EQ(asked.status, 0) << asked.output;
    EXPECT_THAT(asked.output, finds("good", "delivery"));
}

TEST_F(doctor, gives_up_on_a_path_that_is_dead_or_loses_answers) {
    relay path(hub_.port());
    path.lose_answers(true);
    const finished lost = run_carillon({"doctor", path.url(), "--idle", "0s", "--json"});
    EXPECT_EQ(lost.status, 1);
    EXPECT_THAT(lost.output, HasSubstr(R"("check":"reach","verdict":"bad")"));

    const int deaf = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(deaf, reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(::listen(deaf, 1), 0);
    ASSERT_EQ(::getsockname(deaf, reinterpret_cast<sockaddr*>(&at), &size), 0);
    const finished dead =
        run_carillon({"doctor", "127.0.0.1:" + std::to_string(ntohs(at.sin_port)), "--json"});
    ::close(deaf);
    EXPECT_EQ(dead.status, 1);
    EXPECT_THAT(dead.output, HasSubstr("no byte came for 5s"));
}

}  // namespace
}  // namespace carillon::testing
