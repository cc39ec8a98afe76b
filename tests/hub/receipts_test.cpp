// What publishers get to know about events that they ask about.
#include "support/strand_executor.hpp"
#include "support/test_hub.hpp"

#include <array>
#include <future>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

class receipts : public ::testing::Test {
protected:
    receipts() : t_(options()), second_(t_.h.add_shard(t_.on)) {}
    static hub_options options() {
        hub_options o;
        o.max_receipts = 3;
        o.options_of = [](std::string_view name) {
            topic_options options;
            if (name == "slow") options.coalesce_window = 1s;
            return options;
        };
        return o;
    }

    subscriber* open(shard& home, fake_connection& out, std::string user,
                     std::initializer_list<std::string_view> topics = {"a"}) {
        stream_request r = t_.request(out, topics);
        auto who = std::make_shared<identity>();
        who->user = std::move(user);
        r.who = std::move(who);
        r.spaces = {.user = true, .everyone = true};
        return *home.open(std::move(r));
    }
    void send(audience to, std::size_t events = 1, std::string_view topic = {},
              std::optional<idempotency_key> key = std::nullopt, bool ephemeral = false) {
        told_.clear();
        std::vector<event> all(events);
        for (event& e : all) {
            e.data = "x";
            e.ephemeral = ephemeral;
            if (!topic.empty()) e.topics = {*topic::parse(topic)};
        }
        t_.h.publish(
            std::move(all), std::move(to), std::move(key),
            [this](const auto& done) { stored_ = done.has_value(); },
            [this](std::vector<delivery_receipt> got) {
                ++answers_;
                told_ = std::move(got);
            });
        t_.on.run_until_idle();
    }
    std::string told() const {
        std::string text;
        for (const delivery_receipt& r : told_) {
            text +=
                std::to_string(r.matched) + "/" + std::to_string(r.handed) + (r.known ? " " : "? ");
        }
        return text;
    }

    test_hub t_;
    shard& second_;
    bool stored_ = false;
    int answers_ = 0;
    std::vector<delivery_receipt> told_;
};

TEST_F(receipts, count_connections_on_all_shards_for_each_event) {
    fake_connection a, b, c;
    open(t_.s, a, "ann");
    open(second_, b, "ann");
    open(second_, c, "bob");
    send({.users = {"ann", "bob", "carl"}});
    EXPECT_EQ(told(), "2/2 1/1 0/0 ");
    EXPECT_EQ(told_[0].id, t_.id(1));
    EXPECT_EQ(told_[2].pos.value, 3u);
    send({.everyone = true});
    EXPECT_EQ(told(), "3/3 ");
    send({}, 2, "a");
    EXPECT_EQ(told(), "3/3 3/3 ");
    EXPECT_EQ(answers_, 3);
}

TEST_F(receipts, a_user_who_is_offline_is_told_at_once) {
    send({.users = {"ann"}});
    EXPECT_EQ(told(), "0/0 ");
    send({}, 1, "a", std::nullopt, true);
    EXPECT_EQ(told(), "0/0 ");
}

TEST_F(receipts, an_event_that_several_topics_bring_to_a_stream_counts_once) {
    fake_connection a;
    stream_request r = t_.request(a, {"a", "b"});
    ASSERT_TRUE(t_.s.open(std::move(r)));
    std::vector<event> one;
    one.push_back(make_event({"a", "b"}, "x"));
    t_.h.publish(
        std::move(one), {}, std::nullopt, [](const auto&) {},
        [this](std::vector<delivery_receipt> all) { told_ = std::move(all); });
    t_.on.run_until_idle();
    EXPECT_EQ(told(), "1/1 ");
}

TEST_F(receipts, streams_that_take_no_more_match_and_are_handed_nothing) {
    fake_connection quick, slow, behind;
    open(t_.s, quick, "ann");
    open(t_.s, slow, "ann");
    open(second_, behind, "ann");
    behind.room = 0;
    send({.users = {"ann"}});
    EXPECT_EQ(told(), "3/2 ");
    slow.room = 5;
    send({.users = {"ann"}});
    EXPECT_EQ(told(), "3/1 ");
}

