// What every journal's readers are given: last values that were replaced, patterns that are held
// against many names.
#include "journal/every_journal.hpp"
#include "journal/topic_logs.hpp"

#include <future>
#include <string>
#include <thread>

namespace carillon::testing {
namespace {

TEST_P(journals, put_what_replaces_a_last_value_in_its_place) {
    const auto store = [&](names topics, const char* data, std::uint64_t erases = 0) {
        const auto e = make(topics, data);
        e->content.retain = true;
        e->erases = position{erases};
        EXPECT_TRUE(try_append({e}));
        return e->pos.value;
    };
    const auto values = [&] {
        numbers all;
        for (const event_ptr& e : snapshot({"**"}).values) all.push_back(e->pos.value);
        return all;
    };
    const auto first = store({"a", "b"}, "1");
    const auto newer = store({"b"}, "2");
    const auto instead = store({"a", "b"}, "3", first);
    EXPECT_EQ(values(), (numbers{newer, instead})) << "only where it was the last value";
    EXPECT_EQ(snapshot({"a"}).values.at(0)->content.data, "3");
    EXPECT_EQ(snapshot({"b"}).values.at(0)->content.data, "2");
    if (GetParam() != journal_kind::memory) {
        open();
        EXPECT_EQ(values(), (numbers{newer, instead}));
        EXPECT_EQ(snapshot({"a"}).values.at(0)->content.data, "3");
    }
    const auto word = make({"a", "b"}, "gone");
    word->erases = position{instead};
    ASSERT_TRUE(try_append({word}));
    EXPECT_EQ(values(), numbers{newer});
}

TEST(memory_journal, gives_the_room_of_what_was_taken_back_to_its_topic) {
    journal_user j;
    j.use(make_memory_journal(
        {.retention_of = [](std::string_view) { return retention{.max_bytes = 1000}; }}));
    constexpr int times = 20;
    for (int i = 0; i < times; ++i) {
        const auto word = j.make({"a"}, "{}");
        word->erases = position{j.append({"a"}, std::string(300, 'x'))};
        ASSERT_TRUE(j.try_append({word}));
    }
    EXPECT_EQ(j.record().stats().events, 2u * times);
    EXPECT_LT(j.record().stats().bytes, 200u);
}

TEST_P(journals, hold_patterns_against_many_names_in_slices) {
    if (GetParam() == journal_kind::file_alone) return;  // as the other one, slowly
    build({}, {.max_topics = 1'000'000});
    constexpr int topics = 3 * static_cast<int>(topic_logs::names_at_once);
    journal::group events;
    for (int n = 0; n < topics; ++n) {
        if (n % 16 == 0) events.push_back(make({}, "x"));
        event& last = const_cast<event&>(events.back()->content);
        last.topics.push_back(*topic::parse(std::to_string(n) + "/x"));
    }
    ASSERT_TRUE(try_append(events));
    const auto one = append({"88/special"});
    const read_query q{.patterns = parse({"*/special", "77/x"}), .upto = record().head()};
    std::promise<std::thread::id> reader;
    record().read(q, [&](const result<read_page>& page) {
        EXPECT_TRUE(page);
        EXPECT_EQ(positions(*page), (numbers{77 / 16 + 1, one}));
        reader.set_value(std::this_thread::get_id());
    });
    EXPECT_NE(reader.get_future().get(), std::this_thread::get_id()) << "not by the one that asks";
    EXPECT_EQ(positions(read({"*/special"})), numbers{one});
    EXPECT_EQ(locate({"*/special"}, {}, rewind_last{1}).at.value, one - 1);
    EXPECT_TRUE(snapshot({"*/special"}).values.empty());
}

}  // namespace
}  // namespace carillon::testing
