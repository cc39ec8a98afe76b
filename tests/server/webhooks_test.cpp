#include "server/webhooks.hpp"

#include "http/test_server.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(webhook_signature, is_that_of_standard_webhooks) {
    // The example of the specification's reference libraries.
    EXPECT_EQ(
        webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                          "1614265330", R"({"test": 2432232314})"),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_THAT(webhook_signature("any text", "a", "1", "b"), StartsWith("v1,"));
}

class hooks : public ::testing::Test {
protected:
    void connect(const std::string& id) {
        client_info c;
        c.id = id;
        c.user = "ann";
        hooks_.connected(c);
    }
    void answer(long status) {
        auto done = std::move(asked_.front().second);
        asked_.erase(asked_.begin());
        done(web_answer{status, {}, {}});
    }
    std::string header(std::string_view name) const {
        for (const auto& [n, value] : asked_.front().first.headers)
            if (n == name) return value;
        return {};
    }

    webhooks::clock::time_point now_{1000s};
    std::vector<std::pair<web_request, web_client::callback>> asked_;
    webhooks hooks_{{.url = "http://127.0.0.1/hook", .secret = "s", .max_queued = 3, .attempts = 3},
                    [this](web_request r, web_client::callback done) {
                        asked_.emplace_back(std::move(r), std::move(done));
                    },
                    [this] { return now_; }};
};

TEST_F(hooks, tell_who_comes_and_goes) {
    connect("c1");
    ASSERT_EQ(asked_.size(), 1u);
    EXPECT_EQ(asked_[0].first.method, "POST");
    EXPECT_THAT(asked_[0].first.body, HasSubstr(R"("type":"client.connected")"));
    EXPECT_THAT(asked_[0].first.body, HasSubstr(R"("id":"c1","user":"ann")"));
    EXPECT_THAT(header("webhook-id"), StartsWith("msg_"));
    EXPECT_EQ(header("webhook-signature"),
              webhook_signature("s", header("webhook-id"), header("webhook-timestamp"),
                                asked_[0].first.body));
    answer(204);
    hooks_.gone({"c1", "ann", "", "topics", std::chrono::system_clock::now(), {}});
    EXPECT_THAT(asked_[0].first.body, HasSubstr(R"("type":"client.gone")"));
    EXPECT_THAT(asked_[0].first.body, HasSubstr(R"("reason":"left")"));
    answer(200);
    hooks_.gone({"c1", "", "", "topics", {}, close_reason::revoked});
    EXPECT_THAT(asked_[0].first.body, HasSubstr(R"("reason":"revoked")"));
    answer(200);
    EXPECT_EQ(hooks_.counts().delivered, 3u);
    EXPECT_EQ(hooks_.counts().queued, 0u);
}

TEST_F(hooks, are_tried_again_under_their_id_and_given_up) {
    connect("c1");
    const std::string id = header("webhook-id");
    answer(500);
    hooks_.tick();
    EXPECT_TRUE(asked_.empty()) << "not at once";
    now_ += 2s;
    hooks_.tick();
    ASSERT_EQ(asked_.size(), 1u);
    EXPECT_EQ(header("webhook-id"), id);
    answer(301);
    now_ += 2s - 400ms;
    hooks_.tick();
    now_ += 1s;
    hooks_.tick();
    ASSERT_EQ(asked_.size(), 1u) << "twice as long, give or take";
    answer(500);
    now_ += 1h;
    hooks_.tick();
    EXPECT_TRUE(asked_.empty());
    EXPECT_EQ(hooks_.counts().dropped, 1u);
    connect("c2");
    answer(410);
    EXPECT_EQ(hooks_.counts().dropped, 2u) << "gone for good";
}

TEST_F(hooks, are_bounded) {
    for (int i = 0; i < 4; ++i) connect("c" + std::to_string(i));
    EXPECT_EQ(asked_.size(), 3u);
    EXPECT_EQ(hooks_.counts().queued, 3u);
    EXPECT_EQ(hooks_.counts().dropped, 1u);
    while (!asked_.empty()) answer(200);
}

