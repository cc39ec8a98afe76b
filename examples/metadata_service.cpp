// Events for clients that describe themselves: by user, by metadata, for everyone. This is what
// system D's document calls `notifyUser`, `notifyWithMetadata` and `broadcast`.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/metadata_events.hpp>

#include <cstdio>

namespace {

/// What a web server makes of `GET /api/sse?userId=user123`, once it knows who calls.
carillon::stream_request client(std::string user, std::vector<carillon::attribute> metadata = {}) {
    auto who = std::make_shared<carillon::identity>();
    who->user = std::move(user);
    who->attributes = std::move(metadata);
    carillon::stream_request asked;
    asked.who = std::move(who);
    asked.spaces = {.user = true, .everyone = true, .attributes = true};
    return asked;
}

}  // namespace

int main() {
    carillon::in_process_hub sse;
    auto* user = sse.listen(client("user123")).value();
    auto* admin = sse.listen(client("boss", {{"role", "admin"}})).value();

    carillon::services::metadata_events clients(sse.events());

    // Notify a specific user
    clients.notify_user("user123",
                        {.event = "notification", .data = R"({"message":"Hello, user!"})"});

    // Notify clients with specific metadata
    clients.notify_with_metadata(
        {{"role", "admin"}},
        {.event = "admin_alert", .data = R"({"message":"Admin notification"})"});

    // Broadcast to all connected clients
    clients.broadcast({.event = "alert", .data = R"({"message":"System update available"})"});

    sse.run();
    for (const auto& e : user->heard())
        std::printf("user123: %s %s\n", e.type.c_str(), e.data.c_str());
    for (const auto& e : admin->heard())
        std::printf("admin: %s %s\n", e.type.c_str(), e.data.c_str());
    const bool right = user->types() == std::vector<std::string>{"notification", "alert"} &&
                       admin->types() == std::vector<std::string>{"admin_alert", "alert"};
    return right ? 0 : 1;
}
