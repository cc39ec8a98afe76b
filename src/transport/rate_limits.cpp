#include "transport/rate_limits.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace carillon::transport {

namespace {

double as_ms(token_buckets::clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

std::string key_of(const net::ip_address& a) {
    const auto bytes = a.network().bytes();
    return {bytes.begin(), bytes.end()};
}

}  // namespace

token_buckets::bucket& token_buckets::find(std::string_view key, const rate& at,
                                           clock::time_point now) {
    if (const auto found = recent_.find(key); found != recent_.end()) return found->second;
    bucket b{static_cast<double>(at.count), now};
    if (const auto found = older_.find(key); found != older_.end()) b = found->second;
    if (recent_.size() >= half_) {
        older_ = std::move(recent_);
        recent_ = {};
    }
    return recent_.insert_or_assign(std::string(key), b).first->second;
}

std::optional<std::chrono::milliseconds> token_buckets::take(std::string_view key, const rate& at,
                                                             clock::time_point now) {
    const std::lock_guard lock(mutex_);
    bucket& b = find(key, at, now);
    const double full = static_cast<double>(at.count);
    const double each = as_ms(at.per) / full;  // ms until one more is there
    b.left = std::min(full, b.left + as_ms(now - b.at) / each);
    b.at = now;
    if (b.left >= 1) {
        b.left -= 1;
        return std::nullopt;
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil((1 - b.left) * each)));
}

std::size_t token_buckets::size() const {
    const std::lock_guard lock(mutex_);
    return recent_.size() + older_.size();
}

rate_limits::rate_limits(rate_settings at) : at_(std::make_shared<const rate_settings>(at)) {}

void rate_limits::reload(rate_settings at) { at_.store(std::make_shared<const rate_settings>(at)); }

std::optional<std::chrono::milliseconds> rate_limits::take(token_buckets& from,
                                                           std::string_view key, const rate& at,
                                                           rated what) {
    const auto wait = from.take(key, at, token_buckets::clock::now());
    if (wait) (what == rated::connect ? connects_ : publishes_).fetch_add(1);
    return wait;
}

std::optional<std::chrono::milliseconds> rate_limits::by_address(rated what,
                                                                 const net::ip_address& a) {
    if (what == rated::nothing) return std::nullopt;
    const auto at = at_.load();
    const bool connects = what == rated::connect;
    const rate& r = connects ? at->connects_of_address : at->publishes_of_address;
    if (r.count == 0) return std::nullopt;
    return take(connects ? connects_of_address_ : publishes_of_address_, key_of(a), r, what);
}

std::optional<std::chrono::milliseconds> rate_limits::by_user(rated what, std::string_view user) {
    if (what == rated::nothing || user.empty()) return std::nullopt;
    const auto at = at_.load();
    const bool connects = what == rated::connect;
    const rate& r = connects ? at->connects_of_user : at->publishes_of_user;
    if (r.count == 0) return std::nullopt;
    return take(connects ? connects_of_user_ : publishes_of_user_, user, r, what);
}

std::uint64_t rate_limits::held_back(rated what) const noexcept {
    return what == rated::connect ? connects_.load() : publishes_.load();
}

}  // namespace carillon::transport
