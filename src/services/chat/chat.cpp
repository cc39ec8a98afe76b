// Rooms and their members.
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "hub/own_topic.hpp"
#include "services/chat/chat_state.hpp"
#include "services/chat/chat_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

using store::membership;
using store::room;

constexpr std::size_t id_length = 22;

result<> check_user(std::string_view user) {
    if (as_segment(user).empty())
        return fail(errc::invalid_request,
                    fmt::format("`userId` is 1 to {} bytes of UTF-8", max_id_length));
    return {};
}

}  // namespace

std::unexpected<error> no_such_room() {
    return fail(errc::not_found, "you are in no room with this id");
}

result<room> room_for(store::records& r, const std::string& id, const std::string& user,
                      membership needed) {
    auto found = r.rooms().find(id);
    if (!found) return std::unexpected(found.error());
    if (!*found) return no_such_room();
    const auto standing = r.rooms().membership_of(id, user);
    if (!standing) return std::unexpected(standing.error());
    if (*standing < needed) return no_such_room();
    return std::move(**found);
}

chat::chat(hub& h, outbox_relay& relay, store::record_store& records, chat_limits limits,
           wall_clock now)
    : state_(std::make_shared<state>(h, relay, records, limits, std::move(now))) {}

chat::~chat() = default;

result<topic> chat::topic_of(std::string_view room) {
    const std::string segment = as_segment(room);
    if (segment.empty())
        return fail(errc::invalid_request,
                    fmt::format("`roomId` is 1 to {} bytes of UTF-8", max_id_length));
    return room_topic(segment);
}

std::string chat::text_of(const store::chat_message& m) { return chat_message_text(m); }

const chat_limits& chat::limits() const noexcept { return state_->limits; }

result<topic> chat::state::check_room(std::string_view id) const {
    if (id.empty() || id.size() > limits.max_id || !is_utf8(id))
        return fail(errc::invalid_request,
                    fmt::format("`roomId` is 1 to {} bytes of UTF-8", limits.max_id));
    return topic_of(id);
}

result<> chat::state::check(const room_draft& what) const {
    if (what.name.size() > limits.max_name || !is_utf8(what.name))
        return fail(errc::invalid_request,
                    fmt::format("`name` is at most {} bytes of UTF-8", limits.max_name));
    if (what.id.empty()) return {};
    if (!what.open)
        return fail(errc::invalid_request,
                    "`roomId` is chosen for open rooms only; others get a random one");
    if (auto fine = check_room(what.id); !fine) return std::unexpected(fine.error());
    return {};
}

/// Whether there is a place left, in the room and in the user's list.
result<> chat::state::take_place(store::records& r, const room& in, const std::string& user) const {
    const auto before = r.rooms().membership_of(in.id, user);
    if (!before) return std::unexpected(before.error());
    if (*before == membership::none) {
        const auto members = r.rooms().count_members(in.id);
        if (!members) return std::unexpected(members.error());
        if (*members >= limits.max_members)
            return fail(errc::payload_too_large,
                        fmt::format("a room has at most {} members", limits.max_members));
    }
    const auto rooms = r.rooms().count_rooms(user);
    if (!rooms) return std::unexpected(rooms.error());
    if (*rooms >= limits.max_rooms)
        return fail(errc::payload_too_large,
                    fmt::format("a user is in at most {} rooms", limits.max_rooms));
    return {};
}

void chat::state::know(const room& r) {
    const auto rule = parse_presence_rule(r.presence);
    if (!rule) return;
    // It refuses nothing but topics that are no rooms.
    [[maybe_unused]] const auto known = events.limit_presence(topic_of(r.id).value(), rule);
}

// The hub's streams follow the records: whoever changed a membership says so here afterwards.
void chat::state::listen(const std::string& user, const topic& where, bool listens,
                         std::function<void()> done) {
    events.change_room(user, where, listens, [done = std::move(done)](const result<>&) { done(); });
}

result<> chat::state::find_again(store::records& r, const std::string& id, room& into) const {
    auto known = r.rooms().find(id);
    if (!known) return std::unexpected(known.error());
    if (!*known) return fail(errc::conflict, "the room that this call made is gone");
    into = std::move(**known);
    return {};
}

