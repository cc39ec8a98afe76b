// Events for an application's users, as system B's document sends them: its own types, ready calls
// for employees and leave requests, several users, everyone.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/user_events.hpp>

#include <cstdio>

namespace {

using carillon::services::user_events;

/// The application's service.
class your_service {
public:
    explicit your_service(carillon::hub& h) : sse_(h) {}

    void create_something(const std::string& user) {
        sse_.send(
            {.users = {user}},
            {.type = "something_created", .data = R"({"message":"New item created successfully"})"},
            std::nullopt, [](const auto&) {});
    }
    void create_employee(const std::string& hr) {
        sse_.send_employee_notification({hr}, R"({"name":"Ada"})", "created");
    }
    void approve_leave_request(const std::string& employee) {
        sse_.send_leave_notification({employee}, R"({"days":3})", "approved");
    }
    void announce_maintenance() {
        sse_.send_to_all(
            {.type = "system_announcement", .data = R"({"message":"System will be down"})"},
            std::nullopt, [](const auto&) {});
    }
    bool is_connected(const std::string& user) const { return sse_.has_connection(user); }

private:
    user_events sse_;
};

}  // namespace

int main() {
    carillon::in_process_hub hub;
    auto* alice = hub.listen_as("alice").value();
    auto* hr = hub.listen_as("hr").value();
    your_service service(hub.events());

    service.create_something("alice");
    service.create_employee("hr");
    service.approve_leave_request("alice");
    service.announce_maintenance();
    hub.run();

    for (const auto& e : alice->heard())
        std::printf("alice: %s %s\n", e.type.c_str(), e.data.c_str());
    const bool right =
        alice->types() == std::vector<std::string>{"something_created", "leave_request_approved",
                                                   "system_announcement"} &&
        hr->types() == std::vector<std::string>{"employee_created", "system_announcement"} &&
        service.is_connected("alice") && !service.is_connected("nobody");
    return right ? 0 : 1;
}
