// A controller over the topic service: pages subscribe to a topic, the application sends events to
// it. This is what system A's document calls `createClient`, `subscribe`, `startHeartbeat`,
// `removeClient` and `broadcast`.
#include <carillon/journal/open.hpp>
#include <carillon/services/topic_service.hpp>

#include "one_thread.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace {

using carillon::services::topic_service;

class events_controller {
public:
    events_controller(topic_service& sse, carillon::shard& home) : sse_(sse), home_(home) {}

    /// `GET /events/subscribe/:topic`. A web server calls `close` when the response does.
    carillon::result<std::string> subscribe(std::string_view topic,
                                            carillon::connection& response) {
        auto client = sse_.create_client(home_, response);
        if (!client) return client;
        sse_.subscribe(*client, topic);
        sse_.start_heartbeat(*client);
        return client;
    }
    void close(std::string_view client) { sse_.remove_client(client); }

    /// To the pages that have subscribed to the topic.
    void send_event(std::string_view topic, std::string data) {
        carillon::event e;
        e.topics = {carillon::topic::parse(topic).value()};
        e.name = carillon::wire::event_name::parse("message").value();
        e.data = std::move(data);
        sse_.broadcast(std::move(e));
    }

    /// To one of them.
    void test(std::string_view client) {
        carillon::event e;
        e.data = R"({"message":"Test"})";
        sse_.send_event(client, std::move(e), [this](const auto& sent) {
            if (sent) return;
            if (sent.error().code == carillon::errc::client_not_found) {
                last_error = "CLIENT_NOT_FOUND";  // it has gone
            } else if (sent.error().code == carillon::errc::send_error) {
                last_error = "SEND_ERROR";  // it is going
            } else {
                last_error = to_string(sent.error().code);
            }
        });
    }

    std::string last_error;

private:
    topic_service& sse_;
    carillon::shard& home_;
};

}  // namespace

int main() {
    loop on;
    console page, other;
    carillon::hub hub({}, carillon::make_memory_journal({}));
    carillon::shard& shard = hub.add_shard(on);

    // Each module has limits of its own: two clients, and a heartbeat every 30 s.
    carillon::stream_profile profile;
    profile.heartbeat_interval = std::chrono::seconds(30);
    profile.retry = std::chrono::seconds(3);
    profile.quota = std::make_shared<carillon::stream_quota>("the controller", 2);
    topic_service sse(hub, profile);
    events_controller controller(sse, shard);

    const auto client = controller.subscribe("my-topic", page);
    const auto second = controller.subscribe("other-topic", other);
    console third;
    const auto refused = controller.subscribe("my-topic", third);
    on.run();
    controller.send_event("my-topic", R"({"text":"Hello"})");
    on.run();
    controller.close(client.value());
    on.run();
    controller.test(client.value());
    on.run();

    const bool right = page.text.contains(R"(data: {"text":"Hello"})") && page.closed &&
                       second.has_value() && !other.text.contains("Hello") && !refused &&
                       refused.error().code == carillon::errc::max_clients &&
                       controller.last_error == "CLIENT_NOT_FOUND";
    return right ? 0 : 1;
}
