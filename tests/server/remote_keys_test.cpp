#include "server/remote_keys.hpp"

#include "http/test_server.hpp"
#include "server/trusted_keys.hpp"

#include <atomic>
#include <future>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using auth::algorithm;

constexpr std::string_view first_set =
    R"({"keys":[{"kty":"oct","alg":"HS256","k":"AAAA","kid":"a"}]})";
constexpr std::string_view second_set =
    R"({"keys":[{"kty":"oct","alg":"HS256","k":"BBBB","kid":"b"}]})";

class remote_keys_test : public testing::Test {
protected:
    /// How many keys are found; -1: unavailable; -2: no answer yet.
    std::shared_ptr<int> find(std::string_view id) {
        auto count = std::make_shared<int>(-2);
        keys_.find(id, algorithm::hs256, [count](result<std::vector<auth::key_ptr>> found) {
            *count = found ? static_cast<int>(found->size()) : -1;
        });
        return count;
    }
    void answer(result<web_answer> a) {
        auto done = std::exchange(pending_, nullptr);
        ASSERT_TRUE(done) << "nothing was asked";
        done(std::move(a));
    }
    void answer(std::string_view set) { answer(web_answer{200, {}, std::string(set)}); }

    remote_keys::clock::time_point now_{1000h};
    web_client::callback pending_;
    int fetches_ = 0;
    int changes_ = 0;
    remote_keys keys_{{.url = "https://id.example.com/keys",
                       .refresh = 600s,
                       .min_interval = 30s,
                       .max_interval = 100s,
                       .max_age = 3600s},
                      [this](web_request, web_client::callback done) {
                          ++fetches_;
                          pending_ = std::move(done);
                      },
                      [this] { ++changes_; },
                      [this] { return now_; }};
};

TEST_F(remote_keys_test, fetches_once_for_all_who_wait) {
    const auto one = find("a");
    const auto two = find("");
    EXPECT_EQ(*one, -2);
    answer(first_set);
    EXPECT_EQ(*one, 1);
    EXPECT_EQ(*two, 1);
    EXPECT_EQ(*find("a"), 1);
    EXPECT_EQ(fetches_, 1);
}

TEST_F(remote_keys_test, notices_a_rotation_by_a_key_that_it_does_not_know) {
    find("a");
    answer(first_set);
    EXPECT_EQ(*find("b"), 0) << "too soon after the last fetch";
    EXPECT_EQ(fetches_, 1);
    now_ += 30s;
    const auto found = find("b");
    EXPECT_EQ(fetches_, 2);
    answer(second_set);
    EXPECT_EQ(*found, 1);
    EXPECT_EQ(changes_, 2) << "what the old keys verified is to be forgotten";
    EXPECT_EQ(*find("a"), 0);
}

TEST_F(remote_keys_test, answers_from_what_it_has_while_it_fetches_anew) {
    find("a");
    answer(first_set);
    now_ += 600s;
    EXPECT_EQ(*find("a"), 1);
    EXPECT_EQ(fetches_, 2);
    EXPECT_EQ(*find("a"), 1);
    EXPECT_EQ(fetches_, 2);
    answer(first_set);
    EXPECT_EQ(changes_, 1);
}

TEST_F(remote_keys_test, keeps_its_keys_while_the_url_fails_and_asks_less_often) {
    find("a");
    answer(first_set);
    now_ += 600s;
    for (const auto wait : {30s, 60s, 100s, 100s}) {
        EXPECT_EQ(*find("a"), 1);
        answer(fail(errc::io_error, "away"));
        now_ += wait - 1s;
        const int before = fetches_;
        find("a");
        EXPECT_EQ(fetches_, before);
        now_ += 1s;
    }
    now_ += 3600s;
    const auto late = find("a");
    answer(web_answer{500, {}, {}});
    EXPECT_EQ(*late, -1) << "older than they may be";
    EXPECT_EQ(*find("a"), -1) << "backing off";
}

TEST_F(remote_keys_test, takes_no_garbage_for_keys) {
    for (const char* garbage : {"<html>", "[]", "{}", R"({"keys":7})"}) {
        const auto found = find("a");
        answer(garbage);
        EXPECT_EQ(*found, -1) << garbage;
        now_ += 1000s;
    }
    find("a");
    answer(first_set);
    now_ += 600s;
    find("a");
    answer("<html>");
    EXPECT_EQ(*find("a"), 1);
}

