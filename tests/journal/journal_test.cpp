// What every journal promises, whatever it keeps events in.
#include "journal/every_journal.hpp"

#include <mutex>
#include <span>

namespace carillon::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(, journals, every_journal, name_of);

TEST_P(journals, give_positions_in_one_order_and_read_each_event_once) {
    append({"a"});
    append({"b"});
    append({"a", "b"});
    append({"c"});
    EXPECT_EQ(positions(read({"a", "b"})), (numbers{1, 2, 3}));
    EXPECT_EQ(positions(read({"*"}, 1)), (numbers{2, 3, 4}));
    EXPECT_EQ(positions(read({"a", "**"}, 2)), (numbers{3, 4}));
    EXPECT_TRUE(read({"d"}).events.empty());
}

TEST_P(journals, give_events_back_as_they_came) {
    const auto e = make({"a", "b/c"}, "{\"n\":1.0}", "own");
    e->content.name = *wire::event_name::parse("tick");
    e->content.payload = payload_kind::json;
    e->content.retry = 1500ms;
    e->content.comment = "one\ntwo";
    e->content.metadata = "{\"k\":[]}";
    e->content.timestamp = "2026-01-01";
    e->content.kind = "chat.message";
    e->content.is_private = true;
    EXPECT_TRUE(try_append({e}));
    for (int i = 0; i < 10; ++i) append({"a"}, std::string(static_cast<std::size_t>(i), '\0'));
    EXPECT_TRUE(soon([&] { return read({"b/c"}).events.size() == 1; }));
    const auto page = read({"b/c"});
    ASSERT_EQ(page.events.size(), 1u);
    const event& got = page.events[0]->content;
    EXPECT_EQ(got.topics, e->content.topics);
    EXPECT_EQ(got.id, e->content.id);
    EXPECT_EQ(got.name, e->content.name);
    EXPECT_EQ(got.data, e->content.data);
    EXPECT_EQ(got.payload, e->content.payload);
    EXPECT_EQ(got.retry, e->content.retry);
    EXPECT_EQ(got.comment, e->content.comment);
    EXPECT_EQ(got.metadata, e->content.metadata);
    EXPECT_EQ(got.timestamp, e->content.timestamp);
    EXPECT_EQ(got.kind, e->content.kind);
    EXPECT_TRUE(got.is_private);
    EXPECT_EQ(page.events[0]->stored_at, now_.load());
    EXPECT_EQ(read({"a"}, 10).events.at(0)->content.data, std::string(9, '\0'));
}

TEST_P(journals, go_on_with_a_page_where_the_last_ended) {
    for (int i = 0; i < 5; ++i) append({"a"});
    const auto first = read({"a"}, 0, 2);
    EXPECT_EQ(positions(first), (numbers{1, 2}));
    EXPECT_EQ(first.through.value, 2u);
    const auto rest = read({"a"}, first.through.value, 3);
    EXPECT_EQ(positions(rest), (numbers{3, 4, 5}));
    EXPECT_EQ(rest.through.value, 5u);
}

TEST_P(journals, give_last_values_in_pages_by_position) {
    const auto value = [&](names topics, std::string data) {
        const auto e = make(topics, std::move(data));
        e->content.retain = true;
        EXPECT_TRUE(try_append({e}));
        return e->pos.value;
    };
    value({"a/1"}, "old");
    const auto shared = value({"a/2", "b/1"}, "of two topics");
    const auto own = value({"b/2"}, "own");
    const auto newer = value({"a/1"}, "new");
    value({"a/3"}, "gone");
    value({"a/3"}, "");
    const auto positions_of = [](const snapshot_page& page) {
        numbers all;
        for (const event_ptr& e : page.values) all.push_back(e->pos.value);
        return all;
    };
    EXPECT_EQ(positions_of(snapshot({"**"})), (numbers{shared, own, newer}));
    EXPECT_EQ(positions_of(snapshot({"b/*"})), (numbers{shared, own}));
    EXPECT_EQ(positions_of(snapshot({"a/1", "a/2", "a/*"})), (numbers{shared, newer}));
    EXPECT_EQ(positions_of(snapshot({"none"})), numbers{});
    // What is newer comes to the reader as an event.
    EXPECT_EQ(positions_of(snapshot({"**"}, 0, own)), (numbers{shared, own}));

    const auto first = snapshot({"**"}, 0, newer, 2);
    EXPECT_EQ(positions_of(first), (numbers{shared, own}));
    EXPECT_EQ(first.through.value, own);
    const auto rest = snapshot({"**"}, first.through.value, newer, 2);
    EXPECT_EQ(positions_of(rest), numbers{newer});
    EXPECT_EQ(rest.through.value, newer);
}

