// Ends that are known before: a token's, and that of a stream on which nothing happens. And the
// renewal that puts the first off.
#include "hub/hub_core.hpp"
#include "hub/record_access.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <memory>

namespace carillon {

namespace {

/// A stream that is behind can be told nothing now, and has events to come.
constexpr auto looked_again = std::chrono::seconds(1);

bool contains(const std::vector<topic_pattern>& all, const topic_pattern& one) {
    return std::ranges::find(all, one) != all.end();
}

}  // namespace

// By the shard's clock from here on, whose hands nobody turns back.
void shard::impl::note_expiry(subscriber& s) {
    subscriber_extras& x = *s.extras;
    const auto at = x.who.expires();
    x.expires = x.warn = clock::time_point::max();
    if (!at) return;
    const auto left = *at - std::chrono::system_clock::now();
    if (left >= std::chrono::years(100)) return;
    const auto now = on_.now();
    x.expires = now + std::chrono::duration_cast<clock::duration>(left);
    // A client that renews when it is warned must not do so at once again and again, because what
    // it gets lives no longer than the warning goes ahead.
    const clock::duration ahead = hub_.options()->expiry_warning;
    if (ahead.count() != 0) x.warn = x.expires - std::min(ahead, (x.expires - now) / 2);
}

shard::impl::clock::time_point shard::impl::inactive_at(const subscriber& s) const {
    if (s.profile->inactivity.count() == 0) return clock::time_point::max();
    // Not all at once, if one event was the last for many.
    const clock::duration most = s.profile->inactivity;
    return s.last_event + most + most / 10 * s.key[0] / 256;
}

shard::impl::clock::time_point shard::impl::warned_at(const subscriber& s) const {
    return s.extras ? s.extras->warn : clock::time_point::max();
}

shard::impl::clock::time_point shard::impl::deadline_of(const subscriber& s) const {
    auto due = std::min(inactive_at(s), warned_at(s));
    if (s.behind) due = std::max(due, on_.now() + looked_again);
    return s.extras ? std::min(due, s.extras->expires) : due;
}

/// True if the stream has ended.
bool shard::impl::meets_deadline(subscriber& s) {
    const auto now = on_.now();
    if (s.extras && s.extras->expires <= now) {
        end(s, close_reason::expired);
        return true;
    }
    if (s.behind) return false;
    if (inactive_at(s) <= now) {
        end(s, close_reason::inactive);
        return true;
    }
    return warned_at(s) <= now && warn(s) == outcome::gone;
}

outcome shard::impl::warn(subscriber& s) {
    s.extras->warn = clock::time_point::max();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(s.extras->expires - on_.now());
    std::string text;
    s.dialect().expiring({*s.extras->who.expires(), left}, text);
    if (text.empty()) return outcome::done;
    const auto block = control(s, text);
    const item warning{&block, {}};
    return write(s, {&warning, 1});
}

result<std::vector<std::string>> shard::impl::renew(
    subscriber& s, const std::shared_ptr<const identity>& who,
    const std::function<bool(const topic_pattern&)>& may_listen) {
    if (!who || s.who() == nullptr || s.who()->user() != who->user ||
        s.who()->issuer() != who->issuer)
        return fail(errc::forbidden, "the stream is another user's");
    if (auto holding = holds(*who); !holding) return std::unexpected(holding.error());
    std::vector<topic_pattern> refused;
    s.each_subscription([&](const subscription& on) {
        if (!is_internal(on.node->pattern) && may_listen && !may_listen(on.node->pattern))
            refused.push_back(on.node->pattern);
    });
    const identity earlier = s.who()->whole();
    const auto before = own_patterns(&earlier, s.spaces, {});
    const auto after = own_patterns(who.get(), s.spaces, {});
    keep(s, *who);
    note_expiry(s);
    renewed_facts told{who->expires, {}};
    for (const topic_pattern& t : refused) {
        if (unsubscribe(s, t)) told.dropped.push_back(t.str());
    }
    for (const topic_pattern& t : before) {
        topic_node* node = index_.find(t);
        if (!contains(after, t) && listens(s, node)) detach(s, *node);
    }
    for (const topic_pattern& t : after) {
        if (contains(before, t)) continue;
        if (auto added = add_live(s, t, false); !added) return std::unexpected(added.error());
    }
    std::vector<std::string> dropped = told.dropped;
    if (tell_renewed(s, std::move(told)) == outcome::gone)
        return fail(errc::send_error, "the client has just gone");
    schedule(s, deadline_of(s));
    return dropped;
}

// A stream that is behind is told when it has caught up, of all that was dropped meanwhile.
outcome shard::impl::tell_renewed(subscriber& s, renewed_facts facts) {
    if (s.behind) {
        auto& later = s.behind->renewed;
        if (later) {
            facts.dropped.insert(facts.dropped.begin(), later->dropped.begin(),
                                 later->dropped.end());
        }
        later = std::make_unique<renewed_facts>(std::move(facts));
        return outcome::done;
    }
    std::string text;
    s.dialect().renewed(facts, text);
    if (text.empty()) return outcome::done;
    const auto block = control(s, text);
    const item word{&block, {}};
    return write(s, {&word, 1});
}

void hub::renew(std::string_view client, std::shared_ptr<const identity> who,
                std::function<bool(const topic_pattern&)> may_listen,
                std::function<void(result<std::vector<std::string>>)> done) {
    // Both callbacks share what the first found.
    auto dropped = std::make_shared<std::vector<std::string>>();
    core_->with_client(
        client,
        [who = std::move(who), may_listen = std::move(may_listen), dropped](
            shard::impl& home, subscriber* s) -> result<> {
            if (s == nullptr)
                return fail(errc::send_error, "the client is between two connections");
            auto renewed = home.renew(*s, who, may_listen);
            if (!renewed) return std::unexpected(renewed.error());
            *dropped = std::move(*renewed);
            return {};
        },
        [dropped, done = std::move(done)](const result<>& ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*dropped));
        });
}

}  // namespace carillon
