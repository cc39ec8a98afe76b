// Journals whose clock is wrong now and then.
#include "journal/every_journal.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

TEST_P(journals, forget_no_key_while_the_clock_is_ahead) {
    const idempotency_key before{"before", {1, 2}};
    const idempotency_key meanwhile{"meanwhile", {1, 2}};
    const auto right = now_.load();
    record().trim(right);
    EXPECT_EQ(try_append({make({"a"})}, before), journal::appended::stored);
    pass(std::chrono::hours(24 * 400));
    record().trim(right + 1s);  // this clock is careful
    EXPECT_EQ(try_append({make({"a"})}, before), journal::appended::repeated);
    EXPECT_EQ(try_append({make({"a"})}, meanwhile), journal::appended::stored);
    const auto later = now_.load() + 1h;
    EXPECT_EQ(schedule(make({"a"})->content, later, before), result<std::uint64_t>(1))
        << "the answer from then";
    now_ = right + 2s;
    record().trim(now_.load());
    EXPECT_EQ(try_append({make({"a"})}, before), journal::appended::repeated);
    EXPECT_EQ(try_append({make({"a"})}, meanwhile), journal::appended::repeated);
    EXPECT_EQ(record().head().value, 2u);
    pass(std::chrono::hours(25));
    record().trim(now_.load());
    EXPECT_EQ(try_append({make({"a"})}, before), journal::appended::stored);
    EXPECT_EQ(try_append({make({"a"})}, meanwhile), journal::appended::stored);
}

TEST_P(journals, recover_from_a_clock_that_was_ahead) {
    build([](std::string_view) { return retention{.max_age = 100s}; });
    append({"a"}, "right");
    const auto right = now_.load();
    pass(std::chrono::hours(24 * 3650));
    EXPECT_EQ(try_append({make({"a"}, "ahead")}, idempotency_key{"k", {1, 1}}),
              journal::appended::stored);
    now_ = right + 20s;
    append({"a"}, "after");
    const auto page = read({"a"});
    ASSERT_EQ(page.events.size(), 3u);
    EXPECT_EQ(page.events[2]->stored_at, now_.load()) << "the right time again";
    const auto since = [&](auto time) { return locate({"a"}, {}, rewind_since{time}).at.value; };
    EXPECT_EQ(since(now_.load() - 5s), 1u) << "what the wrong clock stamped, and what came after";
    EXPECT_EQ(since(now_.load() + 5s), 3u) << "nothing is from the future";
    EXPECT_EQ(since(right - 5s), 0u);
    pass(110s);
    EXPECT_TRUE(soon_reads({"a"}, {})) << "all are too old now";
    pass(std::chrono::hours(25));
    record().trim(now_.load());
    EXPECT_EQ(try_append({make({"a"})}, idempotency_key{"k", {1, 1}}), journal::appended::stored)
        << "the key is forgotten when its time is over";
}

TEST_P(journals, may_keep_events_for_ever) {
    build([](std::string_view) {
        return retention{.max_events = 1, .max_age = std::chrono::seconds::max()};
    });
    for (int i = 0; i < 3; ++i) append({"a"});
    pass(std::chrono::hours(24 * 365));
    EXPECT_TRUE(soon_reads({"a"}, {3}));
    EXPECT_EQ(locate({"a"}, {}, rewind_since{now_.load() - 1s}).at.value, 3u);
    EXPECT_TRUE(locate({"a"}, {}, rewind_since{now_.load() - std::chrono::hours(24 * 366)}).lost);
}

TEST_P(journals, trim_topics_again_that_began_while_the_clock_was_ahead) {
    build([](std::string_view) { return retention{.max_age = 100s}; });
    append({"other"});
    const auto right = now_.load();
    pass(std::chrono::hours(24 * 365));
    append({"a"});
    EXPECT_TRUE(soon_reads({"other"}, {})) << "so that ages were looked at";
    now_ = right + 20s;
    append({"b"});
    pass(110s);
    EXPECT_TRUE(soon_reads({"a", "b"}, {}));
}

TEST_P(journals, lose_nothing_by_a_clock_that_was_behind) {
    build([](std::string_view) { return retention{.max_age = 100s}; });
    append({"a"}, "right");
    const auto right = now_.load();
    now_ = system_clock::time_point(5s);
    append({"a"}, "behind");
    for (int i = 0; i < 5; ++i) record().trim(now_.load());
    now_ = right + 20s;
    append({"a"}, "after");
    for (int i = 0; i < 5; ++i) {
        record().trim(now_.load());
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(positions(read({"a"})), (numbers{1, 2, 3})) << "none is 100 seconds old";
    pass(200s);
    EXPECT_TRUE(soon_reads({"a"}, {}));
}

TEST_P(journals, hide_nothing_from_readers_that_ask_by_time_though_the_clock_was_behind) {
    for (const auto back : {std::chrono::hours(1), std::chrono::hours(24 * 10)}) {
        build();
        append({"a"}, "long ago");
        pass(20min);
        append({"a"}, "right");
        const auto right = now_.load();
        const auto since = [&](std::chrono::seconds ago, names topics = {"a"}) {
            return locate(topics, {}, rewind_since{now_.load() - ago}).at.value;
        };
        now_ = right - back;
        append({"a"}, "behind");
        append({"b"}, "behind");
        EXPECT_LE(since(10min), 1u) << "who knows which is right";
        pass(15min);
        append({"a"}, "behind for long");
        now_ = right + 15min;
        EXPECT_EQ(since(20min), 1u);
        EXPECT_EQ(since(10min), 2u) << "what was stored at the wrong time may be from just now";
        EXPECT_EQ(since(10min, {"b"}), 2u);
        append({"a"}, "after");
        EXPECT_EQ(since(20min), 1u);
        EXPECT_EQ(since(10min), 2u);
        open();
        EXPECT_EQ(locate({"a"}, {}, rewind_since{now_.load() - 10min}).at.value,
                  GetParam() == journal_kind::memory ? 0u : 2u);
        if (GetParam() == journal_kind::memory) continue;
        append({"a"}, "in another life");
        pass(30min);
        append({"a"}, "later");
        EXPECT_EQ(since(10min), 7u) << "what is over is over";
    }
}

}  // namespace
}  // namespace carillon::testing
