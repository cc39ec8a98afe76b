#include "services/outbox/user_topics.hpp"

#include "hub/own_topic.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace carillon::services {

result<std::uint64_t> user_topics::take(const message& m) {
    if (m.by.empty() || m.what.ephemeral) return 0;
    std::vector<topic> topics = m.what.topics;
    for (const std::string& user : m.to.users) topics.push_back(user_topic(as_segment(user)));
    const topic_room room = events_.record().room_for(topics);
    if (room.needed == 0) return 0;
    const std::uint64_t most = room.most / 100 * limits_.user_topic_share +
                               room.most % 100 * limits_.user_topic_share / 100;
    if (room.kept + promised_.load() + room.needed > most) {
        refused_.fetch_add(1);
        return fail(errc::unavailable,
                    fmt::format("users and rooms without events would need more topics than calls "
                                "of users may bring the journal to ({}, "
                                "`user_events.topic_share`)",
                                most));
    }
    const auto wait = taken_.take(m.by, each(), token_buckets::clock::now(), room.needed);
    if (wait) {
        refused_.fetch_add(1);
        return fail(errc::rate_limited,
                    fmt::format("one user addresses at most {} users and rooms without events in "
                                "a while (`user_events.new_topics_per_user`)",
                                limits_.new_topics_per_user));
    }
    promised_.fetch_add(room.needed);
    return room.needed;
}

void user_topics::give_back(std::string_view by, std::uint64_t count) {
    if (count == 0) return;
    taken_.give_back(by, each(), count);
    settle(count);
}

}  // namespace carillon::services
