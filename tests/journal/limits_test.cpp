// Limits that every journal keeps: at each, and one past it.
#include "journal/every_journal.hpp"

#include <set>

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

class limits : public journals {
protected:
    /// The error of an append that is refused; empty if it is stored.
    std::string refusal(const std::shared_ptr<stored_event>& e,
                        std::optional<idempotency_key> key = std::nullopt) {
        const auto done = try_append({e}, std::move(key));
        if (done) return {};
        EXPECT_EQ(done.error().code, errc::unavailable);
        EXPECT_EQ(e->pos.value, 0u);
        return done.error().detail;
    }
    std::string refusal(names topics) { return refusal(make(topics)); }
    static std::shared_ptr<stored_event> value(names topics, std::size_t size) {
        auto e = make(topics, std::string(size, 'v'));
        e->content.retain = true;
        return e;
    }
    std::string schedule_refusal(const event& e, system_clock::time_point due) {
        const auto id = schedule(e, due);
        if (id) return {};
        EXPECT_EQ(id.error().code, errc::unavailable);
        return id.error().detail;
    }
    static idempotency_key key(int i) { return {"key " + std::to_string(i), {1, 2}}; }
};

INSTANTIATE_TEST_SUITE_P(, limits, every_journal, name_of);

TEST_P(limits, refuse_more_topics_than_may_be_known) {
    build({}, {.max_topics = 3});
    EXPECT_EQ(refusal({"a", "b"}), "");
    EXPECT_EQ(refusal({"c"}), "");
    EXPECT_THAT(refusal({"d"}), HasSubstr("journal.max_topics"));
    EXPECT_THAT(refusal({"a", "d"}), HasSubstr("journal.max_topics")) << "all or nothing";
    EXPECT_EQ(refusal({"a", "c"}), "") << "those that are known";
    EXPECT_EQ(record().stats().topics, 3u);
    EXPECT_EQ(positions(read({"**"})), (numbers{1, 2, 3}));
    const auto passing = make({"e"});
    passing->content.ephemeral = true;
    EXPECT_EQ(refusal(passing), "") << "it adds no topic";
}

TEST_P(limits, count_the_topics_of_a_group_together) {
    build({}, {.max_topics = 2});
    EXPECT_FALSE(try_append({make({"a"}), make({"b"}), make({"c"})}));
    EXPECT_TRUE(try_append({make({"a"}), make({"a"}), make({"b"})}));
    EXPECT_EQ(positions(read({"**"})), (numbers{1, 2, 3})) << "no position was given for nothing";
}

TEST_P(limits, let_topics_make_room_of_which_nothing_is_kept) {
    build([](std::string_view t) { return retention{.max_age = t == "short" ? 1s : 100s}; },
          {.max_topics = 3});
    append({"short"});
    pass(5s);
    EXPECT_TRUE(soon_reads({"short"}, {}));
    append({"b"});
    append({"c"});
    EXPECT_TRUE(soon([&] { return refusal({"d"}).empty(); }));
    EXPECT_TRUE(read({"short"}).lost) << "what is forgotten is no less lost";
}

TEST_P(limits, tell_how_many_topics_would_be_more) {
    build([](std::string_view t) { return retention{.max_age = t == "short" ? 1s : 100s}; },
          {.max_topics = 30});
    append({"short"});
    append({"b"});
    const std::vector<topic> asked{*topic::parse("short"), *topic::parse("b"), *topic::parse("c")};
    auto room = record().room_for(asked);
    EXPECT_EQ(room.kept, 2u);
    EXPECT_EQ(room.most, 30u);
    EXPECT_EQ(room.needed, 1u);
    pass(5s);
    EXPECT_TRUE(soon([&] { return record().room_for(asked).kept == 1; }));
    EXPECT_EQ(record().room_for(asked).needed, 2u) << "nothing is kept of one of them";
}

TEST_P(limits, give_back_the_room_of_last_values_that_have_expired) {
    build({}, {.max_retained_bytes = 3000});
    const auto with_time = value({"a"}, 2000);
    with_time->content.expires = now_.load() + 5s;
    EXPECT_EQ(refusal(with_time), "");
    EXPECT_THAT(refusal(value({"b"}, 2000)), HasSubstr("journal.max_retained_bytes"));
    pass(10s);
    EXPECT_TRUE(soon([&] { return refusal(value({"b"}, 2000)).empty(); }));
    EXPECT_TRUE(snapshot({"a"}).values.empty());
}

