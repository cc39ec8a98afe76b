#include "auth/ticket_book.hpp"

#include "base/random.hpp"

#include <iterator>

#include <fmt/format.h>

namespace carillon::auth {

namespace {

constexpr std::size_t ticket_length = 32;
constexpr auto time_between_looks = std::chrono::seconds(1);

}  // namespace

bool ticket_book::ended(const record& r, clock::time_point now) {
    if (r.bearer->expires && now >= *r.bearer->expires) return true;
    return r.at != state::open && now >= r.until;
}

result<std::string> ticket_book::issue(bearer_ptr bearer, clock::time_point now) {
    std::string text = random_token(ticket_length);
    const user of = user_of(*bearer);
    const std::lock_guard lock(mutex_);
    if (auto room = has_room(of, now); !room) return std::unexpected(room.error());
    records_.emplace(text,
                     record{std::move(bearer), state::fresh, false, {}, now + options_.first_use});
    ++counts_[of];
    return text;
}

bool ticket_book::is_full(const user& of) const {
    const auto own = counts_.find(of);
    return records_.size() >= options_.max_tickets ||
           (own != counts_.end() && own->second >= options_.max_tickets_of_user);
}

result<> ticket_book::has_room(const user& of, clock::time_point now) {
    // Whoever asks on and on must not make every call walk through all of them.
    if (is_full(of) && now - looked_at_ >= time_between_looks) {
        looked_at_ = now;
        drop_ended(now);
    }
    if (!is_full(of)) return {};
    if (records_.size() >= options_.max_tickets)
        return fail(errc::unavailable, "too many tickets are out; try again later");
    return fail(errc::rate_limited, fmt::format("{} tickets of this user are out, as many as "
                                                "`auth.max_tickets_per_user` allows",
                                                options_.max_tickets_of_user));
}

ticket_book::records::iterator ticket_book::drop(records::iterator at) {
    const auto own = counts_.find(user_of(*at->second.bearer));
    if (--own->second == 0) counts_.erase(own);
    return records_.erase(at);
}

ticket_book::redeemed ticket_book::redeem(std::string_view ticket, bool has_cursor,
                                          clock::time_point now, std::string_view stream) {
    const auto asked = token_cache::digest_of(stream);
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return {};
    record& r = found->second;
    if (ended(r, now)) {
        if (r.at != state::open) drop(found);
        return {};
    }
    if (r.at != state::fresh && r.stream != asked) return {refusal::another};
    if (r.at == state::open) return {refusal::in_use};
    if (r.at == state::away && !has_cursor) return {refusal::not_resumed};
    r.at = state::open;
    r.stream = asked;
    return {refusal::none, r.bearer, r.used};
}

void ticket_book::release(std::string_view ticket, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return;
    found->second.at = state::away;
    found->second.used = true;
    found->second.until = now + options_.grace;
    if (ended(found->second, now)) drop(found);
}

void ticket_book::give_back(std::string_view ticket, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return;
    record& r = found->second;
    r.at = r.used ? state::away : state::fresh;
    r.until = now + (r.used ? options_.grace : options_.first_use);
    if (ended(r, now)) drop(found);
}

// An open one stays until its stream releases it, ended or not.
void ticket_book::drop_ended(clock::time_point now) {
    for (auto at = records_.begin(); at != records_.end();) {
        const bool over = at->second.at != state::open && ended(at->second, now);
        at = over ? drop(at) : std::next(at);
    }
}

void ticket_book::purge(clock::time_point now) {
    const std::lock_guard lock(mutex_);
    drop_ended(now);
}

std::size_t ticket_book::size() const {
    const std::lock_guard lock(mutex_);
    return records_.size();
}

}  // namespace carillon::auth
