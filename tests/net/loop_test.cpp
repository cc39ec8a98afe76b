#include "net/loop.hpp"

#include "support/scarce_memory.hpp"

#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::net {
namespace {

using namespace std::chrono_literals;

struct socket_pair {
    socket_pair() {
        int fds[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        ours.reset(fds[0]);
        theirs.reset(fds[1]);
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::write(theirs.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    }
    std::string read() const {
        char room[256];
        const auto got = ::read(ours.get(), room, sizeof room);
        return got > 0 ? std::string(room, static_cast<std::size_t>(got)) : std::string();
    }
    unique_fd ours;
    unique_fd theirs;
};

struct recorder final : io_handler {
    explicit recorder(std::function<void(std::uint32_t)> then) : on_ready(std::move(then)) {}
    void on_io(std::uint32_t events) override {
        ++calls;
        seen |= events;
        on_ready(events);
    }
    std::function<void(std::uint32_t)> on_ready;
    int calls = 0;
    std::uint32_t seen = 0;
};

TEST(unique_fd, closes_what_it_holds_once) {
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    unique_fd a(fds[0]);
    unique_fd b(std::move(a));
    EXPECT_FALSE(a);
    EXPECT_EQ(b.get(), fds[0]);
    b = unique_fd(fds[1]);
    EXPECT_EQ(::fcntl(fds[0], F_GETFD), -1) << "closed by the assignment";
    EXPECT_EQ(b.release(), fds[1]);
    EXPECT_EQ(::close(fds[1]), 0);
}

TEST(loop, runs_tasks_posted_by_many_threads_each_once) {
    loop l;
    constexpr int threads = 4;
    constexpr int each = 1000;
    int ran = 0;
    std::vector<std::thread> posters;
    for (int t = 0; t < threads; ++t) {
        posters.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                l.post([&] {
                    EXPECT_TRUE(l.in_loop_thread());
                    if (++ran == threads * each) l.stop();
                });
            }
        });
    }
    l.run();
    for (auto& p : posters) p.join();
    EXPECT_EQ(ran, threads * each);
    EXPECT_FALSE(l.in_loop_thread());
}

TEST(loop, keeps_the_order_of_tasks_posted_by_one_thread) {
    loop l;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i) l.post([&, i] { order.push_back(i); });
    l.post([&] { l.post([&] { l.stop(); }); });
    l.run();
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(loop, serves_others_between_long_tasks) {
    loop l;
    socket_pair pair;
    std::vector<std::string> order;
    recorder handler([&](std::uint32_t) {
        if (!pair.read().empty()) order.emplace_back("io");
    });
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    for (const char* name : {"one", "two", "three"}) {
        l.post([&, name] {
            order.emplace_back(name);
            if (order.size() > 1) return;
            pair.send("x");
            l.post([&] { order.emplace_back("posted since"); });
            l.post([&] { l.stop(); });
            const auto until = loop::clock::now() + 10ms;
            while (loop::clock::now() < until) continue;
        });
    }
    l.run();
    EXPECT_EQ(order, (std::vector<std::string>{"one", "io", "two", "three", "posted since"}));
}

TEST(loop, is_woken_for_posted_tasks_when_wakes_are_no_longer_held_back) {
    loop l;
    std::thread runner([&] { l.run(); });
    std::atomic<int> ran = -1;
    l.post([&] { ran = 0; });
    while (ran != 0) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);  // it sleeps again
    {
        const held_wakes until_all_are_posted;
        l.post([&] { ++ran; });
        l.post([&] { ++ran; });
        std::this_thread::sleep_for(20ms);
        EXPECT_EQ(ran, 0);
    }
    while (ran != 2) std::this_thread::yield();
    l.post([&] { l.stop(); });
    runner.join();
}

TEST(loop, wakes_from_sleep_for_a_posted_task) {
    loop l;
    std::thread runner([&] { l.run(); });
    for (int i = 0; i < 100; ++i) {
        std::atomic<bool> done{false};
        l.post([&] {
            done = true;
            done.notify_one();
        });
        done.wait(false);
    }
    l.stop();
    runner.join();
}

TEST(loop, stops_when_told_before_it_runs) {
    loop l;
    l.stop();
    l.run();
}

TEST(loop, drops_tasks_and_their_captures_when_it_ends) {
    const auto captured = std::make_shared<int>(1);
    {
        loop l;
        l.post([captured] {});
        l.at_end_of_turn([captured] {});
        l.call_after(1h, [captured] {});
        EXPECT_EQ(captured.use_count(), 4);
    }
    EXPECT_EQ(captured.use_count(), 1);
}