TEST_P(limits, refuse_more_scheduled_events_than_may_wait) {
    build({}, {.max_scheduled = 2});
    const auto due = now_.load() + 10s;
    const auto first = schedule(make({"a"})->content, due, key(1));
    ASSERT_TRUE(first);
    EXPECT_EQ(schedule_refusal(make({"a"})->content, due), "");
    EXPECT_THAT(schedule_refusal(make({"a"})->content, due), HasSubstr("journal.max_scheduled`"));
    EXPECT_EQ(schedule(make({"a"})->content, due, key(1)), first) << "a repeated one is no more";
    EXPECT_EQ(record().stats().scheduled, 2u);
    EXPECT_TRUE(cancel(*first));
    EXPECT_EQ(schedule_refusal(make({"a"})->content, due), "");
    pass(20s);
    EXPECT_TRUE(soon_reads({"a"}, {1, 2}));
    EXPECT_TRUE(soon([&] { return record().stats().scheduled == 0; }));
    EXPECT_EQ(schedule_refusal(make({"a"})->content, now_.load() + 10s), "");
}

TEST_P(limits, refuse_more_bytes_of_scheduled_events_than_may_wait) {
    build({}, {.max_scheduled_bytes = 2 * make({"a"})->content.size()});
    const auto due = now_.load() + 10s;
    EXPECT_EQ(schedule_refusal(make({"a"})->content, due), "");
    EXPECT_THAT(schedule_refusal(make({"a"}, "xx")->content, due),
                HasSubstr("journal.max_scheduled_bytes"));
    EXPECT_EQ(schedule_refusal(make({"a"})->content, due), "");
    EXPECT_THAT(schedule_refusal(make({"a"}, "")->content, due),
                HasSubstr("journal.max_scheduled_bytes"));
    EXPECT_EQ(record().stats().scheduled_bytes, 2 * make({"a"})->content.size());
    if (GetParam() == journal_kind::memory) return;
    open({}, {.max_scheduled_bytes = 2 * make({"a"})->content.size()});
    EXPECT_EQ(record().stats().scheduled, 2u);
    EXPECT_THAT(schedule_refusal(make({"a"}, "")->content, due),
                HasSubstr("journal.max_scheduled_bytes"))
        << "also after a restart";
}

TEST_P(limits, let_an_event_wait_on_that_a_limit_refuses_when_it_is_due) {
    build([](std::string_view) { return retention{.max_age = 50s}; }, {.max_topics = 1});
    append({"a"});
    ASSERT_TRUE(schedule(make({"b"}, "first")->content, now_.load() + 1s));
    ASSERT_TRUE(schedule(make({"a"}, "second")->content, now_.load() + 2s));
    pass(10s);
    EXPECT_TRUE(soon_reads({"**"}, {1, 2})) << "it stands in the way of none";
    EXPECT_TRUE(soon([&] { return scheduled().events.size() == 1; }));
    pass(100s);
    EXPECT_TRUE(soon_reads({"b"}, {3}));
    EXPECT_TRUE(scheduled().events.empty());
}

