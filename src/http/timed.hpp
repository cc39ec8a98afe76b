// What waits, and no longer than it may.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace carillon::http {

/// What is waited for. Each has one duration, so all that wait for one thing are kept in the order
/// in which they began to, and only the oldest need a look.
enum class wait_for : std::uint8_t {
    first_request,
    request,
    head,
    body,
    writing,
    lingering,
    answer,  ///< for as long as it takes
};

inline constexpr std::size_t wait_kinds = 7;

/// Something that must not wait for ever: a session, or one of its parts.
class timed {
public:
    virtual ~timed() = default;

    /// It has waited for as long as it may. It must begin another wait, or leave.
    virtual void on_timeout() = 0;
    /// At once, without a word.
    virtual void close() noexcept = 0;

    wait_for waits_for() const noexcept { return waits_for_; }

private:
    friend class wait_lists;
    timed* older_ = nullptr;
    timed* newer_ = nullptr;
    std::chrono::steady_clock::time_point since_;
    wait_for waits_for_ = wait_for::request;
    bool listed_ = false;
};

/// Everything of one server that waits. Confined to its loop's thread.
class wait_lists {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Starts, or starts anew, the wait of `t`.
    void wait(timed& t, wait_for what, time_point now) noexcept;
    void leave(timed& t) noexcept;
    /// Calls `on_timeout` of all that have waited for `duration` or longer. True if others still
    /// wait.
    bool expire(wait_for what, std::chrono::milliseconds duration, time_point now);
    /// Closes all that wait for it.
    void close_all(wait_for what) noexcept;
    /// Closes up to `most` of those that have waited for `age` or longer, the oldest first; how
    /// many there were.
    std::size_t close_oldest(wait_for what, std::size_t most, std::chrono::milliseconds age,
                             time_point now) noexcept;

private:
    /// Oldest first.
    struct list {
        timed* first = nullptr;
        timed* last = nullptr;
    };
    list& of(wait_for what) noexcept { return lists_[static_cast<std::size_t>(what)]; }

    std::array<list, wait_kinds> lists_;
};

}  // namespace carillon::http
