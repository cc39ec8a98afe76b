#include <carillon/journal/journal.hpp>

#include <thread>

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

class memory_journal_test : public ::testing::Test {
protected:
    memory_journal_test() { build({}); }

    void build(memory_journal_options options) {
        options.now = [this] { return now_; };
        journal_ = make_memory_journal(std::move(options));
    }

    position append(std::initializer_list<std::string_view> topics, std::string data = "x",
                    std::string id = {}) {
        auto e = std::make_shared<stored_event>();
        for (const auto t : topics) e->e.topics.push_back(*topic::parse(t));
        e->e.data = std::move(data);
        if (!id.empty()) e->e.id = *wire::event_id::parse(id);
        journal_->append({e}, [](result<> done, auto) { EXPECT_TRUE(done); });
        return e->pos;
    }

    read_page read(std::initializer_list<std::string_view> patterns, std::uint64_t after = 0,
                   std::size_t most = 256) {
        const auto list = parse(patterns);
        read_page page;
        journal_->read({pointers(list), position{after}, journal_->head(), most},
                       [&](result<read_page> done) { page = std::move(*done); });
        return page;
    }
    std::vector<std::uint64_t> positions(const read_page& page) {
        std::vector<std::uint64_t> all;
        for (const auto& e : page.events) all.push_back(e->pos.value);
        return all;
    }
    static std::vector<topic_pattern> parse(std::initializer_list<std::string_view> patterns) {
        std::vector<topic_pattern> list;
        for (const auto p : patterns) list.push_back(*topic_pattern::parse(p));
        return list;
    }
    static std::vector<const topic_pattern*> pointers(const std::vector<topic_pattern>& list) {
        std::vector<const topic_pattern*> all;
        for (const auto& p : list) all.push_back(&p);
        return all;
    }
    std::optional<found_cursor> find(std::string_view id,
                                     std::initializer_list<std::string_view> patterns) {
        const auto list = parse(patterns);
        return journal_->find(id, pointers(list));
    }

    system_clock::time_point now_{1'000'000s};
    std::unique_ptr<journal> journal_;
};

using numbers = std::vector<std::uint64_t>;

TEST_F(memory_journal_test, gives_positions_in_one_order_and_reads_each_event_once) {
    append({"a"});
    append({"b"});
    append({"a", "b"});
    append({"c"});
    EXPECT_EQ(positions(read({"a", "b"})), (numbers{1, 2, 3}));
    EXPECT_EQ(positions(read({"*"}, 1)), (numbers{2, 3, 4}));
    EXPECT_EQ(positions(read({"a", "**"}, 2)), (numbers{3, 4}));
    EXPECT_TRUE(read({"d"}).events.empty());
}

TEST_F(memory_journal_test, pages_go_on_where_the_last_ended) {
    for (int i = 0; i < 5; ++i) append({"a"});
    const auto first = read({"a"}, 0, 2);
    EXPECT_EQ(positions(first), (numbers{1, 2}));
    EXPECT_EQ(first.through.value, 2u);
    const auto rest = read({"a"}, first.through.value, 3);
    EXPECT_EQ(positions(rest), (numbers{3, 4, 5}));
    EXPECT_EQ(rest.through.value, 5u);
}

TEST_F(memory_journal_test, keeps_no_more_than_the_count_and_says_what_is_lost) {
    build({.retention_of = [](std::string_view) { return retention{.max_events = 2}; }});
    for (int i = 0; i < 3; ++i) append({"a"});
    EXPECT_EQ(positions(read({"a"})), (numbers{2, 3}));
    EXPECT_EQ(read({"a"}, 0).lost, (gap{position{0}, position{1}}));
    EXPECT_EQ(read({"a"}, 1).lost, std::nullopt);
    EXPECT_EQ(journal_->stats().events, 2u);
    EXPECT_EQ(journal_->stats().trimmed, 1u);
}

TEST_F(memory_journal_test, keeps_no_more_than_the_bytes_of_a_topic_and_of_all) {
    build(
        {.retention_of =
             [](std::string_view t) { return t == "a" ? retention{.max_bytes = 22} : retention{}; },
         .max_bytes = 60});
    for (int i = 0; i < 3; ++i) append({"a"}, std::string(10, 'x'));
    EXPECT_EQ(positions(read({"a"})), (numbers{2, 3}));
    append({"b"}, std::string(37, 'x'));
    EXPECT_EQ(positions(read({"a", "b"})), (numbers{2, 3, 4}));
    append({"b"}, "");
    EXPECT_EQ(positions(read({"a", "b"})), (numbers{3, 4, 5}));
}

