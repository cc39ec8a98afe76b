#include "bench/poller.hpp"

#include <time.h>

namespace carillon::bench {

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

bool poller::add(int fd, ready_handler& handler, std::uint32_t index,
                 std::uint32_t events) noexcept {
    auto event = describe(handler, index, events);
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool poller::change(int fd, ready_handler& handler, std::uint32_t index,
                    std::uint32_t events) noexcept {
    auto event = describe(handler, index, events);
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0;
}

void poller::turn(std::chrono::nanoseconds limit) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const timespec wait{static_cast<time_t>(seconds.count()),
                        static_cast<long>((limit - seconds).count())};
    const int n = ::epoll_pwait2(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()),
                                 &wait, nullptr);
    for (int i = 0; i < n; ++i) {
        const auto& event = ready_[static_cast<std::size_t>(i)];
        handlers_[event.data.u64 >> 32]->on_ready(static_cast<std::uint32_t>(event.data.u64),
                                                  event.events);
    }
}

epoll_event poller::describe(ready_handler& handler, std::uint32_t index,
                             std::uint32_t events) noexcept {
    std::uint64_t slot = 0;
    if (handlers_[0] != nullptr && handlers_[0] != &handler) slot = 1;
    handlers_[slot] = &handler;
    epoll_event event{};
    event.events = events;
    event.data.u64 = (slot << 32) | index;
    return event;
}

}  // namespace carillon::bench
