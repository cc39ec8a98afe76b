// Bytes that all connections of a server may hold together.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace carillon::http {

/// Thread-safe.
class byte_budget {
public:
    explicit byte_budget(std::uint64_t most) noexcept : most_(most) {}

    /// False, with nothing taken, if there is no room for `bytes`.
    bool take(std::size_t bytes) noexcept {
        if (used_.fetch_add(bytes, std::memory_order_relaxed) + bytes <=
            most_.load(std::memory_order_relaxed))
            return true;
        give_back(bytes);
        refused_.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    void give_back(std::size_t bytes) noexcept {
        used_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    /// What is held beyond a lower limit stays until it is given back.
    void limit(std::uint64_t most) noexcept { most_.store(most, std::memory_order_relaxed); }

    std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
    std::uint64_t limit() const noexcept { return most_.load(std::memory_order_relaxed); }
    /// How many calls of `take` found no room.
    std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> most_;
    std::atomic<std::uint64_t> used_{0};
    std::atomic<std::uint64_t> refused_{0};
};

/// What one holder has of a budget, given back when it goes. Without a budget everything is
/// granted. The budget outlives it.
class byte_share {
public:
    byte_share() = default;
    explicit byte_share(byte_budget* of) noexcept : of_(of) {}
    byte_share(byte_share&& other) noexcept
        : of_(other.of_), bytes_(std::exchange(other.bytes_, 0)) {}
    byte_share& operator=(byte_share&& other) noexcept {
        reset();
        of_ = other.of_;
        bytes_ = std::exchange(other.bytes_, 0);
        return *this;
    }
    ~byte_share() { reset(); }

    /// Holds `bytes` in all from now on. False, with nothing changed, if there is no room for more.
    bool hold(std::size_t bytes) noexcept {
        if (of_ != nullptr) {
            if (bytes > bytes_ && !of_->take(bytes - bytes_)) return false;
            if (bytes < bytes_) of_->give_back(bytes_ - bytes);
        }
        bytes_ = bytes;
        return true;
    }
    void reset() noexcept { hold(0); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    byte_budget* of_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace carillon::http
