#include "surfaces/domains/domain_envelope.hpp"

#include <gtest/gtest.h>

namespace carillon::surfaces {
namespace {

stored_event of_kind(std::string kind, std::string data, std::string_view name = {}) {
    stored_event e;
    e.content.kind = std::move(kind);
    e.content.data = std::move(data);
    e.content.payload = payload_kind::json;
    e.content.timestamp = "2026-01-31T12:00:00Z";
    if (!name.empty()) e.content.name = wire::event_name::parse(name).value();
    return e;
}

std::string shown(const stored_event& e, dispatch how = dispatch::named) {
    std::string out;
    domain_envelope(how).encode(e, "id", out);
    return out;
}

TEST(domain_envelope, puts_time_and_user_before_the_events_own_fields) {
    stored_event e = of_kind("notification", R"({ "title": "T", "n": 1.0 })");
    e.content.topics = {topic::parse("$user/a%2Fb").value()};
    EXPECT_EQ(
        shown(e),
        "id: id\nevent: notification\n"
        R"(data: {"timestamp":"2026-01-31T12:00:00Z","userId":"a/b", "title": "T", "n": 1.0 })"
        "\n\n");
    EXPECT_EQ(shown(of_kind("broadcast", "{}")),
              "id: id\nevent: notification\n"
              R"(data: {"timestamp":"2026-01-31T12:00:00Z"})"
              "\n\n");
    EXPECT_EQ(shown(of_kind("system", "7")),
              "id: id\nevent: system-status\n"
              R"(data: {"timestamp":"2026-01-31T12:00:00Z","data":7})"
              "\n\n");
}

TEST(domain_envelope, names_events_by_their_kind) {
    const auto name_of = [](const stored_event& e) {
        const std::string text = shown(e);
        const auto from = text.find("event: ");
        return from == std::string::npos ? text
                                         : text.substr(from + 7, text.find('\n', from) - from - 7);
    };
    EXPECT_EQ(name_of(of_kind("notification", "{}", "own")), "notification");
    EXPECT_EQ(name_of(of_kind("realtime", "{}", "x")), "realtime-update");
    EXPECT_EQ(name_of(of_kind("entity", "{}", "entity-deleted")), "entity-deleted");
    EXPECT_EQ(name_of(of_kind("chat", "{}", "chat-message")), "chat-message");
    for (const char* hidden : {"custom", "calendar", ""})
        EXPECT_EQ(name_of(of_kind(hidden, "{}", "x")), "") << hidden;
}

TEST(domain_envelope, gives_both_forms_in_one_block_and_the_id_to_the_last) {
    const stored_event e = of_kind("chat", R"({"n":1})", "chat-message");
    const std::string data = R"(data: {"n":1})"
                             "\n";
    EXPECT_EQ(shown(e, dispatch::both),
              "event: chat-message\n" + data + "\nid: id\n" + data + "\n");
    EXPECT_EQ(shown(e, dispatch::message), "id: id\n" + data + "\n");
}

TEST(domain_envelope, knows_three_ways) {
    EXPECT_EQ(parse_dispatch("named"), dispatch::named);
    EXPECT_EQ(parse_dispatch("message"), dispatch::message);
    EXPECT_EQ(parse_dispatch("both"), dispatch::both);
    EXPECT_FALSE(parse_dispatch("Both"));
    EXPECT_FALSE(parse_dispatch(""));
}

}  // namespace
}  // namespace carillon::surfaces
