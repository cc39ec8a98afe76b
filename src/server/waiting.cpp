#include "server/waiting.hpp"

#include "base/random.hpp"
#include "server/http_client.hpp"

#include <algorithm>
#include <cstdint>

#include <poll.h>

namespace carillon::server {

using std::chrono::milliseconds;

milliseconds backoff(milliseconds base, unsigned failures, milliseconds most) {
    constexpr std::int64_t least_ms = 100;
    const std::int64_t full = std::min<std::int64_t>(
        std::max<std::int64_t>(base.count(), least_ms) << std::min(failures, 10u), most.count());
    return milliseconds(full / 2 + quick_random() % (full / 2 + 1));
}

bool wait_uninterrupted(milliseconds time) {
    // A signal that comes just before `poll` does not end it.
    constexpr milliseconds step{100};
    const auto until = std::chrono::steady_clock::now() + time;
    while (!interrupted()) {
        const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return true;
        ::poll(nullptr, 0, static_cast<int>(std::min(left, step).count()));
    }
    return false;
}

}  // namespace carillon::server
