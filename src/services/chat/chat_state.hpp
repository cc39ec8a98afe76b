// What the parts of the chat service share.
#pragma once

#include <carillon/services/chat.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::services {

/// Thread-safe: what changes is in the records and in the hub.
struct chat::state : std::enable_shared_from_this<state> {
    state(hub& h, outbox_relay& o, store::record_store& s, chat_limits l, wall_clock n)
        : events(h), relay(o), records(s), limits(l), now(std::move(n)) {}

    hub& events;
    outbox_relay& relay;
    store::record_store& records;
    const chat_limits limits;
    const wall_clock now;

    result<topic> check_room(std::string_view id) const;
    result<> check(const room_draft& what) const;
    result<> check(const message_draft& what) const;
    /// The room that an earlier call has made.
    result<> find_again(store::records& r, const std::string& id, store::room& into) const;
    result<> take_place(store::records& r, const store::room& in, const std::string& user) const;
    result<store::room> enter(store::records& r, const std::string& id, const std::string& user,
                              bool& anew, std::vector<message>& out) const;
    /// Tells the hub what the room says of its presence, before streams listen to it.
    void know(const store::room& r);
    void listen(const std::string& user, const topic& where, bool listens,
                std::function<void()> done);
    result<std::uint64_t> leave(store::records& r, const store::room& from, const topic& where,
                                const std::string& user, std::vector<message>& out) const;
    using check_leaver = std::function<result<store::room>(store::records&)>;
    void take_out(check_leaver check, topic where, std::string user, callback<void> done,
                  std::optional<repeatable_call> call = {});
    void tell_history(std::shared_ptr<joined> j, callback<joined> done);
    void invitation(store::records& r, const store::room& to, const std::string& by,
                    const std::string& user, std::vector<message>& out) const;

    /// Runs `ask` on the records and hands its answer over.
    template <class T, class Ask>
    void read(Ask ask, callback<T> done) {
        store::read_one<T>(records, std::move(ask), std::move(done));
    }
};

/// The room, if the user's standing in it is at least `needed`. Error `not_found`.
result<store::room> room_for(store::records& r, const std::string& id, const std::string& user,
                             store::membership needed);
std::unexpected<error> no_such_room();

}  // namespace carillon::services
