// What is said in rooms, and reading it.
#include "base/ago.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "services/chat/chat_state.hpp"
#include "services/chat/chat_text.hpp"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::services {

namespace {

using store::membership;
using store::room;

constexpr std::size_t id_length = 22;
constexpr std::size_t trimmed_at_once = 500;

store::chat_message message_of(message_draft what, store::time_point at) {
    return {.place = 0,
            .id = random_token(id_length),
            .room = std::move(what.room),
            .user = std::move(what.user),
            .text = std::move(what.text),
            .data = std::move(what.data),
            .sent = at};
}

event event_of(const store::chat_message& m, topic where) {
    event e;
    e.topics = {std::move(where)};
    e.kind = "chat";
    e.name = wire::event_name::parse("chat-message").value();
    e.payload = payload_kind::json;
    e.data = chat_message_text(m);
    return e;
}

}  // namespace

namespace {

/// Reads the message that an earlier call has stored at `place`.
result<> said_before(store::records& r, const std::string& place, store::chat_message& into) {
    const std::uint64_t at = std::stoull(place);
    auto found = r.rooms().messages(into.room, at + 1, 1);
    if (!found) return std::unexpected(found.error());
    if (found->empty() || found->front().place != at)
        return fail(errc::conflict, "the message that this call stored is not kept any more");
    into = std::move(found->front());
    return {};
}

}  // namespace

result<> chat::state::check(const message_draft& what) const {
    if (what.text.empty() && what.data.empty())
        return fail(errc::invalid_request, "`message` is empty");
    if (what.text.size() > limits.max_text)
        return fail(errc::event_too_large,
                    fmt::format("`message` has at most {} bytes", limits.max_text));
    if (!is_utf8(what.text)) return fail(errc::invalid_request, "`message` is no UTF-8");
    if (what.data.size() > limits.max_data)
        return fail(errc::event_too_large,
                    fmt::format("`data` has at most {} bytes", limits.max_data));
    boost::system::error_code wrong;
    if (!what.data.empty()) boost::json::parse(what.data, wrong);
    if (wrong) return fail(errc::invalid_request, "`data` is no JSON value");
    return {};
}

void chat::say(message_draft what, callback<said> done) {
    auto where = state_->check_room(what.room);
    if (!where) return done(std::unexpected(where.error()));
    if (auto fine = state_->check(what); !fine) return done(std::unexpected(fine.error()));
    struct call {
        said answer;
        event e;
        std::optional<repeatable_call> once;
    };
    auto c = std::make_shared<call>();  // until the records and the hub have answered
    c->once = std::move(what.call);
    c->answer.what = message_of(std::move(what), state_->now());
    c->e = event_of(c->answer.what, std::move(*where));
    if (c->e.size() > state_->events.options()->max_event_size)
        return done(fail(errc::event_too_large, "the message is larger than an event may be"));
    state_->relay.write(
        [c, s = state_](store::records& r, std::vector<message>& out) -> result<> {
            store::chat_message& m = c->answer.what;
            const auto in = room_for(r, m.room, m.user, membership::member);
            if (!in) return std::unexpected(in.error());
            const auto before = s->relay.made_before(r, c->once);
            if (!before) return std::unexpected(before.error());
            c->answer.repeated = before->has_value();
            if (c->answer.repeated) return said_before(r, **before, m);
            const auto place = r.rooms().add(m);
            if (!place) return std::unexpected(place.error());
            m.place = *place;
            out.push_back({{}, c->e});
            out.back().by = m.user;
            return s->relay.remember(r, c->once, std::to_string(m.place));
        },
        [c, done = std::move(done)](result<outbox_relay::outcome> outcome) {
            if (!outcome) return done(std::unexpected(outcome.error()));
            if (c->answer.repeated) return done(std::move(c->answer));
            const auto& stored = outcome->front();
            if (stored && !stored->empty()) c->answer.where = stored->front();
            done(std::move(c->answer));
        });
}

void chat::type(std::string room, std::string user, typing now, callback<void> done) {
    const auto where = state_->check_room(room);
    if (!where) return done(std::unexpected(where.error()));
    state_->read<store::room>(
        [room = std::move(room), user](store::records& r) {
            return room_for(r, room, user, membership::member);
        },
        [s = state_, user, where = *where, now, done = std::move(done)](result<store::room> in) {
            if (!in) return done(std::unexpected(in.error()));
            event e =
                room_event(where, "typing", *in, user, s->now(),
                           now == typing::begins ? R"(,"typing":true)" : R"(,"typing":false)");
            e.ephemeral = true;
            s->events.publish_own({std::move(e)}, std::nullopt,
                                  [done](const result<std::vector<published>>& told) {
                                      if (!told) return done(std::unexpected(told.error()));
                                      done({});
                                  });
        });
}

void chat::find(std::string room, std::string user, callback<store::room> done) {
    if (auto where = state_->check_room(room); !where) return done(std::unexpected(where.error()));
    state_->read<store::room>(
        [room = std::move(room), user = std::move(user)](store::records& r) {
            return room_for(r, room, user, membership::member);
        },
        [s = state_, done = std::move(done)](result<store::room> found) {
            if (found) s->know(*found);
            done(std::move(found));
        });
}

void chat::members(std::string room, std::string user, std::string after, std::size_t limit,
                   callback<std::vector<std::string>> done) {
    if (auto where = state_->check_room(room); !where) return done(std::unexpected(where.error()));
    limit = std::clamp<std::size_t>(limit, 1, state_->limits.max_page);
    state_->read<std::vector<std::string>>(
        [room = std::move(room), user = std::move(user), after = std::move(after),
         limit](store::records& r) -> result<std::vector<std::string>> {
            if (auto in = room_for(r, room, user, membership::member); !in)
                return std::unexpected(in.error());
            return r.rooms().members(room, after, limit);
        },
        std::move(done));
}

void chat::messages(std::string room, std::string user, std::uint64_t before, std::size_t limit,
                    callback<std::vector<store::chat_message>> done) {
    if (auto where = state_->check_room(room); !where) return done(std::unexpected(where.error()));
    limit = std::clamp<std::size_t>(limit, 1, state_->limits.max_page);
    state_->read<std::vector<store::chat_message>>(
        [room = std::move(room), user = std::move(user), before,
         limit](store::records& r) -> result<std::vector<store::chat_message>> {
            if (auto in = room_for(r, room, user, membership::member); !in)
                return std::unexpected(in.error());
            return r.rooms().messages(room, before, limit);
        },
        std::move(done));
}

void chat::rooms_of(std::string user, callback<std::vector<room>> done) {
    state_->read<std::vector<room>>(
        [user = std::move(user), most = state_->limits.max_rooms](store::records& r) {
            return r.rooms().rooms_of(user, {}, most);
        },
        [s = state_, done = std::move(done)](result<std::vector<room>> found) {
            if (found) {
                for (const room& r : *found) s->know(r);
            }
            done(std::move(found));
        });
}

void chat::trim() {
    state_->records.write(
        [before = ago(state_->now(), state_->limits.max_age)](store::records& r) -> result<> {
            const auto gone = r.rooms().trim_messages(before, trimmed_at_once);
            if (!gone) return std::unexpected(gone.error());
            return {};
        },
        [](const result<>&) {});
}

}  // namespace carillon::services