TEST(loop, lets_dropped_captures_use_the_loop) {
    struct poster {
        loop* l;
        ~poster() {
            l->post([] {});
            l->call_after(1h, [] {});
        }
    };
    loop l;
    l.post([p = std::make_shared<poster>(&l)] {});
    l.call_after(1h, [p = std::make_shared<poster>(&l)] {});
}

TEST(loop, fires_timers_in_the_order_they_are_due) {
    loop l;
    std::vector<int> order;
    const auto start = loop::clock::now();
    l.call_after(20ms, [&] {
        order.push_back(3);
        l.stop();
    });
    l.call_after(2ms, [&] { order.push_back(2); });
    l.call_after(0ms, [&] { order.push_back(1); });
    l.run();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
    EXPECT_GE(loop::clock::now() - start, 20ms);
}

TEST(loop, forgets_cancelled_timers) {
    loop l;
    bool fired = false;
    loop::timer_id later = 0;
    const auto first = l.call_after(0ms, [&] { fired = true; });
    l.cancel(first);
    l.cancel(first);
    l.cancel(12345);
    l.call_after(1ms, [&] { l.cancel(later); });
    later = l.call_after(2ms, [&] { fired = true; });
    l.call_after(10ms, [&] { l.stop(); });
    l.run();
    EXPECT_FALSE(fired);
}

TEST(loop, lets_io_in_between_timers_without_delay) {
    loop l;
    socket_pair pair;
    int ticks = 0;
    std::function<void()> again = [&] {
        if (++ticks == 3) pair.send("x");
        l.call_after(0ms, again);
    };
    recorder handler([&](std::uint32_t) {
        if (pair.read() == "x") l.stop();
    });
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    again();
    l.run();
    EXPECT_LT(ticks, 100);
}

TEST(loop, runs_io_then_tasks_then_timers_then_the_end_of_the_turn) {
    loop l;
    socket_pair pair;
    std::vector<std::string> order;
    recorder handler([&](std::uint32_t) {
        pair.read();
        if (!order.empty()) return order.emplace_back("next io"), void();
        order.emplace_back("io");
        l.at_end_of_turn([&] {
            order.emplace_back("end");
            // Queued while the end runs: not before the next turn's I/O.
            l.at_end_of_turn([&] {
                order.emplace_back("next end");
                l.stop();
            });
            pair.send("y");
        });
        l.post([&] { order.emplace_back("task"); });
        l.call_after(-1ms, [&] { order.emplace_back("timer"); });
    });
    pair.send("x");
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    l.run();
    EXPECT_EQ(order,
              (std::vector<std::string>{"io", "task", "timer", "end", "next io", "next end"}));
}

TEST(loop, tells_about_readiness_once_per_edge) {
    loop l;
    socket_pair pair;
    recorder handler([](std::uint32_t) {});
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    pair.send("x");  // and is never read
    l.call_after(20ms, [&] { l.stop(); });
    l.run();
    EXPECT_EQ(handler.calls, 1);
    EXPECT_TRUE(handler.seen & EPOLLIN);
    EXPECT_TRUE(handler.seen & EPOLLOUT);
}

TEST(loop, calls_nobody_who_was_removed_within_the_batch) {
    loop l;
    socket_pair a;
    socket_pair b;
    std::unique_ptr<recorder> first;
    std::unique_ptr<recorder> second;
    const auto remove_other = [&](socket_pair& other, std::unique_ptr<recorder>& handler) {
        l.remove(other.ours.get());
        handler.reset();
        l.at_end_of_turn([&] { l.stop(); });
    };
    int calls = 0;
    first = std::make_unique<recorder>([&](std::uint32_t) {
        ++calls;
        remove_other(b, second);
    });
    second = std::make_unique<recorder>([&](std::uint32_t) {
        ++calls;
        remove_other(a, first);
    });
    ASSERT_TRUE(l.add(a.ours.get(), *first));
    ASSERT_TRUE(l.add(b.ours.get(), *second));
    l.run();
    EXPECT_EQ(calls, 1);
}

