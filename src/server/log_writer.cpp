#include "server/log_writer.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace carillon::server {

namespace {

/// How soon the thread that waits for the reader notices that the process ends.
constexpr int look_every_ms = 50;

}  // namespace

struct log_writer::state {
    state(int to, std::size_t most, lost_line on_loss)
        : fd(to), lost(std::move(on_loss)), limit(most) {}

    const int fd;
    const lost_line lost;

    mutable std::mutex mutex;
    std::condition_variable changed;
    std::size_t limit;
    std::string queued;              ///< whole lines
    std::size_t unwritten = 0;       ///< bytes: `queued`, and what the thread is writing
    std::uint64_t refused = 0;       ///< lines lost before `queued`: the descriptor failed
    std::uint64_t without_room = 0;  ///< lines lost after `queued`
    std::uint64_t dropped = 0;       ///< both, since the beginning
    bool torn = false;               ///< the last line was written in part
    bool ended = false;
    std::atomic<bool> stop{false};

    bool has_news() const { return !queued.empty() || without_room != 0; }
    void write_batch(std::unique_lock<std::mutex>& lock);
    std::string_view write_out(std::string_view lines) const;
};

/// Writes until the descriptor fails: the part of `lines` that was not written.
std::string_view log_writer::state::write_out(std::string_view lines) const {
    while (!lines.empty()) {
        pollfd p{fd, POLLOUT, 0};
        const int ready = ::poll(&p, 1, look_every_ms);
        if (stop && ready <= 0) return lines;
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        // A pipe that can be written takes this much at once. The descriptor is shared with other
        // processes, so it must not be made non-blocking.
        const auto n = ::write(fd, lines.data(), std::min<std::size_t>(lines.size(), PIPE_BUF));
        if (n >= 0) {
            lines.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EINTR && errno != EAGAIN) {
            return lines;
        }
    }
    return lines;
}

void log_writer::state::write_batch(std::unique_lock<std::mutex>& lock) {
    const std::string lines = std::exchange(queued, {});
    const auto before = std::exchange(refused, 0);
    const bool cut = std::exchange(torn, false);
    lock.unlock();
    const auto lost_text = [&](std::uint64_t n) { return n == 0 ? "" : lost(n) + '\n'; };
    const bool began = write_out((cut ? "\n" : "") + lost_text(before)).empty();
    const std::string_view rest = began ? write_out(lines) : std::string_view(lines);
    lock.lock();
    unwritten = queued.size();
    const auto count = static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
    dropped += count;
    refused += count + (began ? 0 : before);
    torn = began ? !rest.empty() && rest.size() != lines.size() && *(rest.data() - 1) != '\n' : cut;
    if (!queued.empty()) return;
    // What found no room meanwhile would have stood here.
    refused += std::exchange(without_room, 0);
    if (refused == 0 || !rest.empty() || !began) return;
    const auto after = std::exchange(refused, 0);
    lock.unlock();
    const bool said = write_out(lost_text(after)).empty();
    lock.lock();
    if (!said) refused += after;
}

void log_writer::run(const std::shared_ptr<state>& s) {
    std::unique_lock lock(s->mutex);
    while (!s->stop || s->has_news()) {
        if (s->has_news()) {
            s->write_batch(lock);
            s->changed.notify_all();
        } else {
            s->changed.wait(lock);
        }
    }
    s->ended = true;
    s->changed.notify_all();
}

log_writer::log_writer(int fd, std::size_t max_queued, lost_line lost)
    : state_(std::make_shared<state>(fd, max_queued, std::move(lost))) {
    // The thread takes no signal: they are for others, and SIGPIPE and SIGTTOU would end or stop
    // the process.
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([s = state_] { run(s); }).detach();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

log_writer::~log_writer() {
    flush(patience);
    state_->stop = true;
    std::unique_lock lock(state_->mutex);
    state_->changed.notify_all();
    // A thread that hangs in a write is left behind.
    state_->changed.wait_for(lock, patience, [&] { return state_->ended; });
}

void log_writer::push(std::string_view line) {
    const std::lock_guard lock(state_->mutex);
    const std::size_t size = line.size() + 1;
    // After the first line without room none is queued until the thread comes, so that the gap is
    // at one place.
    if (state_->without_room != 0 || state_->unwritten + size > state_->limit) {
        ++state_->without_room;
        ++state_->dropped;
    } else {
        state_->queued += line;
        state_->queued += '\n';
        state_->unwritten += size;
    }
    state_->changed.notify_all();
}

void log_writer::set_limit(std::size_t max_queued) {
    const std::lock_guard lock(state_->mutex);
    state_->limit = max_queued;
}

std::uint64_t log_writer::dropped() const {
    const std::lock_guard lock(state_->mutex);
    return state_->dropped;
}

bool log_writer::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(
        lock, limit, [&] { return state_->unwritten == 0 && state_->without_room == 0; });
}

}  // namespace carillon::server
