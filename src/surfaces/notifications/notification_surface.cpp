#include "surfaces/notifications/notification_surface.hpp"

#include "surfaces/notifications/notification_stream.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <utility>

namespace carillon::surfaces {

namespace {

using transport::route;
namespace rules = transport::rules;

constexpr std::string_view json = "application/json";

transport::body_rule one_json_text() { return {.needed = true, .whole = transport::json_types()}; }

std::string entry_json(const store::inbox_entry& e) {
    const store::notification& n = e.what;
    json_object out;
    out.text("notificationId", n.id);
    out.text_if("notificationType", n.type).text_if("action", n.action);
    out.text_if("priority", n.priority).text_if("title", n.title).text_if("message", n.message);
    if (!n.data.empty()) out.raw("data", n.data);
    out.text_if("sender", n.sender).time("createdAt", n.created);
    out.number("read", e.read.has_value());
    if (e.read) out.time("readAt", *e.read);
    return out.text("state", to_string(e.state)).number("place", e.place).take();
}

std::string delivery_json(const store::delivery& d) {
    json_object out;
    out.text("userId", d.user).text("state", to_string(d.state));
    if (d.state == store::delivery_state::delivered) out.number("connections", d.connections);
    return out.time("updatedAt", d.updated).take();
}

class notification_surface final : public surface {
public:
    notification_surface(const surface_context& with, surface_options options, envelope_id first)
        : with_(with), profile_(std::move(options.profile)) {
        profile_.envelope = first;
        profile_.dialect = std::make_shared<notification_dialect>();
    }

    std::vector<route> routes() override;

private:
    void add_reading(std::vector<route>& to);

