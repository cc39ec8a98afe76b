// How a team tests a service of its own that publishes: against a hub inside the test, without a
// server, a thread or a clock.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/user_events.hpp>

#include <cstdio>
#include <string>

namespace {

/// The team's own code.
class leave_requests {
public:
    explicit leave_requests(carillon::hub& h) : events_(h) {}
    void approve(const std::string& employee, int days) {
        events_.send(
            {.users = {employee}},
            {.type = "leave_request_approved", .data = "{\"days\":" + std::to_string(days) + "}"},
            std::nullopt, [](const auto&) {});
    }

private:
    carillon::services::user_events events_;
};

int failures = 0;

void expect(bool holds, const char* what) {
    std::printf("%s: %s\n", holds ? "ok" : "FAILED", what);
    failures += holds ? 0 : 1;
}

}  // namespace

int main() {
    carillon::in_process_hub hub;
    auto* alice = hub.listen_as("alice").value();
    auto* bob = hub.listen_as("bob").value();
    leave_requests service(hub.events());

    service.approve("alice", 3);
    hub.run();
    expect(alice->types() == std::vector<std::string>{"leave_request_approved"},
           "the employee is told");
    expect(alice->data() == std::vector<std::string>{"{\"days\":3}"}, "and how many days");
    expect(bob->heard().empty(), "nobody else is");

    // Whoever was away gets it on their return.
    const std::string cursor = bob->cursor();
    hub.leave(*bob);
    service.approve("bob", 1);
    hub.run();
    auto who = std::make_shared<carillon::identity>();
    who->user = "bob";
    carillon::stream_request back;
    back.who = std::move(who);
    back.spaces.user = true;
    back.last_event_id = cursor;
    auto* again = hub.listen(std::move(back)).value();
    expect(again->data() == std::vector<std::string>{"{\"days\":1}"}, "it is not lost");
    return failures;
}
