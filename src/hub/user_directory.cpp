#include "hub/user_directory.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace carillon {

namespace {
// Users are as many as their streams, which are limited.
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
}  // namespace

user_directory::claimed user_directory::claim(std::string_view user, stream_place where,
                                              const stream_profile& profile) {
    user_place place{0, &profile, where};
    const std::size_t most = profile.max_per_user == 0 ? unlimited : profile.max_per_user;
    // Numbered with the record locked, so that a user's streams stand in the order of their
    // numbers.
    std::vector<room_change> rooms;
    bool came = false;
    auto done = records_.claim(user, place, most, unlimited, [&](user_state& kept) {
        place.number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
        came = !std::exchange(kept.was_there, true);
        if (kept.rooms) rooms = kept.rooms->changes;
    });
    return {place.number, std::move(done->replaced), std::move(rooms), came};
}

std::vector<user_place> user_directory::note_room(std::string_view user, room_change change,
                                                  clock::time_point now) {
    std::vector<user_place> streams;
    records_.remember(user, change.forgotten,
                      [&](const auto& places, user_state& kept, clock::time_point grace_ends) {
                          streams = places;
                          if (!kept.rooms)
                              kept.rooms = std::make_unique<room_notes>(room_notes{{}, grace_ends});
                          auto& rooms = kept.rooms->changes;
                          std::erase_if(rooms, [&](const room_change& known) {
                              return known.forgotten <= now || known.room == change.room;
                          });
                          if (rooms.size() >= max_room_changes) rooms.erase(rooms.begin());
                          rooms.push_back(std::move(change));
                      });
    return streams;
}

std::optional<bool> user_directory::listens(std::string_view user, const topic& room) {
    std::optional<bool> said;
    records_.visit(user, [&](const auto&, const user_state& kept) {
        if (!kept.rooms) return;
        const auto& rooms = kept.rooms->changes;
        const auto known = std::ranges::find(rooms, room, &room_change::room);
        if (known != rooms.end()) said = known->listens;
    });
    return said;
}

void user_directory::release(std::string_view user, const user_place& which,
                             clock::time_point expires) {
    records_.release(user, which, expires, [&](user_state& kept) {
        if (kept.rooms) kept.rooms->grace_ends = std::max(kept.rooms->grace_ends, expires);
    });
}

std::vector<user_place> user_directory::streams_of(std::string_view user) {
    std::vector<user_place> all;
    records_.visit(user, [&](const auto& places, user_state&) { all = places; });
    return all;
}

bool user_directory::is_present(std::string_view user) {
    bool there = false;
    records_.visit(user, [&](const auto&, const user_state& kept) { there = kept.was_there; });
    return there;
}

}  // namespace carillon