    void connect(http::request& r, const principal& who, http::responder answer);
    void open(http::request& r, http::responder answer, const std::shared_ptr<const identity>& who,
              std::string cursor);
    void notify(http::request& r, const principal& who, http::responder answer);
    void announce(http::request& r, const principal& who, http::responder answer);
    void send_custom(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);
    void count(http::request& r, const principal& who, http::responder answer);
    void mark(http::request& r, const principal& who, http::responder answer);
    void mark_all(http::request& r, const principal& who, http::responder answer);
    void show_deliveries(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    stream_profile profile_;
};

std::vector<route> notification_surface::routes() {
    std::vector<route> all;
    all.push_back(
        {.method = "GET",
         .path = "/notifications",
         .summary = "listens to the caller's notifications",
         .who = rules::own_notifications,
         .answers = {{200, "text/event-stream", "notifications and announcements"},
                     {204, "", "another stream has taken this one's place"}},
         .handle = calling(*this, &notification_surface::connect),
         .refuse = [this](const http::request& r, http::responder answer, const error& why) {
             with_.streams.refuse(r, std::move(answer), why);
         }});
    all.push_back({.method = "POST",
                   .path = "/notifications",
                   .summary = "stores a notification and sends it to its recipients",
                   .who = rules::send,
                   .takes = one_json_text(),
                   .answers = {{201, json, "its id"}, {202, json, "its events follow later"}},
                   .handle = calling(*this, &notification_surface::notify)});
    all.push_back({.method = "POST",
                   .path = "/system",
                   .summary = "announces something to everyone",
                   .who = rules::send,
                   .takes = one_json_text(),
                   .answers = {{200, json, "the event's id"}},
                   .handle = calling(*this, &notification_surface::announce)});
    all.push_back({.method = "POST",
                   .path = "/custom",
                   .summary = "sends an event to users, or to everyone",
                   .who = rules::send,
                   .takes = one_json_text(),
                   .answers = {{200, json, "the events' ids"}},
                   .handle = calling(*this, &notification_surface::send_custom)});
    add_reading(all);
    return all;
}

void notification_surface::add_reading(std::vector<route>& to) {
    to.push_back({.method = "GET",
                  .path = "/notifications/inbox",
                  .summary = "lists the caller's notifications, newest first",
                  .who = rules::own_notifications,
                  .answers = {{200, json, "a page of them"}},
                  .handle = calling(*this, &notification_surface::list)});
    to.push_back({.method = "GET",
                  .path = "/notifications/unread",
                  .summary = "counts the caller's unread notifications",
                  .who = rules::own_notifications,
                  .answers = {{200, json, "the count"}},
                  .handle = calling(*this, &notification_surface::count)});
    to.push_back({.method = "POST",
                  .path = "/notifications/{id}/read",
                  .summary = "marks one of the caller's notifications as read",
                  .who = rules::own_notifications,
                  .answers = {{204, "", "it is read"}},
                  .handle = calling(*this, &notification_surface::mark)});
    to.push_back({.method = "POST",
                  .path = "/notifications/read",
                  .summary = "marks all of the caller's notifications as read",
                  .who = rules::own_notifications,
                  .answers = {{200, json, "how many were unread"}},
                  .handle = calling(*this, &notification_surface::mark_all)});
    to.push_back({.method = "GET",
                  .path = "/notifications/{id}/deliveries",
                  .summary = "shows what became of a notification, by recipient",
                  .who = rules::send,
                  .answers = {{200, json, "a page of recipients"}},
                  .handle = calling(*this, &notification_surface::show_deliveries)});
}

void notification_surface::connect(http::request& r, const principal& who, http::responder answer) {
    if (const auto header = r.header_value("Last-Event-ID");
        header && header->ends_with(replaced_suffix))
        return answer.send(http::response{204, {}, {}, false});
    std::string cursor = transport::cursor_of(r);
    if (cursor.ends_with(replaced_suffix)) cursor.resize(cursor.size() - replaced_suffix.size());
    open(r, std::move(answer), transport::identity_of(who), std::move(cursor));
}

void notification_surface::open(http::request& r, http::responder answer,
                                const std::shared_ptr<const identity>& who, std::string cursor) {
    stream_request asked;
    asked.profile = &profile_;
    asked.envelope = profile_.envelope;
    asked.who = who;
    asked.spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
    asked.last_event_id = std::move(cursor);
    with_.streams.open(r, std::move(answer), std::move(asked));
}

void notification_surface::notify(http::request& r, const principal& who, http::responder answer) {
    services::notification_draft draft;
    std::vector<std::string> recipients;
    json_body body(r.body);
    body.text({"id", "notificationId"}, draft.id)
        .text({"type", "notificationType"}, draft.type)
        .text({"action"}, draft.action)
        .text({"priority"}, draft.priority, {.max = 64})
        .text({"title"}, draft.title, {.max = 1024})
        .text({"message"}, draft.message, {.max = 64u << 10})
        .value({"data"}, draft.data);
    read_timestamp(body, draft.timestamp);
    read_recipients(body, recipients, with_.events.options()->max_recipients, presence::required);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    draft.sender = who.user;
    with_.notifications.notify(
        std::move(draft), recipients,
        transport::on_loop_of(
            std::move(answer),
            [count = recipients.size()](http::responder& to,
                                        const result<services::notifications::sent>& done) {
                if (!done) return to.send(done.error());
                const bool published = !done->events.empty();
                json_object text;
                text.text("notificationId", done->id);
                text.number("recipients", published ? done->events.size() : count);
                text.number("published", published);
                to.send(http::json_response(published ? 201 : 202, text.take()));
            }));
}

void notification_surface::announce(http::request& r, const principal&, http::responder answer) {
    services::user_event what;
    json_body body(r.body);
    read_event(body, {"eventType"}, what);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto once = key_of(r);
    if (!once) return answer.send(once.error());
    with_.users.announce(std::move(what), std::move(*once), answer_published(std::move(answer)));
}

void notification_surface::send_custom(http::request& r, const principal&, http::responder answer) {
    services::user_event what;
    std::vector<std::string> users;
    json_body body(r.body);
    read_event(body, {"eventType"}, what);
    read_recipients(body, users, with_.events.options()->max_recipients);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto once = key_of(r);
    if (!once) return answer.send(once.error());
    auto done = answer_published(std::move(answer));
    if (users.empty())
        return with_.users.send_to_all(std::move(what), std::move(*once), std::move(done));
    with_.users.send({.users = std::move(users)}, std::move(what), std::move(*once),
                     std::move(done));
}

void notification_surface::list(http::request& r, const principal& who, http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    const auto before = number_of(r, "before", ~std::uint64_t{0});
    if (!before) return answer.send(before.error());
    const auto unread = flag_of(r, "unread", false);
    if (!unread) return answer.send(unread.error());
    with_.notifications.list(
        {.user = who.user, .unread_only = *unread, .before = *before, .limit = *limit},
        transport::on_loop_of(
            std::move(answer),
            [limit = *limit](http::responder& to,
                             const result<std::vector<store::inbox_entry>>& page) {
                if (!page) return to.send(page.error());
                std::vector<std::string> entries;
                for (const store::inbox_entry& e : *page) entries.push_back(entry_json(e));
                json_object text;
                text.raw("notifications", json_list(entries));
                if (page->size() == limit) text.number("next", page->back().place);
                to.send(http::json_response(200, text.take()));
            }));
}

void notification_surface::count(http::request&, const principal& who, http::responder answer) {
    with_.notifications.count_unread(
        who.user, transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                              const result<std::uint64_t>& n) {
            if (!n) return to.send(n.error());
            to.send(http::json_response(200, json_object().number("unread", *n).take()));
        }));
}

void notification_surface::mark(http::request& r, const principal& who, http::responder answer) {
    with_.notifications.mark_read(who.user, r.path_rest[0],
                                  transport::on_loop_of(std::move(answer), answer_done));
}

void notification_surface::mark_all(http::request&, const principal& who, http::responder answer) {
    with_.notifications.mark_all_read(
        who.user, transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                              const result<std::uint64_t>& n) {
            if (!n) return to.send(n.error());
            to.send(http::json_response(200, json_object().number("marked", *n).take()));
        }));
}

void notification_surface::show_deliveries(http::request& r, const principal&,
                                           http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    const std::string id = r.path_rest[0];
    with_.notifications.deliveries(
        id, r.query_value("after").value_or(""), *limit,
        transport::on_loop_of(
            std::move(answer),
            [id, limit = *limit](http::responder& to,
                                 const result<std::vector<store::delivery>>& page) {
                if (!page) return to.send(page.error());
                std::vector<std::string> entries;
                for (const store::delivery& d : *page) entries.push_back(delivery_json(d));
                json_object text;
                text.text("notificationId", id).raw("deliveries", json_list(entries));
                if (page->size() == limit) text.text("next", page->back().user);
                to.send(http::json_response(200, text.take()));
            }));
}

envelopes make_envelopes() { return {std::make_shared<notification_envelope>()}; }

std::unique_ptr<surface> make(const surface_context& with, surface_options options,
                              envelope_id first) {
    return std::make_unique<notification_surface>(with, std::move(options), first);
}

}  // namespace

const surface_kind notification_surface_kind{"the notification service", make_envelopes, make};

}  // namespace carillon::surfaces
