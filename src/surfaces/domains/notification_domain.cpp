// Notifications of system C.
#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/on_loop.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using services::notifications;

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
        "notifications, named and unnamed", calling(*this, &notification_domain::listen)));
    to.push_back({.method = "POST",
                  .path = "/notifications/send",
                  .summary = "sends a notification to users, or to the caller",
                  .who = transport::rules::send,
                  .takes = one_json_text(),
                  .answers = {{200, json_type, "its id"}, {202, json_type, "its events follow"}},
                  .handle = calling(*this, &notification_domain::send)});
    to.push_back({.method = "POST",
                  .path = "/notifications/broadcast",
                  .summary = "sends a notification to everyone who listens",
                  .who = transport::rules::send,
                  .takes = one_json_text(),
                  .answers = {{200, json_type, "its id"}, {202, json_type, "its event follows"}},
                  .handle = calling(*this, &notification_domain::broadcast)});
}

void notification_domain::listen(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"notification", "broadcast"}, dispatch::both);
    if (!asked) return answer.send(asked.error());
    asked->spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
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