/// A back end that fails, is slow, and takes what it is given; and what it got.
TEST_F(hooks, go_out_as_soon_as_there_is_room) {
    int went = 0;
    webhooks many(
        {.url = "http://127.0.0.1/hook", .secret = {}, .max_queued = 1000},
        [&](web_request r, web_client::callback done) {
            asked_.emplace_back(std::move(r), std::move(done));
            ++went;
        },
        [this] { return now_; });
    client_info c;
    for (int i = 0; i < 300; ++i) {
        c.id = "c" + std::to_string(i);
        many.connected(c);
    }
    EXPECT_EQ(went, 16) << "no more at once";
    for (int i = 0; i < 300; ++i) {
        ASSERT_FALSE(asked_.empty()) << i;
        EXPECT_THAT(asked_[0].first.body, HasSubstr("\"c" + std::to_string(i) + '"'));
        answer(204);
    }
    EXPECT_EQ(many.counts().delivered, 300u);
    // One that answers at once.
    webhooks quick(
        {.url = "http://127.0.0.1/hook", .secret = {}, .max_queued = 1000},
        [&](const web_request&, const web_client::callback& done) {
            done(web_answer{204, {}, {}});
        },
        [this] { return now_; });
    for (int i = 0; i < 300; ++i) quick.connected(c);
    EXPECT_EQ(quick.counts().delivered, 300u);
    EXPECT_EQ(quick.counts().queued, 0u);
}

class receiver {
public:
    struct letter {
        std::string id, time, signature, body;
    };

    std::string url() const { return fmt::format("http://localhost:{}/hook", server_->port()); }
    void fails_with(int status) { status_ = status; }
    void is_slow(bool slow) { slow_ = slow; }
    void goes() { server_.reset(); }
    std::vector<letter> got() const {
        const std::lock_guard lock(mutex_);
        return got_;
    }

private:
    void take(http::request& r, http::responder to) {
        const auto field = [&](std::string_view name) {
            return std::string(r.header_value(name).value_or(""));
        };
        const std::lock_guard lock(mutex_);
        got_.push_back(
            {field("webhook-id"), field("webhook-timestamp"), field("webhook-signature"), r.body});
        if (slow_) {
            kept_.push_back(std::make_unique<http::responder>(std::move(to)));
        } else {
            to.send(http::response{status_.load(), {}, {}, false});
        }
    }

    std::atomic<int> status_{204};
    std::atomic<bool> slow_{false};
    mutable std::mutex mutex_;  // guards the next two
    std::vector<letter> got_;
    std::vector<std::unique_ptr<http::responder>> kept_;
    std::unique_ptr<http::test_server> server_ =
        std::make_unique<http::test_server>([this](http::router& routes) {
            routes.add("POST", "/hook",
                       [this](http::request& r, http::responder to) { take(r, std::move(to)); });
        });
};

TEST(webhooks_over_http, reach_a_receiver_that_fails_and_is_slow_and_give_one_up_that_is_gone) {
    receiver back_end;
    std::atomic<int> later{0};
    web_client client;
    webhooks hooks(
        {.url = back_end.url(), .secret = "s", .timeout = 100ms, .max_queued = 2, .attempts = 4},
        [&](web_request r, web_client::callback done) {
            client.ask(std::move(r), std::move(done));
        },
        [&] { return webhooks::clock::time_point(1000s + std::chrono::seconds(later)); });
    const auto becomes = [](const std::function<bool()>& true_) {
        for (int i = 0; i < 500 && !true_(); ++i) std::this_thread::sleep_for(10ms);
        return true_();
    };
    // Nothing of it shows when an attempt has failed but that the next one can be made.
    const auto reaches = [&](std::size_t attempts) {
        return becomes([&] {
            later += 400;
            hooks.tick();
            return back_end.got().size() >= attempts;
        });
    };
    client_info c;
    c.id = "c1";
    back_end.fails_with(500);
    hooks.connected(c);
    ASSERT_TRUE(becomes([&] { return back_end.got().size() == 1; }));
    back_end.is_slow(true);
    ASSERT_TRUE(reaches(2));
    back_end.is_slow(false);
    back_end.fails_with(204);
    ASSERT_TRUE(reaches(3));
    EXPECT_TRUE(becomes([&] { return hooks.counts().delivered == 1; }));
    const auto got = back_end.got();
    for (const auto& letter : got) {
        EXPECT_EQ(letter.id, got[0].id) << "the same over all attempts";
        EXPECT_EQ(letter.body, got[0].body);
        EXPECT_EQ(letter.signature, webhook_signature("s", letter.id, letter.time, letter.body));
    }
    EXPECT_THAT(got[0].body, HasSubstr(R"("id":"c1")"));

    back_end.goes();
    hooks.connected(c);
    hooks.connected(c);
    hooks.connected(c);
    EXPECT_GE(hooks.counts().dropped, 1u) << "one more than may wait";
    EXPECT_TRUE(becomes([&] {
        later += 400;
        hooks.tick();
        return hooks.counts().queued == 0;
    }));
    EXPECT_EQ(hooks.counts().delivered, 1u);
    EXPECT_EQ(hooks.counts().dropped, 3u);
}

}  // namespace
}  // namespace carillon::server
