#include "server/webhooks.hpp"

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

}  // namespace
}  // namespace carillon::server
