// Users and their streams, wherever these are.
#include <carillon/hub/hub.hpp>

#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"

namespace carillon {

std::size_t hub::connections_of(std::string_view user) const { return core_->users.count(user); }

// Before the stream begins: it is decided who stays when its head goes out.
void shard::impl::claim_user(subscriber& s, stream_request& request) {
    if (s.who() == nullptr || s.who()->user().empty()) return;
    const std::string_view user = s.who()->user();
    const auto claimed = hub_.inside().users.claim(user, {number_, s.slot}, *s.profile);
    s.more().user_number = claimed.number;
    if (claimed.came) hub_.inside().tell_change({std::string(user), {}, true, 0});
    for (const room_change& change : claimed.rooms) {
        const bool named = std::erase(request.rooms, change.room) != 0;
        if (change.listens && (named || s.spaces.rooms)) request.rooms.push_back(change.room);
    }
    for (const user_place& old : claimed.replaced) {
        impl& other = hub_.inside().shards[old.where.shard]->inside();
        const auto replace = [&other, old] {
            subscriber* still = other.at(old.where.slot);
            // Another stream may have the slot by now.
            if (still != nullptr && still->extras && still->extras->user_number == old.number)
                other.end(*still, close_reason::replaced);
        };
        if (&other == this) {
            replace();
        } else {
            other.post(replace);
        }
    }
}

void shard::impl::release_user(const subscriber& s) {
    if (!s.extras || s.extras->user_number == 0) return;
    hub_.inside().users.release(s.extras->who.user(),
                                {s.extras->user_number, s.profile, {number_, s.slot}},
                                on_.now() + hub_.options()->presence_grace);
}

}  // namespace carillon
