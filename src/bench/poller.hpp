// The client's epoll loop: one thread for all subscribers and publishers.
#pragma once

#include "net/loop.hpp"

#include <array>
#include <chrono>
#include <cstdint>

#include <sys/epoll.h>

namespace carillon::bench {

/// Called with the index of a socket that is ready.
class ready_handler {
public:
    virtual void on_ready(std::uint32_t index, std::uint32_t events) = 0;

protected:
    ~ready_handler() = default;
};

/// Level-triggered readiness of sockets that their handlers number. Not the hub's loop on purpose:
/// the client must not get faster or slower with what it measures. Confined to one thread.
class poller {
public:
    poller();

    /// Watched until closed. `handler` must outlive the socket; at most two handlers.
    bool add(int fd, ready_handler& handler, std::uint32_t index, std::uint32_t events) noexcept;
    bool change(int fd, ready_handler& handler, std::uint32_t index, std::uint32_t events) noexcept;

    /// Waits up to `limit` and tells the handlers. A handler may close only the socket it is told
    /// about.
    void turn(std::chrono::nanoseconds limit);

private:
    epoll_event describe(ready_handler& handler, std::uint32_t index,
                         std::uint32_t events) noexcept;

    net::unique_fd epoll_;
    std::array<ready_handler*, 2> handlers_{};
    std::array<epoll_event, 512> ready_{};
};

}  // namespace carillon::bench
