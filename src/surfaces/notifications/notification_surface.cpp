#include "surfaces/notifications/notification_surface.hpp"

#include "surfaces/notifications/notification_fields.hpp"
#include "surfaces/notifications/notification_stream.hpp"
#include "surfaces/support/described.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/sending.hpp"
#include "surfaces/support/stream_route.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace carillon::surfaces {

namespace {

using transport::form;
using transport::route;
namespace rules = transport::rules;

field_list notified_fields() {
    return {{"notificationId", form::text, {}, true},
            {"recipients", form::whole_number, "how many", true},
            {"published", form::flag, "false: its events follow", true}};
}

// How long a stream may take for what was pending; later it is settled at the next connection.
constexpr auto patience = std::chrono::minutes(1);
constexpr auto look_interval = std::chrono::milliseconds(500);
constexpr std::size_t max_awaited = 100'000;
constexpr std::size_t max_looked_at = 1000;

/// A sender's own id may end as this one does, and says nothing.
bool was_replaced(std::string_view cursor) {
    if (!cursor.ends_with(replaced_suffix)) return false;
    cursor.remove_suffix(replaced_suffix.size());
    return cursor.empty() || carillon::cursor::parse(cursor).has_value();
}

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
    void tick() override;

private:
    void add_reading(std::vector<route>& to);

    void connect(http::request& r, const principal& who, http::responder answer);
    stream_request request_of(const http::request& r, const principal& who, position head,
                              const store::pending_deliveries& pending);
    void await(const std::string& user, position upto);
    void forget(const std::string& user);
    void arrived(const std::vector<client_info>& clients);
    void notify(http::request& r, const principal& who, http::responder answer);
    void announce(http::request& r, const principal& who, http::responder answer);
    void send_custom(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);
    void count(http::request& r, const principal& who, http::responder answer);
    void mark(http::request& r, const principal& who, http::responder answer);
    void mark_all(http::request& r, const principal& who, http::responder answer);
    void show_deliveries(http::request& r, const principal& who, http::responder answer);

    struct awaited {
        std::chrono::steady_clock::time_point since;
        position upto;  ///< nothing behind it was pending
        position at;    ///< up to here the deliveries are settled
    };

    const surface_context with_;
    stream_profile profile_;
    std::mutex mutex_;                                     // guards all below
    std::map<std::string, awaited, std::less<>> awaited_;  ///< users whose deliveries were pending
    std::string last_looked_;  ///< user: those behind it are looked at next
    std::chrono::steady_clock::time_point looked_;
};

std::vector<route> notification_surface::routes() {
    std::vector<route> all;
    route stream =
        stream_route(with_.streams, {"/notifications", "listens to the caller's notifications",
                                     rules::own_notifications, "notifications and announcements",
                                     notification_stream_events(),
                                     calling(*this, &notification_surface::connect)});
    stream.answers.push_back({204, "", "another stream has taken this one's place"});
    all.push_back(std::move(stream));
    all.push_back({.method = "POST",
                   .path = "/notifications",
                   .summary = "stores a notification and sends it to its recipients",
                   .who = rules::send,
                   .takes = one_object(notification_fields()),
                   .repeatable = true,
                   .answers = {{201, json_type, "its id", notified_fields()},
                               {202, json_type, "its events follow later", notified_fields()}},
                   .handle = calling(*this, &notification_surface::notify)});
    all.push_back({.method = "POST",
                   .path = "/system",
                   .summary = "announces something to everyone",
                   .who = rules::send,
                   .takes = one_object(sent_event_fields(false)),
                   .repeatable = true,
                   .answers = {{200, json_type, "the event's id", published_fields()}},
                   .handle = calling(*this, &notification_surface::announce)});
    all.push_back({.method = "POST",
                   .path = "/custom",
                   .summary = "sends an event to users, or to everyone",
                   .who = rules::send,
                   .takes = one_object(sent_event_fields(true)),
                   .repeatable = true,
                   .answers = {{200, json_type, "the events' ids", published_fields()}},
                   .handle = calling(*this, &notification_surface::send_custom)});
    add_reading(all);
    return all;
}

