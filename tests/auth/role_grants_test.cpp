#include "auth/role_grants.hpp"

#include "auth/token_claims.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::auth {
namespace {

using ::testing::HasSubstr;
using texts = std::vector<std::string>;

/// "publish | subscribe", patterns by comma.
std::string granted(std::string_view user, const texts& roles, std::optional<texts> publish = {},
                    std::optional<texts> subscribe = {}, const role_grants& by_role = {}) {
    const auto grants = grants_of({user, roles, publish, subscribe}, by_role);
    if (!grants) return grants.error().detail;
    if (*grants == nullptr) return "nothing";
    std::string all;
    for (const auto* list : {&(*grants)->publish, &(*grants)->subscribe}) {
        if (list == &(*grants)->subscribe) all += " | ";
        for (const topic_pattern& p : *list) all += (all.ends_with("*") ? "," : "") + p.str();
    }
    return all;
}

TEST(role_grants, come_from_roles_unless_the_token_says_otherwise) {
    EXPECT_EQ(granted("ann", {}), "nothing");
    EXPECT_EQ(granted("ann", {"user"}), "nothing");
    EXPECT_EQ(granted("ann", {"publisher"}), "** | ");
    EXPECT_EQ(granted("ann", {"admin"}), "** | **");
    EXPECT_EQ(granted("ann", {"publisher"}, texts{"a/**"}), "a/** | ") << "narrowed";
    EXPECT_EQ(granted("ann", {"publisher"}, texts{}), "nothing");
    EXPECT_EQ(granted("ann", {}, texts{"*"}, texts{"b"}), "** | b");
    EXPECT_EQ(granted("ann", {"admin"}, texts{"a"}), "** | **") << "an admin is one";
}

TEST(role_grants, a_row_may_name_the_caller) {
    const role_grants rows{{{"editor", "news/{user}/**"}}, {{"user", "inbox/{user}"}}};
    EXPECT_EQ(granted("ann", {"user", "editor"}, {}, {}, rows), "news/ann/** | inbox/ann");
    for (const char* hostile : {"a/b", "*", "**", "x/**", ""})
        EXPECT_EQ(granted(hostile, {"user", "editor"}, {}, {}, rows), "nothing") << hostile;
    EXPECT_EQ(granted("$u", {"user"}, {}, {}, {{}, {{"user", "{user}/x"}}}), "nothing")
        << "the hub's own space";
}

TEST(role_grants, what_is_no_pattern_is_refused) {
    EXPECT_THAT(granted("ann", {}, texts{"a*b"}), HasSubstr("the token grants `a*b`: "));
    EXPECT_THAT(granted("ann", {}, {}, texts{""}), HasSubstr("the token grants ``: "));
    EXPECT_EQ(granted("ann", {}, texts(max_patterns, "a")), "a | ");
    EXPECT_EQ(granted("ann", {}, texts(max_patterns + 1, "a")),
              "the token grants more than 100 patterns");
    for (const char* wrong : {"", "x", "=a", "a=", "a=b*c", "a=$x/**"})
        EXPECT_FALSE(role_grant::parse(wrong)) << wrong;
    EXPECT_EQ(role_grant::parse("editor=news/**")->pattern, "news/**");
}

TEST(token_claims, grants_are_read_in_both_forms) {
    const auto of = [](std::string_view claims) {
        const auto read = read_claims(claims, {});
        if (!read) return read.error().detail;
        std::string all;
        if (read->grants == nullptr) return std::string("nothing");
        for (const topic_pattern& p : read->grants->publish) all += "+" + p.str();
        for (const topic_pattern& p : read->grants->subscribe) all += "-" + p.str();
        return all;
    };
    EXPECT_EQ(of(R"({"sub":"a","carillon":{"publish":["a","b/**"],"subscribe":["c"]}})"),
              "+a+b/**-c");
    EXPECT_EQ(of(R"({"sub":"a","mercure":{"publish":["*"]}})"), "+**");
    EXPECT_EQ(of(R"({"sub":"a","mercure":{"publish":["x"]},"carillon":{}})"), "nothing");
    for (const char* wrong :
         {R"({"sub":"a","carillon":[]})", R"({"sub":"a","carillon":"x"})",
          R"({"sub":"a","carillon":{"publish":"a"}})", R"({"sub":"a","carillon":{"publish":[1]}})"})
        EXPECT_EQ(of(wrong), "the token's claim `carillon` has a wrong type") << wrong;
}

TEST(token_claims, what_is_said_of_the_bearer_becomes_attributes) {
    const auto claims = read_claims(
        R"({"sub":"a","sid":"s","iss":"us","exp":99,"jti":"t","roles":["x","y"],"role":"admin",)"
        R"("tenant":"acme","level":3,"beta":true,"nothing":null,"list":[1],"empty":"",)"
        R"("carillon":{"publish":[]},"long":")" +
            std::string(129, 'v') + R"("})",
        {});
    ASSERT_TRUE(claims) << claims.error().detail;
    EXPECT_THAT(claims->attributes,
                ::testing::ElementsAre(attribute{"role", "x"}, attribute{"role", "y"},
                                       attribute{"tenant", "acme"}, attribute{"level", "3"},
                                       attribute{"beta", "true"}));
    std::string many = R"({"sub":"a")";
    for (std::size_t i = 0; i <= max_attributes; ++i)
        many += ",\"k" + std::to_string(i) + "\":\"v\"";
    EXPECT_EQ(read_claims(many + "}", {})->attributes.size(), max_attributes);
}

}  // namespace
}  // namespace carillon::auth
