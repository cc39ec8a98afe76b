// A small chat: rooms with members, messages that are stored and told as one unit. The records are
// in memory here; a path in `record_store_options` keeps them.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include <cstdio>
#include <string>

namespace {

using carillon::services::chat;

/// Counts the answers that are still to come: they come on a thread of the records.
class answers {
public:
    template <class T>
    std::function<void(carillon::result<T>)> one() {
        ++missing_;
        return [this](const carillon::result<T>& done) {
            if (!done) std::printf("failed: %s\n", done.error().detail.c_str());
            --missing_;
        };
    }
    bool all() const { return missing_ == 0; }

private:
    std::atomic<int> missing_{0};
};

}  // namespace

int main() {
    carillon::in_process_hub hub;
    const auto records = carillon::store::open_record_store({}).value();
    carillon::services::outbox_relay outbox(hub.events(), *records);
    chat rooms(hub.events(), outbox, *records);
    answers pending;
    const auto settle = [&] { return hub.run_until([&] { return pending.all(); }); };

    auto* alice = hub.listen_as("alice").value();
    auto* bob = hub.listen_as("bob").value();
    auto* eve = hub.listen_as("eve").value();

    rooms.create({.id = "general", .name = "General"}, "alice",
                 pending.one<carillon::store::room>());
    if (!settle()) return 1;
    rooms.join("general", "bob", pending.one<chat::joined>());
    if (!settle()) return 1;
    rooms.say({.room = "general", .user = "alice", .text = "Hello, Bob!"},
              pending.one<chat::said>());
    if (!settle()) return 1;
    rooms.leave("general", "bob", pending.one<void>());
    if (!settle()) return 1;
    rooms.say({.room = "general", .user = "alice", .text = "Are you there?"},
              pending.one<chat::said>());
    if (!settle()) return 1;

    for (const auto& e : bob->heard()) std::printf("bob: %s %s\n", e.type.c_str(), e.data.c_str());
    const bool right = alice->types() == std::vector<std::string>{"user-joined", "chat-message",
                                                                  "user-left", "chat-message"} &&
                       bob->heard().front().type == "chat-message" &&
                       !bob->heard().back().data.contains("there?") && eve->heard().empty();
    return right ? 0 : 1;
}
