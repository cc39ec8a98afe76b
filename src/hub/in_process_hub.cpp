#include <carillon/hub/in_process_hub.hpp>
#include <carillon/journal/open.hpp>
#include <carillon/wire/parser.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace carillon {

class in_process_hub::own_executor final : public executor {
public:
    void post(task t) override {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(t));
    }
    void defer(task t) override { deferred_.push_back(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        timers_.emplace(now_ + delay, std::move(t));
    }
    bool is_here() const override { return std::this_thread::get_id() == home_; }
    clock::time_point now() const override { return now_; }

    void run() {
        for (task t = next(); t; t = next()) t();
    }

    void advance(clock::duration by) {
        const auto until = now_ + by;
        run();
        while (!timers_.empty() && timers_.begin()->first <= until) {
            now_ = timers_.begin()->first;
            const task due = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            due();
            run();
        }
        now_ = until;
    }

private:
    task next() {
        const std::lock_guard lock(mutex_);
        auto& from = posted_.empty() ? deferred_ : posted_;
        if (from.empty()) return {};
        task t = std::move(from.front());
        from.pop_front();
        return t;
    }

    const std::thread::id home_ = std::this_thread::get_id();
    std::mutex mutex_;
    std::deque<task> posted_;  // guarded by mutex_
    std::deque<task> deferred_;
    std::multimap<clock::time_point, task> timers_;
    clock::time_point now_ = clock::now();
};

class in_process_hub::own_connection final : public connection, private wire::parser_listener {
public:
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::ptrdiff_t taken = 0;
        for (const iovec& slice : slices) {
            if (!parser_.feed({static_cast<const char*>(slice.iov_base), slice.iov_len}))
                return broken;
            taken += static_cast<std::ptrdiff_t>(slice.iov_len);
        }
        reads.cursor_ = parser_.last_event_id();
        return taken;
    }
    void close(close_reason why) override {
        reads.ended_ = why;
        on = nullptr;
    }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return {}; }

    listener reads;
    subscriber* on = nullptr;

private:
    void on_event(const wire::message& m) override {
        if (m.type.starts_with("carillon.")) return;
        reads.heard_.push_back(
            {std::string(m.type), std::string(m.data), std::string(m.last_event_id)});
    }

    wire::parser parser_{*this};
};

in_process_hub::in_process_hub(hub_options options)
    : in_process_hub(std::move(options), make_memory_journal({})) {}

in_process_hub::in_process_hub(hub_options options, std::unique_ptr<journal> record)
    : executor_(std::make_unique<own_executor>()),
      hub_(std::make_unique<hub>(std::move(options), std::move(record))),
      shard_(hub_->add_shard(*executor_)) {}

in_process_hub::~in_process_hub() = default;

hub& in_process_hub::events() noexcept { return *hub_; }

std::vector<std::string> in_process_hub::listener::types() const {
    std::vector<std::string> all;
    for (const heard_event& e : heard_) all.push_back(e.type);
    return all;
}

std::vector<std::string> in_process_hub::listener::data() const {
    std::vector<std::string> all;
    for (const heard_event& e : heard_) all.push_back(e.data);
    return all;
}

result<in_process_hub::listener*> in_process_hub::listen(stream_request asked) {
    auto& made = *streams_.emplace_back(std::make_unique<own_connection>());
    asked.out = &made;
    if (asked.profile == nullptr) asked.profile = &profile_;
    const auto opened = shard_.open(std::move(asked));
    if (!opened) {
        streams_.pop_back();
        return std::unexpected(opened.error());
    }
    made.on = *opened;
    run();
    return &made.reads;
}

result<in_process_hub::listener*> in_process_hub::listen_to(
    const std::vector<std::string>& topics) {
    stream_request asked;
    for (const std::string& name : topics) {
        auto pattern = topic_pattern::parse(name, hub_->options()->max_topic_length);
        if (!pattern) return std::unexpected(pattern.error());
        asked.topics.push_back(std::move(*pattern));
    }
    return listen(std::move(asked));
}

result<in_process_hub::listener*> in_process_hub::listen_as(std::string user) {
    auto who = std::make_shared<identity>();
    who->user = std::move(user);
    stream_request asked;
    asked.who = std::move(who);
    asked.spaces = {.user = true, .everyone = true, .rooms = true};
    return listen(std::move(asked));
}

void in_process_hub::leave(listener& l) {
    for (const auto& s : streams_) {
        if (&s->reads == &l && s->on != nullptr) shard_.remove(*std::exchange(s->on, nullptr));
    }
}

void in_process_hub::run() { executor_->run(); }

bool in_process_hub::run_until(const std::function<bool()>& holds,
                               std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        run();
        if (holds()) return true;
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void in_process_hub::advance(std::chrono::milliseconds by) { executor_->advance(by); }

}  // namespace carillon