TEST_P(journals, read_many_topics_in_pages_without_a_hole) {
    constexpr std::uint64_t count = 600;
    std::vector<std::string> topics;
    for (int i = 0; i < 150; ++i) topics.push_back("t/" + std::to_string(i));
    for (std::uint64_t i = 0; i < count; ++i) append({topics[i * 7 % topics.size()], "all"});
    for (const std::string_view pattern : {"t/*", "**", "all"}) {
        numbers seen;
        for (std::uint64_t at = 0; at < count;) {
            const auto page = read({pattern}, at, 37);
            for (const std::uint64_t pos : positions(page)) seen.push_back(pos);
            ASSERT_GT(page.through.value, at);
            at = page.through.value;
        }
        ASSERT_EQ(seen.size(), count) << pattern;
        for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(seen[i], i + 1) << pattern;
    }
}

TEST_P(journals, keep_no_more_than_the_count_and_say_what_is_lost) {
    build([](std::string_view) { return retention{.max_events = 2}; });
    for (int i = 0; i < 3; ++i) append({"a"});
    EXPECT_TRUE(soon_reads({"a"}, {2, 3}));
    EXPECT_EQ(read({"a"}, 0).lost, (gap{position{0}, position{1}}));
    EXPECT_EQ(read({"a"}, 1).lost, std::nullopt);
    EXPECT_EQ(record().stats().events, 2u);
    EXPECT_EQ(record().stats().trimmed, 1u);
}

TEST_P(journals, keep_no_more_than_the_bytes_of_a_topic) {
    build([](std::string_view) { return retention{.max_bytes = 22}; });
    for (int i = 0; i < 3; ++i) append({"a"}, std::string(10, 'x'));
    EXPECT_TRUE(soon_reads({"a"}, {2, 3}));
    EXPECT_EQ(record().stats().bytes, 22u);
}

TEST_P(journals, keep_an_event_as_long_as_one_of_its_topics_does) {
    build([](std::string_view t) { return retention{.max_events = t == "a" ? 1u : 100u}; });
    append({"a", "b"});
    append({"a"});
    append({"a"});
    EXPECT_TRUE(soon_reads({"a"}, {3}));
    EXPECT_EQ(positions(read({"b"})), (numbers{1}));
    EXPECT_FALSE(read({"b"}).lost);
}

TEST_P(journals, trim_what_is_too_old) {
    build([](std::string_view t) { return retention{.max_age = t == "a" ? 10s : 100s}; });
    append({"a"});
    append({"b"});
    pass(11s);
    append({"a"});
    EXPECT_TRUE(soon_reads({"a", "b"}, {2, 3}));
    EXPECT_EQ(read({"b"}).lost, std::nullopt);
    EXPECT_TRUE(read({"a"}).lost);
}

TEST_P(journals, hide_no_loss_of_topics_that_they_have_forgotten) {
    build([](std::string_view) { return retention{.max_age = 1s}; }, {.max_empty_topics = 1});
    append({"a"});
    append({"b"});
    append({"c"});
    pass(2s);
    EXPECT_TRUE(soon([&] { return record().stats().topics <= 1; }));
    EXPECT_TRUE(read({"a"}).lost);
    append({"a"});
    EXPECT_EQ(positions(read({"a"}, 3)), numbers{4});
    EXPECT_FALSE(read({"a"}, 3).lost);
}

