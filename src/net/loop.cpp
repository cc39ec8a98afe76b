#include "net/loop.hpp"

#include <carillon/base/log.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <exception>
#include <new>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace carillon::net {

namespace {

constexpr std::size_t batch_size = 256;
constexpr auto starved_pause = std::chrono::milliseconds(100);
constexpr auto task_time = std::chrono::milliseconds(5);  // of a turn, for what was posted
constexpr std::uint32_t socket_events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

void log_exception(const char* what) noexcept {
    try {
        log::error("a task of an event loop threw", {{"what", std::string_view(what)}});
    } catch (...) {
        // No memory for the line either.
    }
}

}  // namespace

void turn_times::add(std::chrono::nanoseconds took) noexcept {
    const auto one_writer = [](std::atomic<std::uint64_t>& to, std::uint64_t value) {
        to.store(value, std::memory_order_relaxed);
    };
    const auto n = static_cast<std::uint64_t>(took.count());
    const double seconds = std::chrono::duration<double>(took).count();
    const auto at =
        static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin());
    one_writer(counts[at], counts[at].load(std::memory_order_relaxed) + 1);
    one_writer(nanoseconds, nanoseconds.load(std::memory_order_relaxed) + n);
    if (n > longest.load(std::memory_order_relaxed)) one_writer(longest, n);
}

void unique_fd::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

loop::loop() : fetched_(batch_size) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event event{};
    // Edge-triggered: each write to it is an edge of its own, so nobody ever has to read it.
    event.events = EPOLLIN | EPOLLET;
    event.data.fd = wake_;
    if (wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) < 0) {
        const int cause = errno;
        if (wake_ >= 0) ::close(wake_);
        ::close(epoll_);
        throw std::system_error(cause, std::generic_category(), "eventfd");
    }
}

loop::~loop() {
    // What a task captured may use the loop while it is destroyed, so the loop must still be whole.
    for (bool more = true; more;) {
        auto ending = std::exchange(end_of_turn_, {});
        auto timers = std::exchange(timers_, {});
        timer_times_.clear();
        auto due = std::exchange(due_, {});
        next_due_ = 0;
        std::vector<task> posted;
        {
            const std::lock_guard lock(mutex_);
            posted.swap(posted_);
        }
        more = !ending.empty() || !timers.empty() || !due.empty() || !posted.empty();
    }
    ::close(wake_);
    ::close(epoll_);
}

result<> loop::watch(int fd, std::uint32_t events, io_handler& handler) {
    if (static_cast<std::size_t>(fd) >= handlers_.size()) {
        handlers_.resize(static_cast<std::size_t>(fd) + 1);
        poke_events_.resize(handlers_.size());
    }
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) < 0) {
        return fail(errc::io_error,
                    "cannot watch a descriptor: " + std::generic_category().message(errno));
    }
    handlers_[static_cast<std::size_t>(fd)] = &handler;
    return {};
}

result<> loop::add(int fd, io_handler& handler) { return watch(fd, socket_events, handler); }

result<> loop::add_listener(int fd, io_handler& handler) {
    return watch(fd, EPOLLIN | EPOLLEXCLUSIVE, handler);
}

void loop::replace(int fd, io_handler& handler) noexcept {
    handlers_[static_cast<std::size_t>(fd)] = &handler;
}

void loop::forget(int fd) noexcept {
    if (static_cast<std::size_t>(fd) < handlers_.size()) {
        handlers_[static_cast<std::size_t>(fd)] = nullptr;
        poke_events_[static_cast<std::size_t>(fd)] = 0;
    }
    // The number may be given out again before the rest of the batch is dispatched; a hang-up of
    // the old socket must not be told to the new one's handler.
    for (std::size_t i = dispatched_; i < fetched_count_; ++i) {
        if (fetched_[i].data.fd == fd) fetched_[i].data.fd = -1;
    }
}

void loop::remove(int fd) noexcept {
    forget(fd);
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void loop::close(unique_fd fd) noexcept {
    if (fd) forget(fd.get());
}

void loop::poke(int fd, std::uint32_t events) {
    const auto at = static_cast<std::size_t>(fd);
    if (at >= poke_events_.size()) return;
    if (poke_events_[at] == 0) pokes_.push_back(fd);
    poke_events_[at] |= static_cast<std::uint16_t>(events);
}

void loop::wake() noexcept {
    const std::uint64_t one = 1;
    // It fails only when the counter is full, and then the loop has been woken often enough.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void loop::post(task t) {
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(t));
    }
    // The own thread looks at the flag before it sleeps; a wake-up already on its way serves this
    // task as well.
    if (wake_pending_.exchange(true) || in_loop_thread()) return;
    if (held_wakes* const held = held_wakes::here()) {
        held->owe(*this);
    } else {
        wake();
    }
}

void loop::at_end_of_turn(task t) { end_of_turn_.push_back(std::move(t)); }

loop::timer_id loop::call_after(clock::duration delay, task t) {
    const timer_id id = ++last_timer_;
    const auto due = clock::now() + delay;
    timers_.emplace(std::pair(due, id), std::move(t));
    timer_times_.emplace(id, due);
    return id;
}

