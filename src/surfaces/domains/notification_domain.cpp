// Notifications of system C.
#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/sending.hpp"
#include "surfaces/support/stream_route.hpp"
#include "transport/on_loop.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using services::notifications;
using transport::form;

field_list draft_fields() {
    return {{"title", form::text, "one of both is there"},
            {"message", form::text, "one of both is there"},
            {"type", form::text, "the application's own"},
            {"action"},
            {"priority"},
            {"data", form::any, "passed on as it is"}};
}

field_list sent_fields() {
    return success_fields({{"id", form::text, "the notification's", true},
                           {"recipients", form::whole_number, "how many; not of a broadcast"}});
}

transport::described_event notification_event() {
    return {"notification", "notification", "a notification for the caller, or for everyone",
            joined(draft_fields(), {{"id", form::text, {}, true},
                                    {"sender", form::text, "a user"},
                                    {"timestamp"},
                                    {"userId", form::text, "the recipient"}})};
}

/// `title`, `message`, `type` and `data`; what is not there says nothing.
void read_draft(json_body& from, services::notification_draft& into) {
    from.text({"title"}, into.title, {.max = 1024})
        .text({"message"}, into.message, {.max = 64u << 10})
        .text({"type"}, into.type)
        .text({"action"}, into.action)
        .text({"priority"}, into.priority, {.max = 64})
        .value({"data"}, into.data);
    if (into.title.empty() && into.message.empty())
        from.refuse("message", "a notification has a `title` or a `message`");
}

notifications::sent_callback answer_sent(http::responder to, std::size_t recipients) {
    return transport::on_loop_of(
        std::move(to),
        [recipients](http::responder& back, const result<notifications::sent>& done) {
            if (!done) return back.send(done.error());
            json_object text;
            text.number("success", true).text("id", done->id);
            if (recipients != 0) text.number("recipients", recipients);
            const bool later = done->events.empty() && !done->repeated;
            back.send(http::json_response(later ? 202 : 200, text.take()));
        });
}

}  // namespace

void notification_domain::add_routes(std::vector<transport::route>& to) {
    to.push_back(streams_.route(
        "/notifications/stream", "listens to the caller's notifications and to broadcasts",
        {notification_event()}, calling(*this, &notification_domain::listen)));
    to.push_back(
        {.method = "POST",
         .path = "/notifications/send",
         .summary = "sends a notification to users, or to the caller",
         .who = transport::rules::send,
         .takes = one_object(joined(draft_fields(), recipient_fields("without any: the caller"))),
         .repeatable = true,
         .answers = {{200, json_type, "its id", sent_fields()},
                     {202, json_type, "its events follow", sent_fields()}},
         .handle = calling(*this, &notification_domain::send)});
    to.push_back({.method = "POST",
                  .path = "/notifications/broadcast",
                  .summary = "sends a notification to everyone who listens",
                  .who = transport::rules::send,
                  .takes = one_object(draft_fields()),
                  .repeatable = true,
                  .answers = {{200, json_type, "its id", sent_fields()},
                              {202, json_type, "its event follows", sent_fields()}},
                  .handle = calling(*this, &notification_domain::broadcast)});
}

void notification_domain::listen(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"notification", "broadcast"}, dispatch::both);
    if (!asked) return answer.send(asked.error());
    asked->spaces = users_spaces;
    streams_.open(r, std::move(answer), std::move(*asked));
}

void notification_domain::send(http::request& r, const principal& who, http::responder answer) {
    services::notification_draft draft;
    std::vector<std::string> recipients;
    json_body body(r.body);
    read_draft(body, draft);
    read_recipients(body, recipients, with_.events.options()->max_recipients);
    // The document's own call names nobody: it is for whoever makes it.
    if (recipients.empty() && who.user.empty())
        body.refuse("userId", "say for whom it is: the caller is nobody in particular");
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    if (recipients.empty()) recipients.push_back(who.user);
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    draft.call = std::move(*call);
    draft.sender = who.user;
    const std::size_t count = recipients.size();
    with_.notifications.notify(std::move(draft), std::move(recipients),
                               answer_sent(std::move(answer), count));
}

void notification_domain::broadcast(http::request& r, const principal& who,
                                    http::responder answer) {
    services::notification_draft draft;
    json_body body(r.body);
    read_draft(body, draft);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    draft.call = std::move(*call);
    draft.sender = who.user;
    with_.notifications.broadcast(std::move(draft), answer_sent(std::move(answer), 0));
}

}  // namespace carillon::surfaces
