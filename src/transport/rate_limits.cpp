#include "transport/rate_limits.hpp"

#include <string>
#include <utility>

namespace carillon::transport {

namespace {

std::string key_of(const net::ip_address& a) {
    const auto bytes = a.network().bytes();
    return {bytes.begin(), bytes.end()};
}

}  // namespace

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
