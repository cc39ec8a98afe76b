#include "auth/ticket_book.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace carillon::auth {
namespace {

using namespace std::chrono_literals;
using refusal = ticket_book::refusal;

class tickets : public testing::Test {
protected:
    ticket_book::bearer_ptr claims(std::chrono::seconds lifetime = 1h,
                                   std::string_view user = "alice",
                                   std::string_view issuer = {}) const {
        principal c;
        c.user = user;
        c.issuer = issuer;
        c.expires = now + lifetime;
        return std::make_shared<const principal>(std::move(c));
    }
    refusal redeem(const std::string& ticket, bool has_cursor = false) {
        return book.redeem(ticket, has_cursor, now).why;
    }

    ticket_book::clock::time_point now{1'000'000s};
    ticket_book book{{.max_tickets = 3, .first_use = 60s, .grace = 30s}};
};

TEST_F(tickets, open_one_stream) {
    const auto ticket = book.issue(claims(), now).value();
    EXPECT_GE(ticket.size(), 22u);
    const auto first = book.redeem(ticket, false, now);
    EXPECT_EQ(first.why, refusal::none);
    EXPECT_EQ(first.bearer->user, "alice");
    EXPECT_EQ(redeem(ticket), refusal::in_use);
    EXPECT_EQ(redeem(ticket, true), refusal::in_use);
    EXPECT_EQ(redeem("unknown"), refusal::unknown);
    EXPECT_EQ(redeem(""), refusal::unknown);
}

TEST_F(tickets, that_opened_nothing_are_as_they_were) {
    const auto ticket = book.issue(claims(), now).value();
    ASSERT_EQ(redeem(ticket), refusal::none);
    book.give_back(ticket, now);
    EXPECT_EQ(redeem(ticket), refusal::none) << "its stream never began";
    book.release(ticket, now);
    ASSERT_EQ(redeem(ticket, true), refusal::none);
    book.give_back(ticket, now);
    EXPECT_EQ(redeem(ticket), refusal::not_resumed);
    EXPECT_EQ(redeem(ticket, true), refusal::none);
    book.give_back("unknown", now);
}

TEST_F(tickets, open_their_stream_again_only_with_a_cursor_and_in_time) {
    const auto ticket = book.issue(claims(), now).value();
    ASSERT_EQ(redeem(ticket), refusal::none);
    book.release(ticket, now);
    EXPECT_EQ(redeem(ticket, false), refusal::not_resumed);
    now += 29s;
    EXPECT_EQ(redeem(ticket, true), refusal::none);
    book.release(ticket, now);
    now += 30s;
    EXPECT_EQ(redeem(ticket, true), refusal::unknown);
}

TEST_F(tickets, open_no_other_stream) {
    const auto ticket = book.issue(claims(), now).value();
    const auto as = [&](std::string_view stream) {
        return book.redeem(ticket, true, now, stream).why;
    };
    ASSERT_EQ(as("/subscribe/a"), refusal::none);
    EXPECT_EQ(as("/subscribe/b"), refusal::another);
    book.release(ticket, now);
    EXPECT_EQ(as("/subscribe/b"), refusal::another);
    EXPECT_EQ(as("/subscribe/a"), refusal::none);
}

TEST_F(tickets, end_unused_or_with_their_token) {
    const auto unused = book.issue(claims(), now).value();
    const auto brief = book.issue(claims(20s), now).value();
    now += 20s;
    EXPECT_EQ(redeem(brief), refusal::unknown);
    now += 39s;
    EXPECT_EQ(redeem(unused), refusal::none);
    const auto late = book.issue(claims(), now).value();
    now += 60s;
    EXPECT_EQ(redeem(late), refusal::unknown);
}

TEST_F(tickets, are_bounded_and_make_room_when_they_end) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(book.issue(claims(), now));
    EXPECT_EQ(book.issue(claims(), now).error().code, errc::unavailable);
    now += 60s;
    EXPECT_TRUE(book.issue(claims(), now));
    EXPECT_EQ(book.size(), 1u);
}

TEST_F(tickets, of_one_user_leave_room_for_others) {
    ticket_book shared({.max_tickets = 100, .max_tickets_of_user = 2, .first_use = 60s});
    const auto first = shared.issue(claims(), now).value();
    ASSERT_TRUE(shared.issue(claims(), now));
    EXPECT_EQ(shared.issue(claims(), now).error().code, errc::rate_limited);
    EXPECT_TRUE(shared.issue(claims(1h, "bob"), now));
    EXPECT_TRUE(shared.issue(claims(1h, "alice", "another"), now)) << "another issuer's alice";
    ASSERT_EQ(shared.redeem(first, false, now).why, refusal::none);
    EXPECT_EQ(shared.issue(claims(), now).error().code, errc::rate_limited) << "in use";
    shared.release(first, now);
    now += 60s;
    EXPECT_TRUE(shared.issue(claims(), now)) << "both have ended";
    EXPECT_TRUE(shared.issue(claims(), now));
    EXPECT_EQ(shared.issue(claims(), now).error().code, errc::rate_limited);
}

TEST_F(tickets, that_are_in_use_outlive_a_purge) {
    const auto ticket = book.issue(claims(10s), now).value();
    ASSERT_EQ(redeem(ticket), refusal::none);
    now += 1h;
    book.purge(now);
    EXPECT_EQ(book.size(), 1u);
    book.release(ticket, now);
    EXPECT_EQ(book.size(), 0u);
    book.release(ticket, now);
}

}  // namespace
}  // namespace carillon::auth
