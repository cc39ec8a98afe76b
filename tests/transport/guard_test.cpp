#include "transport/guard.hpp"

#include "http/test_server.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr access every_access[] = {access::none,          access::optional, access::user,
                                   access::verified_user, access::owner,    access::publisher,
                                   access::admin};

principal named(std::string user, std::vector<std::string> roles = {}) {
    principal p;
    p.from = principal::source::token;
    p.user = std::move(user);
    p.roles = std::move(roles);
    return p;
}

/// Which of the accesses, in their order, admit this caller: "nouvOpa", `-` for those that do not.
std::string admitted(const principal& who) {
    std::string all = "nouvOpa";
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!permits(every_access[i], who)) all[i] = '-';
    }
    return all;
}

TEST(permits, admits_by_what_the_caller_is) {
    EXPECT_EQ(admitted({}), "no-----");
    EXPECT_EQ(admitted(named("ann")), "nouvO--");
    EXPECT_EQ(admitted(named("ann", {"reader", "publishers"})), "nouvO--");
    EXPECT_EQ(admitted(named("ann", {"publisher"})), "nouvOp-");
    EXPECT_EQ(admitted(named("ann", {"admin"})), "nouvOpa");
    EXPECT_EQ(permits(access::user, {}).error().code, errc::unauthenticated);
    EXPECT_EQ(permits(access::admin, named("ann")).error().code, errc::forbidden);
    principal granted = named("ann");
    granted.grants =
        std::make_shared<const grant_set>(grant_set{{topic_pattern::parse("news").value()}, {}});
    EXPECT_EQ(admitted(granted), "nouvOp-");
    principal developer = named("ann", {"admin"});
    developer.from = principal::source::development;
    EXPECT_EQ(admitted(developer), "nou-Opa") << "anybody could make its token";
    EXPECT_EQ(permits(access::verified_user, developer).error().code, errc::unauthenticated);
    principal roles_of_nobody;
    roles_of_nobody.roles = {"admin"};
    EXPECT_EQ(admitted(roles_of_nobody), "no-----");
}

TEST(is_local, knows_a_developers_own_calls) {
    const auto local = [](std::string host, const char* peer = "127.0.0.1",
                          bool forwarded = false) {
        http::request r;
        r.headers = {{"Host", std::move(host)}};
        r.forwarded = forwarded;
        if (*peer != '\0') r.client = *net::ip_address::parse(peer);
        return is_local(r);
    };
    for (const char* host : {"localhost", "LocalHost:3000", "app.localhost", "127.0.0.1:3000",
                             "127.9.9.9", "[::1]:80", "localhost."}) {
        EXPECT_TRUE(local(host)) << host;
    }
    for (const char* host :
         {"example.com", "localhost.example.com", "10.0.0.1", "[::2]", "", "notlocalhost", "a b"}) {
        EXPECT_FALSE(local(host)) << host;
    }
    EXPECT_TRUE(local("localhost", "::1"));
    EXPECT_FALSE(local("localhost", "10.0.0.1")) << "says it is called so";
    EXPECT_FALSE(local("localhost", "127.0.0.1", true)) << "a proxy passed it on";
    EXPECT_FALSE(local("localhost", "")) << "a Unix socket";
    EXPECT_FALSE(is_local(http::request{}));
    http::request old;
    old.headers = {{"Host", "localhost"}};
    old.client = *net::ip_address::parse("127.0.0.1");
    EXPECT_TRUE(is_local(old));
    old.http10 = true;
    EXPECT_FALSE(is_local(old)) << "what a bare proxy speaks";
}

/// Believes "Bearer NAME ROLE…"; what begins with "later" it answers on its own thread, when told
/// to.
class test_authenticator final : public auth::authenticator {
public:
    ~test_authenticator() override { release(); }

    void check(const auth::credentials& given, callback done) override {
        ++asked;
        std::string text(given.authorization.empty() ? given.token
                                                     : std::string(given.authorization.substr(7)));
        const bool later = text.starts_with("later-");
        if (later) text.erase(0, 6);
        auto who = [&]() -> result<principal> {
            if (text.empty()) return principal{};
            if (text == "bad") return fail(errc::unauthenticated, "not believed");
            const std::size_t blank = text.find('-');
            if (blank == std::string::npos) return named(text);
            return named(text.substr(0, blank), {text.substr(blank + 1)});
        }();
        if (!later) return done(std::move(who));
        const std::lock_guard lock(mutex_);
        waiting_.emplace_back([done = std::move(done), who = std::move(who)] { done(who); });
        arrived_.notify_all();
    }

