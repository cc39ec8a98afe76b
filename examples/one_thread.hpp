// What an example needs of a program: an event loop, and a response that prints itself.
#pragma once

#include <carillon/hub/connection.hpp>
#include <carillon/hub/executor.hpp>

#include <cstdio>
#include <deque>
#include <map>
#include <string>

/// An event loop in twenty lines: whatever is asked for runs when `run` is called.
class loop final : public carillon::executor {
public:
    void post(task t) override { tasks_.push_back(std::move(t)); }
    void defer(task t) override { tasks_.push_back(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        timers_.emplace(clock::now() + delay, std::move(t));
    }
    bool is_here() const override { return true; }  // there is one thread only
    clock::time_point now() const override { return clock::now(); }

    void run() {
        while (!tasks_.empty()) {
            const task t = std::move(tasks_.front());
            tasks_.pop_front();
            t();
        }
    }

private:
    std::deque<task> tasks_;
    std::multimap<clock::time_point, task> timers_;  // a real loop runs them when they are due
};

/// Prints what a browser would get, and keeps it.
class console final : public carillon::connection {
public:
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::ptrdiff_t taken = 0;
        for (const iovec& slice : slices) {
            std::fwrite(slice.iov_base, 1, slice.iov_len, stdout);
            text.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
            taken += static_cast<std::ptrdiff_t>(slice.iov_len);
        }
        return taken;
    }
    void close(carillon::close_reason) override { closed = true; }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return "console"; }

    std::string text;
    bool closed = false;
};
