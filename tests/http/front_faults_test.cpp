// The whole HTTP front on sockets whose n-th write or read fails, and with memory whose n-th part
// is missing, for each n.
#include "http/test_server.hpp"
#include "support/faulty_sockets.hpp"
#include "support/scarce_memory.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;

/// Writes two chunks, the second a little later, and ends.
class two_chunks final : public body_listener {
public:
    static void begin(responder r) {
        net::loop& l = r.loop();
        auto self = std::make_shared<two_chunks>();
        self->body_ = r.begin_stream({});
        if (!self->body_) return;
        self->body_->listen(*self);
        if (!self->write("3\r\none\r\n")) return;
        l.call_after(1ms, [self] {
            if (!self->body_ || !self->write("3\r\ntwo\r\n")) return;
            self->body_->finish(after_body::close);
            self->body_.reset();
        });
    }
    void on_writable() override {}
    void on_peer_ended() override {}
    void on_gone() override { body_.reset(); }

private:
    bool write(std::string_view chunk) {
        const iovec slice{const_cast<char*>(chunk.data()), chunk.size()};
        const auto taken = body_->write({&slice, 1});
        if (taken == response_body::broken) body_.reset();
        // Starved: a real writer would keep the rest; here the chunk is given up as a whole.
        return taken == static_cast<std::ptrdiff_t>(chunk.size());
    }
    std::unique_ptr<response_body> body_;
};

class echo_upload final : public upload {
public:
    explicit echo_upload(responder r) : answer_(std::move(r)) {}
    flow on_data(std::string_view bytes) override {
        got_ += bytes;
        return flow::more;
    }
    void on_end() override { answer_.send(text(got_)); }

private:
    responder answer_;
    std::string got_;
};

void add_routes(router& routes) {
    routes.add("GET", "/hello", [](request&, responder r) { r.send(text("hello")); });
    routes.add("POST", "/echo", [](request& q, responder r) { r.send(text(std::move(q.body))); });
    routes.add("GET", "/big",
               [](request&, responder r) { r.send(text(std::string(256u << 10, 'x'))); });
    routes.add("GET", "/stream", [](request&, responder r) { two_chunks::begin(std::move(r)); });
    routes.add(
        "POST", "/upload", [](request&, responder) {},
        [](request&, responder& r, upload_control) {
            return std::make_unique<echo_upload>(std::move(r));
        });
}

/// How many of the answers came whole.
int visit(const test_server& s) {
    int whole = 0;
    const auto count = [&](const test_client::reply& r, std::string_view body) {
        whole += r.status == 200 && r.body == body ? 1 : 0;
    };
    test_client plain(s);
    plain.send(get("/hello") + get("/hello"));
    count(plain.read(), "hello");
    count(plain.read(), "hello");
    count(plain.send(post("/echo", "abc")).read(), "abc");
    test_client waits(s);
    waits.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
        "Expect: 100-continue\r\n\r\n");
    if (waits.read().status == 100) count(waits.send("def").read(), "def");
    test_client big(s, 8 << 10);
    count(big.send(get("/big")).read(), std::string(256u << 10, 'x'));
    test_client lines(s);
    lines.send(
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n0\r\n\r\n");
    count(lines.read(), "ab");
    test_client refused(s);
    whole += refused.send("nonsense\r\n\r\n").read().status == 400 ? 1 : 0;
    test_client stream(s);
    stream.send(get("/stream", "Connection: close\r\n"));
    whole += stream.read_to_end().ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n") ? 1 : 0;
    return whole;
}

constexpr int all = 8;

TEST(failing_socket, costs_its_own_connection_at_whichever_write_it_fails) {
    test_server server(add_routes);
    testing::faulty_sockets faults;
    for (const int cause : {EPIPE, ECONNRESET}) {
        for (std::uint64_t n = 1;; ++n) {
            faults.fail_write(n, cause);
            const int whole = visit(server);
            EXPECT_GE(whole, all - 3) << "of the three requests on one connection at the most";
            EXPECT_TRUE(server.reaches_open(0)) << n;
            if (faults.writes() < n) {
                EXPECT_EQ(whole, all);
                break;
            }
        }
    }
}

TEST(failing_socket, costs_nothing_if_only_memory_was_short) {
    test_server server(add_routes);
    testing::faulty_sockets faults;
    for (std::uint64_t n = 1; n < 30; ++n) {
        faults.fail_write(n, n % 2 == 0 ? ENOBUFS : ENOMEM);
        EXPECT_GE(visit(server), all - 1) << n << ": but for the stream, which is free to give up";
        EXPECT_TRUE(server.reaches_open(0)) << n;
    }
}

TEST(failing_socket, costs_its_own_connection_at_whichever_read_it_fails) {
    test_server server(add_routes);
    testing::faulty_sockets faults;
    for (const int cause : {ECONNRESET, EINTR}) {
        for (std::uint64_t n = 1;; ++n) {
            faults.fail_read(n, cause);
            const int whole = visit(server);
            EXPECT_GE(whole, cause == EINTR ? all : all - 3) << n;
            EXPECT_TRUE(server.reaches_open(0)) << n;
            if (faults.reads() < n) break;
        }
    }
}

TEST(failing_memory, costs_a_request_at_whichever_allocation_it_fails) {
    server_options options = test_server::defaults();
    options.limits.body_timeout = options.limits.write_timeout = 1s;
    test_server server(add_routes, options);
    if (!testing::memory_can_be_scarce) GTEST_SKIP() << "the checker has the memory";
    testing::scarce_memory memory;
    for (std::uint64_t n = 1;; ++n) {
        memory.fail_at(n);
        const int whole = visit(server);
        EXPECT_GE(whole, all - 3) << n;
        EXPECT_TRUE(server.reaches_open(0)) << n;
        if (memory.allocations() < n) {
            EXPECT_EQ(whole, all);
            EXPECT_GT(n, 30U);
            break;
        }
    }
    EXPECT_GT(server.loop().counters().failed_allocations, 30U);
    EXPECT_EQ(server.loop().counters().exceptions, 0U);
}

}  // namespace
}  // namespace carillon::http
