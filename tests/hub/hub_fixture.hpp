// A hub with one shard, without threads, sockets or a clock of its own.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/wire/parser.hpp>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {

/// Runs what is asked for only when the test says so; time stands still in between.
class manual_executor final : public executor {
public:
    void post(task t) override { posted_.push_back(std::move(t)); }
    void defer(task t) override { deferred_.push_back(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        timers_.emplace(now_ + delay, std::move(t));
    }
    bool is_here() const override { return home_ == std::this_thread::get_id(); }
    clock::time_point now() const override { return now_; }

    /// One turn of a loop. False if there was nothing to do.
    bool turn() {
        const bool any = !posted_.empty() || !deferred_.empty();
        run(posted_);
        run(deferred_);
        return any;
    }
    void settle() {
        while (turn()) {
        }
    }
    void advance(clock::duration by) {
        const auto until = now_ + by;
        settle();
        while (!timers_.empty() && timers_.begin()->first <= until) {
            auto first = timers_.extract(timers_.begin());
            now_ = std::max(now_, first.key());
            first.mapped()();
            settle();
        }
        now_ = until;
    }

private:
    static void run(std::deque<task>& tasks) {
        std::deque<task> batch;
        batch.swap(tasks);
        for (task& t : batch) t();
    }
    const std::thread::id home_ = std::this_thread::get_id();
    std::deque<task> posted_, deferred_;
    std::multimap<clock::time_point, task> timers_;
    clock::time_point now_{std::chrono::hours(1)};
};

struct seen_event {
    std::string type, data, id;
    friend bool operator==(const seen_event&, const seen_event&) = default;
};

/// A subscriber's end: takes as many bytes as it is allowed, and reads what it took as a browser
/// would.
class fake_connection final : public connection, wire::parser_listener {
public:
    framing layout() const noexcept override { return frame; }
    void begin(const opening_facts& facts) override { begun = facts; }
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        EXPECT_TRUE(begun);
        ++writes;
        if (fail_at != 0 && writes >= fail_at) return broken;
        std::size_t taken = 0;
        for (const iovec& s : slices) {
            const std::size_t part = std::min(s.iov_len, room);
            const std::string_view bytes(static_cast<const char*>(s.iov_base), part);
            raw.append(bytes);
            if (frame == framing::raw) {
                EXPECT_TRUE(parser_.feed(bytes));
            }
            taken += part;
            room -= part;
            if (part < s.iov_len) break;
        }
        return static_cast<std::ptrdiff_t>(taken);
    }
    void close(close_reason why) override { closed = why; }
    bool peer_silent_for(std::chrono::milliseconds) const override { return silent; }
    std::string remote_address() const override { return "127.0.0.1"; }

    /// Data of the events that are no control events.
    std::vector<std::string> data() const {
        std::vector<std::string> all;
        for (const seen_event& e : events) {
            if (!e.type.starts_with("carillon.")) all.push_back(e.data);
        }
        return all;
    }
    const seen_event& opening() const { return events.at(0); }

    std::size_t room = static_cast<std::size_t>(-1);
    std::size_t writes = 0;
    std::size_t fail_at = 0;  ///< the n-th write and all after it fail; 0: none
    bool silent = false;
    framing frame = framing::raw;
    std::optional<opening_facts> begun;
    std::string raw;
    std::vector<seen_event> events;
    std::size_t comments = 0;
    std::optional<close_reason> closed;

private:
    void on_event(const wire::message& m) override {
        events.push_back({std::string(m.type), std::string(m.data), std::string(m.last_event_id)});
    }
    void on_comment(std::string_view) override { ++comments; }
    wire::parser parser_{*this};
};

class hub_fixture : public ::testing::Test {
protected:
    hub_fixture() { rebuild({}, {}); }

    void rebuild(hub_options options, memory_journal_options kept) {
        events_ = std::make_unique<hub>(std::move(options), make_memory_journal(std::move(kept)));
        shard_ = &events_->add_shard(executor_);
    }

    std::vector<published> publish(std::string_view topic_name, std::string_view data,
                                   const std::function<void(event&)>& change = {}) {
        event e;
        e.topics.push_back(*topic::parse(topic_name));
        e.data = data;
        if (change) change(e);
        std::vector<event> batch;
        batch.push_back(std::move(e));
        std::vector<published> answers;
        events_->publish(std::move(batch), [&](result<std::vector<published>> done) {
            ASSERT_TRUE(done) << done.error().detail;
            answers = std::move(*done);
        });
        return answers;
    }

    stream_request asking(fake_connection& c, std::initializer_list<std::string_view> topics,
                          std::string cursor = {}) {
        stream_request r;
        r.out = &c;
        r.profile = &profile_;
        r.last_event_id = std::move(cursor);
        for (const std::string_view t : topics) r.topics.push_back(*topic_pattern::parse(t));
        return r;
    }
    subscriber* open(fake_connection& c, std::initializer_list<std::string_view> topics,
                     std::string cursor = {}) {
        auto opened = shard_->open(asking(c, topics, std::move(cursor)));
        EXPECT_TRUE(opened) << opened.error().detail;
        executor_.settle();
        return opened ? *opened : nullptr;
    }

    manual_executor executor_;
    stream_profile profile_;
    std::unique_ptr<hub> events_;
    shard* shard_ = nullptr;
};

using strings = std::vector<std::string>;

}  // namespace carillon::testing
