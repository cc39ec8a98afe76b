// What readers find by patterns while topics come and go.
#include "journal/topic_logs.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

class topic_logs_test : public ::testing::Test {
protected:
    void add(const std::string& name) {
        auto e = std::make_shared<stored_event>();
        e->content.topics.push_back(*topic::parse(name));
        e->pos.value = ++head_;
        logs_.add(e);
        logs_.push(logs_.get(name), e);
    }
    /// The topic is forgotten.
    void remove(const std::string& name) {
        topic_log* const log = logs_.find(name);
        if (log == nullptr) return;
        const event_ptr gone = logs_.pop(*log);
        logs_.note_trimmed(*log, gone->pos.value, 1, gone->content.size());
    }
    std::vector<std::string> found_by(const matcher_set& patterns) const {
        std::vector<std::string> names;
        for (const topic_log* log : logs_.matching(patterns).logs) names.emplace_back(log->name());
        std::ranges::sort(names);
        return names;
    }
    static std::string name_of(int n) { return std::to_string(n) + "/" + std::to_string(n % 100); }
    static matcher_set patterns() {
        return make_matchers({*topic_pattern::parse("*/5"), *topic_pattern::parse("*/77"),
                              *topic_pattern::parse("none"), *topic_pattern::parse("6/6")});
    }

    std::uint64_t head_ = 0;
    topic_logs logs_{{}, {.max_topics = 1'000'000, .max_empty_topics = 1}};
};

TEST_F(topic_logs_test, are_found_in_slices_as_in_one_look_whatever_comes_and_goes) {
    std::mt19937 random(7);
    const int all = 4 * static_cast<int>(topic_logs::names_at_once);
    for (int n = 0; n < all; ++n) add(name_of(n));
    std::size_t slices = 0;
    for (int round = 0; round < 30; ++round) {
        const matcher_set asked = patterns();
        while (!logs_.look_up_some(asked)) {
            ++slices;
            // Sometimes more than is noted.
            const int changes = random() % 10 == 0 ? 400 : 20;
            for (int i = 0; i < changes; ++i) {
                const std::string name = name_of(static_cast<int>(random() % 20'000));
                random() % 2 == 0 || logs_.find(name) != nullptr ? remove(name) : add(name);
            }
            if (slices > 1000) break;
        }
        EXPECT_EQ(found_by(asked), found_by(patterns()));
        for (int i = 0; i < 5; ++i) {
            remove(name_of(5));
            add(name_of(5));
            add("none");
            EXPECT_EQ(found_by(asked), found_by(patterns()));
            remove("none");
        }
    }
    EXPECT_GT(slices, 50u);
}

TEST_F(topic_logs_test, know_the_one_topic_of_a_publishers_id) {
    const auto tell = [&](const std::string& name, std::string_view id) {
        auto e = std::make_shared<stored_event>();
        e->content.topics.push_back(*topic::parse(name));
        e->content.id = *wire::event_id::parse(id);
        e->pos.value = ++head_;
        logs_.add(e);
        logs_.push(logs_.get(name), e);
        return e->pos.value;
    };
    for (int n = 0; n < 200; ++n) add(name_of(n));  // so that all of them are dense
    const auto all = make_matchers({*topic_pattern::parse("**")});
    const auto some = make_matchers({*topic_pattern::parse("a/*")});
    const auto place = [&](const matcher_set& of) {
        const auto found = logs_.find_own_id("own", of, logs_.matching(of));
        return found ? found->pos.value : 0;
    };
    EXPECT_EQ(place(all), 0u);
    const auto first = tell("a/1", "own");
    EXPECT_EQ(place(all), first);
    EXPECT_EQ(place(some), first);
    EXPECT_EQ(place(make_matchers({*topic_pattern::parse("b/*")})), 0u);
    const auto second = tell("b/1", "own");
    EXPECT_EQ(place(all), first);
    remove("a/1");
    EXPECT_EQ(place(all), second);
    EXPECT_EQ(place(some), 0u);
}

TEST_F(topic_logs_test, know_the_topics_of_an_id_that_stands_in_several) {
    auto e = std::make_shared<stored_event>();
    e->content.id = *wire::event_id::parse("own");
    for (const char* name : {"a/1", "b/1", "c"}) e->content.topics.push_back(*topic::parse(name));
    e->pos.value = ++head_;
    logs_.add(e);
    for (const topic& t : e->content.topics) logs_.push(logs_.get(t.str()), e);
    for (int n = 0; n < 200; ++n) add(name_of(n));
    const auto place = [&](std::vector<topic_pattern> of) {
        const auto asked = make_matchers(std::move(of));
        const auto found = logs_.find_own_id("own", asked, logs_.matching(asked));
        EXPECT_FALSE(found && found->repeated) << "it is one event";
        return found ? found->pos.value : 0;
    };
    EXPECT_EQ(place({*topic_pattern::parse("**")}), e->pos.value);
    EXPECT_EQ(place({*topic_pattern::parse("*/1")}), e->pos.value);
    EXPECT_EQ(place({*topic_pattern::parse("c"), *topic_pattern::parse("*/*")}), e->pos.value);
    EXPECT_EQ(place({*topic_pattern::parse("*/5")}), 0u);
    for (const char* name : {"a/1", "b/1"}) {
        remove(name);
        EXPECT_EQ(place({*topic_pattern::parse("**")}), e->pos.value) << name;
        EXPECT_EQ(place({*topic_pattern::parse(name)}), 0u);
    }
    EXPECT_EQ(place({*topic_pattern::parse("*/1")}), 0u);
    remove("c");
    EXPECT_EQ(place({*topic_pattern::parse("**")}), 0u);
}

// Each topic was trimmed later than the one before it, so that a look skips none.
TEST_F(topic_logs_test, know_the_newest_loss_of_very_many_topics_without_a_look_at_all) {
    const auto name = [](int n) {
        return std::to_string(100'000 + n) + (n % 2 == 0 ? "/even" : "/odd");
    };
    const int all = 4 * static_cast<int>(topic_logs::names_at_once);
    for (int n = 0; n < all; ++n) add(name(n));
    for (int n = 0; n < all; ++n) {
        add(name(n));
        remove(name(n));
    }
    const auto even = make_matchers({*topic_pattern::parse("*/even")});
    std::size_t slices = 0;
    const auto look = [&] {
        while (!logs_.look_up_some(even)) ++slices;
    };
    const auto check = [&](int newest, int last) {
        const auto topics = logs_.matching(even);
        ASSERT_TRUE(topics.dense);
        read_page page;
        logs_.tell_losses(page, {}, even, topics);
        ASSERT_TRUE(page.lost);
        EXPECT_EQ(page.lost->to.value, logs_.find(name(newest))->trimmed);
        EXPECT_EQ(page.trims, logs_.find(name(last))->trim_count);
    };
    look();
    EXPECT_GT(slices, 3u) << "marks are looked at in slices too";
    check(all - 2, all - 2);
    slices = 0;
    const auto trim = [&](int n) {
        add(name(n));
        remove(name(n));
    };
    trim(all - 1);
    look();
    check(all - 2, all - 2);
    for (int n = 1000; n > 500; --n) trim(n);
    look();
    check(1000, 502);
    EXPECT_EQ(slices, 0u) << "what was trimmed since is known";
    for (int n = 6000; n > 2000; --n) trim(n);
    check(6000, 2002);
    look();
    check(6000, 2002);
}

}  // namespace
}  // namespace carillon::testing