TEST_P(limits, give_all_that_is_due_in_order_however_much_it_is) {
    std::vector<std::string> told;
    std::mutex mutex;
    record().on_stored([&](std::span<const event_ptr> all) {
        const std::lock_guard lock(mutex);
        for (const event_ptr& e : all) told.push_back(e->content.data);
    });
    constexpr int many = 5000;
    std::promise<void> last;
    for (int i = 0; i < many; ++i) {
        record().schedule(make({"a"}, std::to_string(i))->content, now_.load() + 1s, std::nullopt,
                          [&, i](const auto&) {
                              if (i == many - 1) last.set_value();
                          });
    }
    last.get_future().get();
    pass(5s);
    record().trim(now_.load());
    for (int i = 0; i < 4000 && record().head().value < many; ++i) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(record().head().value, many) << "one call is enough";
    close();
    ASSERT_EQ(told.size(), std::size_t{many});
    for (int i = 0; i < many; ++i) ASSERT_EQ(told[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_P(limits, give_scheduled_events_in_pages) {
    const auto due = now_.load() + 1h;
    std::vector<std::uint64_t> ids;
    for (const auto after : {30s, 10s, 20s, 10s, 40s})
        ids.push_back(*schedule(make({"a"}, std::string(100, 'x'))->content, due + after));
    const std::vector<std::uint64_t> order{ids[1], ids[3], ids[2], ids[0], ids[4]};
    const auto paged = [&](scheduled_query q) {
        std::vector<std::uint64_t> all;
        for (bool more = true; more;) {
            const auto page = scheduled(q);
            EXPECT_LE(page.events.size(), q.max_events);
            more = page.more && !page.events.empty();
            for (const auto& e : page.events) all.push_back(e.id);
            if (more) {
                q.after_due = page.events.back().due;
                q.after_id = page.events.back().id;
            }
        }
        return all;
    };
    EXPECT_EQ(paged({}), order);
    EXPECT_EQ(paged({.max_events = 1}), order);
    EXPECT_EQ(paged({.max_events = 2}), order);
    EXPECT_EQ(paged({.max_events = 5}), order);
    EXPECT_EQ(paged({.max_bytes = 1}), order) << "at least one in each";
    EXPECT_EQ(scheduled({.max_events = 5}).more, false);
    EXPECT_EQ(scheduled({.max_bytes = 250}).events.size(), 2u);
}

TEST_P(limits, refuse_more_bytes_of_last_values_than_may_be_kept) {
    const std::size_t each = value({"a"}, 50)->content.size();
    build({}, {.max_retained_bytes = 3 * each});
    EXPECT_EQ(refusal(value({"a"}, 50)), "");
    EXPECT_EQ(refusal(value({"b", "c"}, 49)), "");
    EXPECT_EQ(record().stats().retained_bytes, 3 * each);
    EXPECT_THAT(refusal(value({"d"}, 1)), HasSubstr("journal.max_retained_bytes"));
    EXPECT_THAT(refusal(value({"a"}, 51)), HasSubstr("journal.max_retained_bytes"));
    EXPECT_EQ(refusal(value({"a"}, 50)), "") << "it takes the place of one";
    EXPECT_EQ(refusal(make({"a"})), "") << "it is no last value";
    auto none = value({"a"}, 0);
    EXPECT_EQ(refusal(none), "");
    EXPECT_EQ(refusal(value({"d"}, 50)), "");
    EXPECT_EQ(snapshot({"**"}).values.size(), 2u);
    auto back = make({"d"}, "");
    back->erases = position{snapshot({"d"}).values.front()->pos};
    EXPECT_EQ(refusal(back), "");
    EXPECT_EQ(record().stats().retained_bytes, 2 * each) << "a take-back frees its bytes";
}

TEST_P(limits, forget_the_oldest_keys_before_their_time_if_they_are_too_many) {
    build({}, {.max_keys = 3});
    const auto publish = [&](int i) { return try_append({make({"a"})}, key(i)); };
    for (const int i : {1, 2, 3}) EXPECT_EQ(publish(i), journal::appended::stored);
    EXPECT_EQ(publish(1), journal::appended::repeated);
    EXPECT_EQ(record().stats().keys_forgotten, 0u);
    EXPECT_EQ(publish(4), journal::appended::stored);
    EXPECT_EQ(publish(2), journal::appended::repeated);
    EXPECT_EQ(publish(1), journal::appended::stored) << "forgotten";
    EXPECT_EQ(record().stats().keys_forgotten, 2u);
    EXPECT_TRUE(soon([&] { return record().stats().keys == 3; }));
}

TEST_P(limits, remember_no_key_of_what_was_refused) {
    build({}, {.max_topics = 1, .max_scheduled = 0});
    append({"a"});
    EXPECT_NE(refusal(make({"b"}), key(1)), "");
    EXPECT_EQ(try_append({make({"a"})}, key(1)), journal::appended::stored);
    EXPECT_FALSE(schedule(make({"a"})->content, now_.load() + 1s, key(2)));
    EXPECT_EQ(try_append({make({"a"})}, key(2)), journal::appended::stored);
}

TEST_P(limits, free_the_key_of_a_scheduled_event_that_is_called_off) {
    const auto first = schedule(make({"a"})->content, now_.load() + 10s, key(1));
    ASSERT_TRUE(first);
    EXPECT_TRUE(cancel(*first));
    const auto second = schedule(make({"a"})->content, now_.load() + 10s, key(1));
    ASSERT_TRUE(second);
    EXPECT_NE(second, first);
}

// Twenty thousand keyed publishes a second for a day would be 1.7 billion: what is kept of them
// does not grow with their number.
TEST_P(limits, keep_file_and_memory_bounded_however_many_keys_come) {
    constexpr int most = 500;
    build([](std::string_view) { return retention{.max_events = 100}; }, {.max_keys = most});
    const auto publish = [&](int from, int to) {
        std::promise<void> last;
        for (int i = from; i < to; ++i) {
            record().append({make({"a"})}, key(i), [&, i](const auto& done, auto) {
                EXPECT_TRUE(done);
                if (i == to - 1) last.set_value();
            });
        }
        last.get_future().get();
        EXPECT_TRUE(soon([&] { return record().stats().events <= 100; }));
    };
    const auto pages = [&] {
        return std::filesystem::exists(file_->path()) ? std::filesystem::file_size(file_->path())
                                                      : 0;
    };
    publish(0, 4'000);
    close();
    open([](std::string_view) { return retention{.max_events = 100}; }, {.max_keys = most});
    const auto before = pages();
    const auto memory_before = record().stats().memory_bytes;
    const int start = GetParam() == journal_kind::memory ? 0 : 4'000;
    publish(start, start + 16'000);
    EXPECT_TRUE(soon([&] { return record().stats().keys <= most; }));
    if (GetParam() == journal_kind::memory) {
        EXPECT_LT(record().stats().memory_bytes, 1u << 20);
        return;
    }
    EXPECT_LT(record().stats().memory_bytes, memory_before + (1u << 20));
    close();
    EXPECT_LT(pages(), before + before / 2 + (256u << 10));
}

}  // namespace
}  // namespace carillon::testing
