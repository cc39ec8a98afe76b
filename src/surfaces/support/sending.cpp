#include "surfaces/support/sending.hpp"

#include "base/time_text.hpp"
#include "surfaces/support/json_answer.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"

#include <algorithm>
#include <utility>

namespace carillon::surfaces {

void read_timestamp(json_body& from, std::string& into) {
    from.text({"timestamp"}, into, {.max = 64});
    if (!into.empty() && !parse_time(into))
        from.refuse("timestamp", "an RFC 3339 time is expected");
}

void read_recipients(json_body& from, std::vector<std::string>& into, std::size_t most,
                     presence needed) {
    // A user that the sender did not find must not become "everyone".
    from.not_null({"userId", "userIds", "recipients", "recipientUserIds"});
    std::string one;
    from.text({"userId"}, one, {.max = max_id_length});
    from.texts({"userIds", "recipients", "recipientUserIds"}, into,
               {.max_entries = most, .max_text = max_id_length});
    // The same goes for an empty list.
    for (const std::string_view list : {"userIds", "recipients", "recipientUserIds"}) {
        if (from.has(list) && into.empty()) from.refuse(list, "this may not be empty");
    }
    if (from.has("userId") && one.empty()) from.refuse("userId", "this may not be empty");
    if (!one.empty() && !into.empty()) from.refuse("userId", "`userIds` names users already");
    if (!one.empty()) into.push_back(std::move(one));
    std::ranges::sort(into);
    const auto repeated = std::ranges::unique(into);
    into.erase(repeated.begin(), repeated.end());
    if (needed == presence::required && into.empty()) from.refuse("userIds", "say for whom it is");
}

void read_event(json_body& from, json_body::names type, services::user_event& into) {
    from.text(type, into.type, {.needed = presence::required, .max = 128});
    if (!wire::event_name::parse(into.type)) from.refuse(*type.begin(), "one line is expected");
    if (into.type.starts_with("carillon."))
        from.refuse(*type.begin(), "names that begin with `carillon.` are the hub's own");
    from.value({"data"}, into.data);
    read_timestamp(from, into.timestamp);
}

namespace {

result<std::optional<idempotency_key>> key_in(const http::request& r, const std::string& space) {
    auto key = transport::idempotency_key_of(r, {}, space);
    if (!key) return std::unexpected(key.error());
    if (!*key) return std::optional<idempotency_key>{};
    return std::optional(transport::keyed(std::move(**key), r.path, r.body));
}

}  // namespace

result<std::optional<idempotency_key>> key_of(const http::request& r, const principal& who) {
    return key_in(r, transport::key_space_of(who));
}

result<std::optional<services::repeatable_call>> call_of(const http::request& r,
                                                         const principal& who) {
    auto key = key_in(r, {});
    if (!key) return std::unexpected(key.error());
    if (!*key) return std::optional<services::repeatable_call>{};
    return services::repeatable_call{who.user, std::move(**key)};
}

hub::publish_callback answer_published(http::responder to) {
    return transport::on_loop_of(
        std::move(to), [](http::responder& back, const result<std::vector<published>>& done) {
            if (!done) return back.send(done.error());
            std::vector<std::string> places;
            for (const published& p : *done) {
                if (p.pos.value == 0) continue;
                json_object place;
                places.push_back(place.text("id", p.id).number("position", p.pos.value).take());
            }
            json_object text;
            text.number("recipients", done->size()).raw("events", json_list(places));
            back.send(http::json_response(200, text.take()));
        });
}

void send_to(services::user_events& by, const http::request& r, const principal& who,
             services::user_event what, std::vector<std::string> users, http::responder answer) {
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    auto done = answer_published(std::move(answer));
    if (users.empty()) return by.send_to_all(std::move(what), std::move(*once), std::move(done));
    by.send({.users = std::move(users)}, std::move(what), std::move(*once), std::move(done));
}

}  // namespace carillon::surfaces
