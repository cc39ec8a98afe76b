// The publisher of system E's document: a notification that is kept for each recipient and logged,
// a system event for everyone, a custom event for some.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/notifications.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/services/user_events.hpp>
#include <carillon/store/record_store.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

int main() {
    using carillon::services::notifications;
    carillon::in_process_hub hub;
    const auto records = carillon::store::open_record_store({}).value();
    carillon::services::outbox_relay outbox(hub.events(), *records);
    notifications publisher(hub.events(), outbox, *records, [&](std::string_view user) {
        return hub.events().connections_of(user);
    });
    carillon::services::user_events events(hub.events());
    auto* ann = hub.listen_as("ann").value();
    std::atomic<int> missing = 0;
    const auto settle = [&] { return hub.run_until([&] { return missing == 0; }); };

    // Publish notification event
    ++missing;
    publisher.notify({.id = "n1",
                      .type = "VOCAB_TRAINER",
                      .action = "CREATE",
                      .priority = "LOW",
                      .data = R"({"message":"A trainer for you"})"},
                     {"ann", "bob"}, [&](const carillon::result<notifications::sent>& sent) {
                         if (!sent) std::printf("failed: %s\n", sent.error().detail.c_str());
                         --missing;
                     });
    if (!settle()) return 1;

    // Publish system event
    events.announce({.type = "maintenance", .data = R"({"message":"System maintenance"})"},
                    std::nullopt, [](const auto&) {});

    // Publish custom event
    events.send({.users = {"ann"}}, {.type = "user_activity", .data = R"({"action":"login"})"},
                std::nullopt, [](const auto&) {});
    hub.run();

    // A user who was away finds it in their list.
    std::uint64_t unread = 0;
    ++missing;
    publisher.count_unread("bob", [&](const carillon::result<std::uint64_t>& count) {
        unread = count.value_or(0);
        --missing;
    });
    if (!settle()) return 1;

    for (const auto& e : ann->heard()) std::printf("ann: %s %s\n", e.type.c_str(), e.data.c_str());
    return ann->types() == std::vector<std::string>{"message", "maintenance", "user_activity"} &&
                   unread == 1
               ? 0
               : 1;
}