void notification_surface::add_reading(std::vector<route>& to) {
    to.push_back({.method = "GET",
                  .path = "/notifications/inbox",
                  .summary = "lists the caller's notifications, newest first",
                  .who = rules::own_notifications,
                  .query = {{"limit", form::whole_number, "entries of a page, up to 1000"},
                            {"before", form::whole_number, "`next` of the page before"},
                            {"unread", form::flag, "only what is not read"}},
                  .answers = {{200,
                               json_type,
                               "a page of them",
                               {{"notifications", form::objects, {}, true},
                                {"next", form::whole_number, "`before` of the next page"}}}},
                  .handle = calling(*this, &notification_surface::list)});
    to.push_back(
        {.method = "GET",
         .path = "/notifications/unread",
         .summary = "counts the caller's unread notifications",
         .who = rules::own_notifications,
         .answers = {{200, json_type, "the count", {{"unread", form::whole_number, {}, true}}}},
         .handle = calling(*this, &notification_surface::count)});
    to.push_back({.method = "POST",
                  .path = "/notifications/{id}/read",
                  .summary = "marks one of the caller's notifications as read",
                  .who = rules::own_notifications,
                  .answers = {{204, "", "it is read"}},
                  .handle = calling(*this, &notification_surface::mark)});
    to.push_back(
        {.method = "POST",
         .path = "/notifications/read",
         .summary = "marks all of the caller's notifications as read",
         .who = rules::own_notifications,
         .answers =
             {{200, json_type, "how many were unread", {{"marked", form::whole_number, {}, true}}}},
         .handle = calling(*this, &notification_surface::mark_all)});
    to.push_back(
        {.method = "GET",
         .path = "/notifications/{id}/deliveries",
         .summary = "shows what became of a notification, by recipient",
         .who = rules::send,
         .query = page_query(),
         .answers = {{200, json_type, "a page of recipients",
                      joined({{"notificationId", form::text, {}, true}}, page_of("deliveries"))}},
         .handle = calling(*this, &notification_surface::show_deliveries)});
}

namespace {

bool says_where(const http::request& r) {
    return r.query_value("last").has_value() || r.query_value("since").has_value();
}

}  // namespace

// Asks for what the user missed before the stream is opened, so that it can begin there.
void notification_surface::connect(http::request& r, const principal& who, http::responder answer) {
    if (who.is_anonymous())
        return answer.send(error{errc::unauthenticated, "a stream of notifications is a user's"});
    if (was_replaced(r.header_value("Last-Event-ID").value_or("")))
        return answer.send(http::response{204, {}, {}, false});
    struct call {
        http::request r;
        principal who;
        position head;
    };
    // The request's memory is used again before the records have answered.
    auto asking = std::make_shared<call>(r, who, with_.events.record().head());
    with_.notifications.pending(
        who.user,
        transport::on_loop_of(
            std::move(answer),
            [this, asking](http::responder& to, const result<store::pending_deliveries>& found) {
                // Without the records there is still all that happens from now on.
                const auto pending = found.value_or(store::pending_deliveries{});
                stream_request asked = request_of(asking->r, asking->who, asking->head, pending);
                // A stream that begins where its client says may pass over what is pending.
                if (says_where(asking->r) && asking->r.query_value("since") != "earliest")
                    forget(asking->who.user);
                else if (!pending.empty())
                    await(asking->who.user, with_.events.record().head());
                with_.streams.open(asking->r, std::move(to), std::move(asked));
            }));
}