TEST(loop, tells_no_old_news_to_a_reused_descriptor) {
    loop l;
    socket_pair a;
    socket_pair b;
    int reused = -1;
    recorder fresh([](std::uint32_t) {});
    socket_pair other;
    unique_fd fresh_fd;
    bool done = false;
    const auto swap_out = [&](socket_pair& victim) {
        if (std::exchange(done, true)) return;
        l.at_end_of_turn([&] { l.stop(); });
        reused = victim.ours.get();
        l.close(std::move(victim.ours));
        fresh_fd.reset(::fcntl(other.ours.get(), F_DUPFD_CLOEXEC, reused));
        ASSERT_EQ(fresh_fd.get(), reused);
        ASSERT_TRUE(l.add(reused, fresh));
    };
    recorder on_a([&](std::uint32_t) { swap_out(b); });
    recorder on_b([&](std::uint32_t) { swap_out(a); });
    ASSERT_TRUE(l.add(a.ours.get(), on_a));
    ASSERT_TRUE(l.add(b.ours.get(), on_b));
    a.theirs.reset();  // hang-ups, which the new owner of the number must not see
    b.theirs.reset();
    l.run();
    EXPECT_EQ(fresh.calls, 0);
}

TEST(loop, hands_a_descriptor_to_another_handler) {
    loop l;
    socket_pair pair;
    recorder second([&](std::uint32_t) {
        if (pair.read() == "2") l.stop();
    });
    recorder first([&](std::uint32_t) {
        if (pair.read() != "1") return;
        l.replace(pair.ours.get(), second);
        pair.send("2");
    });
    ASSERT_TRUE(l.add(pair.ours.get(), first));
    pair.send("1");
    l.run();
    EXPECT_EQ(first.calls, 1);
    EXPECT_GE(second.calls, 1);
}

TEST(loop, pokes_in_the_next_turn) {
    loop l;
    socket_pair pair;
    std::vector<std::string> order;
    recorder handler([&](std::uint32_t events) {
        if (order.empty()) {
            order.emplace_back("first");
            l.poke(pair.ours.get(), EPOLLIN);
            l.at_end_of_turn([&] { order.emplace_back("end"); });
            return;
        }
        EXPECT_EQ(events, static_cast<std::uint32_t>(EPOLLIN));
        order.emplace_back("poked");
        l.stop();
    });
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    l.run();
    EXPECT_EQ(order, (std::vector<std::string>{"first", "end", "poked"}));
}

TEST(loop, pokes_nobody_who_was_removed) {
    loop l;
    socket_pair pair;
    recorder handler([](std::uint32_t) {});
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    l.poke(pair.ours.get(), EPOLLIN);
    l.remove(pair.ours.get());
    l.call_after(2ms, [&] { l.stop(); });
    l.run();
    EXPECT_EQ(handler.calls, 0);
}

/// Closes a watched descriptor and gives its number to a new one, which has not hung up.
struct number_taker {
    explicit number_taker(loop& l) : loop_(l) { EXPECT_TRUE(l.add(old.ours.get(), nobody)); }
    void take_number() {
        const int number = old.ours.get();
        loop_.close(std::move(old.ours));
        reused.reset(::fcntl(other.ours.get(), F_DUPFD_CLOEXEC, number));
        EXPECT_EQ(reused.get(), number);
        EXPECT_TRUE(loop_.add(number, fresh));
    }
    loop& loop_;
    socket_pair old;
    socket_pair other;
    unique_fd reused;
    recorder nobody{[](std::uint32_t) {}};
    recorder fresh{[](std::uint32_t) {}};
};

TEST(loop, forgets_the_pokes_of_a_descriptor_that_is_closed) {
    loop l;
    number_taker taker(l);
    l.poke(taker.old.ours.get(), EPOLLHUP);
    taker.take_number();
    l.call_after(5ms, [&] { l.stop(); });
    l.run();
    EXPECT_GE(taker.fresh.calls, 1) << "it is writable";
    EXPECT_EQ(taker.fresh.seen & EPOLLHUP, 0U);
}

TEST(loop, forgets_the_pokes_of_a_descriptor_that_another_poke_closes) {
    loop l;
    number_taker taker(l);
    socket_pair first;
    recorder closer([&](std::uint32_t events) {
        if (events == EPOLLPRI) taker.take_number();
    });
    ASSERT_TRUE(l.add(first.ours.get(), closer));
    l.poke(first.ours.get(), EPOLLPRI);
    l.poke(taker.old.ours.get(), EPOLLHUP);
    l.call_after(5ms, [&] { l.stop(); });
    l.run();
    ASSERT_TRUE(taker.reused);
    EXPECT_EQ(taker.fresh.seen & EPOLLHUP, 0U);
}

