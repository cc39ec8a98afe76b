// Chat of system C.
#include <carillon/services/chat.hpp>

#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/paging.hpp"
#include "surfaces/support/room_streams.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/on_loop.hpp"

#include <utility>

namespace carillon::surfaces {

namespace {

using services::chat;
using transport::form;

constexpr std::size_t max_text = 64u << 10;  // the service has the narrower limits
constexpr page_rule messages_page{.usual = 50, .most = 1000};

void add_room(json_object& to, const store::room& r) {
    to.text("roomId", r.id).text_if("name", r.name).text("owner", r.owner);
    to.number("open", r.open).time("createdAt", r.created).text_if("presence", r.presence);
}

std::string messages_json(const std::vector<store::chat_message>& all) {
    std::vector<std::string> texts;
    texts.reserve(all.size());
    for (const store::chat_message& m : all) texts.push_back(chat::text_of(m));
    return json_list(texts);
}

field_list message_fields() {
    return {{"id", form::text, {}, true},
            {"roomId", form::text, {}, true},
            {"userId", form::text, {}, true},
            {"message", form::text, {}, true},
            {"data", form::any},
            {"timestamp", form::text, {}, true}};
}

field_list room_fields() {
    return {{"roomId", form::text, {}, true},    {"name"},
            {"owner", form::text, {}, true},     {"open", form::flag, "anybody may join", true},
            {"createdAt", form::text, {}, true}, {"presence", form::text, "as the room was made"}};
}

std::vector<transport::described_event> chat_events() {
    const field_list who{{"roomId", form::text, {}, true},
                         {"userId", form::text, {}, true},
                         {"timestamp", form::text, {}, true}};
    return {{"chat-message", "chat-message", "somebody says something", message_fields()},
            {"user-joined", "user-joined", "somebody is a member now", who},
            {"user-left", "user-left", "somebody is no member any more", who},
            {"typing", "typing", "somebody types, or does not any more",
             joined(who, {{"typing", form::flag, {}, true}})},
            {"room-invitation", "room-invitation", "the caller is invited",
             joined(who, {{"room", form::object, {}, true}})}};
}

void answer_success(http::responder& to, const result<>& done) {
    if (!done) return to.send(done.error());
    to.send(http::json_response(200, R"({"success":true})"));
}

}  // namespace

void chat_domain::add_routes(std::vector<transport::route>& to) {
    to.push_back(streams_.route("/chat/stream", "listens to all chat rooms of the caller",
                                chat_events(), calling(*this, &chat_domain::listen)));
    to.push_back(streams_.route("/chat/room/{roomId}/stream", "listens to one chat room",
                                chat_events(), calling(*this, &chat_domain::listen_to_room)));
    to.push_back({.method = "POST",
                  .path = "/chat/message",
                  .summary = "says something in a room",
                  .who = transport::rules::user_stream,
                  .takes = one_object({{"roomId", form::text, "or `room`"},
                                       {"room", form::text, "the same"},
                                       {"message", form::text, "or `data`, or both"},
                                       {"text", form::text, "the same"},
                                       {"content", form::text, "the same"},
                                       {"data", form::any, "passed on as it is"},
                                       {"type", form::any, "not looked at"}}),
                  .repeatable = true,
                  .answers = {{200, json_type, "the message",
                               success_fields({{"message", form::object, {}, true}})},
                              {202, json_type, "the message, whose event follows",
                               success_fields({{"message", form::object, {}, true}})}},
                  .handle = calling(*this, &chat_domain::say)});
    to.push_back({.method = "POST",
                  .path = "/chat/room/{roomId}/join",
                  .summary = "joins a room",
                  .who = transport::rules::user_stream,
                  .takes = maybe_object(),
                  .answers = {{200, json_type, "the room and its newest messages",
                               success_fields(joined(room_fields(),
                                                     {{"messages", form::objects, {}, true}}))}},
                  .handle = calling(*this, &chat_domain::join)});
    to.push_back({.method = "POST",
                  .path = "/chat/room/{roomId}/leave",
                  .summary = "leaves a room, or declines an invitation",
                  .who = transport::rules::user_stream,
                  .takes = maybe_object(),
                  .repeatable = true,
                  .answers = {{200, json_type, "done", success_fields()}},
                  .handle = calling(*this, &chat_domain::leave)});
    to.push_back({.method = "POST",
                  .path = "/chat/room/{roomId}/typing",
                  .summary = "tells the members that the caller types, or does not any more",
                  .who = transport::rules::user_stream,
                  .takes = maybe_object({{"typing", form::flag, "true without it"},
                                         {"isTyping", form::flag, "the same"}}),
                  .answers = {{200, json_type, "done", success_fields()}},
                  .handle = calling(*this, &chat_domain::type)});
    add_room_routes(to);
}

void chat_domain::add_room_routes(std::vector<transport::route>& to) {
    to.push_back({.method = "POST",
                  .path = "/chat/rooms",
                  .summary = "makes a room, open or for those who are invited",
                  .who = transport::rules::user_stream,
                  .takes = one_object({{"roomId", form::text, "of an open room"},
                                       {"id", form::text, "the same"},
                                       {"name"},
                                       {"open", form::flag, "true without it"},
                                       {"presence", form::text,
                                        "`off`, `hidden`, `users` or `everyone`; at most what "
                                        "the server shows of rooms"}}),
                  .repeatable = true,
                  .answers = {{201, json_type, "the room", room_fields()}},
                  .handle = calling(*this, &chat_domain::create)});
    to.push_back({.method = "GET",
                  .path = "/chat/rooms",
                  .summary = "lists the rooms that the caller is in",
                  .who = transport::rules::user_stream,
                  .answers = {{200, json_type, "the rooms", {{"rooms", form::objects, {}, true}}}},
                  .handle = calling(*this, &chat_domain::list)});
    to.push_back({.method = "POST",
                  .path = "/chat/room/{roomId}/invite",
                  .summary = "invites a user",
                  .who = transport::rules::user_stream,
                  .takes = one_object({{"userId", form::text, "who is invited", true}}),
                  .repeatable = true,
                  .answers = {{200, json_type, "done", success_fields()}},
                  .handle = calling(*this, &chat_domain::invite)});
    to.push_back({.method = "GET",
                  .path = "/chat/room/{roomId}/members",
                  .summary = "lists a room's members",
                  .who = transport::rules::user_stream,
                  .query = page_query(),
                  .answers = {{200, json_type, "a page of them", page_of("members", form::texts)}},
                  .handle = calling(*this, &chat_domain::list_members)});
    to.push_back({.method = "DELETE",
                  .path = "/chat/room/{roomId}/members/{userId}",
                  .summary = "sends a member away; for the room's owner",
                  .who = transport::rules::user_stream,
                  .answers = {{200, json_type, "done", success_fields()}},
                  .handle = calling(*this, &chat_domain::expel)});
    to.push_back({.method = "GET",
                  .path = "/chat/room/{roomId}/messages",
                  .summary = "reads what was said in a room",
                  .who = transport::rules::user_stream,
                  .query = {{"limit", form::whole_number, "entries of a page, up to 1000"},
                            {"before", form::whole_number, "`before` of the page that came"}},
                  .answers = {{200,
                               json_type,
                               "a page, oldest first",
                               {{"messages", form::objects, {}, true},
                                {"before", form::whole_number, "of an older page"}}}},
                  .handle = calling(*this, &chat_domain::list_messages)});
}

void chat_domain::listen(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"chat"}, dispatch::named);
    if (!asked) return answer.send(asked.error());
    asked->spaces.user = true;  // invitations
    asked->from = rewind_last{with_.chat.limits().history};
    open_with_rooms(with_, r, std::move(answer), std::move(*asked));
}

