#include "server/forward_auth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using headers_of = std::vector<std::pair<std::string, std::string>>;

/// A back end that answers when it is told to.
class forwarding : public ::testing::Test {
protected:
    /// What became of a call with this cookie; empty while nobody has answered.
    std::shared_ptr<std::string> call(std::string cookie) {
        auto told = std::make_shared<std::string>();
        auth::credentials given;
        given.header = [&](std::string_view name) -> std::optional<std::string_view> {
            if (name == "Cookie" && !cookie.empty()) return cookie;
            return std::nullopt;
        };
        auth_.check(given, [told](const result<principal>& who) {
            *told = who ? "user " + who->user : std::string(to_string(who.error().code));
            if (who)
                for (const std::string& role : who->roles) *told += " " + role;
        });
        return told;
    }
    void answer(long status, std::string body, headers_of fields = {}) {
        auto done = std::move(asked_.front().second);
        asked_.erase(asked_.begin());
        done(web_answer{status, std::move(fields), std::move(body)});
    }

    forward_auth::clock::time_point now_{1000s};
    std::vector<std::pair<web_request, web_client::callback>> asked_;
    forward_auth auth_{{.url = "http://127.0.0.1/whoami", .kept = 10s, .max_kept = 4},
                       {},
                       [this](web_request r, web_client::callback done) {
                           asked_.emplace_back(std::move(r), std::move(done));
                       },
                       [this] { return now_; }};
};

TEST_F(forwarding, asks_once_for_calls_that_come_together_and_remembers) {
    const auto first = call("a=1");
    const auto second = call("a=1");
    EXPECT_EQ(*first, "");
    ASSERT_EQ(asked_.size(), 1u);
    EXPECT_THAT(asked_[0].first.headers,
                ElementsAre(std::pair<std::string, std::string>("Cookie", "a=1"),
                            std::pair<std::string, std::string>("Accept", "application/json")));
    answer(200, R"({"sub":"ann","roles":["x"]})");
    EXPECT_EQ(*first, "user ann x");
    EXPECT_EQ(*second, "user ann x");
    EXPECT_EQ(*call("a=1"), "user ann x");
    EXPECT_TRUE(asked_.empty());
    call("a=2");
    EXPECT_EQ(asked_.size(), 1u) << "another caller";
    answer(401, "");
    now_ += 10s;
    call("a=1");
    EXPECT_EQ(asked_.size(), 1u) << "what is old is asked anew";
    answer(200, "{}");
}

TEST_F(forwarding, nobody_is_asked_about_who_shows_nothing) {
    EXPECT_EQ(*call(""), "user ");
    EXPECT_TRUE(asked_.empty());
}

TEST_F(forwarding, says_what_the_answer_says) {
    const auto said = [&](long status, std::string body, headers_of fields = {}) {
        static int number = 0;
        const auto told = call("n=" + std::to_string(++number));
        answer(status, std::move(body), std::move(fields));
        return *told;
    };
    EXPECT_EQ(said(401, "who?"), "UNAUTHENTICATED");
    EXPECT_EQ(said(403, ""), "UNAUTHENTICATED");
    EXPECT_EQ(said(204, ""), "user ");
    EXPECT_EQ(said(200, "", {{"remote-user", "bob"}, {"remote-groups", "a,b"}}), "user bob a b");
    EXPECT_EQ(said(200, "", {{"x-auth-request-user", "bob"}}), "user bob");
    for (const long status : {302L, 404L, 500L}) EXPECT_EQ(said(status, ""), "UNAVAILABLE");
    EXPECT_EQ(said(200, R"({"sub":"u","exp":1})"), "UNAUTHENTICATED") << "it has ended";
    EXPECT_EQ(said(200, R"({"sub":"u","nbf":99999999999})"), "UNAUTHENTICATED") << "not yet";
    EXPECT_EQ(said(200, "<html>"), "UNAVAILABLE");
    EXPECT_EQ(said(200, R"({"name":"ann"})"), "UNAVAILABLE") << "names no user";
}

TEST_F(forwarding, what_could_not_be_told_is_asked_again) {
    const auto told = call("a=1");
    auto done = std::move(asked_.front().second);
    asked_.clear();
    done(fail(errc::io_error, "no answer in time"));
    EXPECT_EQ(*told, "UNAVAILABLE");
    call("a=1");
    EXPECT_EQ(asked_.size(), 1u);
    answer(200, R"({"sub":"ann"})");
}

TEST_F(forwarding, remembers_no_more_than_it_may) {
    for (int i = 0; i < 100; ++i) {
        call("a=" + std::to_string(i));
        answer(200, R"({"sub":"ann"})");
    }
    call("a=0");
    EXPECT_EQ(asked_.size(), 1u);
    answer(200, R"({"sub":"ann"})");
}

}  // namespace
}  // namespace carillon::server
