#include "server/silence.hpp"

#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using watch = silence_watch;

class silence_test : public ::testing::Test {
protected:
    void heartbeat_after(std::chrono::milliseconds gap) {
        now_ += gap;
        watch_.heartbeat(now_);
        watch_.byte(now_);
    }
    watch::time_point now_{};
    watch watch_{std::nullopt};
};

TEST_F(silence_test, two_heartbeats_in_a_row_tell_their_interval) {
    watch_.connect(now_);
    EXPECT_EQ(watch_.limit(), watch::before_heartbeats);
    heartbeat_after(9s);
    EXPECT_EQ(watch_.limit(), watch::before_heartbeats);
    heartbeat_after(10s);
    EXPECT_EQ(watch_.limit(), 30s);
    heartbeat_after(9500ms);
    EXPECT_EQ(watch_.limit(), 30s);
}

TEST_F(silence_test, comments_at_other_times_change_nothing) {
    watch_.connect(now_);
    heartbeat_after(30s);
    heartbeat_after(30s);
    heartbeat_after(10ms);
    heartbeat_after(29s);
    EXPECT_EQ(watch_.limit(), 90s);
}

TEST_F(silence_test, a_stream_that_was_cut_gets_more_time) {
    watch_.connect(now_);
    watch_.was_cut();
    EXPECT_EQ(watch_.limit(), 2 * watch::before_heartbeats);
    for (int i = 0; i < 10; ++i) watch_.was_cut();
    EXPECT_EQ(watch_.limit(), watch::longest);
    heartbeat_after(100ms);
    heartbeat_after(100ms);
    EXPECT_EQ(watch_.limit(), watch::shortest);
    watch_.was_cut();
    EXPECT_EQ(watch_.limit(), watch::before_heartbeats);
}

TEST(silence, a_limit_that_the_user_chose_stays) {
    watch w(5s);
    w.connect({});
    w.heartbeat(watch::time_point(1s));
    w.heartbeat(watch::time_point(2s));
    w.was_cut();
    EXPECT_EQ(w.limit(), 5s);
}

}  // namespace
}  // namespace carillon::server
