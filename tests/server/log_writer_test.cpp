#include "server/log_writer.hpp"

#include <array>
#include <chrono>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t much = 1u << 20;

std::string lost(std::uint64_t lines) { return "lost " + std::to_string(lines); }

struct pipe_pair {
    pipe_pair() { EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0); }
    ~pipe_pair() {
        for (const int fd : fds) ::close(fd);
    }
    /// Nothing more goes into it until it is read.
    void fill() const {
        ::fcntl(fds[1], F_SETFL, O_NONBLOCK);
        const std::string page(4096, '.');
        while (::write(fds[1], page.data(), page.size()) > 0) {
        }
        ::fcntl(fds[1], F_SETFL, 0);
    }
    /// All that comes until nothing has for a moment, without what `fill` wrote.
    std::string read_all() const {
        std::string all;
        std::array<char, 4096> piece;
        pollfd p{fds[0], POLLIN, 0};
        while (::poll(&p, 1, 300) > 0) {
            const auto n = ::read(fds[0], piece.data(), piece.size());
            if (n <= 0) break;
            all.append(piece.data(), static_cast<std::size_t>(n));
        }
        return all.substr(std::min(all.find_first_not_of('.'), all.size()));
    }
    std::array<int, 2> fds{-1, -1};
};

/// Lines of 100 bytes.
void push_lines(log_writer& to, int count) {
    for (int i = 0; i < count; ++i) to.push(std::string(99, 'x'));
}

TEST(log_writer, writes_lines_in_order) {
    const pipe_pair p;
    log_writer to(p.fds[1], much, lost);
    to.push("one");
    to.push("two");
    EXPECT_TRUE(to.flush(10s));
    to.push("three");
    EXPECT_TRUE(to.flush(10s));
    EXPECT_EQ(p.read_all(), "one\ntwo\nthree\n");
    EXPECT_EQ(to.dropped(), 0u);
}

TEST(log_writer, never_waits_and_says_how_many_lines_are_missing) {
    const pipe_pair p;
    p.fill();
    log_writer to(p.fds[1], 10'000, lost);
    push_lines(to, 1000);
    EXPECT_FALSE(to.flush(100ms));
    EXPECT_EQ(to.dropped(), 900u);
    const std::string seen = p.read_all();
    EXPECT_TRUE(seen.ends_with("x\nlost 900\n")) << seen.substr(seen.size() - 50);
    EXPECT_EQ(std::ranges::count(seen, '\n'), 101);
    to.push("again");
    EXPECT_TRUE(to.flush(10s));
    EXPECT_EQ(p.read_all(), "again\n");
}

TEST(log_writer, queues_as_much_as_the_limit_and_no_byte_more) {
    const pipe_pair p;
    p.fill();
    log_writer to(p.fds[1], 10'100, lost);
    push_lines(to, 101);
    EXPECT_EQ(to.dropped(), 0u);
    to.push("");
    EXPECT_EQ(to.dropped(), 1u);
    to.set_limit(much);
    to.push("the gap stays at one place");
    EXPECT_EQ(to.dropped(), 2u);
}

TEST(log_writer, goes_on_after_a_broken_pipe_with_the_number_of_lost_lines) {
    const pipe_pair whole;
    const int fd = ::fcntl(whole.fds[1], F_DUPFD_CLOEXEC, 0);
    {
        pipe_pair broken;
        ::dup2(broken.fds[1], fd);
        ::close(broken.fds[0]);
        broken.fds[0] = -1;
        log_writer to(fd, much, lost);
        push_lines(to, 3);
        EXPECT_TRUE(to.flush(10s));
        EXPECT_EQ(to.dropped(), 3u);
        push_lines(to, 2);
        EXPECT_TRUE(to.flush(10s));
        ::dup2(whole.fds[1], fd);
        to.push("again");
        EXPECT_TRUE(to.flush(10s));
        EXPECT_EQ(to.dropped(), 5u);
    }
    EXPECT_EQ(whole.read_all(), "lost 5\nagain\n");
    ::close(fd);
}

TEST(log_writer, a_line_that_a_full_disk_cut_has_an_end_before_the_next) {
    std::string path = "/tmp/log_writer-XXXXXX";
    const int fd = ::mkostemp(path.data(), O_CLOEXEC | O_APPEND);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    {
        log_writer to(fd, much, lost);
        to.push("whole");
        EXPECT_TRUE(to.flush(10s));
        const rlimit small{9, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        to.push("cut here");
        to.push("lost");
        EXPECT_TRUE(to.flush(10s));
        ::setrlimit(RLIMIT_FSIZE, &before);
        to.push("again");
    }
    std::array<char, 100> text{};
    const auto n = ::pread(fd, text.data(), text.size(), 0);
    EXPECT_EQ(std::string_view(text.data(), static_cast<std::size_t>(n)),
              "whole\ncut\nlost 2\nagain\n");
    ::close(fd);
    ::unlink(path.c_str());
}

TEST(log_writer, a_stopped_terminal_stops_nobody) {
    int terminal = -1, program = -1;
    ASSERT_EQ(::openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
    {
        log_writer to(program, much, lost);
        ::tcflow(program, TCOOFF);
        to.push("late");
        EXPECT_FALSE(to.flush(100ms));
        ::tcflow(program, TCOON);
        EXPECT_TRUE(to.flush(10s));
        ::tcflow(program, TCOOFF);
        to.push("never");
    }
    ::close(program);
    ::close(terminal);
}

TEST(log_writer, ends_though_nobody_reads) {
    const pipe_pair p;
    const auto start = std::chrono::steady_clock::now();
    {
        p.fill();
        log_writer to(p.fds[1], much, lost);
        push_lines(to, 3);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 4 * log_writer::patience);
}

}  // namespace
}  // namespace carillon::server
