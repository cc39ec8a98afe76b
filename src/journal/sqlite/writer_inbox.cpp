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

// What a loop stores itself: some hundred microseconds, for which its streams wait. More is work
// for two threads.
constexpr std::size_t events_here = 128;
constexpr std::size_t bytes_here = 256u << 10;
// Under load a loop lets as many turns pass while requests come, until there are this many.
constexpr std::size_t turns_here = 4;
constexpr std::size_t enough_here = 64;
// A group that took longer was held up by the disk. Where each group waits for the disk anyway, one
// that is quick for a few of them is still too slow for many.
constexpr std::chrono::milliseconds slow_group{5};
constexpr std::chrono::microseconds slow_sync{250};
// After a slow group, whoever stored it, loops leave commits to the writer's thread for so many
// times as long as it took too long: a disk that stalls again and again stops them for a twentieth
// of the time at most.
constexpr int rest_per_stall = 20;
constexpr std::chrono::seconds rest_after_failure{5};
constexpr std::chrono::minutes longest_rest{10};

}  // namespace

/// A turn under way has appended.
struct writer_inbox::hold {
    std::weak_ptr<writer_inbox> inbox;
    turn& during;
    bool over = false;         ///< else the loop has ended
    std::size_t turns = 0;     ///< that have passed
    std::size_t requests = 0;  ///< that waited after the last of them

    ~hold() {
        if (const auto still = inbox.lock()) still->let_go(during, over);
    }
};

writer_inbox::writer_inbox(std::size_t max_events, std::size_t max_bytes, journal_sync sync,
                           clock_function now)
    : max_events_(max_events), max_bytes_(max_bytes), sync_(sync), now_(std::move(now)) {}

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
    if (first_of_turn) wait_for_end(std::make_shared<hold>(weak_from_this(), *during));
    return true;
}

void writer_inbox::wait_for_end(std::shared_ptr<hold> held) {
    held->during.at_end_of_turn([held]() mutable {
        const auto still = held->inbox.lock();
        if (still && still->may_grow(*held)) return wait_for_end(std::move(held));
        held->over = true;
        held.reset();
    });
}

// Twice as many requests in a group cost its writer little more.
bool writer_inbox::may_grow(hold& h) {
    const std::lock_guard lock(mutex_);
    const std::size_t requests = appends_.size();
    const bool more = requests > std::exchange(h.requests, requests) && requests < enough_here;
    return more && h.turns++ < turns_here && is_busy() && may_store_here();
}

void writer_inbox::let_go(const turn& during, bool at_its_end) {
    std::unique_lock lock(mutex_);
    std::erase(holds_, &during);
    if (at_its_end && may_store_here()) {
        writing_ = true;
        lock.unlock();
        store_(right_);
        lock.lock();
        writing_ = false;
    }
    if (!has_work()) return;
    lock.unlock();
    filled_.notify_one();
}

// With mutex_ held. What other turns under way have appended so far goes along.
bool writer_inbox::may_store_here() const {
    if (!store_ || writing_ || stopping_ || appends_.empty()) return false;
    const bool rests = loops_rest_until_ != std::chrono::steady_clock::time_point{};
    if (rests && now_() < loops_rest_until_) return false;
    return events_ <= events_here && bytes_ <= bytes_here &&
           (sync_ == journal_sync::normal || appends_.size() <= few_requests);
}

// With mutex_ held.
bool writer_inbox::is_busy() const { return last_requests_ > groups_of_average * few_requests; }

void writer_inbox::note_stored(std::chrono::steady_clock::duration took, bool worked) {
    const std::chrono::microseconds slow = sync_ == journal_sync::normal ? slow_group : slow_sync;
    if (worked && took < slow) return;
    using clock = std::chrono::steady_clock;
    clock::duration rest = rest_after_failure;
    if (worked) rest = std::min<clock::duration>(rest_per_stall * (took - slow), longest_rest);
    const std::lock_guard lock(mutex_);
    loops_rest_until_ = std::max(loops_rest_until_, now_() + rest);
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

void writer_inbox::want_writer() {
    const std::lock_guard lock(mutex_);
    writer_wanted_ = true;  // the thread that writes now notifies it when it is done
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
    if (holds_.empty() || stopping_) return true;
    // If a loop will commit this group at the end of its turn, leave it to the loop.
    const bool enough = !may_store_here() && appends_.size() >= enough_requests;
    return enough || events_ >= group_events || bytes_ >= group_bytes;
}

// With mutex_ held.
bool writer_inbox::has_work() const {
    return has_group() || !tasks_.empty() || upkeep_ || writer_wanted_ || stopping_;
}

writer_inbox::work writer_inbox::next_group(bool wait) {
    std::unique_lock lock(mutex_);
    if (wait && std::exchange(writer_writes_, false)) writing_ = false;
    if (!writer_writes_) {
        filled_.wait(lock, [&] { return !writing_ && (!wait || has_work()); });
        writing_ = writer_writes_ = true;
        writer_wanted_ = false;
    }
    if (!has_group()) return {right_, {}};
    // Under load, yield a few times so that threads ready to append can join this group. Small
    // groups are committed at once: their answers matter more.
    for (std::size_t before = is_busy() ? 0 : few_requests, turns = 0;
         turns < group_yields && appends_.size() > before; ++turns) {
        before = appends_.size();
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
    }
    return {right_, take_locked()};
}

std::vector<append_request> writer_inbox::take() {
    const std::lock_guard lock(mutex_);
    return take_locked();
}

// With mutex_ held.
std::vector<append_request> writer_inbox::take_locked() {
    std::vector<append_request> group;
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
