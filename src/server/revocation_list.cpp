#include "server/revocation_list.hpp"

#include <carillon/base/log.hpp>

#include "auth/token_cache.hpp"
#include "base/base64url.hpp"

#include <chrono>
#include <future>
#include <string>
#include <utility>

namespace carillon::server {

namespace {

topic root() { return topic::parse("$revoked").value(); }

/// One for each token or user of an issuer, in a form that can be a segment whatever they are.
topic place_of(const auth::revocation& r) {
    const std::string key =
        (r.token_id.empty() ? "u" : "t") + r.issuer + '\0' + r.token_id + r.user;
    const auto digest = auth::token_cache::digest_of(key);
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    return topic::parse(root().str() + '/' + base64url(bytes)).value();
}

client_query streams_of(const auth::revocation& r) {
    client_query q;
    if (!r.issuer.empty()) q.issuers = {r.issuer};
    if (!r.token_id.empty()) {
        q.token_ids = {r.token_id};
    } else {
        q.users = {r.user};
        q.before = r.before;
    }
    return q;
}

}  // namespace

revocation_list::revocation_list(hub& h, auth::revocations& in_force)
    : hub_(h), in_force_(in_force) {
    for (position after{};;) {
        std::promise<result<snapshot_page>> answer;
        hub_.last_values_below(root(), after,
                               [&](result<snapshot_page> p) { answer.set_value(std::move(p)); });
        const auto page = answer.get_future().get();
        if (!page) {
            log::error("not all revocations could be read", {{"reason", page.error().detail}});
            return;
        }
        if (page->values.empty()) return;
        for (const event_ptr& e : page->values) {
            if (auto taken = take_over(e->content.data); !taken) {
                log::error("a revocation could not be taken over",
                           {{"reason", taken.error().detail}});
            }
        }
        after = page->through;
    }
}

result<> revocation_list::take_over(std::string_view text) {
    const auto now = std::chrono::system_clock::now();
    auto r = auth::revocation::parse(text);
    if (!r) return std::unexpected(r.error());
    if (r->until <= now) return {};
    return in_force_.add(std::move(*r), now);
}

void revocation_list::add(auth::revocation r, std::function<void(result<std::size_t>)> done) {
    if (auto added = in_force_.add(r, std::chrono::system_clock::now()); !added)
        return done(std::unexpected(added.error()));
    hub_.end_streams(streams_of(r), close_reason::revoked,
                     [this, r, done = std::move(done)](result<std::size_t> ended) mutable {
                         if (!ended) return done(std::move(ended));
                         store(r, [count = *ended, done = std::move(done)](const result<>& stored) {
                             if (!stored) return done(std::unexpected(stored.error()));
                             done(count);
                         });
                     });
}

/// Stores what is in force, which may be more than this one: the last value is all that is left.
void revocation_list::store(const auth::revocation& r, std::function<void(result<>)> done) {
    const std::lock_guard lock(storing_);
    const auth::revocation all = in_force_.in_force(r);
    event kept;
    kept.topics.push_back(place_of(all));
    kept.data = all.text();
    kept.payload = payload_kind::json;
    kept.is_private = true;
    kept.retain = true;
    kept.expires = std::chrono::ceil<std::chrono::milliseconds>(all.until);
    std::vector<event> one;
    one.push_back(std::move(kept));
    hub_.publish_own(std::move(one), std::nullopt,
                     [done = std::move(done)](const result<std::vector<published>>& stored) {
                         done(stored ? result<>{} : result<>(std::unexpected(stored.error())));
                     });
}

}  // namespace carillon::server
