// Memory that many may hold together, and no more.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace carillon::http {

/// Thread-safe. Outlives its shares.
class shared_budget {
public:
    explicit shared_budget(std::size_t limit = std::numeric_limits<std::size_t>::max()) noexcept
        : limit_(limit) {}
    shared_budget(const shared_budget&) = delete;
    shared_budget& operator=(const shared_budget&) = delete;

    /// What is held already stays, even if it is more.
    void set_limit(std::size_t bytes) noexcept { limit_.store(bytes, std::memory_order_relaxed); }
    std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
    /// How often somebody got nothing.
    std::uint64_t refusals() const noexcept { return refusals_.load(std::memory_order_relaxed); }

    /// What one holder has, given back when it is destroyed. Confined to its holder's thread.
    class share {
    public:
        explicit share(shared_budget& of) noexcept : budget_(&of) {}
        share(share&& other) noexcept
            : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
        share& operator=(share&&) = delete;
        ~share() { budget_->give_back(bytes_); }

        /// From now on `bytes` in all. False, and as before, if that is more and not there.
        bool resize(std::size_t bytes) noexcept {
            if (bytes <= bytes_) {
                budget_->give_back(bytes_ - bytes);
            } else if (!budget_->take(bytes - bytes_)) {
                return false;
            }
            bytes_ = bytes;
            return true;
        }
        std::size_t bytes() const noexcept { return bytes_; }

    private:
        shared_budget* budget_;
        std::size_t bytes_ = 0;
    };

private:
    bool take(std::size_t bytes) noexcept {
        const std::size_t most = limit();
        std::size_t used = used_.load(std::memory_order_relaxed);
        do {
            if (bytes > most - std::min(used, most)) {
                refusals_.fetch_add(1, std::memory_order_relaxed);
                return false;
            }
        } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
        return true;
    }
    void give_back(std::size_t bytes) noexcept {
        if (bytes != 0) used_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    std::atomic<std::size_t> limit_;
    std::atomic<std::size_t> used_{0};
    std::atomic<std::uint64_t> refusals_{0};
};

}  // namespace carillon::http