    /// Answers `count` calls, once they have come, on a thread of its own.
    void answer(std::size_t count) {
        std::unique_lock lock(mutex_);
        ASSERT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(10),
                                      [&] { return waiting_.size() >= count; }));
        lock.unlock();
        release();
    }

    std::atomic<int> asked{0};

private:
    void release() {
        std::vector<std::function<void()>> all;
        {
            const std::lock_guard lock(mutex_);
            all.swap(waiting_);
        }
        std::thread([&] {
            for (const auto& one : all) one();
        }).join();
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<std::function<void()>> waiting_;  // guarded by mutex_
};

/// Answers with all that it was sent.
class echo_upload final : public http::upload {
public:
    echo_upload(std::string user, http::responder answer, http::upload_control control)
        : text_(std::move(user) + ":"), answer_(std::move(answer)), control_(std::move(control)) {}
    flow on_data(std::string_view bytes) override {
        text_ += bytes;
        if (!bytes.contains("pause")) return flow::more;
        answer_.loop().post([control = control_]() mutable { control.resume(); });
        return flow::pause;
    }
    void on_end() override { answer_.send(http::text(text_)); }
    bool on_cut(const error& why) override {
        answer_.send(http::text("cut after " + text_ + ": " + std::string(to_string(why.code))));
        return true;
    }
    std::size_t held() const noexcept override { return text_.size(); }

private:
    std::string text_;
    http::responder answer_;
    http::upload_control control_;
};

class guard : public ::testing::Test {
protected:
    static std::string request(std::string_view method, std::string_view path,
                               std::string_view fields = {}, std::string_view body = {}) {
        std::string text = std::string(method) + ' ' + std::string(path) +
                           " HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4\r\n" +
                           std::string(fields);
        if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return text + "\r\n" + std::string(body);
    }
    static std::string bearer(std::string_view token) {
        return "Authorization: Bearer " + std::string(token) + "\r\n";
    }

    std::vector<route> routes() {
        std::vector<route> all;
        const route_handler tell = [](http::request& r, const principal& who, http::responder to) {
            std::string text = r.method + ' ' + r.path + '?' + r.query + " by " + who.user;
            if (who.unrestricted) text += "whomever";
            for (const std::string& value : r.path_rest) text += " [" + value + ']';
            to.send(http::text(text + " " + r.body));
        };
        for (const access a : every_access) {
            all.push_back({.method = "GET",
                           .path = '/' + std::string(to_string(a)) + "/{x}",
                           .who = {access::none, a},
                           .handle = tell});
        }
        all.push_back({.method = "POST",
                       .path = "/up",
                       .who = {access::publisher, access::publisher},
                       .takes = {.needed = true, .whole = {"text/plain"}, .streamed = {"x/lines"}},
                       .handle = tell,
                       .upload = [](http::request& r, const principal& who, http::responder to,
                                    http::upload_control control) -> std::unique_ptr<http::upload> {
                           if (r.query == "no") {
                               to.send(error{errc::conflict, "not today"});
                               return nullptr;
                           }
                           return std::make_unique<echo_upload>(who.user, std::move(to),
                                                                std::move(control));
                       }});
        all.push_back({.method = "GET",
                       .path = "/stream",
                       .who = {access::user, access::user},
                       .handle = tell,
                       .refuse = [](const http::request&, http::responder to, const error& why) {
                           to.send(http::text("in other words: " + why.detail));
                       }});
        return all;
    }

    test_authenticator who_;
    http::test_server server_{[this](http::router& on) {
        mount(on, routes(), who_, {.asks = true, .local_defaults = true});
    }};
    http::test_client client_{server_};
};

TEST_F(guard, gives_the_handler_its_caller) {
    EXPECT_EQ(client_.send(request("GET", "/user/a%2Fb?q", bearer("ann"))).read().body,
              "GET /user/a%2Fb?q by ann [a/b] ");
    EXPECT_EQ(client_.send(request("GET", "/optional/a")).read().body, "GET /optional/a? by  [a] ");
    EXPECT_EQ(client_.send(request("GET", "/user/a?token=ann")).read().status, 200);
}

