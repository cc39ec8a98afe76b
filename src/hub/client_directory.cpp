#include "hub/client_directory.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace carillon {

namespace {

constexpr std::size_t public_id_length = 22;  // 132 random bits

bool contains(const std::vector<topic_pattern>& sorted, const topic_pattern& t) noexcept {
    return std::ranges::binary_search(sorted, t);
}

void insert(std::vector<topic_pattern>& sorted, const topic_pattern& t) {
    sorted.insert(std::ranges::lower_bound(sorted, t), t);
}

bool erase(std::vector<topic_pattern>& sorted, const topic_pattern& t) {
    const auto at = std::ranges::lower_bound(sorted, t);
    if (at == sorted.end() || *at != t) return false;
    sorted.erase(at);
    return true;
}

error too_many() {
    return {errc::max_clients, "the hub remembers as many durable clients as it may"};
}
error unknown_client() { return {errc::client_not_found, "no client has this id"}; }

}  // namespace

void client_topics::request(std::vector<topic_pattern> requested, std::size_t most) {
    std::ranges::sort(requested);
    const auto repeated = std::ranges::unique(requested);
    requested.erase(repeated.begin(), repeated.end());
    requested_ = std::move(requested);
    std::erase_if(given_up_, [&](const topic_pattern& t) { return !contains(requested_, t); });
    std::erase_if(added_, [&](const topic_pattern& t) { return contains(requested_, t); });
    const std::size_t room = most - std::min(most, requested_.size() - given_up_.size());
    if (added_.size() > room)
        added_.erase(added_.begin() + static_cast<std::ptrdiff_t>(room), added_.end());
}

bool client_topics::has(const topic_pattern& t) const noexcept {
    return contains(added_, t) || (contains(requested_, t) && !contains(given_up_, t));
}

result<> client_topics::add(const topic_pattern& t, std::size_t most) {
    if (has(t)) return {};
    if (size() >= most)
        return fail(errc::invalid_request, "this client listens to as many topics as it may");
    if (!erase(given_up_, t)) insert(added_, t);
    return {};
}

result<> client_topics::remove(const topic_pattern& t) {
    if (!has(t)) return fail(errc::not_found, "the client does not listen to this topic");
    if (!erase(added_, t)) insert(given_up_, t);
    return {};
}

std::vector<topic_pattern> client_topics::all() const {
    sorted kept;
    std::ranges::set_difference(requested_, given_up_, std::back_inserter(kept));
    kept.insert(kept.end(), added_.begin(), added_.end());
    return kept;
}

result<> client_directory::may_claim(const record& r, const owner& who) {
    if (r.whose == owner{} || r.whose == who) return {};
    if (who == owner{}) return fail(errc::unauthenticated, "`client` is a user's: say who you are");
    return fail(errc::forbidden, "`client` is another user's: take a token of your own");
}

result<> client_directory::admits(std::string_view token, const owner& who,
                                  std::size_t max_clients) {
    result<> may;
    const bool known =
        records_.visit(token, [&](const auto&, const record& r) { may = may_claim(r, who); });
    if (known || records_.keys() < max_clients) return may;
    return std::unexpected(too_many());
}

result<client_directory::claimed> client_directory::claim(std::string_view token, const owner& who,
                                                          stream_place where,
                                                          std::vector<topic_pattern> requested,
                                                          limits most) {
    claimed c;
    result<> may;
    const auto admits = [&](const record& r) {
        may = may_claim(r, who);
        return may.has_value();
    };
    const auto done = records_.claim(token, where, 1, most.max_clients, admits, [&](record& r) {
        if (r.public_id.empty()) {
            r.public_id = "~" + random_token(public_id_length);
            const std::lock_guard lock(mutex_);
            tokens_.emplace(r.public_id, token);
        }
        r.whose = who;
        r.topics.request(std::move(requested), most.max_topics);
        c.public_id = r.public_id;
        c.topics = r.topics.all();
        c.values_owed = r.values_owed;
    });
    if (!done) return std::unexpected(may ? too_many() : may.error());
    c.known = done->known;
    if (!done->replaced.empty()) c.previous = done->replaced.front();
    return c;
}

void client_directory::forget(std::string_view token) {
    std::string public_id;
    records_.visit(token, [&](const auto&, record& r) { public_id = r.public_id; });
    records_.forget(token);
    forget_id(public_id);
}

void client_directory::forget_id(std::string_view public_id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = tokens_.find(public_id); found != tokens_.end()) tokens_.erase(found);
}

std::optional<std::string> client_directory::token_of(std::string_view name) const {
    if (!name.starts_with('~')) return std::string(name);
    const std::lock_guard lock(mutex_);
    const auto found = tokens_.find(name);
    return found == tokens_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<client_directory::lookup> client_directory::find(std::string_view name) {
    auto token = token_of(name);
    if (!token) return std::nullopt;
    lookup l;
    const bool known = records_.visit(*token, [&](const auto& places, const record& r) {
        if (!places.empty()) l.where = places.front();
        l.public_id = r.public_id;
    });
    if (!known) return std::nullopt;
    l.token = std::move(*token);
    return l;
}

std::vector<topic_pattern> client_directory::topics_of(std::string_view token) {
    std::vector<topic_pattern> all;
    records_.visit(token, [&](const auto&, const record& r) { all = r.topics.all(); });
    return all;
}

template <class Change>
result<> client_directory::change(std::string_view token, presence now, Change&& call) {
    result<> done = std::unexpected(unknown_client());
    records_.visit(token, [&](const auto& places, record& r) {
        if (now == presence::away && !places.empty()) {
            done = fail(errc::send_error, "the client has just connected; try again");
        } else {
            done = call(r);
        }
    });
    return done;
}

result<> client_directory::add(std::string_view token, presence now, const topic_pattern& t,
                               std::size_t most) {
    return change(token, now, [&](record& r) {
        if (now == presence::away && !r.topics.has(t)) r.values_owed = true;
        return r.topics.add(t, most);
    });
}

result<> client_directory::remove(std::string_view token, presence now, const topic_pattern& t) {
    return change(token, now, [&](record& r) { return r.topics.remove(t); });
}

bool client_directory::purge(clock::time_point now) {
    records_.purge(now, [&](const std::string&, const record& r) { forget_id(r.public_id); });
    return records_.keys() != 0;
}

}  // namespace carillon
