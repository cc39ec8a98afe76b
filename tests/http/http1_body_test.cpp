#include "http/http1_body.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace carillon::http {
namespace {

/// Has more to it than its socket, as TLS has.
class wrapped_stream final : public net::byte_stream {
public:
    explicit wrapped_stream(net::unique_fd fd) : inner_(std::move(fd)) {}
    net::io_result read(std::span<char> room) noexcept override { return inner_.read(room); }
    net::io_result write(std::span<const iovec> slices) noexcept override {
        return inner_.write(slices);
    }
    void end_writing() noexcept override { inner_.end_writing(); }
    void close(net::loop& l) noexcept override {
        const iovec bye{const_cast<char*>("bye"), 3};
        inner_.write({&bye, 1});
        inner_.close(l);
    }
    bool silent_for(std::chrono::milliseconds limit) const noexcept override {
        return inner_.silent_for(limit);
    }
    net::ip_address peer() const noexcept override { return inner_.peer(); }
    int fd() const noexcept override { return inner_.fd(); }

private:
    net::plain_socket inner_;
};

struct unheard final : body_listener {
    void on_writable() override {}
    void on_peer_ended() override {}
    void on_gone() override {}
};

TEST(http1_body, is_written_to_streams_that_are_more_than_a_socket) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    const net::unique_fd theirs(fds[1]);
    net::loop l;
    const router routes;
    server_counters counters;
    session_context context(l, routes, std::make_shared<server_options>(), counters);
    struct owner final : net::io_handler {
        void on_io(std::uint32_t) override {}
    } before;
    ASSERT_TRUE(l.add(fds[0], before));
    unheard listener;
    auto body = make_http1_body(context, std::make_unique<wrapped_stream>(net::unique_fd(fds[0])),
                                {}, "X: y\r\n", body_layout::raw, after_body::close);
    body->listen(listener);
    const iovec slice{const_cast<char*>("abc"), 3};
    EXPECT_EQ(body->write({&slice, 1}), 3);
    EXPECT_TRUE(body->peer().is_local_socket());
    EXPECT_FALSE(body->peer_silent_for(std::chrono::hours(1)));
    body->finish(after_body::close);
    EXPECT_EQ(body->write({&slice, 1}), response_body::broken);
    char room[256];
    const auto got = ::read(theirs.get(), room, sizeof room);
    ASSERT_GT(got, 0);
    EXPECT_EQ(std::string_view(room, static_cast<std::size_t>(got)),
              "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\nabcbye");
}

}  // namespace
}  // namespace carillon::http
