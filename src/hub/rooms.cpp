// Rooms: topics of the hub's own space that users join and leave while their streams live.
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"
#include "hub/shard_impl.hpp"

#include <atomic>
#include <memory>

namespace carillon {

namespace {
/// A stream that is about to begin may not know of a change yet: between the moment that somebody
/// read which rooms the user has and its beginning passes less than this.
constexpr auto changes_kept = std::chrono::seconds(60);
}  // namespace

void hub::change_room(std::string_view user, const topic& room, bool listens,
                      std::function<void(result<>)> done) {
    if (as_segment(user).empty())
        return done(fail(errc::invalid_request, "the id of a user is 1 to 256 bytes of UTF-8"));
    if (!room.internal())
        return done(fail(errc::invalid_request, "a room is a topic in the hub's own space"));
    const auto now = user_directory::clock::now();
    const auto streams = core_->users.note_room(user, {room, listens, now + changes_kept}, now);
    std::vector<std::vector<user_place>> on(core_->shards.size());
    for (const user_place& p : streams) on[p.where.shard].push_back(p);
    // What is kept of a user without streams is forgotten in time.
    if (streams.empty() && !core_->shards.empty()) {
        shard::impl& first = core_->shards.front()->inside();
        first.post([&first] { first.start_ticking(); });
    }
    const auto missing = std::make_shared<std::atomic<std::size_t>>(1);  // shared by the shards
    const auto finish = [missing, done = std::move(done)] {
        if (missing->fetch_sub(1) == 1) done({});
    };
    for (const auto& one : core_->shards) {
        shard::impl& home = one->inside();
        auto& places = on[home.number()];
        if (places.empty()) continue;
        missing->fetch_add(1);
        home.post(
            [&home, places = std::move(places), room, finish] {
                for (const user_place& p : places) home.follow_room(p.where.slot, p.number, room);
                finish();
            },
            finish);
    }
    finish();
}

// The directory is asked again: of two changes at once the later one holds, whichever comes here
// first.
void shard::impl::follow_room(std::uint32_t slot, std::uint64_t user_number, const topic& room) {
    subscriber* s = at(slot);
    if (s == nullptr || !s->extras || s->extras->user_number != user_number) return;
    const auto listening = hub_.inside().users.listens(s->extras->who.user(), room);
    if (!listening) return;
    const topic_pattern pattern(room);
    topic_node* node = index_.find(pattern);
    if (*listening) {
        if (!s->spaces.rooms) return;  // it asked for certain rooms alone
        const bool known = listens(*s, node);
        // A stream that ends meanwhile needs no room.
        if (listen_privately(*s, pattern) && !known && !s->behind)
            (void)tell_presence(*s, room.str());
    } else if (listens(*s, node)) {
        detach(*s, *node);
    }
}

}  // namespace carillon
