// Figures of the streams that are there: by user, by topic, by profile.
#include "base/string_map.hpp"
#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

namespace carillon {

namespace {

/// Slots that are counted in one task.
constexpr std::size_t slots_at_once = 4096;

using counts = string_map<std::size_t>;

void count(counts& all, std::string_view name) {
    auto at = all.find(name);
    if (at == all.end()) at = all.emplace(std::string(name), 0).first;
    ++at->second;
}

std::vector<census_row> largest(const counts& all, std::size_t top) {
    std::vector<census_row> rows;
    rows.reserve(all.size());
    for (const auto& [name, streams] : all) rows.push_back({name, streams});
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(std::min(top, rows.size()));
    std::partial_sort(rows.begin(), last, rows.end(), [](const auto& a, const auto& b) {
        return a.streams != b.streams ? a.streams > b.streams : a.name < b.name;
    });
    rows.erase(last, rows.end());
    return rows;
}

/// Goes from shard to shard; used by one of them at a time.
struct counting {
    client_query q;
    std::size_t top = 0;
    std::size_t shard = 0;
    std::uint32_t slot = 0;
    hub_census all;
    std::chrono::milliseconds ages{0};
    counts users;
    counts topics;
    counts profiles;
    std::function<void(result<hub_census>)> done;

    void add(const subscriber& s, executor::clock::time_point now) {
        const auto wall = std::chrono::system_clock::now();
        ++all.streams;
        all.durable += !s.token().empty() ? 1u : 0u;
        all.slow += s.behind ? 1u : 0u;
        all.events += s.events;
        all.bytes += s.bytes;
        ages += std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()) -
                std::chrono::milliseconds(s.connected_ms);
        if (s.events != 0)
            all.last_event_at = std::max(all.last_event_at, {wall - (now - s.last_event)});
        count(profiles, s.profile->name);
        if (const auto* who = s.who(); who != nullptr && !who->user().empty())
            count(users, who->user());
        s.each_subscription([&](const subscription& on) {
            const std::string& name = on.node->pattern.str();
            if (!name.starts_with('$')) count(topics, name);
        });
    }
    void tell() {
        all.users = users.size();
        if (all.streams != 0) all.average_age = ages / static_cast<std::int64_t>(all.streams);
        all.by_user = largest(users, top);
        all.by_topic = largest(topics, top);
        all.by_profile = largest(profiles, top);
        done(std::move(all));
    }
};

void count_on(hub::core& of, const std::shared_ptr<counting>& c) {
    if (c->shard >= of.shards.size()) return c->tell();
    shard::impl& home = of.shards[c->shard]->inside();
    home.post(
        [&of, c, &home] {
            home.each(c->q, c->slot, slots_at_once,
                      [&](const subscriber& s) { c->add(s, home.on().now()); });
            c->slot += static_cast<std::uint32_t>(slots_at_once);
            if (c->slot >= home.slots()) {
                ++c->shard;
                c->slot = 0;
            }
            count_on(of, c);
        },
        [c] { c->done(hub::core::closed()); });
}

/// Goes from shard to shard; used by one of them at a time.
struct listener_count {
    std::vector<event> asked;  ///< one for each topic, as the index takes them
    std::vector<std::size_t> streams;
    std::size_t shard = 0;
    std::function<void(result<std::vector<std::size_t>>)> done;
};

void count_listeners_on(hub::core& of, const std::shared_ptr<listener_count>& c) {
    if (c->shard >= of.shards.size()) return c->done(std::move(c->streams));
    shard::impl& home = of.shards[c->shard]->inside();
    home.post(
        [&of, c, &home] {
            std::vector<topic_node*> nodes;
            for (std::size_t i = 0; i < c->asked.size(); ++i) {
                nodes.clear();
                home.topics().match(c->asked[i], nodes);
                for (const topic_node* n : nodes) c->streams[i] += n->subscribers.size();
            }
            ++c->shard;
            count_listeners_on(of, c);
        },
        [c] { c->done(hub::core::closed()); });
}

}  // namespace

void hub::count_listeners(std::vector<topic> of,
                          std::function<void(result<std::vector<std::size_t>>)> done) {
    const auto c = std::make_shared<listener_count>();
    c->streams.resize(of.size());
    for (topic& t : of) c->asked.emplace_back().topics.push_back(std::move(t));
    c->done = std::move(done);
    count_listeners_on(*core_, c);
}

void hub::census(client_query q, std::size_t top, std::function<void(result<hub_census>)> done) {
    const auto c = std::make_shared<counting>();
    c->q = std::move(q);
    c->top = top;
    c->done = std::move(done);
    count_on(*core_, c);
}

}  // namespace carillon