void chat::create(room_draft what, std::string owner, callback<room> done) {
    if (auto fine = check_user(owner); !fine) return done(std::unexpected(fine.error()));
    if (auto fine = state_->check(what); !fine) return done(std::unexpected(fine.error()));
    auto r = std::make_shared<room>();
    auto repeated = std::make_shared<bool>(false);
    r->id = what.id.empty() ? random_token(id_length) : std::move(what.id);
    r->name = std::move(what.name);
    r->owner = std::move(owner);
    r->open = what.open;
    r->created = state_->now();
    if (what.presence) r->presence = to_string(*what.presence);
    state_->relay.write(
        [s = state_, r, repeated, call = std::move(what.call)](
            store::records& in, std::vector<message>& out) -> result<> {
            auto before = s->relay.made_before(in, call);
            if (!before) return std::unexpected(before.error());
            *repeated = before->has_value();
            if (*repeated) return s->find_again(in, **before, *r);
            if (auto fits = s->take_place(in, *r, r->owner); !fits) return fits;
            if (auto made = in.rooms().create(*r); !made) return made;
            const auto set = in.rooms().set_membership(r->id, r->owner, membership::member);
            if (!set) return std::unexpected(set.error());
            out.push_back(
                {{}, room_event(topic_of(r->id).value(), "user-joined", *r, r->owner, r->created)});
            out.back().by = r->owner;
            return s->relay.remember(in, call, r->id);
        },
        [s = state_, r, repeated,
         done = std::move(done)](const result<outbox_relay::outcome>& outcome) mutable {
            if (!outcome) return done(std::unexpected(outcome.error()));
            if (*repeated) return done(std::move(*r));  // the owner may have left it meanwhile
            s->know(*r);
            s->listen(r->owner, topic_of(r->id).value(), true,
                      [r, done = std::move(done)] { done(std::move(*r)); });
        });
}

/// Makes the user a member. The first to join an unknown room makes it, if that is allowed.
result<room> chat::state::enter(store::records& r, const std::string& id, const std::string& user,
                                bool& anew, std::vector<message>& out) const {
    auto found = r.rooms().find(id);
    if (!found) return std::unexpected(found.error());
    const auto standing = r.rooms().membership_of(id, user);
    if (!standing) return std::unexpected(standing.error());
    anew = *standing != membership::member;
    if (*found && !anew) return std::move(**found);
    if (*found ? !(*found)->open && *standing == membership::none : !limits.create_on_join)
        return no_such_room();
    room into = *found ? std::move(**found)
                       : room{.id = id, .name = {}, .owner = user, .open = true, .created = now()};
    if (auto fits = take_place(r, into, user); !fits) return std::unexpected(fits.error());
    if (!*found) {
        if (auto made = r.rooms().create(into); !made) return std::unexpected(made.error());
    }
    if (const auto set = r.rooms().set_membership(id, user, membership::member); !set)
        return std::unexpected(set.error());
    out.push_back({{}, room_event(topic_of(id).value(), "user-joined", into, user, now())});
    out.back().by = user;
    return into;
}

void chat::join(std::string room, std::string user, callback<joined> done) {
    if (auto fine = check_user(user); !fine) return done(std::unexpected(fine.error()));
    const auto where = state_->check_room(room);
    if (!where) return done(std::unexpected(where.error()));
    auto j = std::make_shared<joined>();
    state_->relay.write(
        [s = state_, j, room = std::move(room), user](store::records& r,
                                                      std::vector<message>& out) -> result<> {
            auto entered = s->enter(r, room, user, j->anew, out);
            if (!entered) return std::unexpected(entered.error());
            j->room = std::move(*entered);
            return {};
        },
        [s = state_, j, user, where = *where,
         done = std::move(done)](const result<outbox_relay::outcome>& outcome) mutable {
            if (!outcome) return done(std::unexpected(outcome.error()));
            s->know(j->room);
            if (!j->anew) return s->tell_history(j, std::move(done));
            s->listen(user, where, true, [s, j, done = std::move(done)]() mutable {
                s->tell_history(j, std::move(done));
            });
        });
}

// Read when the user's streams listen already: a message is told twice rather than not at all.
void chat::state::tell_history(std::shared_ptr<joined> j, callback<joined> done) {
    read<std::vector<store::chat_message>>(
        [id = j->room.id, count = limits.history](store::records& r) {
            return r.rooms().messages(id, ~std::uint64_t{0}, count);
        },
        [j, done = std::move(done)](result<std::vector<store::chat_message>> history) {
            if (!history) return done(std::unexpected(history.error()));
            j->history = std::move(*history);
            done(std::move(*j));
        });
}

/// Takes a membership or an invitation away; an open room that nobody is in and that has no
/// messages goes with its last member, so that nobody fills the records by joining and leaving.
result<std::uint64_t> chat::state::leave(store::records& r, const room& from, const topic& where,
                                         const std::string& user, std::vector<message>& out) const {
    const auto standing = r.rooms().membership_of(from.id, user);
    if (!standing) return std::unexpected(standing.error());
    if (*standing == membership::none) return no_such_room();
    if (const auto set = r.rooms().set_membership(from.id, user, membership::none); !set)
        return std::unexpected(set.error());
    if (*standing == membership::member)
        out.push_back({{}, room_event(where, "user-left", from, user, now())});
    return r.rooms().remove_if_unused(from.id);
}

