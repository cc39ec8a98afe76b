#include "auth/revocations.hpp"

#include <gtest/gtest.h>

namespace carillon::auth {
namespace {

using namespace std::chrono_literals;
using time_point = revocation::time_point;

constexpr time_point now{1'000'000s};

principal claims(std::string id, std::string user, std::optional<time_point> issued = now) {
    principal c;
    c.issuer = "us";
    c.token_id = std::move(id);
    c.user = std::move(user);
    c.issued = issued;
    return c;
}

revocation token(std::string id, std::string issuer = {}) {
    return {std::move(id), {}, std::move(issuer), {}, now + 1h};
}
revocation user(std::string name, time_point before) {
    return {{}, std::move(name), {}, before, now + 1h};
}

TEST(revocations, concern_a_token_by_its_id) {
    revocations all(10);
    ASSERT_TRUE(all.add(token("a"), now));
    ASSERT_TRUE(all.add(token("b", "them"), now));
    EXPECT_TRUE(all.concern(claims("a", "alice")));
    EXPECT_FALSE(all.concern(claims("b", "alice"))) << "another issuer's";
    EXPECT_FALSE(all.concern(claims("", "alice")));
}

TEST(revocations, concern_what_a_user_was_given_before_a_moment) {
    revocations all(10);
    ASSERT_TRUE(all.add(user("alice", now), now));
    EXPECT_TRUE(all.concern(claims("x", "alice", now - 1s)));
    EXPECT_TRUE(all.concern(claims("x", "alice", std::nullopt)));
    EXPECT_FALSE(all.concern(claims("x", "alice", now)));
    EXPECT_FALSE(all.concern(claims("x", "bob", now - 1s)));
    ASSERT_TRUE(all.add(user("alice", now - 1h), now)) << "an earlier moment takes nothing back";
    EXPECT_TRUE(all.concern(claims("x", "alice", now - 1s)));
    EXPECT_EQ(all.in_force(user("alice", now - 1h)).before, now) << "which is what is kept";
    EXPECT_EQ(all.in_force(user("bob", now - 1h)).before, now - 1h);
    identity who;
    who.user = "alice";
    who.issued = now - 1s;
    EXPECT_TRUE(all.concern(who));
    who.issued = now;
    EXPECT_FALSE(all.concern(who));
}

TEST(revocations, are_bounded_and_forget_what_has_run_out) {
    revocations all(2);
    ASSERT_TRUE(all.add(token("a"), now));
    ASSERT_TRUE(all.add(user("alice", now), now));
    EXPECT_EQ(all.add(token("b"), now).error().code, errc::unavailable);
    EXPECT_TRUE(all.add(token("a"), now)) << "known already";
    EXPECT_TRUE(all.add(token("b"), now + 1h));
    EXPECT_EQ(all.size(), 1u);
}

TEST(revocations, are_written_and_read) {
    const revocation r{"id \"quoted\"", {}, "us", now, now + 1h};
    const auto back = revocation::parse(r.text());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->token_id, r.token_id);
    EXPECT_EQ(back->issuer, r.issuer);
    EXPECT_EQ(back->before, r.before);
    EXPECT_EQ(back->until, r.until);
    for (const char* wrong :
         {"", "[]", "{}", R"({"tokenId":"a","user":"b","before":1,"until":2})",
          R"({"tokenId":"","user":"","before":1,"until":2})", R"({"tokenId":"a","until":2})"})
        EXPECT_FALSE(revocation::parse(wrong)) << wrong;
}

}  // namespace
}  // namespace carillon::auth
