// Where the server listens, and who it finds there.
#include "support/event_reader.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view ask_health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view publish_one =
    "POST /events/publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Content-Length: 10\r\n\r\n{\"data\":1}";

TEST(listening, a_unix_socket_beside_a_port_serves_the_same_hub) {
    const temporary_folder folder;
    const std::string path = folder.path_of("socket");
    running_server s({"--listen", "unix:" + path, "--auth.mode", "none"});
    event_reader c(s, "/a");
    c.open();
    raw_client local(path);
    local.send(publish_one);
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

TEST(listening, a_start_that_fails_leaves_no_socket_file) {
    running_server s;
    const temporary_folder folder;
    const std::string path = folder.path_of("socket");
    EXPECT_EQ(run_carillon({"serve", "--listen", "unix:" + path, "--listen",
                            "127.0.0.1:" + std::to_string(s.port()), "--data-dir",
                            folder.path_of("data")})
                  .status,
              1);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(listening, the_umask_says_who_may_connect_to_a_socket_file) {
    const temporary_folder folder;
    const std::string path = folder.path_of("socket");
    ::umask(0007);
    running_server s({"--listen", "unix:" + path});
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_all | std::filesystem::perms::group_all);
}

TEST(listening, several_addresses_of_both_families_serve_the_same_hub) {
    running_server s({"--listen", "[::1]:0", "--listen", "127.0.0.2:0", "--http.allowed_hosts", "*",
                      "--log.level", "info"});
    const auto url_of = [&](const std::string& host) {
        const std::string named = "\"" + host + ":";
        EXPECT_TRUE(s.logs(named));
        const std::size_t at = s.log().find(named) + 1;
        EXPECT_TRUE(s.logs("\"shards\":"));
        return "http://" + s.log().substr(at, s.log().find('"', at) - at);
    };
    event_reader c(s, "/a");
    c.open();
    EXPECT_EQ(run_carillon({"publish", "a", "6", "--url", url_of("[::1]")}).status, 0);
    EXPECT_EQ(run_carillon({"publish", "a", "4", "--url", url_of("127.0.0.2")}).status, 0);
    EXPECT_EQ(c.data(2), (strings{"6", "4"}));
    const finished got = run_carillon(
        {"subscribe", "a", "--since", "earliest", "-n", "2", "--url", url_of("[::1]")});
    EXPECT_EQ(got.status, 0) << got.output;
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

/// A port that stays open while no server runs.
class held_port {
public:
    held_port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&where), size), 0);
        EXPECT_EQ(::listen(fd_, 4096), 0);
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
        number_ = ntohs(where.sin_port);
    }
    ~held_port() { ::close(fd_); }
    held_port(const held_port&) = delete;
    held_port& operator=(const held_port&) = delete;

    int fd() const noexcept { return fd_; }
    std::uint16_t number() const noexcept { return number_; }

private:
    int fd_;
    std::uint16_t number_ = 0;
};

strings serve_handed_over(const temporary_folder& folder) {
    return {"serve",       "--listen", "systemd",        "--data-dir", folder.path_of("data"),
            "--log.level", "error",    "--drain.window", "50ms"};
}

TEST(listening, with_sockets_handed_over_no_client_meets_a_closed_port) {
    const temporary_folder folder;
    const held_port port;
    const strings arguments = serve_handed_over(folder);
    auto server = std::make_unique<activated>(port.fd(), arguments);
    EXPECT_EQ(raw_client(port.number()).send(ask_health).read_answer().status, 200);
    server->end(SIGTERM);
    // Nobody accepts, but the connection waits in the socket.
    raw_client between(port.number());
    ASSERT_TRUE(between.connected());
    between.send(ask_health);
    server = std::make_unique<activated>(port.fd(), arguments);
    EXPECT_EQ(between.read_answer().status, 200);
}

TEST(listening, with_sockets_handed_over_each_publish_under_load_is_answered_and_stored_once) {
    const temporary_folder folder;
    const held_port port;
    const strings arguments = serve_handed_over(folder);
    auto server = std::make_unique<activated>(port.fd(), arguments);
    std::atomic<bool> done{false};
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};
    const auto publish = [&] { return raw_client(port.number()).send(publish_one).read_answer(); };
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            while (!done) ++(publish().status == 200 ? answered : failed);
        });
    }
    for (int i = 0; i < 5; ++i) {
        const int before = answered;
        while (answered < before + 100 && failed == 0) ::poll(nullptr, 0, 1);
        server->end(SIGTERM);
        server = std::make_unique<activated>(port.fd(), arguments);
    }
    done = true;
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(failed, 0) << "of " << answered + failed;
    EXPECT_EQ(json_value(publish().body, "position"), std::to_string(answered + 1));
}

TEST(listening, sockets_for_another_process_are_not_taken) {
    const temporary_folder folder;
    const finished got =
        run_carillon(serve_handed_over(folder), {}, {"LISTEN_PID=1", "LISTEN_FDS=1"});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.output, HasSubstr("no socket was handed over"));
}

TEST(listening, systemd_socket_activate_starts_it_with_the_first_client) {
    const std::string tool = "/usr/bin/systemd-socket-activate";
    if (!std::filesystem::exists(tool)) GTEST_SKIP() << "needs " << tool;
    const temporary_folder folder;
    const std::uint16_t port = free_port();
    strings arguments = carillon(serve_handed_over(folder));
    arguments.insert(arguments.begin(), {tool, "--listen", "127.0.0.1:" + std::to_string(port)});
    process server(arguments);
    ASSERT_TRUE(server.read_until("Listening on"));
    EXPECT_EQ(raw_client(port).send(ask_health).read_answer().status, 200);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0) << server.output();
}

}  // namespace
}  // namespace carillon::testing
