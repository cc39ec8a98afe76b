#include "auth/ticket_book.hpp"

#include "base/random.hpp"

namespace carillon::auth {

namespace {

constexpr std::size_t ticket_length = 32;

}  // namespace

bool ticket_book::ended(const record& r, clock::time_point now) {
    if (r.bearer->expires && now >= *r.bearer->expires) return true;
    return r.at != state::open && now >= r.until;
}

result<std::string> ticket_book::issue(bearer_ptr bearer, clock::time_point now) {
    std::string text = random_token(ticket_length);
    const std::lock_guard lock(mutex_);
    if (records_.size() >= options_.max_tickets) {
        drop_ended(now);
        if (records_.size() >= options_.max_tickets)
            return fail(errc::unavailable, "too many tickets are out; try again later");
    }
    records_.emplace(text,
                     record{std::move(bearer), state::fresh, false, {}, now + options_.first_use});
    return text;
}

ticket_book::redeemed ticket_book::redeem(std::string_view ticket, bool has_cursor,
                                          clock::time_point now, std::string_view stream) {
    const auto asked = token_cache::digest_of(stream);
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return {};
    record& r = found->second;
    if (ended(r, now)) {
        if (r.at != state::open) records_.erase(found);
        return {};
    }
    if (r.at != state::fresh && r.stream != asked) return {refusal::another, nullptr};
    if (r.at == state::open) return {refusal::in_use, nullptr};
    if (r.at == state::away && !has_cursor) return {refusal::not_resumed, nullptr};
    r.at = state::open;
    r.stream = asked;
    return {refusal::none, r.bearer};
}

void ticket_book::release(std::string_view ticket, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return;
    found->second.at = state::away;
    found->second.used = true;
    found->second.until = now + options_.grace;
    if (ended(found->second, now)) records_.erase(found);
}

void ticket_book::give_back(std::string_view ticket, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ticket);
    if (found == records_.end()) return;
    record& r = found->second;
    r.at = r.used ? state::away : state::fresh;
    r.until = now + (r.used ? options_.grace : options_.first_use);
    if (ended(r, now)) records_.erase(found);
}

// An open one stays until its stream releases it, ended or not.
void ticket_book::drop_ended(clock::time_point now) {
    std::erase_if(records_, [&](const auto& entry) {
        return entry.second.at != state::open && ended(entry.second, now);
    });
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