TEST_P(journals, show_a_reader_that_asks_again_the_topics_that_came_and_went_since) {
    build([](std::string_view) { return retention{.max_age = 1s}; }, {.max_empty_topics = 1});
    const auto patterns = parse({"*/x", "b"});
    const auto seen = [&] {
        return positions(read(read_query{patterns, {}, record().head(), 256}));
    };
    append({"a/x"});
    EXPECT_EQ(seen(), numbers{1});
    append({"c/x"});
    append({"b"});
    append({"c/y"});
    EXPECT_EQ(seen(), (numbers{1, 2, 3}));
    pass(2s);
    EXPECT_TRUE(soon([&] { return record().stats().topics <= 1; }));
    EXPECT_EQ(seen(), numbers{});
    append({"a/x"});
    EXPECT_EQ(seen(), numbers{5});
    // Of more readers than are remembered, each gets its own.
    std::vector<matcher_set> many;
    for (int i = 0; i < 200; ++i) many.push_back(parse({i % 2 == 0 ? "*/x" : "*/y"}));
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < many.size(); ++i) {
            const auto page = read(read_query{many[i], {}, record().head(), 256});
            ASSERT_EQ(positions(page), i % 2 == 0 ? numbers{5} : numbers{}) << i;
        }
    }
}

TEST_P(journals, find_their_own_cursors_and_publishers_ids) {
    append({"a"}, "x", "one");
    append({"b"}, "x", "one");
    append({"a"}, "x", "two");
    append({"a"}, "x", "one");
    const auto found = [&](std::string_view id, names topics) -> std::uint64_t {
        const auto start = locate(topics, id);
        return start.unknown ? 0 : start.at.value;
    };
    EXPECT_EQ(found("two", {"a"}), 3u);
    EXPECT_FALSE(locate({"a"}, "two").repeated);
    EXPECT_EQ(found("one", {"a"}), 1u);
    EXPECT_TRUE(locate({"a"}, "one").repeated);
    EXPECT_EQ(found("one", {"b"}), 2u);
    EXPECT_EQ(found("two", {"b"}), 0u);
    EXPECT_EQ(found(id_of(4), {"a"}), 4u);
    EXPECT_TRUE(locate({"a"}, id_of(5)).unknown);
    EXPECT_TRUE(locate({"a"}, "aaaaaaaa.1").unknown);
    EXPECT_TRUE(locate({"a"}, std::string(10'000'000, '9')).unknown);
}

TEST_P(journals, give_a_trimmed_id_to_its_next_use) {
    build([](std::string_view) { return retention{.max_events = 2}; });
    append({"a"}, "x", "one");
    append({"a"}, "x", "one");
    append({"a"}, "x", "two");
    EXPECT_TRUE(soon_reads({"a"}, {2, 3}));
    EXPECT_EQ(locate({"a"}, "one").at.value, 2u);
    EXPECT_FALSE(locate({"a"}, "one").repeated);
    append({"a"}, "x", "three");
    EXPECT_TRUE(soon([&] { return locate({"a"}, "one").unknown; }));
}

TEST_P(journals, go_back_by_count_and_by_time) {
    append({"a"});
    pass(10s);
    append({"b"});
    pass(10s);
    append({"a"});
    const auto before = [&](rewind from) { return locate({"a", "b"}, {}, from).at.value; };
    EXPECT_EQ(before(rewind_last{0}), 3u);
    EXPECT_EQ(before(rewind_last{1}), 2u);
    EXPECT_EQ(before(rewind_last{2}), 1u);
    EXPECT_EQ(before(rewind_last{3}), 0u);
    EXPECT_EQ(before(rewind_last{9}), 0u);
    EXPECT_EQ(before(rewind_since{now_.load()}), 2u);
    EXPECT_EQ(before(rewind_since{now_.load() - 15s}), 1u);
    EXPECT_EQ(before(rewind_since{}), 0u);
    EXPECT_EQ(before(rewind_since{now_.load() + 1s}), 3u);
}