stream_request notification_surface::request_of(const http::request& r, const principal& who,
                                                position head,
                                                const store::pending_deliveries& pending) {
    stream_request asked = stream_of(profile_, who);
    asked.spaces = users_spaces;
    asked.last_event_id = transport::cursor_of(r);
    if (was_replaced(asked.last_event_id))
        asked.last_event_id.resize(asked.last_event_id.size() - replaced_suffix.size());
    // Whoever says where to begin is taken at their word.
    if (!asked.last_event_id.empty() || says_where(r)) return asked;
    if (pending.since) {
        asked.from = rewind_since{*pending.since};
    } else if (pending.first != 0) {
        asked.last_event_id = with_.events.id_of(position{pending.first - 1});
    } else if (with_.events.record().head() != head) {
        // What came while the records were asked is known to nobody as pending.
        asked.last_event_id = with_.events.id_of(head);
    }
    return asked;
}

void notification_surface::await(const std::string& user, position upto) {
    const std::lock_guard lock(mutex_);
    if (awaited_.size() < max_awaited || awaited_.contains(user))
        awaited_.insert_or_assign(user, awaited{std::chrono::steady_clock::now(), upto, {}});
}

void notification_surface::forget(const std::string& user) {
    const std::lock_guard lock(mutex_);
    awaited_.erase(user);
}

// What was pending is delivered as soon as a stream of the user has come past it.
void notification_surface::tick() {
    const auto now = std::chrono::steady_clock::now();
    client_query query;
    {
        const std::lock_guard lock(mutex_);
        if (now - looked_ < look_interval) return;
        looked_ = now;
        std::erase_if(awaited_,
                      [&](const auto& entry) { return now - entry.second.since > patience; });
        auto next = awaited_.upper_bound(last_looked_);
        const std::size_t some = std::min(max_looked_at, awaited_.size());
        for (; query.users.size() < some; ++next) {
            if (next == awaited_.end()) next = awaited_.begin();
            query.users.push_back(next->first);
        }
        if (some != 0) last_looked_ = query.users.back();
    }
    if (query.users.empty()) return;
    query.profiles = {profile_.name};
    query.limit = max_looked_at;
    with_.events.list_clients(std::move(query), [this](const result<client_page>& page) {
        if (page) arrived(page->clients);
    });
}

void notification_surface::arrived(const std::vector<client_info>& clients) {
    std::vector<std::pair<std::string, position>> moved;
    {
        const std::lock_guard lock(mutex_);
        for (const client_info& c : clients) {
            const auto at = carillon::cursor::parse(c.last_event_id);
            const auto found = awaited_.find(c.user);
            if (!at || found == awaited_.end() || at->pos <= found->second.at) continue;
            found->second.at = at->pos;
            moved.emplace_back(c.user, at->pos);
            if (at->pos >= found->second.upto) awaited_.erase(found);
        }
    }
    for (auto& [user, at] : moved) with_.notifications.settle(std::move(user), at);
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
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    draft.call = std::move(*call);
    draft.sender = who.user;
    with_.notifications.notify(
        std::move(draft), recipients,
        transport::on_loop_of(
            std::move(answer),
            [count = recipients.size()](http::responder& to,
                                        const result<services::notifications::sent>& done) {
                if (!done) return to.send(done.error());
                const bool published = !done->events.empty() || done->repeated;
                json_object text;
                text.text("notificationId", done->id).number("recipients", count);
                text.number("published", published);
                to.send(http::json_response(published ? 201 : 202, text.take()));
            }));
}

void notification_surface::announce(http::request& r, const principal& who,
                                    http::responder answer) {
    services::user_event what;
    json_body body(r.body);
    read_event(body, {"eventType"}, what);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    with_.users.announce(std::move(what), std::move(*once), answer_published(std::move(answer)));
}

void notification_surface::send_custom(http::request& r, const principal& who,
                                       http::responder answer) {
    services::user_event what;
    std::vector<std::string> users;
    json_body body(r.body);
    read_event(body, {"eventType"}, what);
    read_recipients(body, users, with_.events.options()->max_recipients);
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    send_to(with_.users, r, who, std::move(what), std::move(users), std::move(answer));
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

const surface_kind notification_surface_kind{"notifications", "the notification service",
                                             make_envelopes, make};

}  // namespace carillon::surfaces
