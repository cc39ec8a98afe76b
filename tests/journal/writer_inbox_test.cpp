// Which appends come to the writer together, and when.
#include "journal/sqlite/writer_inbox.hpp"

#include "support/played_turn.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::sqlite {
namespace {

using testing::played_turn;

bool append(writer_inbox& inbox, std::size_t bytes = 10) {
    append_request r;
    r.events.push_back(std::make_shared<stored_event>());
    r.bytes = bytes;
    const bool taken = inbox.append(r);
    EXPECT_EQ(r.events.empty(), taken) << "what was refused is left alone";
    return taken;
}

std::shared_ptr<writer_inbox> make_inbox(
    journal_sync sync = journal_sync::normal,
    writer_inbox::clock_function now = std::chrono::steady_clock::now) {
    return std::make_shared<writer_inbox>(10'000, 1'000'000, sync, std::move(now));
}

/// An inbox whose loops may store, and the sizes of the groups that they did.
struct shared_inbox {
    explicit shared_inbox(journal_sync sync = journal_sync::normal)
        : inbox(make_inbox(sync, [this] { return now; })) {
        inbox->let_loops_store([this](const auto&) { groups.push_back(inbox->take().size()); });
    }
    /// A turn with so many requests and its end, which may be the next one's or a later one's.
    void turn_of(played_turn& during, int requests) {
        for (int i = 0; i < requests; ++i) append(*inbox);
        during.end();
    }

    std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    std::shared_ptr<writer_inbox> inbox;
    std::vector<std::size_t> groups = {};
};

TEST(writer_inbox, gives_what_comes_from_no_loop_at_once) {
    const auto inbox = make_inbox();
    EXPECT_TRUE(inbox->next_group(false).requests.empty());
    append(*inbox);
    EXPECT_EQ(inbox->next_group(true).requests.size(), 1u);
}

TEST(writer_inbox, gives_what_a_turn_appends_at_its_end) {
    const auto inbox = make_inbox();
    played_turn during;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 3; ++i) append(*inbox);
        EXPECT_TRUE(inbox->next_group(false).requests.empty());
        during.end();
        EXPECT_EQ(inbox->next_group(true).requests.size(), 3u);
    }
}

TEST(writer_inbox, waits_for_no_turn_when_there_is_enough) {
    const auto inbox = make_inbox();
    played_turn during;
    while (inbox->next_group(false).requests.empty()) ASSERT_TRUE(append(*inbox));
    append(*inbox);
    inbox->stop();
    EXPECT_EQ(inbox->next_group(false).requests.size(), 1u) << "nor when the journal ends";
    EXPECT_TRUE(inbox->finished());
}

TEST(writer_inbox, waits_for_no_turn_when_one_request_is_large) {
    const auto inbox = make_inbox();
    const played_turn during;
    append(*inbox, 64u << 20);
    EXPECT_EQ(inbox->next_group(true).requests.size(), 1u);
}

TEST(writer_inbox, waits_for_no_loop_that_has_ended) {
    const auto inbox = make_inbox();
    {
        const played_turn during;
        append(*inbox);
        EXPECT_TRUE(inbox->next_group(false).requests.empty());
    }
    EXPECT_EQ(inbox->next_group(true).requests.size(), 1u);
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
    EXPECT_TRUE(append(*inbox, 5'000'000)) << "one is always taken";
    EXPECT_FALSE(append(*inbox));
    EXPECT_EQ(inbox->next_group(true).requests.size(), 1u);
    EXPECT_TRUE(append(*inbox));
}

TEST(writer_inbox, wakes_the_writer_for_other_work) {
    const auto inbox = make_inbox();
    inbox->want_upkeep();
    EXPECT_TRUE(inbox->next_group(true).requests.empty());
    EXPECT_TRUE(inbox->take_upkeep());
    EXPECT_FALSE(inbox->take_upkeep());
    inbox->run([](const auto&) -> result<> { return {}; });
    EXPECT_TRUE(inbox->next_group(true).requests.empty());
    EXPECT_EQ(inbox->take_tasks().size(), 1u);
    EXPECT_FALSE(inbox->finished());
}

TEST(writer_inbox, lets_a_loop_store_what_its_turn_appended) {
    shared_inbox loops;
    played_turn during;
    loops.turn_of(during, 3);
    EXPECT_EQ(loops.groups, std::vector<std::size_t>{3});
    EXPECT_TRUE(loops.inbox->next_group(false).requests.empty())
        << "nothing is left for the writer";
}

TEST(writer_inbox, lets_groups_grow_over_turns_only_under_load) {
    shared_inbox loops;
    played_turn during;
    for (int i = 0; i < 20; ++i) loops.turn_of(during, 1);
    EXPECT_EQ(loops.groups, std::vector<std::size_t>(20, 1)) << "few requests do not wait";
    loops.groups.clear();
    while (loops.groups.empty() || loops.groups.back() == 10) loops.turn_of(during, 10);
    EXPECT_GE(loops.groups.back(), 20u) << "many wait for turns that bring more";
    loops.groups.clear();
    loops.turn_of(during, 10);
    loops.turn_of(during, 0);
    EXPECT_EQ(loops.groups, std::vector<std::size_t>{10}) << "and for none that does not";
    loops.turn_of(during, 100);
    EXPECT_EQ(loops.groups.back(), 100u) << "nor when there are enough";
}

