#include "journal/sqlite/writer_inbox.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace carillon::sqlite {

namespace {

// One transaction: what waits beyond this goes into the next.
constexpr std::size_t group_events = 4096;
constexpr std::size_t group_bytes = 8u << 20;
// Requests that are worth a transaction before the turn that appends them is over.
constexpr std::size_t enough_requests = 16;
// Groups of no more than this are no load.
constexpr std::size_t few_requests = 3;
constexpr std::size_t group_yields = 4;
constexpr std::size_t groups_of_average = 8;

}  // namespace

bool writer_inbox::append(append_request& r) {
    turn* const during = turn::here();
    bool first_of_turn = false;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        const bool had_group = has_group();
        // One request is always taken, however large: the limits of the hub are not this one's.
        if (!appends_.empty() &&
            (events_ + r.events.size() > max_events_ || bytes_ + r.bytes > max_bytes_))
            return false;
        events_ += r.events.size();
        bytes_ += r.bytes;
        appends_.push_back(std::move(r));
        first_of_turn = during != nullptr && std::ranges::find(holds_, during) == holds_.end();
        if (first_of_turn) holds_.push_back(during);
        wake = !had_group && has_group();
    }
    if (wake) filled_.notify_one();
    if (first_of_turn) hold(*during);
    return true;
}

// Until the end of the turn, or of its loop.
void writer_inbox::hold(turn& during) {
    std::shared_ptr<void> held(nullptr, [inbox = weak_from_this(), &during](void*) {
        if (const auto still = inbox.lock()) still->let_go(during);
    });
    during.at_end_of_turn([held = std::move(held)]() mutable { held.reset(); });
}

void writer_inbox::let_go(const turn& during) {
    {
        const std::lock_guard lock(mutex_);
        std::erase(holds_, &during);
        if (!has_group()) return;
    }
    filled_.notify_one();
}

void writer_inbox::run(task t) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(t));
    }
    filled_.notify_one();
}

void writer_inbox::want_upkeep() {
    {
        const std::lock_guard lock(mutex_);
        upkeep_ = true;
    }
    filled_.notify_one();
}

void writer_inbox::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    filled_.notify_one();
}

// With mutex_ held.
bool writer_inbox::has_group() const {
    if (appends_.empty()) return false;
    return holds_.empty() || stopping_ || appends_.size() >= enough_requests ||
           events_ >= group_events || bytes_ >= group_bytes;
}

std::vector<append_request> writer_inbox::next_group(bool wait) {
    std::vector<append_request> group;
    std::unique_lock lock(mutex_);
    if (wait)
        filled_.wait(lock,
                     [this] { return has_group() || !tasks_.empty() || upkeep_ || stopping_; });
    if (!has_group()) return group;
    // Under load, who is about to append and waits for this core gets to do so: the group grows by
    // what comes anyway. When groups are small, the answers come first.
    const bool busy = last_requests_ > groups_of_average * few_requests;
    for (std::size_t before = busy ? 0 : few_requests, turns = 0;
         turns < group_yields && appends_.size() > before; ++turns) {
        before = appends_.size();
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
    }
    std::size_t events = 0;
    std::size_t bytes = 0;
    while (!appends_.empty() && events < group_events && bytes < group_bytes) {
        append_request& r = appends_.front();
        events += r.events.size();
        bytes += r.bytes;
        group.push_back(std::move(r));
        appends_.pop_front();
    }
    events_ -= events;
    bytes_ -= bytes;
    last_requests_ += group.size() - last_requests_ / groups_of_average;
    return group;
}

std::vector<writer_inbox::task> writer_inbox::take_tasks() {
    const std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
}

bool writer_inbox::take_upkeep() {
    const std::lock_guard lock(mutex_);
    return std::exchange(upkeep_, false);
}

bool writer_inbox::finished() const {
    const std::lock_guard lock(mutex_);
    return stopping_ && appends_.empty();
}

}  // namespace carillon::sqlite