void chat_domain::listen_to_room(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"chat"}, dispatch::named);
    if (!asked) return answer.send(asked.error());
    asked->from = rewind_last{with_.chat.limits().history};
    std::string room = r.path_rest[0];
    open_with_room(with_, r, std::move(answer), std::move(*asked), std::move(room));
}

void chat_domain::say(http::request& r, const principal& who, http::responder answer) {
    services::message_draft draft;
    json_body body(r.body);
    body.text({"roomId", "room"}, draft.room, {.needed = presence::required})
        .text({"message", "text", "content"}, draft.text, {.max = max_text})
        .value({"data"}, draft.data)
        .ignore({"type"});
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    draft.call = std::move(*call);
    draft.user = who.user;
    with_.chat.say(std::move(draft),
                   transport::on_loop_of(
                       std::move(answer), [](http::responder& to, const result<chat::said>& done) {
                           if (!done) return to.send(done.error());
                           json_object text;
                           text.number("success", true).raw("message", chat::text_of(done->what));
                           const bool told = done->where || done->repeated;
                           to.send(http::json_response(told ? 200 : 202, text.take()));
                       }));
}

void chat_domain::join(http::request& r, const principal& who, http::responder answer) {
    with_.chat.join(r.path_rest[0], who.user,
                    transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                                const result<chat::joined>& done) {
                        if (!done) return to.send(done.error());
                        json_object text;
                        text.number("success", true);
                        add_room(text, done->room);
                        text.raw("messages", messages_json(done->history));
                        to.send(http::json_response(200, text.take()));
                    }));
}

