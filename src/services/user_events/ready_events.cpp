// Ready calls for what applications tell their users, and a user's stream without HTTP.
#include <carillon/services/user_events.hpp>

#include <memory>
#include <utility>

namespace carillon::services {

namespace {

hub::publish_callback or_nothing(hub::publish_callback done) {
    return done ? std::move(done) : [](const auto&) {};
}

}  // namespace

void user_events::send_family(users to, std::string_view family, std::string_view action,
                              std::string data, hub::publish_callback done) {
    std::string type(family);
    if (!action.empty()) type.append("_").append(action);
    send({.users = std::move(to)}, {.type = std::move(type), .data = std::move(data)}, std::nullopt,
         or_nothing(std::move(done)));
}

void user_events::send_notification(users to, std::string data, hub::publish_callback done) {
    send_family(std::move(to), "notification", {}, std::move(data), std::move(done));
}

void user_events::send_calendar_notification(users to, std::string event, std::string_view action,
                                             hub::publish_callback done) {
    send_family(std::move(to), "calendar_event", action, std::move(event), std::move(done));
}

void user_events::send_employee_notification(users to, std::string employee,
                                             std::string_view action, hub::publish_callback done) {
    send_family(std::move(to), "employee", action, std::move(employee), std::move(done));
}

void user_events::send_leave_notification(users to, std::string request, std::string_view action,
                                          hub::publish_callback done) {
    send_family(std::move(to), "leave_request", action, std::move(request), std::move(done));
}

void user_events::send_chat_notification(users to, std::string text, std::string_view action,
                                         hub::publish_callback done) {
    send_family(std::move(to), "chat", action, std::move(text), std::move(done));
}

void user_events::send_task_notification(users to, std::string task, std::string_view action,
                                         hub::publish_callback done) {
    send_family(std::move(to), "task", action, std::move(task), std::move(done));
}

void user_events::send_project_notification(users to, std::string project, std::string_view action,
                                            hub::publish_callback done) {
    send_family(std::move(to), "project", action, std::move(project), std::move(done));
}

void user_events::send_dashboard_update(users to, std::string data, hub::publish_callback done) {
    send_family(std::move(to), "dashboard_update", {}, std::move(data), std::move(done));
}

void user_events::send_alert(users to, std::string data, hub::publish_callback done) {
    send_family(std::move(to), "alert", {}, std::move(data), std::move(done));
}

void user_events::send_system_notification(std::string data, hub::publish_callback done) {
    announce({.type = "system_notification", .data = std::move(data)}, std::nullopt,
             or_nothing(std::move(done)));
}

result<std::string> user_events::create_connection(shard& home, connection& out, std::string user,
                                                   const stream_profile& profile) const {
    if (user.empty()) return fail(errc::invalid_request, "a stream of a user's has a user");
    auto who = std::make_shared<identity>();
    who->user = std::move(user);
    stream_request request;
    request.out = &out;
    request.profile = &profile;
    request.envelope = profile.envelope;
    request.who = std::move(who);
    request.spaces = {.user = true, .everyone = true};
    const auto opened = home.open(std::move(request));
    if (!opened) return std::unexpected(opened.error());
    if (*opened == nullptr) return fail(errc::send_error, "the connection broke while opening");
    return home.id_of(**opened);
}

}  // namespace carillon::services
