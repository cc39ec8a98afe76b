#include "hub/user_directory.hpp"

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
    auto done = records_.claim(user, place, most, unlimited, [&](user_state&) {
        place.number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
    });
    return {place.number, std::move(done->replaced)};
}

void user_directory::release(std::string_view user, const user_place& which,
                             clock::time_point expires) {
    records_.release(user, which, expires);
}

std::vector<user_place> user_directory::streams_of(std::string_view user) {
    std::vector<user_place> all;
    records_.visit(user, [&](const auto& places, user_state&) { all = places; });
    return all;
}

bool user_directory::purge(clock::time_point now) {
    records_.purge(now, [](const std::string&, user_state&) {});
    return records_.keys() != 0;
}

}  // namespace carillon