void chat_domain::leave(http::request& r, const principal& who, http::responder answer) {
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    with_.chat.leave(r.path_rest[0], who.user,
                     transport::on_loop_of(std::move(answer), answer_success), std::move(*call));
}

void chat_domain::type(http::request& r, const principal& who, http::responder answer) {
    bool typing = true;
    if (!r.body.empty()) {
        json_body body(r.body);
        body.flag({"typing", "isTyping"}, typing);
        if (auto fine = body.done(); !fine) return answer.send(fine.error());
    }
    with_.chat.type(r.path_rest[0], who.user, typing ? chat::typing::begins : chat::typing::ends,
                    transport::on_loop_of(std::move(answer), answer_success));
}

void chat_domain::create(http::request& r, const principal& who, http::responder answer) {
    services::room_draft draft;
    std::string rule;
    json_body body(r.body);
    body.text({"roomId", "id"}, draft.id).text({"name"}, draft.name).flag({"open"}, draft.open);
    body.text({"presence"}, rule);
    draft.presence = parse_presence_rule(rule);
    if (!rule.empty() && !draft.presence)
        body.refuse("presence", "`off`, `hidden`, `users` or `everyone` is expected");
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    draft.call = std::move(*call);
    with_.chat.create(std::move(draft), who.user,
                      transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                                  const result<store::room>& made) {
                          if (!made) return to.send(made.error());
                          json_object text;
                          add_room(text, *made);
                          to.send(http::json_response(201, text.take()));
                      }));
}

void chat_domain::list(http::request&, const principal& who, http::responder answer) {
    with_.chat.rooms_of(
        who.user,
        transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                    const result<std::vector<store::room>>& all) {
            if (!all) return to.send(all.error());
            std::vector<std::string> texts;
            for (const store::room& room : *all) {
                json_object text;
                add_room(text, room);
                texts.push_back(text.take());
            }
            to.send(http::json_response(200, json_object().raw("rooms", json_list(texts)).take()));
        }));
}

void chat_domain::invite(http::request& r, const principal& who, http::responder answer) {
    std::string user;
    json_body body(r.body);
    body.text({"userId"}, user, {.needed = presence::required, .max = max_id_length});
    if (auto fine = body.done(); !fine) return answer.send(fine.error());
    auto call = call_of(r, who);
    if (!call) return answer.send(call.error());
    with_.chat.invite(r.path_rest[0], who.user, std::move(user),
                      transport::on_loop_of(std::move(answer), answer_success), std::move(*call));
}

void chat_domain::expel(http::request& r, const principal& who, http::responder answer) {
    with_.chat.expel(r.path_rest[0], who.user, r.path_rest[1],
                     transport::on_loop_of(std::move(answer), answer_success));
}

void chat_domain::list_members(http::request& r, const principal& who, http::responder answer) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    with_.chat.members(
        r.path_rest[0], who.user, r.query_value("after").value_or(""), *limit,
        transport::on_loop_of(
            std::move(answer),
            [limit = *limit](http::responder& to, const result<std::vector<std::string>>& page) {
                if (!page) return to.send(page.error());
                json_object text;
                text.texts("members", *page);
                if (page->size() == limit) text.text("next", page->back());
                to.send(http::json_response(200, text.take()));
            }));
}

void chat_domain::list_messages(http::request& r, const principal& who, http::responder answer) {
    const auto limit = limit_of(r, messages_page);
    if (!limit) return answer.send(limit.error());
    const auto before = number_of(r, "before", ~std::uint64_t{0});
    if (!before) return answer.send(before.error());
    with_.chat.messages(r.path_rest[0], who.user, *before, *limit,
                        transport::on_loop_of(
                            std::move(answer),
                            [limit = *limit](http::responder& to,
                                             const result<std::vector<store::chat_message>>& page) {
                                if (!page) return to.send(page.error());
                                json_object text;
                                text.raw("messages", messages_json(*page));
                                if (page->size() == limit)
                                    text.number("before", page->front().place);
                                to.send(http::json_response(200, text.take()));
                            }));
}

}  // namespace carillon::surfaces
