// Which appends come to the writer together, and when.
#include "journal/sqlite/writer_inbox.hpp"

#include <gtest/gtest.h>

namespace carillon::sqlite {
namespace {

/// The turn of a loop that this thread plays.
class played_turn final : public turn {
public:
    played_turn() : outer_(enter(this)) {}
    ~played_turn() { enter(outer_); }
    played_turn(const played_turn&) = delete;
    played_turn& operator=(const played_turn&) = delete;

    void at_end_of_turn(std::function<void()> t) override { tasks_.push_back(std::move(t)); }
    void end() {
        for (auto& t : std::exchange(tasks_, {})) t();
    }

private:
    turn* outer_;
    std::vector<std::function<void()>> tasks_;
};

bool append(writer_inbox& inbox, std::size_t bytes = 10) {
    append_request r;
    r.events.push_back(std::make_shared<stored_event>());
    r.bytes = bytes;
    const bool taken = inbox.append(r);
    EXPECT_EQ(r.events.empty(), taken) << "what was refused is left alone";
    return taken;
}

std::shared_ptr<writer_inbox> make_inbox() { return std::make_shared<writer_inbox>(1000, 1000); }

TEST(writer_inbox, gives_what_comes_from_no_loop_at_once) {
    const auto inbox = make_inbox();
    EXPECT_TRUE(inbox->next_group(false).empty());
    append(*inbox);
    EXPECT_EQ(inbox->next_group(true).size(), 1u);
}

TEST(writer_inbox, gives_what_a_turn_appends_at_its_end) {
    const auto inbox = make_inbox();
    played_turn during;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 3; ++i) append(*inbox);
        EXPECT_TRUE(inbox->next_group(false).empty());
        during.end();
        EXPECT_EQ(inbox->next_group(true).size(), 3u);
    }
}

TEST(writer_inbox, waits_for_no_turn_when_there_is_enough) {
    const auto inbox = make_inbox();
    played_turn during;
    while (inbox->next_group(false).empty()) ASSERT_TRUE(append(*inbox));
    append(*inbox);
    inbox->stop();
    EXPECT_EQ(inbox->next_group(false).size(), 1u) << "nor when the journal ends";
    EXPECT_TRUE(inbox->finished());
}

TEST(writer_inbox, waits_for_no_turn_when_one_request_is_large) {
    const auto inbox = make_inbox();
    const played_turn during;
    append(*inbox, 64u << 20);
    EXPECT_EQ(inbox->next_group(true).size(), 1u);
}

TEST(writer_inbox, waits_for_no_loop_that_has_ended) {
    const auto inbox = make_inbox();
    {
        const played_turn during;
        append(*inbox);
        EXPECT_TRUE(inbox->next_group(false).empty());
    }
    EXPECT_EQ(inbox->next_group(true).size(), 1u);
}

TEST(writer_inbox, may_be_gone_when_a_turn_ends) {
    auto inbox = make_inbox();
    played_turn during;
    append(*inbox);
    inbox.reset();
    during.end();
}

TEST(writer_inbox, refuses_what_is_too_much) {
    const auto inbox = make_inbox();
    EXPECT_TRUE(append(*inbox, 5000)) << "one is always taken";
    EXPECT_FALSE(append(*inbox));
    EXPECT_EQ(inbox->next_group(true).size(), 1u);
    EXPECT_TRUE(append(*inbox));
}

TEST(writer_inbox, wakes_the_writer_for_other_work) {
    const auto inbox = make_inbox();
    inbox->want_upkeep();
    EXPECT_TRUE(inbox->next_group(true).empty());
    EXPECT_TRUE(inbox->take_upkeep());
    EXPECT_FALSE(inbox->take_upkeep());
    inbox->run([](store&) -> result<> { return {}; });
    EXPECT_TRUE(inbox->next_group(true).empty());
    EXPECT_EQ(inbox->take_tasks().size(), 1u);
    EXPECT_FALSE(inbox->finished());
}

}  // namespace
}  // namespace carillon::sqlite
