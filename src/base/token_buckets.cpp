#include "base/token_buckets.hpp"

#include <cmath>
#include <utility>

namespace carillon {

namespace {

double as_ms(token_buckets::clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
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
                                                             clock::time_point now,
                                                             std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    bucket& b = find(key, at, now);
    const double full = static_cast<double>(at.count);
    const double each = as_ms(at.per) / full;  // ms until one more is there
    const double wanted = static_cast<double>(count);
    b.left = std::min(full, b.left + as_ms(now - b.at) / each);
    b.at = now;
    if (b.left >= wanted) {
        b.left -= wanted;
        return std::nullopt;
    }
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(std::ceil((wanted - b.left) * each)));
}

void token_buckets::give_back(std::string_view key, const rate& at, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    const auto found = recent_.find(key);
    if (found == recent_.end()) return;
    double& left = found->second.left;
    left = std::min(static_cast<double>(at.count), left + static_cast<double>(count));
}

std::size_t token_buckets::size() const {
    const std::lock_guard lock(mutex_);
    return recent_.size() + older_.size();
}

}  // namespace carillon