TEST(trusted_keys, of_several_urls_one_that_is_down_may_have_the_key) {
    bool down = true;
    const key_places how{.ask =
                             [&](const web_request& r, const web_client::callback& done) {
                                 if (r.url.contains("first")) {
                                     if (down) return done(fail(errc::io_error, "down"));
                                     return done(web_answer{200, {}, std::string(first_set)});
                                 }
                                 done(web_answer{200, {}, std::string(second_set)});
                             },
                         .on_change = [] {}};
    const auto found = [&](std::string_view id) {
        const auto keys = trusted_keys({"https://first.example/k", "https://second.example/k"},
                                       nullptr, "auth.keys", how);
        EXPECT_TRUE(keys);
        int count = -2;
        (*keys)->find(id, algorithm::hs256, [&](result<std::vector<auth::key_ptr>> all) {
            count = all ? static_cast<int>(all->size()) : -1;
        });
        return count;
    };
    EXPECT_EQ(found("b"), 1);
    EXPECT_EQ(found("a"), -1) << "503, not 401: it may be the first one's";
    down = false;
    EXPECT_EQ(found("a"), 1);
    EXPECT_EQ(found("c"), 0);
}

TEST(remote_keys_over_http, come_from_a_url_that_rotates_disappears_is_slow_and_says_garbage) {
    std::mutex mutex;  // guards the next two
    std::string body(first_set);
    std::vector<std::unique_ptr<http::responder>> kept;
    std::atomic<int> status{200};
    std::atomic<bool> slow{false};
    const http::test_server issuer([&](http::router& routes) {
        routes.add("GET", "/keys", [&](http::request&, http::responder to) {
            const std::lock_guard lock(mutex);
            if (slow) {
                kept.push_back(std::make_unique<http::responder>(std::move(to)));
            } else {
                to.send(http::response{status, {}, body, false});
            }
        });
    });
    const auto says = [&](std::string_view text) {
        const std::lock_guard lock(mutex);
        body = text;
    };
    std::atomic<int> later{0};
    web_client client;
    std::atomic<int> changes{0};
    remote_keys keys(
        {.url = fmt::format("http://localhost:{}/keys", issuer.port()),
         .max_age = 24h,
         .timeout = 100ms,
         .max_bytes = 1000},
        [&](web_request r, web_client::callback done) {
            client.ask(std::move(r), std::move(done));
        },
        [&] { ++changes; },
        [&] { return remote_keys::clock::time_point(1000h + std::chrono::seconds(later)); });
    /// -1: unavailable.
    const auto find = [&](std::string_view id) {
        later += 700;  // a fetch is due again, whatever was before
        auto answer = std::make_shared<std::promise<int>>();
        keys.find(id, algorithm::hs256, [answer](result<std::vector<auth::key_ptr>> found) {
            answer->set_value(found ? static_cast<int>(found->size()) : -1);
        });
        return answer->get_future().get();
    };
    slow = true;
    EXPECT_EQ(find("a"), -1) << "no answer in time";
    slow = false;
    status = 404;
    EXPECT_EQ(find("a"), -1);
    status = 200;
    says("<html>not a key set</html>");
    EXPECT_EQ(find("a"), -1);
    says(std::string(first_set) + std::string(1000, ' '));
    EXPECT_EQ(find("a"), -1) << "larger than it may be";
    says(first_set);
    EXPECT_EQ(find("a"), 1);
    says(second_set);
    EXPECT_EQ(find("b"), 1) << "a key that is not known makes it look";
    EXPECT_EQ(find("a"), 0) << "and the old one is gone";
    // What is at hand stays, whatever becomes of the URL.
    for (const auto& go_wrong : {std::function<void()>([&] { says("garbage"); }),
                                 std::function<void()>([&] { status = 500; }),
                                 std::function<void()>([&] { slow = true; })}) {
        go_wrong();
        EXPECT_EQ(find("b"), 1);
        EXPECT_EQ(find("b"), 1);
        EXPECT_EQ(find("x"), 0);
    }
    EXPECT_EQ(changes, 2);
}

}  // namespace
}  // namespace carillon::server