TEST_F(receipts, streams_that_may_not_see_it_or_filter_it_do_not_match) {
    fake_connection plain, filters;
    open(t_.s, plain, "ann");
    stream_request r = t_.request(filters, {"a"});
    r.filter.names = {"other"};
    ASSERT_TRUE(t_.s.open(std::move(r)));
    send({}, 1, "a");
    EXPECT_EQ(told(), "1/1 ");
}

TEST_F(receipts, wait_for_a_topic_that_coalesces) {
    fake_connection out;
    open(t_.s, out, "ann", {"slow"});
    send({}, 1, "slow");
    EXPECT_EQ(answers_, 0);
    t_.on.advance(2s);
    EXPECT_EQ(told(), "1/1 ");
}

TEST_F(receipts, of_what_was_stored_earlier_nothing_is_known) {
    fake_connection out;
    open(t_.s, out, "ann");
    const idempotency_key key{.key = "k"};
    send({.users = {"ann"}}, 1, {}, key);
    EXPECT_EQ(told(), "1/1 ");
    const std::string id = told_[0].id;
    send({.users = {"ann"}}, 1, {}, key);
    EXPECT_EQ(told(), "0/0? ");
    EXPECT_EQ(told_[0].id, id);
}

TEST_F(receipts, so_many_are_waited_for_and_no_more) {
    fake_connection out;
    open(t_.s, out, "ann", {"slow"});
    send({}, 3, "slow");
    EXPECT_EQ(answers_, 0);
    send({}, 1, "slow");
    EXPECT_EQ(told(), "0/0? ") << "one too many";
    EXPECT_TRUE(stored_);
    t_.on.advance(2s);
    EXPECT_EQ(told(), "1/1 1/1 1/1 ");
    send({}, 3, "slow");
    t_.on.advance(2s);
    EXPECT_EQ(told(), "1/1 1/1 1/1 ") << "there is room again";
}

TEST_F(receipts, a_publish_that_fails_has_none) {
    send({.users = {""}});
    EXPECT_FALSE(stored_);
    EXPECT_EQ(answers_, 0);
}

TEST_F(receipts, the_end_of_the_hub_answers_what_was_counted) {
    fake_connection out;
    open(t_.s, out, "ann", {"slow"});
    send({}, 1, "slow");
    t_.h.close([] {});
    t_.on.run_until_idle();
    EXPECT_EQ(told(), "1/0 ");
}

// Shards on threads of their own, publishers on others: each receipt says what a count of the
// streams says, since nobody comes or goes.
TEST(receipts_of_a_crowd, are_right_whichever_shards_are_quicker) {
    std::array<strand_executor, 3> executors;
    hub h({}, make_memory_journal({}));
    stream_profile profile;
    std::vector<std::unique_ptr<fake_connection>> out;
    for (strand_executor& on : executors) {
        shard& home = h.add_shard(on);
        for (int i = 0; i < 10; ++i) {
            stream_request r;
            r.out = out.emplace_back(std::make_unique<fake_connection>()).get();
            r.profile = &profile;
            r.topics = patterns({"a"});
            std::promise<bool> opened;
            on.post([&] { opened.set_value(home.open(std::move(r)).has_value()); });
            ASSERT_TRUE(opened.get_future().get());
        }
    }
    constexpr int publishes = 300;
    std::atomic<int> right{0};
    std::atomic<int> answers{0};
    std::promise<void> all;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < publishes; ++i) {
                std::vector<event> one;
                one.push_back(make_event({"a"}, "x"));
                h.publish(
                    std::move(one), {}, std::nullopt, [](const auto&) {},
                    [&](const std::vector<delivery_receipt>& told) {
                        if (told.size() == 1 && told[0].matched == 30 && told[0].handed == 30)
                            ++right;
                        if (++answers == 3 * publishes) all.set_value();
                    });
            }
        });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(all.get_future().wait_for(60s), std::future_status::ready);
    EXPECT_EQ(right, 3 * publishes);
    std::promise<void> closed;
    h.close([&] { closed.set_value(); });
    closed.get_future().wait();
}

}  // namespace
}  // namespace carillon::testing
