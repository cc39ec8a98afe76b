#include "base/random.hpp"

#include "base/base64url.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include <sys/random.h>

namespace carillon {

void fill_random(std::span<std::uint8_t> out) {
    thread_local std::array<std::uint8_t, 4096> pool;
    thread_local std::size_t used = pool.size();
    while (!out.empty()) {
        if (used == pool.size()) {
            std::size_t filled = 0;
            while (filled < pool.size()) {
                const auto n = ::getrandom(pool.data() + filled, pool.size() - filled, 0);
                if (n > 0) filled += static_cast<std::size_t>(n);
            }
            used = 0;
        }
        const std::size_t some = std::min(out.size(), pool.size() - used);
        std::memcpy(out.data(), pool.data() + used, some);
        std::memset(pool.data() + used, 0, some);  // what was given out is not kept
        used += some;
        out = out.subspan(some);
    }
}

std::string random_token(std::size_t length) {
    std::string token(length, '\0');
    fill_random({reinterpret_cast<std::uint8_t*>(token.data()), token.size()});
    for (char& c : token) c = base64url_alphabet[static_cast<std::uint8_t>(c) % 64];
    return token;
}

std::uint32_t quick_random() noexcept {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return static_cast<std::uint32_t>(generator());
}

namespace {

std::int64_t below(std::int64_t limit) noexcept {
    return limit <= 0 ? 0 : static_cast<std::int64_t>(quick_random()) % limit;
}

}  // namespace

std::chrono::milliseconds spread_around(std::chrono::milliseconds base) noexcept {
    const std::int64_t fifth = base.count() / 5;
    return std::chrono::milliseconds(base.count() - fifth + below(2 * fifth + 1));
}

std::chrono::milliseconds spread_beyond(std::chrono::milliseconds base) noexcept {
    return std::chrono::milliseconds(base.count() + below(base.count() + 1));
}

}  // namespace carillon