TEST_P(journals, go_back_by_count_bytes_and_age_at_once) {
    for (int i = 0; i < 4; ++i) {
        append({i == 2 ? "other" : "a"}, std::string(100, 'x'));  // and a byte or more of names
        pass(10s);
    }
    const auto before = [&](rewind_last from) { return locate({"a"}, {}, from).at.value; };
    constexpr std::uint64_t all = 1000;
    EXPECT_EQ(before({.count = all, .bytes = 250}), 1u);
    EXPECT_EQ(before({.count = all, .bytes = 350}), 0u);
    EXPECT_EQ(before({.count = all, .bytes = 10}), 4u);
    EXPECT_EQ(before({.count = 1, .bytes = 250}), 3u);
    EXPECT_EQ(before({.count = all, .not_before = now_.load() - 15s}), 3u);
    EXPECT_EQ(before({.count = all, .not_before = now_.load() - 35s}), 1u);
    EXPECT_EQ(before({.count = all, .not_before = now_.load()}), 4u);
    EXPECT_EQ(before({.count = 1, .bytes = 250, .not_before = now_.load() - 35s}), 3u);
}

TEST_P(journals, look_for_no_more_of_the_newest_than_the_budget) {
    for (int i = 0; i < 20; ++i) append({"a"});
    const auto all = ~std::uint64_t{0};
    for (const std::uint64_t count : {std::uint64_t{11}, std::uint64_t{1000}, all}) {
        const auto start = locate({"**"}, {}, rewind_last{count}, 10);
        EXPECT_EQ(start.at.value, 10u) << count;
        EXPECT_EQ(start.why, loss_reason::budget);
        EXPECT_TRUE(start.lost);
    }
    const auto within = locate({"**"}, {}, rewind_last{10}, 10);
    EXPECT_EQ(within.at.value, 10u);
    EXPECT_FALSE(within.lost);
}

TEST_P(journals, leave_out_what_a_newer_event_of_its_key_replaces) {
    const auto keyed = [&](names topics, std::string key) {
        const auto e = make(topics);
        e->content.key = std::move(key);
        EXPECT_TRUE(try_append({e}));
    };
    keyed({"p/a"}, "k");         // 1
    keyed({"p/a"}, "other");     // 2
    keyed({"p/a", "p/b"}, "k");  // 3: the newest of its key in p/b
    keyed({"p/b"}, "k");         // 4
    keyed({"p/a"}, "k");         // 5
    append({"p/a"});             // 6
    const auto conflated = [&](names patterns, names conflate) {
        return positions(read(read_query{.patterns = parse(patterns),
                                         .after = {},
                                         .upto = record().head(),
                                         .conflate = parse(conflate)}));
    };
    if (GetParam() == journal_kind::file_alone) return;  // of keys, only what is in memory is known
    EXPECT_EQ(conflated({"p/*"}, {"p/*"}), (numbers{2, 4, 5, 6}));
    EXPECT_EQ(conflated({"p/a"}, {"p/a"}), (numbers{2, 5, 6}));
    EXPECT_EQ(conflated({"p/b"}, {"p/b"}), (numbers{4}));
    EXPECT_EQ(conflated({"p/*", "p/b"}, {"p/*"}), (numbers{2, 3, 4, 5, 6}))
        << "an event that a pattern without conflation matches stays";
    EXPECT_EQ(conflated({"p/*", "p/b"}, {"p/*", "p/b"}), (numbers{2, 4, 5, 6}));
}

// A reader of the older one may not be shown the newer one, now or soon.
TEST_P(journals, leave_out_no_event_for_a_newer_one_that_some_readers_are_not_shown) {
    if (GetParam() == journal_kind::file_alone) return;  // of keys, only what is in memory is known
    const auto keyed = [&](names topics, const std::function<void(event&)>& change) {
        build();
        const auto older = make({"a"}, "older");
        older->content.key = "k";
        const auto newer = make(topics, "newer");
        newer->content.key = "k";
        change(newer->content);
        EXPECT_TRUE(try_append({older, newer}));
        return positions(read(read_query{.patterns = parse({"a"}),
                                         .after = {},
                                         .upto = record().head(),
                                         .conflate = parse({"a"})}));
    };
    EXPECT_EQ(keyed({"a"}, [](event&) {}), numbers{2});
    EXPECT_EQ(keyed({"a"}, [](event& e) { e.is_private = true; }), (numbers{1, 2}));
    EXPECT_EQ(keyed({"a"}, [&](event& e) { e.expires = now_.load() + 1h; }), (numbers{1, 2}));
    EXPECT_EQ(keyed({"a", "$user/ann"}, [](event&) {}), (numbers{1, 2}));
    EXPECT_EQ(keyed({"b"}, [](event&) {}), numbers{1});
}