TEST_F(memory_journal_test, trims_what_is_too_old) {
    build({.retention_of = [](std::string_view t) {
        return retention{.max_age = t == "a" ? 10s : 100s};
    }});
    append({"a"});
    append({"b"});
    now_ += 11s;
    append({"a"});
    journal_->trim(now_);
    EXPECT_EQ(positions(read({"a", "b"})), (numbers{2, 3}));
    EXPECT_EQ(read({"b"}).lost, std::nullopt);
    EXPECT_TRUE(read({"a"}).lost);
}

TEST_F(memory_journal_test, hides_no_loss_of_topics_that_it_has_forgotten) {
    build({.retention_of = [](std::string_view) { return retention{.max_age = 1s}; },
           .max_empty_topics = 1});
    append({"a"});
    append({"b"});
    append({"c"});
    now_ += 2s;
    journal_->trim(now_);
    EXPECT_LE(journal_->stats().topics, 1u);
    EXPECT_TRUE(read({"a"}).lost);
    append({"a"});
    EXPECT_EQ(positions(read({"a"}, 3)), numbers{4});
    EXPECT_FALSE(read({"a"}, 3).lost);
}

TEST_F(memory_journal_test, finds_its_own_cursors_and_publishers_ids) {
    append({"a"}, "x", "one");
    append({"b"}, "x", "one");
    append({"a"}, "x", "two");
    append({"a"}, "x", "one");
    EXPECT_EQ(find("two", {"a"})->pos.value, 3u);
    EXPECT_FALSE(find("two", {"a"})->repeated);
    EXPECT_EQ(find("one", {"a"})->pos.value, 1u);
    EXPECT_TRUE(find("one", {"a"})->repeated);
    EXPECT_EQ(find("one", {"b"})->pos.value, 2u);
    EXPECT_FALSE(find("two", {"b"}));
    const std::string epoch(journal_->epoch());
    EXPECT_EQ(find(epoch + ".4", {"a"})->pos.value, 4u);
    EXPECT_FALSE(find(epoch + ".5", {"a"}));
    EXPECT_FALSE(find("aaaaaaaa.1", {"a"}));
    EXPECT_FALSE(find(std::string(10'000'000, '9'), {"a"}));
}

TEST_F(memory_journal_test, a_trimmed_id_gives_way_to_its_next_use) {
    build({.retention_of = [](std::string_view) { return retention{.max_events = 2}; }});
    append({"a"}, "x", "one");
    append({"a"}, "x", "one");
    append({"a"}, "x", "two");
    EXPECT_EQ(find("one", {"a"})->pos.value, 2u);
    append({"a"}, "x", "three");
    EXPECT_FALSE(find("one", {"a"}));
}

TEST_F(memory_journal_test, goes_back_by_count_and_by_time) {
    append({"a"});
    now_ += 10s;
    append({"b"});
    now_ += 10s;
    append({"a"});
    const auto list = parse({"a", "b"});
    const auto p = pointers(list);
    EXPECT_EQ(journal_->before_last(0, p).value, 3u);
    EXPECT_EQ(journal_->before_last(1, p).value, 2u);
    EXPECT_EQ(journal_->before_last(2, p).value, 1u);
    EXPECT_EQ(journal_->before_last(3, p).value, 0u);
    EXPECT_EQ(journal_->before_last(9, p).value, 0u);
    EXPECT_EQ(journal_->before_time(now_, p).value, 2u);
    EXPECT_EQ(journal_->before_time(now_ - 15s, p).value, 1u);
    EXPECT_EQ(journal_->before_time({}, p).value, 0u);
    EXPECT_EQ(journal_->before_time(now_ + 1s, p).value, 3u);
}

TEST_F(memory_journal_test, applies_new_retention_at_once) {
    for (int i = 0; i < 5; ++i) append({"a"});
    journal_->set_retention([](std::string_view) { return retention{.max_events = 1}; });
    EXPECT_EQ(positions(read({"a"})), numbers{5});
    journal_->set_retention([](std::string_view) { return retention{.max_events = 0}; });
    append({"a"});
    EXPECT_TRUE(read({"a"}, 6).events.empty());
    EXPECT_EQ(journal_->head().value, 6u);
}

TEST_F(memory_journal_test, commits_one_at_a_time_in_order_from_many_threads) {
    std::vector<std::uint64_t> order;  // no lock: callbacks never overlap
    const auto work = [&] {
        for (int i = 0; i < 2000; ++i) {
            auto e = std::make_shared<stored_event>();
            e->e.topics.push_back(*topic::parse("a"));
            journal_->append({e}, [&](result<>, auto all) { order.push_back(all[0]->pos.value); });
        }
    };
    std::thread one(work), two(work);
    one.join();
    two.join();
    ASSERT_EQ(order.size(), 4000u);
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i + 1);
}

}  // namespace
}  // namespace carillon
