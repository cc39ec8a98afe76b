// What taking back, replacing and expiry leave in the durable journal.
#include "journal/sqlite_fixture.hpp"

namespace carillon::testing {
namespace {

TEST_F(sqlite_journal_test, keeps_new_events_in_memory_whatever_was_taken_back) {
    auto o = options(file_.path());
    o.recent_bytes = 64 << 10;
    o.index_batch = 1;
    open(o);
    for (int i = 0; i < 20; ++i) {
        const auto word = make({"a"}, "{}");
        word->erases = position{append({"a"}, std::string(10'000, 'x'))};
        ASSERT_TRUE(try_append({word}));
    }
    const auto last = append({"a"});
    append({"a"});
    ASSERT_TRUE(soon([&] { return rows_of("topic_events") == 42; }));
    append({"a"});
    std::promise<std::thread::id> reader;
    record().read({parse({"a"}), position{last}, record().head()},
                  [&](const auto&) { reader.set_value(std::this_thread::get_id()); });
    EXPECT_EQ(reader.get_future().get(), std::this_thread::get_id()) << "no look at the disk";
}

TEST_F(sqlite_journal_test, knows_what_replaced_an_event_that_would_have_expired) {
    open();
    const auto first = make({"a"});
    first->content.expires = now_.load() + 5s;
    ASSERT_TRUE(try_append({first}));
    const auto instead = make({"a"}, "instead");
    instead->erases = first->pos;
    ASSERT_TRUE(try_append({instead}));
    ASSERT_EQ(rows_of("expiring"), 1u);
    pass(10s);
    ASSERT_TRUE(soon([&] { return rows_of("expiring") == 0; }));
    const auto page =
        read(read_query{.patterns = parse({"a"}), .upto = record().head(), .erased_too = true});
    ASSERT_EQ(page.events.size(), 2u);
    EXPECT_EQ(page.events.front()->erased_by, instead->pos);
}

}  // namespace
}  // namespace carillon::testing