TEST_P(journals, give_the_places_of_erased_events_only_if_asked) {
    append({"a"}, "one");
    const auto eraser = make({"a"}, "instead");
    eraser->erases = position{1};
    EXPECT_TRUE(try_append({eraser}));
    EXPECT_TRUE(soon_reads({"a"}, {2}));
    const auto all = read(read_query{
        .patterns = parse({"a"}), .after = {}, .upto = record().head(), .erased_too = true});
    EXPECT_EQ(positions(all), (numbers{1, 2}));
    EXPECT_TRUE(all.events[0]->erased);
    EXPECT_EQ(all.events[0]->erased_by.value, 2u);
    EXPECT_EQ(all.events[0]->content.data, "");
}

TEST_P(journals, tell_a_reader_that_rewinds_what_retention_took) {
    const auto three = [](std::string_view) { return retention{.max_events = 3}; };
    build(three);
    const auto begin = now_.load();
    for (int i = 1; i <= 5; ++i) {
        append({"a"});
        pass(10s);
    }
    ASSERT_TRUE(soon_reads({"a"}, {3, 4, 5}));
    const gap taken{position{0}, position{2}};
    for (int again = 0; again < 2; ++again) {
        const auto lost = [&](rewind from) { return locate({"a"}, {}, from).lost; };
        EXPECT_EQ(lost(rewind_last{3}), std::nullopt);
        EXPECT_EQ(lost(rewind_last{4}), taken);
        EXPECT_EQ(lost(rewind_since{begin + 30s}), std::nullopt);
        EXPECT_EQ(lost(rewind_since{begin + 21s}), std::nullopt) << "an older one is left";
        EXPECT_EQ(lost(rewind_since{begin + 15s}), taken);
        EXPECT_EQ(lost(rewind_since{}), taken);
        if (GetParam() != journal_kind::memory) open(three);
    }
}

TEST_P(journals, give_last_values_that_retention_took_as_events_if_asked) {
    const auto one = [](std::string_view) { return retention{.max_events = 1}; };
    build(one);
    const auto value = make({"a"}, "true");
    value->content.retain = true;
    EXPECT_TRUE(try_append({value}));
    append({"a"}, "news");
    append({"b"}, "news");
    ASSERT_TRUE(soon_reads({"**"}, {2, 3}));
    for (int again = 0; again < 2; ++again) {
        const auto from = [&](names topics, std::uint64_t after, std::size_t most = 256) {
            read_query q{parse(topics), position{after}, record().head(), most};
            q.last_values_too = true;
            return read(q);
        };
        EXPECT_EQ(positions(from({"a"}, 0)), (numbers{1, 2}));
        EXPECT_EQ(positions(from({"**"}, 0)), (numbers{1, 2, 3}));
        EXPECT_EQ(positions(from({"a"}, 1)), (numbers{2}));
        EXPECT_EQ(positions(from({"b"}, 0)), (numbers{3}));
        const auto first = from({"**"}, 0, 1);
        EXPECT_EQ(positions(first), (numbers{1}));
        EXPECT_EQ(first.through.value, 1u) << "what did not fit comes with the next page";
        if (GetParam() != journal_kind::memory) open(one);
    }
}

TEST_P(journals, count_what_follows_a_cursor) {
    for (int i = 0; i < 9; ++i) append({i % 3 == 0 ? "a" : "b"});
    append({"a", "b"});
    const auto counted = [&](names topics, std::uint64_t after, std::uint64_t upto) {
        return locate(topics, id_of(after), {}, 5, upto).events;
    };
    EXPECT_EQ(counted({"a"}, 1, 100), 3u);
    EXPECT_EQ(counted({"a"}, 1, 9), 2u);
    EXPECT_EQ(counted({"a", "b"}, 7, 100), 3u);
    EXPECT_EQ(counted({"**"}, 2, 100), 5u);  // the budget
    EXPECT_EQ(counted({"none"}, 2, 100), 0u);
}

