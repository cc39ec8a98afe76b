// Where the server listens, and who it finds there.
#include "support/event_reader.hpp"

#include <csignal>
#include <filesystem>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view ask_health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(listening, a_unix_socket_beside_a_port_serves_the_same_hub) {
    const temporary_folder folder;
    const std::string path = folder.path_of("socket");
    running_server s({"--listen", "unix:" + path});
    event_reader c(s, "/a");
    c.open();
    raw_client local(path);
    local.send(
        "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{\"data\":1}");
    EXPECT_EQ(local.read_answer().status, 200);
    EXPECT_EQ(c.next().data, "1");
}

TEST(listening, a_socket_file_is_left_by_a_kill_taken_over_and_removed_at_the_end) {
    const temporary_folder folder;
    const std::string path = folder.path_of("socket");
    running_server s({"--listen", "unix:" + path});
    {
        const finished second = run_carillon(
            {"serve", "--listen", "unix:" + path, "--data-dir", folder.path_of("other")});
        EXPECT_EQ(second.status, 1);
        EXPECT_THAT(second.output, HasSubstr("in use"));
    }
    s.kill();
    EXPECT_TRUE(std::filesystem::exists(path));
    s.restart();
    EXPECT_EQ(raw_client(path).send(ask_health).read_answer().status, 200);
    s.signal(SIGTERM);
    EXPECT_EQ(s.wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(listening, a_file_that_is_no_socket_is_not_touched) {
    const temporary_folder folder;
    const std::string path = folder.write("precious", "data");
    const finished got =
        run_carillon({"serve", "--listen", "unix:" + path, "--data-dir", folder.path_of("data")});
    EXPECT_EQ(got.status, 1);
    EXPECT_EQ(std::filesystem::file_size(path), 4u);
}

TEST(listening, a_port_that_is_taken_is_a_clear_error) {
    running_server s;
    const temporary_folder folder;
    const finished second =
        run_carillon({"serve", "--listen", "127.0.0.1:" + std::to_string(s.port()), "--data-dir",
                      folder.path_of("data")});
    EXPECT_EQ(second.status, 1);
    EXPECT_THAT(second.output, HasSubstr("in use by another program"));
}

TEST(listening, ipv6_loopback_works) {
    running_server s({"--listen", "[::1]:0", "--log.level", "info"});
    ASSERT_TRUE(s.logs("[::1]:"));
}

/// A server that is given a listening socket as systemd does it.
class activated {
public:
    activated(int listener, const strings& arguments) {
        strings words = carillon(arguments);
        pid_ = ::fork();
        if (pid_ != 0) return;
        ::dup2(listener, 3);
        ::fcntl(3, F_SETFD, 0);  // it may have been this one, which closes itself
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ~activated() { end(SIGKILL); }
    activated(const activated&) = delete;
    activated& operator=(const activated&) = delete;
    void end(int signal) {
        if (pid_ <= 0) return;
        ::kill(pid_, signal);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    pid_t pid_ = -1;
};

TEST(listening, with_sockets_handed_over_no_client_meets_a_closed_port) {
    const temporary_folder folder;
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&where), size), 0);
    ASSERT_EQ(::listen(listener, 128), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size);
    const std::uint16_t port = ntohs(where.sin_port);
    const strings arguments{
        "serve",       "--listen", "systemd",        "--data-dir", folder.path_of("data"),
        "--log.level", "error",    "--drain.window", "50ms"};

    auto server = std::make_unique<activated>(listener, arguments);
    EXPECT_EQ(raw_client(port).send(ask_health).read_answer().status, 200);
    server->end(SIGTERM);
    // Nobody accepts, but the connection waits in the socket.
    raw_client between(port);
    ASSERT_TRUE(between.connected());
    between.send(ask_health);
    server = std::make_unique<activated>(listener, arguments);
    EXPECT_EQ(between.read_answer().status, 200);
    ::close(listener);
}

}  // namespace
}  // namespace carillon::testing