TEST_F(guard, refuses_with_401_and_403) {
    const auto missing = client_.send(request("GET", "/user/a")).read();
    EXPECT_EQ(missing.status, 401);
    EXPECT_EQ(missing.header("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(client_.send(request("GET", "/publisher/a", bearer("ann"))).read().status, 403);
    EXPECT_EQ(client_.send(request("GET", "/publisher/a", bearer("ann-publisher"))).read().status,
              200);
    EXPECT_EQ(client_.send(request("GET", "/admin/a", bearer("ann-publisher"))).read().status, 403);
    EXPECT_EQ(client_.send(request("GET", "/optional/a", bearer("bad"))).read().status, 401)
        << "who shows bad credentials is not taken for nobody";
    EXPECT_EQ(client_.send(request("GET", "/stream")).read().body,
              "in other words: say who you are: credentials are missing");
}

TEST_F(guard, asks_nobody_where_nobody_has_to_be) {
    EXPECT_EQ(client_.send(request("GET", "/none/a", bearer("bad"))).read().status, 200);
    EXPECT_EQ(client_.send(http::get("/admin/a")).read().body, "GET /admin/a? by whomever [a] ")
        << "a local call";
    EXPECT_EQ(client_.send(http::get("/none/a")).read().body, "GET /none/a? by  [a] ");
    EXPECT_EQ(who_.asked, 0);
}

TEST_F(guard, keeps_the_request_until_its_caller_is_known) {
    http::test_client second(server_);
    client_.send(request("GET", "/user/a%2Fb?q=1", bearer("later-ann")) +
                 request("GET", "/user/second", bearer("bob")));
    second.send(request("POST", "/up",
                        bearer("later-cy-publisher") + "Content-Type: text/plain\r\n", "a body"));
    who_.answer(2);
    EXPECT_EQ(client_.read().body, "GET /user/a%2Fb?q=1 by ann [a/b] ");
    EXPECT_EQ(client_.read().body, "GET /user/second? by bob [second] ");
    EXPECT_EQ(second.read().body, "POST /up? by cy a body");
    client_.send(request("GET", "/user/a", bearer("later-bad")));
    who_.answer(1);
    EXPECT_EQ(client_.read().status, 401);
    EXPECT_EQ(client_.send(request("GET", "/user/a", bearer("ann"))).read().status, 200);
}

TEST_F(guard, forgets_a_request_whose_client_has_gone) {
    client_.send(request("GET", "/user/a", bearer("later-ann"))).reset();
    EXPECT_TRUE(server_.reaches_open(0));
    who_.answer(1);
    http::test_client next(server_);
    EXPECT_EQ(next.send(request("GET", "/user/a", bearer("ann"))).read().status, 200);
}

TEST_F(guard, reads_no_upload_before_its_caller_is_known) {
    const std::string lines = bearer("later-ann-publisher") + "Content-Type: x/lines\r\n";
    const std::string body(300'000, 'x');
    client_.send(request("POST", "/up", lines, body));
    who_.answer(1);
    EXPECT_EQ(client_.read().body, "ann:" + body);
    // What pauses at once, what comes in pieces, and what is empty.
    client_.send(request("POST", "/up", lines, "pause"));
    who_.answer(1);
    EXPECT_EQ(client_.read().body, "ann:pause");
    client_.send(request("POST", "/up", lines + "Content-Length: 6\r\n"));
    who_.answer(1);
    EXPECT_EQ(client_.send("abc").send("def").read().body, "ann:abcdef");
    client_.send(request("POST", "/up", lines + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n");
    who_.answer(1);
    EXPECT_EQ(client_.read().body, "ann:");
}

TEST_F(guard, refuses_a_large_body_of_a_stranger_before_it_is_read) {
    const auto status = [&](std::string_view fields) {
        http::test_client c(server_);
        c.send(request("POST", "/up", std::string(fields) + "Content-Type: text/plain\r\n") + "x");
        return c.read().status;
    };
    for (const char* size : {"Content-Length: 16385\r\n", "Transfer-Encoding: chunked\r\n"}) {
        EXPECT_EQ(status(size), 401) << size;
        EXPECT_EQ(status(bearer("bad") + size), 401) << size;
        EXPECT_EQ(status(bearer("ann") + size), 403) << size;
    }
    const std::string fields = bearer("ann-publisher") + "Content-Type: text/plain\r\n";
    EXPECT_EQ(client_.send(request("POST", "/up", fields, std::string(20'000, 'x'))).read().status,
              200);
    const std::string late = bearer("later-ann-publisher") + "Content-Type: text/plain\r\n";
    client_.send(request("POST", "/up", late, std::string(20'000, 'x')));
    who_.answer(2);  // before the body, which nobody waits for, and after it
    EXPECT_EQ(client_.read().status, 200);
}

TEST_F(guard, refuses_any_body_of_a_stranger_that_shows_nothing_before_it_is_read) {
    const std::string type = "Content-Type: text/plain\r\nContent-Length: 5\r\n";
    for (const char* nothing : {"", "Authorization:\r\n"}) {
        http::test_client c(server_);
        c.send(request("POST", "/up", nothing + type));
        EXPECT_EQ(c.read().status, 401) << nothing;
    }
    http::test_client c(server_);
    c.send(request("POST", "/up", bearer("bad") + type) + "whole");
    EXPECT_EQ(c.read().status, 401) << "looked at when the body is there";
}

TEST_F(guard, refuses_uploads) {
    const std::string type = "Content-Type: x/lines\r\n";
    const auto asked = [&](std::string_view path, std::string_view token) {
        http::test_client c(server_);
        c.send(request("POST", path, bearer(token) + type, std::string(300'000, 'x')));
        if (token.starts_with("later")) who_.answer(1);
        return c.read().status;
    };
    EXPECT_EQ(asked("/up", "ann"), 403);
    EXPECT_EQ(asked("/up", "later-ann"), 403);
    EXPECT_EQ(asked("/up", "bad"), 401);
    EXPECT_EQ(asked("/up", "later-bad"), 401);
    EXPECT_EQ(asked("/up?no", "ann-publisher"), 409);
    EXPECT_EQ(asked("/up?no", "later-ann-publisher"), 409);
    EXPECT_EQ(asked("/up", "ann-publisher"), 200);
}

TEST_F(guard, tells_an_upload_whose_caller_came_late_that_it_was_cut) {
    const std::string lines = bearer("later-ann-publisher") + "Content-Type: x/lines\r\n";
    client_.send(request("POST", "/up", lines + "Content-Length: 6\r\n") + "abc");
    who_.answer(1);
    server_.on_loop([] {});  // which has passed on what was kept
    client_.shut_down();
    EXPECT_EQ(client_.read().body, "cut after ann:abc: INVALID_REQUEST");
    // The server ends before the caller is known: nobody sees the bytes.
    http::test_client early(server_);
    const int before = who_.asked;
    early.send(request("POST", "/up", lines + "Content-Length: 6\r\n") + "abc");
    while (who_.asked == before) std::this_thread::yield();
    server_.on_loop([this] { server_.server().close_when_idle(); });
    const auto refused = early.read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, Not(HasSubstr("ann")));
    who_.answer(1);
}

TEST_F(guard, counts_what_an_upload_keeps_whose_caller_came_late) {
    http::server_options bounded = http::test_server::defaults();
    http::byte_budget requests(1u << 20);
    bounded.requests = &requests;
    http::test_server server(
        [this](http::router& on) { mount(on, routes(), who_, {.asks = true}); },
        std::move(bounded));
    http::test_client c(server);
    const std::string lines = bearer("later-ann-publisher") + "Content-Type: x/lines\r\n";
    c.send(request("POST", "/up", lines + "Content-Length: 3000000\r\n") + "x");
    who_.answer(1);
    c.send(std::string(2'999'999, 'x'));
    const std::string told = c.read().body;
    EXPECT_TRUE(told.starts_with("cut after ann:x")) << told.substr(0, 100);
    EXPECT_TRUE(told.ends_with(to_string(errc::unavailable)));
}

TEST_F(guard, ends_an_upload_whose_client_has_gone) {
    client_.send(
        request("POST", "/up", bearer("later-ann-publisher") + "Content-Type: x/lines\r\n", "x"));
    client_.reset();
    who_.answer(1);
    EXPECT_TRUE(server_.reaches_open(0));
}

TEST(mount, lets_everybody_in_where_nobody_is_asked) {
    test_authenticator who;
    const http::test_server server([&](http::router& on) {
        const route_handler ok = [](http::request&, const principal& caller, http::responder to) {
            to.send(http::text("for " + caller.user + (caller.unrestricted ? "!" : "")));
        };
        std::vector<route> all{{.method = "GET", .path = "/admin", .handle = ok}};
        mount(on, all, who, {.asks = false});
        for (route& r : all) r.path = "/off";
        mount(on, switched_off(std::move(all), "nothing here"), who, {.asks = true});
    });
    http::test_client c(server);
    EXPECT_EQ(c.send(http::get("/admin", "Via: x\r\n")).read().body, "for !");
    EXPECT_EQ(c.send(http::get("/admin", "Via: x\r\nAuthorization: Bearer ann\r\n")).read().body,
              "for ann!");
    const auto off = c.send(http::get("/off", "Via: x\r\n")).read();
    EXPECT_EQ(off.status, 404);
    EXPECT_THAT(off.body, HasSubstr("\"code\":\"DISABLED\""));
}

}  // namespace
}  // namespace carillon::transport
