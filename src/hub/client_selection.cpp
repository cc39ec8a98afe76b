// Streams that a query asks for: found on all shards, and ended.
#include "hub/client_selection.hpp"

#include "hub/attributes.hpp"
#include "hub/hub_core.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

namespace carillon {

namespace {

/// Slots that are looked at in one task.
constexpr std::size_t slots_at_once = 4096;

bool among(const std::vector<std::string>& wanted, std::string_view value) {
    return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool began_before(std::chrono::system_clock::time_point moment, const subscriber& s) {
    if (const auto* who = s.who(); who != nullptr && who->issued()) return *who->issued() < moment;
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(s.connected_ms)) <
           moment;
}

bool has_metadata(const std::vector<attribute>& wanted, const subscriber& s) {
    if (wanted.empty()) return true;
    const std::vector<attribute> known = attributes_of(s.metadata());
    return std::ranges::all_of(
        wanted, [&](const attribute& a) { return std::ranges::find(known, a) != known.end(); });
}

bool listens_to(std::string_view topic, const subscriber& s) {
    bool listens = topic.empty();
    s.each_subscription(
        [&](const subscription& on) { listens = listens || on.node->pattern.str() == topic; });
    return listens;
}

}  // namespace

bool is_asked_for(const client_query& q, const subscriber& s, const shard::impl& home) {
    static const kept_identity nobody;
    const kept_identity& who = s.who() != nullptr ? *s.who() : nobody;
    return among(q.users, who.user()) && among(q.sessions, who.session()) &&
           among(q.token_ids, who.token_id()) && among(q.issuers, who.issuer()) &&
           among(q.profiles, s.profile->name) && (!q.before || began_before(*q.before, s)) &&
           (q.ids.empty() || among(q.ids, home.public_id_of(s))) && listens_to(q.topic, s) &&
           has_metadata(q.metadata, s);
}

void shard::impl::each(const client_query& q, std::uint32_t from, std::size_t slots,
                       const std::function<void(subscriber&)>& found) const {
    const std::size_t end = std::min(slots_.size(), from + slots);
    for (std::size_t slot = from; slot < end; ++slot) {
        if (slots_[slot] && is_asked_for(q, *slots_[slot], *this)) found(*slots_[slot]);
    }
}

namespace {

/// Shared by the shards that look, until the last has.
struct ending {
    client_query q;
    close_reason why{};
    std::atomic<std::size_t> ended{0};
    std::atomic<std::size_t> missing{0};
    std::function<void(result<std::size_t>)> done;

    void one_less() {
        if (missing.fetch_sub(1) == 1) done(ended.load());
    }
};

void end_some(const std::shared_ptr<ending>& e, shard::impl& home, std::uint32_t from) {
    home.each(e->q, from, slots_at_once, [&](subscriber& s) {
        e->ended.fetch_add(1);
        home.end(s, e->why);
    });
    const auto next = from + static_cast<std::uint32_t>(slots_at_once);
    if (next >= home.slots()) return e->one_less();
    home.post([e, &home, next] { end_some(e, home, next); }, [e] { e->one_less(); });
}

}  // namespace

void hub::end_streams(client_query q, close_reason why,
                      std::function<void(result<std::size_t>)> done) {
    if (q.all()) {
        return done(fail(errc::invalid_request,
                         "what is to end is named by users, sessions, tokens, clients, topic, "
                         "profiles, metadata or a moment"));
    }
    const auto e = std::make_shared<ending>();
    e->q = std::move(q);
    e->why = why;
    e->done = std::move(done);
    // A user's streams are found without a look at all others.
    std::vector<std::vector<user_place>> of_users(core_->shards.size());
    for (const std::string& user : e->q.users) {
        for (const user_place& p : core_->users.streams_of(user))
            of_users[p.where.shard].push_back(p);
    }
    e->missing = core_->shards.size() + 1;
    for (const auto& one : core_->shards) {
        shard::impl& home = one->inside();
        if (e->q.users.empty()) {
            home.post([e, &home] { end_some(e, home, 0); }, [e] { e->one_less(); });
            continue;
        }
        home.post(
            [e, &home, places = std::move(of_users[home.number()])] {
                for (const user_place& p : places) {
                    subscriber* s = home.at(p.where.slot);
                    if (s == nullptr || !is_asked_for(e->q, *s, home)) continue;
                    e->ended.fetch_add(1);
                    home.end(*s, e->why);
                }
                e->one_less();
            },
            [e] { e->one_less(); });
    }
    e->one_less();
}

}  // namespace carillon
