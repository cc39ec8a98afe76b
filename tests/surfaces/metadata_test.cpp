#include "surfaces/metadata/client_parameters.hpp"
#include "surfaces/metadata/metadata_stream.hpp"

#include <gmock/gmock.h>

namespace carillon::surfaces {
namespace {

using ::testing::Contains;
using ::testing::Not;

http::request asking(std::string query) {
    http::request r;
    r.query = std::move(query);
    return r;
}

principal trusted() {
    principal who;
    who.unrestricted = true;
    return who;
}

principal alice(std::vector<std::string> roles = {"user"}) {
    principal who;
    who.from = principal::source::token;
    who.user = "alice";
    who.roles = std::move(roles);
    who.attributes = {{"department", "sales"}};
    return who;
}

errc code_of(const std::string& query, const principal& who) {
    const auto client = described_by(asking(query), who, {});
    return client ? errc::internal : client.error().code;
}

TEST(client_parameters, are_believed_where_nobody_is_asked) {
    const auto client =
        described_by(asking("userId=bob&sessionId=s&role=admin&page=a%20b&token=x&last=3&open=0"),
                     trusted(), {});
    ASSERT_TRUE(client);
    EXPECT_EQ(client->who->user, "bob");
    EXPECT_EQ(client->who->session, "s");
    EXPECT_TRUE(client->session_is_known);
    EXPECT_EQ(client->metadata, R"({"role":"admin","page":"a b"})");
    EXPECT_THAT(client->who->attributes, Contains(attribute{"role", "admin"}));
}

TEST(client_parameters, prove_nothing_where_callers_are_asked) {
    const auto client = described_by(asking("userId=alice&sessionId=s&page=home"), alice(), {});
    ASSERT_TRUE(client);
    EXPECT_EQ(client->metadata, R"({"page":"home"})");
    EXPECT_FALSE(client->session_is_known);
    EXPECT_THAT(client->who->attributes, Contains(attribute{"department", "sales"}));
    EXPECT_THAT(client->who->attributes, Not(Contains(attribute{"page", "home"})));
    EXPECT_EQ(code_of("userId=bob", alice()), errc::forbidden);
    EXPECT_EQ(code_of("userId=bob", alice({"admin"})), errc::internal);
    for (const char* name : {"role", "roles", "tenant", "department", "sub"})
        EXPECT_EQ(code_of(std::string(name) + "=x", alice({"admin"})), errc::invalid_request);
    principal with_session = alice();
    with_session.session = "own";
    EXPECT_EQ(code_of("sessionId=other", with_session), errc::forbidden);
    EXPECT_EQ(code_of("sessionId=own", with_session), errc::internal);
}

TEST(client_parameters, count_where_the_operator_says_so) {
    const auto client =
        described_by(asking("page=home&side=left"), alice(), {.max_metadata = 2, .keys = {"page"}});
    ASSERT_TRUE(client);
    EXPECT_THAT(client->who->attributes, Contains(attribute{"page", "home"}));
    EXPECT_THAT(client->who->attributes, Not(Contains(attribute{"side", "left"})));
    EXPECT_FALSE(described_by(asking("a=1&b=2&c=3"), alice(), {.max_metadata = 2}));
}

TEST(metadata_envelope, shows_the_senders_name_and_data) {
    const auto shown = [](std::string kind, std::string_view name) {
        stored_event e;
        e.content.kind = std::move(kind);
        e.content.data = R"({"n":1.0})";
        e.content.payload = payload_kind::json;
        if (!name.empty()) e.content.name = wire::event_name::parse(name).value();
        std::string out;
        metadata_envelope().encode(e, "7", out);
        return out;
    };
    EXPECT_EQ(shown("custom", "alert"), "id: 7\nevent: alert\ndata: {\"n\":1.0}\n\n");
    EXPECT_EQ(shown("notification", ""), "id: 7\nevent: notification\ndata: {\"n\":1.0}\n\n");
    EXPECT_EQ(shown("system", "x"), "id: 7\nevent: system\ndata: {\"n\":1.0}\n\n");
    for (const char* hidden : {"", "chat", "realtime", "entity"})
        EXPECT_EQ(shown(hidden, "x"), "") << hidden;
}

}  // namespace
}  // namespace carillon::surfaces