TEST(writer_inbox, leaves_large_groups_to_the_writer) {
    shared_inbox loops;
    played_turn during;
    loops.turn_of(during, 200);
    EXPECT_EQ(loops.inbox->next_group(true).requests.size(), 200u);
    EXPECT_TRUE(append(*loops.inbox, 500'000));
    during.end();
    EXPECT_EQ(loops.inbox->next_group(true).requests.size(), 1u);
    EXPECT_TRUE(loops.groups.empty());
}

TEST(writer_inbox, leaves_more_than_a_few_to_the_writer_if_each_group_waits_for_the_disk) {
    shared_inbox loops(journal_sync::full);
    played_turn during;
    loops.turn_of(during, 2);
    EXPECT_EQ(loops.groups, std::vector<std::size_t>{2});
    loops.turn_of(during, 10);
    EXPECT_EQ(loops.inbox->next_group(true).requests.size(), 10u);
}

using namespace std::chrono_literals;

TEST(writer_inbox, keeps_loops_from_a_slow_or_failing_disk) {
    for (const auto& [sync, took, worked, rest] :
         {std::tuple(journal_sync::normal, std::chrono::microseconds(105ms), true, 2000ms),
          std::tuple(journal_sync::normal, std::chrono::microseconds(0), false, 5000ms),
          std::tuple(journal_sync::full, std::chrono::microseconds(5250us), true, 100ms)}) {
        shared_inbox loops(sync);
        played_turn during;
        loops.inbox->note_stored(took, worked);
        loops.now += rest - 1ms;
        loops.inbox->note_stored(50us, true);
        loops.turn_of(during, 1);
        EXPECT_TRUE(loops.groups.empty());
        EXPECT_EQ(loops.inbox->take().size(), 1u);
        loops.now += 1ms;
        loops.turn_of(during, 1);
        EXPECT_EQ(loops.groups, std::vector<std::size_t>{1}) << "when its rest is over";
    }
}

TEST(writer_inbox, keeps_loops_from_a_disk_that_stalls_again_and_again) {
    shared_inbox loops;
    played_turn during;
    std::size_t stalled = 0;
    for (int minute = 0; minute < 10; ++minute) {
        for (int i = 0; i < 6; ++i) {
            // A stall of two seconds in ten, among a thousand quick groups.
            loops.turn_of(during, 1);
            if (std::exchange(loops.groups, {}).empty()) {
                EXPECT_EQ(loops.inbox->take().size(), 1u) << "the writer's thread has it";
            } else {
                ++stalled;
            }
            loops.inbox->note_stored(2s, true);
            for (int quick = 0; quick < 1000; ++quick) loops.inbox->note_stored(50us, true);
            loops.now += 10s;
        }
    }
    EXPECT_EQ(stalled, 1u) << "the first one";
}

TEST(writer_inbox, forgives_a_group_that_was_a_little_slow) {
    shared_inbox loops;
    played_turn during;
    loops.inbox->note_stored(5ms, true);
    loops.turn_of(during, 1);
    EXPECT_EQ(loops.groups, std::vector<std::size_t>{1});
}

TEST(writer_inbox, lets_one_write_at_a_time) {
    const auto inbox = make_inbox();
    std::atomic<int> writing = 0;
    std::atomic<bool> alone = true;
    std::atomic<std::size_t> here = 0;
    std::atomic<std::size_t> by_writer = 0;
    const auto write = [&](std::size_t requests, std::atomic<std::size_t>& count) {
        if (++writing != 1) alone = false;
        std::this_thread::yield();
        count += requests;
        --writing;
    };
    inbox->let_loops_store([&](const auto&) { write(inbox->take().size(), here); });
    std::thread writer([&] {
        while (!inbox->finished()) write(inbox->next_group(true).requests.size(), by_writer);
    });
    std::vector<std::thread> loops;
    for (int l = 0; l < 2; ++l) {
        loops.emplace_back([&] {
            played_turn during;
            for (int i = 0; i < 2000; ++i) {
                append(*inbox);
                if (i % 4 == 0) during.end();
                if (i % 100 == 0) inbox->want_upkeep();
                if (i % 100 == 50) inbox->take_upkeep();
            }
            during.end();
            during.end();
        });
    }
    for (std::thread& l : loops) l.join();
    inbox->stop();
    writer.join();
    EXPECT_TRUE(alone);
    EXPECT_EQ(here + by_writer, 4000u) << "each once";
    EXPECT_GT(here, 0u);
}

TEST(writer_inbox, does_not_store_for_a_loop_that_has_ended) {
    shared_inbox loops;
    {
        const played_turn during;
        append(*loops.inbox);
    }
    EXPECT_TRUE(loops.groups.empty());
    EXPECT_EQ(loops.inbox->next_group(true).requests.size(), 1u);
}

TEST(writer_inbox, lets_nobody_store_once_it_is_stopped) {
    shared_inbox loops;
    played_turn during;
    append(*loops.inbox);
    loops.inbox->stop();
    during.end();
    EXPECT_TRUE(loops.groups.empty());
    EXPECT_EQ(loops.inbox->next_group(true).requests.size(), 1u);
}

}  // namespace
}  // namespace carillon::sqlite
