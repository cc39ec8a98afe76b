#include "net/listener.hpp"

#include "support/temporary_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::net {
namespace {

using testing::temporary_folder;

endpoint at(std::string_view text) {
    const auto parsed = endpoint::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(endpoint());
}

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

unique_fd connect_to(const endpoint& where) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (!where.path.empty()) {
        auto& sa = reinterpret_cast<sockaddr_un&>(storage);
        sa.sun_family = AF_UNIX;
        where.path.copy(sa.sun_path, sizeof sa.sun_path - 1);
        size = sizeof sa;
    } else if (where.host.contains(':')) {
        auto& sa = reinterpret_cast<sockaddr_in6&>(storage);
        sa.sin6_family = AF_INET6;
        sa.sin6_port = htons(where.port);
        ::inet_pton(AF_INET6, where.host.c_str(), &sa.sin6_addr);
        size = sizeof sa;
    } else {
        auto& sa = reinterpret_cast<sockaddr_in&>(storage);
        sa.sin_family = AF_INET;
        sa.sin_port = htons(where.port);
        ::inet_pton(AF_INET, where.host.c_str(), &sa.sin_addr);
        size = sizeof sa;
    }
    unique_fd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) < 0) fd.reset();
    return fd;
}

TEST(endpoint, reads_every_form) {
    EXPECT_EQ(at("127.0.0.1:8080").host, "127.0.0.1");
    EXPECT_EQ(at("127.0.0.1:8080").port, 8080);
    EXPECT_EQ(at("[::1]:65535").host, "::1");
    EXPECT_EQ(at("[::1]:65535").port, 65535);
    EXPECT_EQ(at("example.com:1").host, "example.com");
    EXPECT_EQ(at(":80").host, "");
    EXPECT_EQ(at(":80").port, 80);
    EXPECT_EQ(at("9000").host, "localhost");
    EXPECT_EQ(at("0").port, 0);
    EXPECT_EQ(at("unix:/run/carillon.sock").path, "/run/carillon.sock");
    EXPECT_EQ(at("unix:/run/a:b").path, "/run/a:b");
}

TEST(endpoint, writes_what_it_reads) {
    for (const char* text : {"127.0.0.1:8080", "[::1]:80", ":80", "localhost:9000", "unix:/a"}) {
        EXPECT_EQ(at(text).str(), text);
    }
}

TEST(endpoint, refuses_everything_else) {
    for (const char* text : {"", ":", "host", "host:", "host:65536", "host:-1", "host:8o", "::1:80",
                             "[::1]", "[::1:80", "::1]:80", "[]:80", "[host]:80", "unix:", "a b:80",
                             "http://host:80", "host:80/"}) {
        const auto parsed = endpoint::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, errc::invalid_request);
    }
}