TEST(loop, joins_the_pokes_of_one_turn) {
    loop l;
    socket_pair pair;
    std::vector<std::uint32_t> told;
    recorder handler([&](std::uint32_t events) { told.push_back(events); });
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    l.poke(pair.ours.get(), EPOLLIN);
    l.poke(pair.ours.get(), EPOLLRDHUP);
    l.call_after(5ms, [&] { l.stop(); });
    l.run();
    EXPECT_EQ(told, (std::vector<std::uint32_t>{EPOLLOUT, EPOLLIN | EPOLLRDHUP}));
}

TEST(loop, reports_a_descriptor_that_cannot_be_watched) {
    loop l;
    recorder handler([](std::uint32_t) {});
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    ::close(fds[0]);
    ::close(fds[1]);
    const auto added = l.add(fds[0], handler);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, errc::io_error);
}

TEST(loop, handles_more_ready_descriptors_than_one_batch_holds) {
    loop l;
    constexpr int count = 700;
    std::vector<socket_pair> pairs(count);
    std::vector<std::unique_ptr<recorder>> handlers;
    int ready = 0;
    for (const socket_pair& pair : pairs) {
        handlers.push_back(std::make_unique<recorder>([&](std::uint32_t) {
            if (++ready == count) l.stop();
        }));
        ASSERT_TRUE(l.add(pair.ours.get(), *handlers.back()));
    }
    l.run();
    EXPECT_EQ(ready, count);
}

TEST(loop, goes_on_when_tasks_throw) {
    loop l;
    std::string ran;
    l.post([] { throw std::bad_alloc(); });
    l.post([&] { ran += "post "; });
    l.at_end_of_turn([] { throw std::runtime_error("a bug"); });
    l.at_end_of_turn([&] { ran += "end "; });
    l.call_after(0ms, [] { throw 1; });
    l.call_after(2ms, [&] {
        ran += "timer";
        l.stop();
    });
    l.run();
    EXPECT_EQ(ran, "post end timer");
    EXPECT_EQ(l.counters().failed_allocations, 1U);
    EXPECT_EQ(l.counters().exceptions, 2U);
}

TEST(loop, tries_a_timer_again_that_found_no_memory) {
    loop l;
    int tries = 0;
    int cancelled_tries = 0;
    l.call_after(0ms, [&] {
        if (++tries < 3) throw std::bad_alloc();
        l.stop();
    });
    const auto other = l.call_after(0ms, [&] {
        ++cancelled_tries;
        throw std::bad_alloc();
    });
    l.call_after(1ms, [&] { l.cancel(other); });
    l.run();
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(cancelled_tries, 1);
}

TEST(loop, tells_a_handler_that_its_call_failed) {
    struct failing final : io_handler {
        explicit failing(loop& l, int fd) : l_(l), fd_(fd) {}
        void on_io(std::uint32_t) override { throw std::bad_alloc(); }
        void on_failure() noexcept override {
            ++failures;
            l_.remove(fd_);
        }
        loop& l_;
        int fd_;
        int failures = 0;
    };
    loop l;
    socket_pair pair;
    socket_pair other;
    failing handler(l, pair.ours.get());
    recorder fine([&](std::uint32_t) {
        if (other.read() == "x") l.stop();
    });
    ASSERT_TRUE(l.add(pair.ours.get(), handler));
    ASSERT_TRUE(l.add(other.ours.get(), fine));
    l.call_after(2ms, [&] { other.send("x"); });
    l.run();
    EXPECT_EQ(handler.failures, 1);
    EXPECT_EQ(l.counters().failed_allocations, 1U);
}

TEST(loop, is_woken_at_once_if_there_is_no_memory_to_remember_that_it_is_owed) {
    if (!testing::memory_can_be_scarce) GTEST_SKIP() << "the checker's own memory";
    struct sleeping final : wakeable {
        void wake() noexcept override { ++woken; }
        int woken = 0;
    };
    sleeping sleeper;
    int before_the_end = 0;
    testing::scarce_memory memory;
    std::thread([&] {
        held_wakes held;
        memory.fail_at(1);
        held.owe(sleeper);
        memory.fail_at(0);
        before_the_end = sleeper.woken;
    }).join();
    EXPECT_EQ(before_the_end, 1);
    EXPECT_EQ(sleeper.woken, 1);
}

TEST(loop, keeps_the_time_of_the_turn) {
    loop l;
    l.call_after(0ms, [&] {
        const auto now = l.now();
        EXPECT_EQ(now, l.now());
        EXPECT_LE(now, loop::clock::now());
        EXPECT_LT(loop::clock::now() - now, 10s);
        l.stop();
    });
    l.run();
}

}  // namespace
}  // namespace carillon::net
