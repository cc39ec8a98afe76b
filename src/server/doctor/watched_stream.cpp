#include "server/doctor/watched_stream.hpp"

#include <utility>

namespace carillon::server {

namespace {
constexpr std::size_t max_arrivals = 1000;
}

watched_stream::watched_stream(http_call c)
    : reader_([this, call = std::move(c)]() mutable { read(std::move(call)); }) {}

watched_stream::~watched_stream() {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
    }
    reader_.join();
}

void watched_stream::read(http_call c) {
    const auto stopped = [this] {
        const std::scoped_lock lock(mutex_);
        return stopped_;
    };
    c.silence = std::chrono::hours(1);
    c.go_on = [&] { return !stopped() && !interrupted(); };
    c.on_head = [this](const http_answer& a) {
        const std::scoped_lock lock(mutex_);
        head_ = a;
        changed_.notify_all();
    };
    c.on_body = [&](std::string_view piece) {
        {
            const std::scoped_lock lock(mutex_);
            bytes_ += piece.size();
            changed_.notify_all();
        }
        [[maybe_unused]] const auto fed = parser_.feed(piece);  // compressed, it means nothing
        return !stopped();
    };
    http_client client;
    const auto done = client.perform(c);
    const std::scoped_lock lock(mutex_);
    end_ = clock::now();
    if (done && !head_) head_ = *done;
    if (!done) why_ = done.error().detail;
    changed_.notify_all();
}

void watched_stream::on_event(const wire::message& m) {
    const std::scoped_lock lock(mutex_);
    ++events_;
    if (arrivals_.size() < max_arrivals) arrivals_.try_emplace(std::string(m.data), clock::now());
    changed_.notify_all();
}

void watched_stream::on_comment(std::string_view) {
    const std::scoped_lock lock(mutex_);
    ++comments_;
}

template <class Condition>
bool watched_stream::wait(clock::time_point until, Condition holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, until, holds);
}

std::optional<http_answer> watched_stream::head(clock::time_point until) {
    wait(until, [this] { return head_ || end_; });
    const std::scoped_lock lock(mutex_);
    return head_;
}

bool watched_stream::opened(clock::time_point until) {
    wait(until, [this] { return events_ != 0 || end_; });
    const std::scoped_lock lock(mutex_);
    return events_ != 0;
}

std::optional<watched_stream::clock::time_point> watched_stream::arrival(const std::string& data,
                                                                         clock::time_point until) {
    wait(until, [&] { return arrivals_.contains(data) || end_; });
    const std::scoped_lock lock(mutex_);
    const auto at = arrivals_.find(data);
    return at == arrivals_.end() ? std::nullopt : std::optional(at->second);
}

std::size_t watched_stream::bytes_beyond(std::size_t than, clock::time_point until) {
    wait(until, [&] { return bytes_ > than || end_; });
    const std::scoped_lock lock(mutex_);
    return bytes_;
}

std::optional<watched_stream::clock::time_point> watched_stream::ended(clock::time_point until) {
    wait(until, [this] { return end_.has_value(); });
    const std::scoped_lock lock(mutex_);
    return end_;
}

std::string watched_stream::why_ended() {
    const std::scoped_lock lock(mutex_);
    return why_.empty() ? "the answer was complete" : why_;
}

std::size_t watched_stream::comments() {
    const std::scoped_lock lock(mutex_);
    return comments_;
}

}  // namespace carillon::server