TEST(listen, binds_ipv4_on_a_port_that_the_system_chooses) {
    const auto sockets = listen(at("127.0.0.1:0"), {});
    ASSERT_TRUE(sockets);
    ASSERT_EQ(sockets->size(), 1U);
    const listening_socket& s = sockets->front();
    EXPECT_NE(s.bound.port, 0);
    EXPECT_EQ(s.bound.host, "127.0.0.1");
    EXPECT_TRUE(s.loopback_only);
    EXPECT_TRUE(connect_to(s.bound));
    EXPECT_TRUE(::fcntl(s.fd.get(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(s.fd.get(), F_GETFD) & FD_CLOEXEC);
}

TEST(listen, binds_ipv6) {
    const auto sockets = listen(at("[::1]:0"), {});
    if (!sockets) GTEST_SKIP() << sockets.error().detail;
    EXPECT_EQ(sockets->front().bound.host, "::1");
    EXPECT_TRUE(sockets->front().loopback_only);
    EXPECT_TRUE(connect_to(sockets->front().bound));
}

TEST(listen, binds_a_name_on_all_its_addresses_with_one_port) {
    const auto sockets = listen(at("localhost:0"), {});
    ASSERT_TRUE(sockets) << sockets.error().detail;
    for (const listening_socket& s : *sockets) {
        EXPECT_EQ(s.bound.port, sockets->front().bound.port);
        EXPECT_TRUE(s.loopback_only);
        EXPECT_TRUE(connect_to(s.bound)) << s.bound.str();
    }
}

TEST(listen, tells_when_other_machines_can_reach_it) {
    const auto any = listen(at(":0"), {});
    ASSERT_TRUE(any) << any.error().detail;
    EXPECT_FALSE(any->front().loopback_only);
    EXPECT_TRUE(connect_to({"127.0.0.1", any->front().bound.port, ""}));

    const auto any4 = listen(at("0.0.0.0:0"), {});
    ASSERT_TRUE(any4) << any4.error().detail;
    EXPECT_FALSE(any4->front().loopback_only);
}

TEST(listen, gives_its_options_to_accepted_sockets) {
    socket_options options;
    options.send_buffer = 24 << 10;
    options.notsent_low_watermark = 12345;
    const auto sockets = listen(at("127.0.0.1:0"), options);
    ASSERT_TRUE(sockets);
    const unique_fd client = connect_to(sockets->front().bound);
    const unique_fd accepted(::accept4(sockets->front().fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(accepted);
    EXPECT_EQ(option(accepted.get(), SOL_SOCKET, SO_SNDBUF), 2 * options.send_buffer);
    EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), 12345);
    EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
}

TEST(listen, refuses_a_port_in_use) {
    const auto first = listen(at("127.0.0.1:0"), {});
    ASSERT_TRUE(first);
    const auto second = listen(first->front().bound, {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, errc::conflict);
    EXPECT_NE(second.error().detail.find("in use"), std::string::npos);
}

TEST(listen, refuses_addresses_that_are_not_here_and_names_that_do_not_exist) {
    EXPECT_FALSE(listen(at("192.0.2.1:0"), {}));
    EXPECT_FALSE(listen(at("no-such-host.invalid:0"), {}));
}

TEST(listen, binds_a_unix_socket_and_replaces_a_stale_one) {
    const temporary_folder folder;
    const endpoint where = at("unix:" + folder.path_of("s"));
    {
        const auto first = listen(where, {});
        ASSERT_TRUE(first) << first.error().detail;
        EXPECT_EQ(first->front().bound, where);
        EXPECT_TRUE(first->front().loopback_only);
        EXPECT_TRUE(connect_to(where));
        const auto second = listen(where, {});
        ASSERT_FALSE(second) << "somebody listens";
        EXPECT_EQ(second.error().code, errc::conflict);
        EXPECT_TRUE(connect_to(where)) << "the first one still works";
    }
    EXPECT_FALSE(std::filesystem::exists(where.path)) << "its end removes it";
    {
        // As a process that was killed leaves it.
        auto killed = listen(where, {});
        ASSERT_TRUE(killed);
        delete killed->front().file.release();
    }
    EXPECT_TRUE(std::filesystem::exists(where.path)) << "stale now";
    EXPECT_TRUE(listen(where, {}));
}

TEST(listen, leaves_files_that_are_no_sockets_alone) {
    const temporary_folder folder;
    const auto path = folder.path() / "precious";
    std::ofstream(path) << "data";
    EXPECT_FALSE(listen(at("unix:" + path.string()), {}));
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(listen, limits_the_path_of_a_unix_socket) {
    const temporary_folder folder;
    const std::string start = folder.path().string() + "/";
    const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    const std::string fits = start + std::string(longest - start.size(), 'x');
    EXPECT_TRUE(listen(at("unix:" + fits), {}));
    const auto too_long = listen(at("unix:" + fits + "x"), {});
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().code, errc::invalid_request);
}

/// Runs `in_child` with `fd` as the first descriptor that systemd passes; true if it returns true.
template <class Check>
bool with_passed_descriptor(int fd, const std::string& pid, Check in_child) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(fd, 3);
        ::setenv("LISTEN_PID", pid.empty() ? std::to_string(::getpid()).c_str() : pid.c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        ::_exit(in_child() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(inherited_listeners, takes_what_systemd_passed) {
    const auto bound = listen(at("127.0.0.1:0"), {});
    ASSERT_TRUE(bound);
    EXPECT_TRUE(with_passed_descriptor(bound->front().fd.get(), "", [&] {
        socket_options options;
        options.notsent_low_watermark = 4321;
        const auto taken = inherited_listeners(options);
        return taken && taken->size() == 1 && taken->front().fd.get() == 3 &&
               taken->front().bound == bound->front().bound && taken->front().loopback_only &&
               option(3, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 4321 &&
               std::getenv("LISTEN_FDS") == nullptr && std::getenv("LISTEN_PID") == nullptr &&
               (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
    }));
}

TEST(inherited_listeners, are_nobody_elses) {
    const auto bound = listen(at("127.0.0.1:0"), {});
    ASSERT_TRUE(bound);
    EXPECT_TRUE(with_passed_descriptor(bound->front().fd.get(), "1", [] {
        const auto taken = inherited_listeners({});
        return taken && taken->empty() && std::getenv("LISTEN_FDS") == nullptr;
    }));
}

TEST(inherited_listeners, must_be_listening) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    const unique_fd a(fds[0]);
    const unique_fd b(fds[1]);
    EXPECT_TRUE(with_passed_descriptor(a.get(), "", [] { return !inherited_listeners({}); }));
}

TEST(inherited_listeners, are_none_without_systemd) {
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDS");
    const auto none = inherited_listeners({});
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->empty());
}

TEST(raise_file_limit, reaches_at_least_the_hard_limit) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const auto raised = raise_file_limit();
    EXPECT_GE(raised, before.rlim_max);
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, raised);
}

}  // namespace
}  // namespace carillon::net
