// clang-format off
// What the live page gives as C++, each as it is. web/apps/console/test/live.test.ts writes this
// file (vitest -u) and holds it to the page.
#include "services/service_fixture.hpp"

#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/metadata_events.hpp>
#include <carillon/services/notifications.hpp>
#include <carillon/services/topic_service.hpp>
#include <carillon/services/user_events.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::testing {
namespace {

/// Chat has a room to say something in.
class console_snippets : public service_fixture {
protected:
    console_snippets() {
        services::chat rooms(events, *relay, *records);
        EXPECT_TRUE(answer_of<services::chat::joined>([&](auto done) { rooms.join("lobby", "test123", std::move(done)); }));
    }
};

void complain(const std::string& why) { ADD_FAILURE() << why; }

void a_stream_subscribe([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_to({"demo/**"}).value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, a_stream_subscribe) {
    a_stream_subscribe(events, *relay, *records);
    settle();
}

void a_call_publish([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::event e;
    e.topics.push_back(*carillon::topic::parse("demo/bells"));
    e.data = R"({"text":"Hello"})";
    e.payload = carillon::payload_kind::json;
    hub.publish({std::move(e)}, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, a_call_publish) {
    a_call_publish(events, *relay, *records);
    settle();
}

void a_call_named([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::event e;
    e.topics.push_back(*carillon::topic::parse("demo/bells"));
    e.name = *carillon::wire::event_name::parse("chime");
    e.data = R"({"hour":12,"strokes":[1,2,3]})";
    e.payload = carillon::payload_kind::json;
    e.metadata = R"({"tower":"west"})";
    hub.publish({std::move(e)}, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, a_call_named) {
    a_call_named(events, *relay, *records);
    settle();
}

void b_stream_connect([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_as("test123").value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, b_stream_connect) {
    b_stream_connect(events, *relay, *records);
    settle();
}

void b_call_send([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.send({.users = {"test123"}}, {.type = "task_assigned", .data = R"({"title":"Tune the west bell"})"}, std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, b_call_send) {
    b_call_send(events, *relay, *records);
    settle();
}

void b_call_all([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.send_to_all({.type = "dashboard_update", .data = R"({"visitors":128})"}, std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, b_call_all) {
    b_call_all(events, *relay, *records);
    settle();
}

void c_stream_notifications([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_as("test123").value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, c_stream_notifications) {
    c_stream_notifications(events, *relay, *records);
    settle();
}

void c_stream_room([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_as("test123").value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, c_stream_room) {
    c_stream_room(events, *relay, *records);
    settle();
}

void c_call_send([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::notifications notes(hub, relay, records,
        [&hub](std::string_view user) { return hub.connections_of(user); });
    notes.notify({.type = "info", .title = "Test", .message = "Hello World"}, {"test123"}, [](auto sent) {
        if (!sent) complain(sent.error().detail);
    });
}

TEST_F(console_snippets, c_call_send) {
    c_call_send(events, *relay, *records);
    settle();
}

void c_call_update([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.update({.type = "realtime-update", .data = R"({"type":"price","entity":"bell","data":{"value":42}})"}, "realtime", std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, c_call_update) {
    c_call_update(events, *relay, *records);
    settle();
}

void c_call_join([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::chat chat(hub, relay, records);
    chat.join("lobby", "test123", [](auto joined) {
        if (!joined) complain(joined.error().detail);  // else the room and its history
    });
}

TEST_F(console_snippets, c_call_join) {
    c_call_join(events, *relay, *records);
    settle();
}

void c_call_message([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::chat chat(hub, relay, records);
    chat.say({.room = "lobby", .user = "test123", .text = "Who is ringing?"}, [](auto said) {
        if (!said) complain(said.error().detail);
    });
}

TEST_F(console_snippets, c_call_message) {
    c_call_message(events, *relay, *records);
    settle();
}

void c_call_status([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.announce({.type = "system-status", .data = R"({"status":"maintenance","message":"Back at noon"})"}, std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, c_call_status) {
    c_call_status(events, *relay, *records);
    settle();
}

void d_stream_stream([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_as("test123").value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, d_stream_stream) {
    d_stream_stream(events, *relay, *records);
    settle();
}

void d_call_test([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::metadata_events clients(hub);
    clients.notify_user("user123", {.event = "notification", .data = R"({"message":"Test notification"})"});
}

TEST_F(console_snippets, d_call_test) {
    d_call_test(events, *relay, *records);
    settle();
}

void d_call_notify([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::metadata_events clients(hub);
    clients.notify_user("user123", {.event = "bell_tuned", .data = R"({"bell":"west","cents":3})"});
}

TEST_F(console_snippets, d_call_notify) {
    d_call_notify(events, *relay, *records);
    settle();
}

void d_call_broadcast([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::metadata_events clients(hub);
    clients.broadcast({.event = "alert", .data = R"({"message":"System update available"})"});
}

TEST_F(console_snippets, d_call_broadcast) {
    d_call_broadcast(events, *relay, *records);
    settle();
}

void e_stream_stream([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_as("test123").value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, e_stream_stream) {
    e_stream_stream(events, *relay, *records);
    settle();
}

void e_call_notify([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::notifications notes(hub, relay, records,
        [&hub](std::string_view user) { return hub.connections_of(user); });
    notes.notify({.type = "order", .action = "created", .priority = "high", .title = "A new order", .data = R"({"order":7})"}, {"test123"}, [](auto sent) {
        if (!sent) complain(sent.error().detail);
    });
}

TEST_F(console_snippets, e_call_notify) {
    e_call_notify(events, *relay, *records);
    settle();
}

void e_call_system([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.announce({.type = "maintenance", .data = R"({"at":"12:00"})"}, std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, e_call_system) {
    e_call_system(events, *relay, *records);
    settle();
}

void e_call_custom([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::services::user_events users(hub);
    users.send({.users = {"test123"}}, {.type = "bell_rung", .data = R"({"bell":"west"})"}, std::nullopt, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, e_call_custom) {
    e_call_custom(events, *relay, *records);
    settle();
}

void a_hostile_text([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: the program holds the hub itself.
    carillon::event e;
    e.topics.push_back(*carillon::topic::parse("x\"); system(\"id\"); //\\ ?\?/ )\" '$(id)' `id` \342\200\256 é"));
    e.name = *carillon::wire::event_name::parse("e\")");
    e.data = R"json({"text":")\" )json\" \u202e ' $(id) `id` ??= \\","big":"__proto__","end":"x)"})json";
    e.payload = carillon::payload_kind::json;
    hub.publish({std::move(e)}, [](auto published) {
        if (!published) complain(published.error().detail);
    });
}

TEST_F(console_snippets, a_hostile_text) {
    a_hostile_text(events, *relay, *records);
    settle();
}

void a_hostile_topic([[maybe_unused]] carillon::hub& hub, [[maybe_unused]] services::outbox_relay& relay,
    [[maybe_unused]] store::record_store& records) {
    // In process: a stream that the program reads, without HTTP.
    carillon::in_process_hub sse;
    auto* stream = sse.listen_to({"x\"); system(\"id\"); //\\ ?\?/ )\" '$(id)' `id` \342\200\256 é"}).value();
    sse.run();
    for (const auto& e : stream->heard()) std::cout << e.type << ' ' << e.data << '\n';
}

TEST_F(console_snippets, a_hostile_topic) {
    a_hostile_topic(events, *relay, *records);
    settle();
}

}  // namespace
}  // namespace carillon::testing
