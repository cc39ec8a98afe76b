#include "hub/presence_directory.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon {

std::string presence_json(std::string_view topic, std::string_view room, const presence_list& who) {
    std::string text = room.empty() ? R"({"topic":)" : R"({"room":)";
    append_json_string(text, room.empty() ? topic : room);
    text += R"(,"users":[)";
    bool first = true;
    for (const std::string& user : who.users) {
        if (!std::exchange(first, false)) text += ',';
        append_json_string(text, user);
    }
    return text + fmt::format(R"(],"count":{},"complete":{}}})", who.count, who.complete);
}

presence_directory::stripe& presence_directory::stripe_of(std::string_view topic) noexcept {
    // The map uses the low bits.
    return stripes_[(string_hash{}(topic) >> 48) % stripe_count];
}

std::optional<presence_change> presence_directory::enter(std::string_view topic,
                                                         std::string_view user) {
    stripe& s = stripe_of(topic);
    const std::lock_guard lock(s.mutex);
    auto where = s.topics.find(topic);
    if (where == s.topics.end()) where = s.topics.try_emplace(std::string(topic)).first;
    auto& members = where->second;
    const auto known = members.find(user);
    if (known != members.end()) {
        ++known->second.streams;
        return std::nullopt;
    }
    members.emplace(std::string(user), member{1, {}});
    return presence_change{std::string(user), std::string(topic), true, members.size()};
}

void presence_directory::leave(std::string_view topic, std::string_view user,
                               clock::time_point grace_ends) {
    stripe& s = stripe_of(topic);
    const std::lock_guard lock(s.mutex);
    const auto where = s.topics.find(topic);
    if (where == s.topics.end()) return;
    const auto known = where->second.find(user);
    if (known == where->second.end() || known->second.streams == 0) return;
    if (--known->second.streams != 0) return;
    known->second.grace_ends = grace_ends;
    s.leaving.push_back({grace_ends, std::string(topic), std::string(user)});
    leaving_.fetch_add(1, std::memory_order_relaxed);
}

/// Nothing for a user who has come back since, or left again later.
std::optional<presence_change> presence_directory::part(stripe& s, const goodbye& g) {
    const auto where = s.topics.find(g.topic);
    if (where == s.topics.end()) return std::nullopt;
    auto& members = where->second;
    const auto known = members.find(g.user);
    if (known == members.end() || known->second.streams != 0 || known->second.grace_ends != g.when)
        return std::nullopt;
    members.erase(known);
    presence_change change{g.user, g.topic, false, members.size()};
    if (members.empty()) s.topics.erase(where);
    return change;
}

std::vector<presence_change> presence_directory::purge(clock::time_point now) {
    std::vector<presence_change> gone;
    if (!awaits()) return gone;
    stripe& s = stripes_[next_purge_.fetch_add(1, std::memory_order_relaxed) % stripe_count];
    const std::lock_guard lock(s.mutex);
    while (!s.leaving.empty() && s.leaving.front().when <= now) {
        if (auto change = part(s, s.leaving.front())) gone.push_back(std::move(*change));
        s.leaving.pop_front();
        leaving_.fetch_sub(1, std::memory_order_relaxed);
    }
    return gone;
}

presence_list presence_directory::list(std::string_view topic, std::size_t most) const {
    presence_list all;
    const stripe& s = stripe_of(topic);
    {
        const std::lock_guard lock(s.mutex);
        const auto where = s.topics.find(topic);
        if (where == s.topics.end()) return all;
        all.count = where->second.size();
        for (const auto& [user, m] : where->second) {
            if (all.users.size() >= most) break;
            all.users.push_back(user);
        }
    }
    std::ranges::sort(all.users);
    return all;
}

std::size_t presence_directory::count(std::string_view topic) const {
    const stripe& s = stripe_of(topic);
    const std::lock_guard lock(s.mutex);
    const auto where = s.topics.find(topic);
    return where == s.topics.end() ? 0 : where->second.size();
}

bool presence_directory::has(std::string_view topic, std::string_view user) const {
    const stripe& s = stripe_of(topic);
    const std::lock_guard lock(s.mutex);
    const auto where = s.topics.find(topic);
    return where != s.topics.end() && where->second.contains(user);
}

std::vector<std::string> presence_directory::topics() const {
    std::vector<std::string> all;
    for (const stripe& s : stripes_) {
        const std::lock_guard lock(s.mutex);
        for (const auto& [topic, members] : s.topics) all.push_back(topic);
    }
    return all;
}

}  // namespace carillon
