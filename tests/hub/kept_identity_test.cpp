#include "hub/kept_identity.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace carillon {
namespace {

TEST(kept_identity, is_what_it_was_made_of_without_grants_and_lease) {
    identity who;
    who.user = "ann";
    who.session = std::string(300, 's');
    who.roles = {"user", "", "editor"};
    who.issuer = "https://id.example.com/";
    who.expires = std::chrono::system_clock::time_point(std::chrono::seconds(7));
    who.attributes = {{"role", "user"}, {"team", "red"}, {"empty", ""}};
    who.added_attributes = 1;
    who.added_session = true;
    who.grants = std::make_shared<const grant_set>();
    const kept_identity kept(who);
    EXPECT_TRUE(kept);
    EXPECT_EQ(kept.user(), "ann");
    EXPECT_EQ(kept.session(), who.session);
    EXPECT_EQ(kept.issuer(), who.issuer);
    EXPECT_EQ(kept.token_id(), "");
    EXPECT_EQ(kept.expires(), who.expires);
    EXPECT_FALSE(kept.issued());
    const identity back = kept.whole();
    EXPECT_EQ(back.user, who.user);
    EXPECT_EQ(back.session, who.session);
    EXPECT_EQ(back.roles, who.roles);
    EXPECT_EQ(back.issuer, who.issuer);
    EXPECT_EQ(back.attributes, who.attributes);
    EXPECT_EQ(back.added_attributes, 1);
    EXPECT_TRUE(back.added_session);
    EXPECT_EQ(back.grants, nullptr);
    std::string seen;
    EXPECT_TRUE(kept.any_attribute([&](std::string_view name, std::string_view value) {
        seen.append(name).append("=").append(value).append(" ");
        return name == "team";
    }));
    EXPECT_EQ(seen, "role=user team=red ");
}

TEST(kept_identity, of_nobody_is_empty) {
    const kept_identity none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.user(), "");
    EXPECT_FALSE(none.any_attribute([](auto, auto) { return true; }));
    EXPECT_TRUE(kept_identity(identity{})) << "somebody without a name";
}

}  // namespace
}  // namespace carillon