void chat::state::take_out(check_leaver check, topic where, std::string user, callback<void> done,
                           std::optional<repeatable_call> call) {
    const auto repeated = std::make_shared<bool>(false);
    const auto gone = std::make_shared<bool>(false);
    relay.write(
        [self = shared_from_this(), check = std::move(check), where, user, repeated, gone,
         call = std::move(call)](store::records& r, std::vector<message>& out) -> result<> {
            const auto before = self->relay.made_before(r, call);
            if (!before) return std::unexpected(before.error());
            *repeated = before->has_value();
            if (*repeated) return {};
            const auto from = check(r);
            if (!from) return std::unexpected(from.error());
            const auto left = self->leave(r, *from, where, user, out);
            if (!left) return std::unexpected(left.error());
            *gone = *left != 0;
            return self->relay.remember(r, call, user);
        },
        [self = shared_from_this(), where, user, repeated, gone,
         done = std::move(done)](const result<outbox_relay::outcome>& outcome) mutable {
            if (!outcome) return done(std::unexpected(outcome.error()));
            if (*repeated) return done({});  // the user may be there again meanwhile
            if (*gone) {
                [[maybe_unused]] const auto forgotten =
                    self->events.limit_presence(where, std::nullopt);
            }
            self->listen(user, where, false, [done = std::move(done)] { done({}); });
        });
}

void chat::leave(std::string room, std::string user, callback<void> done,
                 std::optional<repeatable_call> call) {
    auto where = state_->check_room(room);
    if (!where) return done(std::unexpected(where.error()));
    const auto is_in = [room = std::move(room), user](store::records& r) {
        return room_for(r, room, user, membership::invited);
    };
    state_->take_out(is_in, std::move(*where), std::move(user), std::move(done), std::move(call));
}

void chat::expel(std::string room, std::string by, std::string user, callback<void> done) {
    auto where = state_->check_room(room);
    if (!where) return done(std::unexpected(where.error()));
    const auto is_owner = [room = std::move(room),
                           by = std::move(by)](store::records& r) -> result<store::room> {
        auto of = room_for(r, room, by, membership::member);
        if (of && of->owner != by)
            return fail(errc::forbidden, "only the owner of a room sends members away");
        return of;
    };
    state_->take_out(is_owner, std::move(*where), std::move(user), std::move(done));
}

void chat::state::invitation(store::records&, const room& to, const std::string& by,
                             const std::string& user, std::vector<message>& out) const {
    event e = room_event(topic_of(to.id).value(), "room-invitation", to, by, now(), room_field(to));
    e.topics.clear();
    out.push_back({audience{.users = {user}}, std::move(e)});
    out.back().by = by;
}

void chat::invite(std::string room, std::string by, std::string user, callback<void> done,
                  std::optional<repeatable_call> call) {
    if (auto fine = check_user(user); !fine) return done(std::unexpected(fine.error()));
    if (auto where = state_->check_room(room); !where) return done(std::unexpected(where.error()));
    state_->relay.write(
        [s = state_, room = std::move(room), by = std::move(by), user = std::move(user),
         call = std::move(call)](store::records& r, std::vector<message>& out) -> result<> {
            const auto made = s->relay.made_before(r, call);
            if (!made) return std::unexpected(made.error());
            if (*made) return {};  // the user may have declined meanwhile
            if (auto kept = s->relay.remember(r, call, user); !kept) return kept;
            const auto to = room_for(r, room, by, membership::member);
            if (!to) return std::unexpected(to.error());
            const auto before = r.rooms().membership_of(room, user);
            if (!before) return std::unexpected(before.error());
            if (*before != membership::none) return {};
            const auto members = r.rooms().count_members(room);
            if (!members) return std::unexpected(members.error());
            if (*members >= s->limits.max_members)
                return fail(errc::payload_too_large,
                            fmt::format("a room has at most {} members", s->limits.max_members));
            const auto set = r.rooms().set_membership(room, user, membership::invited);
            if (!set) return std::unexpected(set.error());
            s->invitation(r, *to, by, user, out);
            return {};
        },
        [done = std::move(done)](const result<outbox_relay::outcome>& outcome) {
            if (!outcome) return done(std::unexpected(outcome.error()));
            done({});
        });
}

}  // namespace carillon::services
