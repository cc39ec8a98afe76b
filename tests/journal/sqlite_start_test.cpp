// A durable journal opens on whatever another left behind, whatever the limits of both are.
#include "journal/sqlite_fixture.hpp"

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

class sqlite_start : public sqlite_journal_test {
protected:
    std::shared_ptr<stored_event> value(std::string_view topic, std::string data) {
        auto e = make({topic}, std::move(data));
        e->content.retain = true;
        return e;
    }
    std::string last_value_of(std::string_view topic) {
        const auto all = snapshot({topic}).values;
        return all.empty() ? std::string() : all.front()->content.data;
    }
};

TEST_F(sqlite_start, opens_with_more_topics_than_it_may_remember_when_they_are_empty) {
    auto few = options(file_.path());
    few.limits.max_empty_topics = 1;
    open(few);
    append({"a"}, "1");
    append({"b"}, "2");
    append({"c", "a"}, "3");
    for (int again = 0; again < 3; ++again) {
        open(few);
        EXPECT_EQ(positions(read({"**"})), (numbers{1, 2, 3}));
        EXPECT_EQ(positions(read({"a"})), (numbers{1, 3}));
        EXPECT_FALSE(read({"a"}).lost) << "nothing was trimmed";
        EXPECT_EQ(record().stats().topics, 3u);
    }
    EXPECT_EQ(append({"b"}), 4u);
    EXPECT_EQ(positions(read({"b"})), (numbers{2, 4}));
}

TEST_F(sqlite_start, forgets_no_topic_that_has_a_last_value) {
    retention_ = [](std::string_view) { return retention{.max_age = 1s}; };
    auto few = options(file_.path());
    few.limits.max_empty_topics = 1;
    open(few);
    EXPECT_TRUE(try_append({value("value", "kept")}));
    for (const std::string_view t : {"a", "b", "c"}) append({t});
    pass(2s);
    ASSERT_TRUE(soon([&] { return record().stats().events == 0; }));
    for (int again = 0; again < 3; ++again) {
        EXPECT_EQ(last_value_of("value"), "kept");
        EXPECT_LE(record().stats().topics, 2u);
        open(few);
    }
    // Topics that come later have a value only if somebody gave them one.
    for (int i = 0; i < 10; ++i) {
        const std::string name = "new/" + std::to_string(i);
        append({name});
        open(few);
        EXPECT_EQ(last_value_of(name), "");
    }
    EXPECT_EQ(last_value_of("value"), "kept");
}

TEST_F(sqlite_start, gives_a_last_value_of_several_topics_once) {
    retention_ = [](std::string_view) { return retention{.max_age = 1s}; };
    open();
    auto both = value("a", "of both");
    both->content.topics.push_back(*topic::parse("b"));
    EXPECT_TRUE(try_append({both}));
    pass(2s);
    ASSERT_TRUE(soon([&] { return record().stats().events == 0; }));
    for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(snapshot({"**"}).values.size(), 1u);
        EXPECT_EQ(last_value_of("a"), "of both");
        EXPECT_EQ(last_value_of("b"), "of both");
        read_query all{parse({"**"}), position{}, record().head()};
        all.last_values_too = true;
        EXPECT_EQ(positions(read(all)), numbers{1});
        all.patterns = parse({"a"});
        EXPECT_EQ(positions(read(all)), numbers{1});
        open();
    }
}

TEST_F(sqlite_start, leaves_out_a_damaged_scheduled_event) {
    open();
    for (const char* text : {"first", "second", "third"})
        EXPECT_TRUE(schedule(make({"a"}, text)->content, now_.load() + 10s));
    close();
    execute("UPDATE scheduled SET record = replace(record, 'second', 'sEcond') WHERE id = 2");
    execute("UPDATE scheduled SET record = CAST(record AS BLOB) WHERE id = 2");
    const auto checked = verify_sqlite_journal(file_.path());
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->problems.size(), 1u);
    open();
    const auto waiting = scheduled();
    ASSERT_EQ(waiting.events.size(), 2u);
    EXPECT_EQ(waiting.events[0].id, 1u);
    EXPECT_EQ(waiting.events[1].id, 3u);
    pass(11s);
    ASSERT_TRUE(soon([&] { return record().head().value == 2; })) << "the others are stored";
    ASSERT_TRUE(soon([&] { return record().stats().scheduled == 0; })) << "it does not wait on";
}

TEST_F(sqlite_start, gives_each_last_value_once_however_many_there_are) {
    constexpr int count = 3000;  // more than a page sorts
    open();
    journal::group all;
    for (int i = 0; i < count; ++i) all.push_back(value("v/" + std::to_string(i), "x"));
    EXPECT_TRUE(try_append(std::move(all)));
    open();
    std::size_t given = 0;
    for (std::uint64_t after = 0; after < record().head().value;) {
        const auto page = snapshot({"v/*"}, after, record().head().value, 100);
        ASSERT_LE(page.values.size(), 100u);
        ASSERT_GT(page.through.value, after);
        given += page.values.size();
        after = page.through.value;
    }
    EXPECT_EQ(given, static_cast<std::size_t>(count));
}

TEST_F(sqlite_start, gives_no_topic_what_belonged_to_one_that_was_forgotten) {
    retention_ = [](std::string_view) { return retention{.max_age = 1s}; };
    auto many = options(file_.path());
    open(many);
    for (const std::string_view t : {"a", "b", "c"}) append({t});
    EXPECT_TRUE(try_append({value("d", "last")}));
    pass(2s);
    ASSERT_TRUE(soon([&] { return record().stats().events == 0; }));
    EXPECT_TRUE(try_append({value("d", "")}));  // cleared: now it may be forgotten
    pass(2s);
    ASSERT_TRUE(soon([&] { return record().stats().events == 0; }));
    auto few = many;
    few.limits.max_empty_topics = 1;
    open(few);
    ASSERT_TRUE(soon([&] { return record().stats().topics <= 1; }));
    append({"e"});
    append({"f"});
    open(few);
    EXPECT_EQ(positions(read({"e"})), numbers{6});
    EXPECT_EQ(positions(read({"f"})), numbers{7});
    EXPECT_EQ(last_value_of("**"), "");
    EXPECT_TRUE(read({"a"}).lost) << "what was forgotten is still told";
}

TEST_F(sqlite_start, recovers_from_a_clock_that_was_ahead_before) {
    retention_ = [](std::string_view t) {
        return retention{.max_age = t == "short" ? std::chrono::seconds(100) : 1000h};
    };
    open();
    append({"a"});
    const auto right = now_.load();
    pass(24h * 365);
    EXPECT_TRUE(try_append({make({"a", "short"})}, idempotency_key{"k", {1, 1}}));
    now_ = right + 20s;
    for (int again = 0; again < 2; ++again) {
        open();
        const auto since = [&](auto time) {
            return locate({"a"}, {}, rewind_since{time}).at.value;
        };
        record().trim(now_.load());
        EXPECT_TRUE(soon([&] { return since(now_.load() + 30s) == record().head().value; }))
            << "nobody has published since";
        EXPECT_EQ(since(right - 5s), 0u);
        EXPECT_EQ(read({"short"}).events.size(), 1u);
    }
    append({"a"});
    EXPECT_EQ(read({"a"}).events.back()->stored_at, now_.load());
    pass(110s);
    EXPECT_TRUE(soon([&] { return read({"short"}).events.empty(); }));
    open();
    pass(25h);
    record().trim(now_.load());
    EXPECT_EQ(try_append({make({"a"})}, idempotency_key{"k", {1, 1}}), journal::appended::stored);
}

}  // namespace
}  // namespace carillon::testing