TEST_P(journals, give_no_reader_more_than_its_budget) {
    for (int i = 0; i < 10; ++i) append({i % 2 == 0 ? "a" : "b"});
    EXPECT_FALSE(locate({"a"}, id_of(0), {}, 5).lost);
    const auto start = locate({"a"}, id_of(0), {}, 3);
    EXPECT_EQ(start.at.value, 4u);  // 5, 7 and 9 follow
    EXPECT_EQ(start.lost, (gap{position{0}, position{4}}));
    EXPECT_EQ(start.why, loss_reason::budget);
    EXPECT_EQ(locate({"a"}, id_of(0), {}, 0).at.value, 10u);
}

TEST_P(journals, apply_new_retention) {
    for (int i = 0; i < 5; ++i) append({"a"});
    record().set_retention([](std::string_view) { return retention{.max_events = 1}; });
    EXPECT_TRUE(soon_reads({"a"}, {5}));
    record().set_retention([](std::string_view) { return retention{.max_events = 0}; });
    append({"a"});
    EXPECT_TRUE(soon([&] { return read({"a"}, 5).events.empty(); }));
    EXPECT_EQ(record().head().value, 6u);
}

TEST_P(journals, answer_a_repeated_key_as_the_first_time) {
    const idempotency_key key{"k", {1, 2}};
    const auto first = make({"a"});
    const auto second = make({"a"});
    EXPECT_EQ(try_append({first, second}, key), journal::appended::stored);
    append({"a"});
    const auto again = make({"a"});
    const auto again_too = make({"a"});
    EXPECT_EQ(try_append({again, again_too}, key), journal::appended::repeated);
    EXPECT_EQ(again->pos, first->pos);
    EXPECT_EQ(again_too->pos, second->pos);
    EXPECT_EQ(record().head().value, 3u);
    const auto other = try_append({make({"a"})}, idempotency_key{"k", {1, 3}});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, errc::conflict);
    EXPECT_EQ(record().head().value, 3u);
    pass(std::chrono::hours(25));
    record().trim(now_.load());
    EXPECT_EQ(try_append({make({"a"})}, key), journal::appended::stored);
}

TEST_P(journals, hold_a_key_beyond_window_and_limit_until_it_is_let_go) {
    build({}, {.max_keys = 2});
    const idempotency_key one{"held/1", {1, 2}, true};
    const idempotency_key two{"held/2", {1, 2}, true};
    const auto first = make({"a"});
    EXPECT_EQ(try_append({first}, one), journal::appended::stored);
    EXPECT_EQ(try_append({make({"a"})}, two), journal::appended::stored);
    for (const char* other : {"x", "y", "z"})
        EXPECT_EQ(try_append({make({"a"})}, idempotency_key{other, {}}), journal::appended::stored);
    EXPECT_TRUE(soon([&] { return record().stats().keys == 2; }))
        << "they take no place among the others";
    pass(std::chrono::hours(24 * 400));
    const auto again = make({"a"});
    EXPECT_EQ(try_append({again}, one), journal::appended::repeated);
    EXPECT_EQ(again->pos, first->pos);
    EXPECT_EQ(try_append({make({"a"})}, idempotency_key{"held/1", {3, 4}, true}).error().code,
              errc::conflict);
    EXPECT_EQ(try_append({make({"a"})}, idempotency_key{"held/1", {3, 4}}),
              journal::appended::stored)
        << "who does not hold it means another one";
    record().forget_keys("held/", "held/2");
    EXPECT_TRUE(soon([&] { return try_append({make({"a"})}, one) == journal::appended::stored; }));
    EXPECT_EQ(try_append({make({"a"})}, two), journal::appended::repeated);
    record().forget_keys("held/", "held0");
    EXPECT_TRUE(soon([&] { return try_append({make({"a"})}, two) == journal::appended::stored; }));
}

TEST_P(journals, pass_ephemeral_events_through_without_a_position) {
    const auto lasting = make({"a"});
    const auto passing = make({"a"});
    passing->content.ephemeral = true;
    EXPECT_TRUE(try_append({passing, lasting}));
    EXPECT_EQ(passing->pos.value, 0u);
    EXPECT_EQ(lasting->pos.value, 1u);
    EXPECT_EQ(positions(read({"a"})), numbers{1});
}