void loop::cancel(timer_id id) noexcept {
    const auto found = timer_times_.find(id);
    if (found == timer_times_.end()) return;
    // Destroyed last: what the task captured may set or cancel timers in its turn.
    const auto dropped = timers_.extract(std::pair(found->second, id));
    timer_times_.erase(found);
}

bool loop::in_loop_thread() const noexcept { return turn::here() == this; }

void loop::run() {
    carillon::turn* const outer = enter(this);
    while (!stopping_.load(std::memory_order_acquire)) take_turn(wait_ms());
    if (next_due_ < due_.size()) run_posted();             // they were due in the last turn
    const auto dropped = std::exchange(end_of_turn_, {});  // what waits for it is told by their end
    enter(outer);
}

void loop::stop() {
    stopping_.store(true, std::memory_order_release);
    wake();
}

int loop::wait_ms() const {
    if (!pokes_.empty() || !end_of_turn_.empty()) return 0;
    if (wake_pending_.load(std::memory_order_relaxed)) return 0;
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first.first - clock::now();
    if (left <= clock::duration::zero()) return 0;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<std::int64_t>(ms, INT_MAX));
}

void loop::take_turn(int timeout_ms) {
    const int count = ::epoll_wait(epoll_, fetched_.data(), batch_size, timeout_ms);
    now_ = clock::now();
    poked_.swap(pokes_);  // what is poked from here on waits for the next turn
    if (count > 0) dispatch(count);
    if (!poked_.empty()) run_pokes();
    if (wake_pending_.load(std::memory_order_relaxed)) run_posted();
    if (!timers_.empty()) run_timers();
    if (!end_of_turn_.empty()) run_end_of_turn();
    counters_.turns.add(clock::now() - now_);
}

/// False if the call threw.
template <class Call>
bool loop::guarded(Call&& call) noexcept {
    try {
        call();
        return true;
    } catch (const std::bad_alloc&) {
        count_failed_allocation();
    } catch (const std::exception& e) {
        counters_.exceptions.fetch_add(1, std::memory_order_relaxed);
        log_exception(e.what());
    } catch (...) {
        counters_.exceptions.fetch_add(1, std::memory_order_relaxed);
        log_exception("no std::exception");
    }
    return false;
}

void loop::tell(int fd, std::uint32_t events) noexcept {
    const auto at = static_cast<std::size_t>(fd);
    if (at >= handlers_.size()) return;
    io_handler* const handler = handlers_[at];
    if (handler == nullptr || guarded([&] { handler->on_io(events); })) return;
    if (handlers_[at] == handler) handler->on_failure();
}

void loop::dispatch(int count) {
    fetched_count_ = static_cast<std::size_t>(count);
    for (dispatched_ = 0; dispatched_ < fetched_count_;) {
        const epoll_event event = fetched_[dispatched_++];
        if (event.data.fd >= 0) tell(event.data.fd, event.events);
    }
    fetched_count_ = 0;
}

void loop::run_pokes() {
    for (const int fd : poked_) {
        const std::uint32_t events =
            std::exchange(poke_events_[static_cast<std::size_t>(fd)], std::uint16_t{0});
        if (events != 0) tell(fd, events);
    }
    poked_.clear();
}

// Long answers that were asked for together would be one turn: after a while the tasks that are
// left wait for the next one, before those that were posted since, and others are served in
// between.
void loop::run_posted() {
    // Cleared before the queue is taken: a task that comes later finds it clear and wakes the loop
    // again.
    wake_pending_.store(false);
    if (next_due_ == due_.size()) {
        due_.clear();
        next_due_ = 0;
        const std::lock_guard lock(mutex_);
        due_.swap(posted_);
    } else {
        wake_pending_.store(true);  // for those that were posted since
    }
    const auto begun = clock::now();
    while (next_due_ < due_.size()) {
        guarded(due_[next_due_]);
        due_[next_due_++] = nullptr;
        if (clock::now() - begun >= task_time && !stopping_.load(std::memory_order_relaxed)) break;
    }
    if (next_due_ < due_.size()) wake_pending_.store(true);
}

void loop::run_timers() {
    // A timer set by a timer waits for the next turn, or one without delay would keep I/O out.
    const timer_id newest = last_timer_;
    while (!timers_.empty()) {
        const auto first = timers_.begin();
        if (first->first.first > now_ || first->first.second > newest) return;
        auto time = timer_times_.extract(first->first.second);
        auto timer = timers_.extract(first);
        const auto failures = counters_.failed_allocations.load(std::memory_order_relaxed);
        if (guarded(timer.mapped())) continue;
        if (counters_.failed_allocations.load(std::memory_order_relaxed) == failures) continue;
        time.mapped() = timer.key().first = now_ + starved_pause;
        // Moves of nodes: as a rule, nothing is allocated.
        guarded([&] { timer_times_.insert(std::move(time)); }) &&
            guarded([&] { timers_.insert(std::move(timer)); });
    }
}

void loop::run_end_of_turn() {
    tasks_.swap(end_of_turn_);
    for (task& t : tasks_) guarded(t);
    tasks_.clear();
}

}  // namespace carillon::net