TEST_P(journals, tell_the_feed_of_every_event_in_order_and_before_its_answer) {
    std::mutex mutex;
    std::vector<std::string> told;
    const auto tell = [&](std::string what) {
        const std::lock_guard lock(mutex);
        told.push_back(std::move(what));
    };
    const auto count = [&] {
        const std::lock_guard lock(mutex);
        return told.size();
    };
    record().on_stored([&](std::span<const event_ptr> all) {
        for (const event_ptr& e : all) tell(e->content.data + "@" + std::to_string(e->pos.value));
    });
    const auto append_and_tell = [&](journal::group events, std::optional<idempotency_key> key) {
        std::promise<void> answered;
        record().append(std::move(events), std::move(key), [&](const auto& done, auto) {
            tell(!done ? "failed" : *done == journal::appended::repeated ? "repeated" : "stored");
            answered.set_value();
        });
        answered.get_future().get();
    };
    const auto passing = make({"a"}, "passing");
    passing->content.ephemeral = true;
    const idempotency_key key{"k", {1, 2}};
    append_and_tell({make({"a"}, "one"), passing, make({"b"}, "two")}, key);
    append_and_tell({make({"a"}, "one"), make({"b"}, "two")}, key);
    append_and_tell({make({"a"}, "other")}, idempotency_key{"k", {3, 4}});
    std::promise<void> kept;
    record().schedule(make({"a"}, "due")->content, now_.load() + 1s, std::nullopt,
                      [&](const auto&) { kept.set_value(); });
    kept.get_future().get();
    pass(2s);
    EXPECT_TRUE(soon([&] { return count() == 7; }));
    append_and_tell({make({"a"}, "last")}, std::nullopt);
    EXPECT_EQ(told, (std::vector<std::string>{"one@1", "passing@0", "two@2", "stored", "repeated",
                                              "failed", "due@3", "last@4", "stored"}));
}

TEST_P(journals, commit_one_at_a_time_in_order_from_many_threads) {
    constexpr int each = 2000;
    numbers order;  // no lock: neither the feed nor callbacks overlap
    numbers fed;
    record().on_stored([&](std::span<const event_ptr> all) {
        for (const event_ptr& e : all) fed.push_back(e->pos.value);
    });
    std::atomic<int> left{2 * each};
    const auto work = [&] {
        for (int i = 0; i < each; ++i) {
            record().append({make({"a"})}, [&](const auto&, auto all) {
                order.push_back(all[0]->pos.value);
                EXPECT_GE(fed.size(), order.size());
                --left;
            });
        }
    };
    std::thread one(work), two(work);
    one.join();
    two.join();
    while (left.load() != 0) std::this_thread::yield();
    ASSERT_EQ(order.size(), std::size_t{2 * each});
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i + 1);
    EXPECT_EQ(fed, order);
}

// An event loop that commits for another one has streams of its own to serve.
TEST_P(journals, let_another_thread_commit_for_one_that_has_done_so_for_long) {
    if (GetParam() != journal_kind::memory) return;  // the others have a writer
    std::atomic<bool> over{false};
    const auto first = std::this_thread::get_id();
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    std::function<void()> go_on = [&] {
        record().append({make({"a"})}, [&](const auto&, auto) {
            const bool relieved = std::this_thread::get_id() != first;
            if (relieved || std::chrono::steady_clock::now() > deadline) over = true;
            if (!over) go_on();
        });
    };
    std::atomic<bool> busy{false};
    std::thread other([&] {
        while (!busy) std::this_thread::yield();
        while (!over) {
            std::promise<void> stored;
            record().append({make({"a"})}, [&](const auto&, auto) { stored.set_value(); });
            stored.get_future().get();
        }
    });
    record().append({make({"a"})}, [&](const auto&, auto) {
        busy = true;
        go_on();
    });
    const auto left = std::chrono::steady_clock::now();
    while (!over) std::this_thread::yield();
    other.join();
    EXPECT_LT(left, deadline) << "it never came back";
}

}  // namespace
}  // namespace carillon::testing
