#include "http/response_body.hpp"

#include "http/test_server.hpp"

#include <atomic>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::ptrdiff_t write(response_body& b, std::string_view bytes) {
    const iovec slice{const_cast<char*>(bytes.data()), bytes.size()};
    return b.write({&slice, 1});
}

/// Counts what it is told, and does what the test wants then.
struct listener final : body_listener {
    void on_writable() override {
        ++writable;
        if (then) then();
    }
    void on_peer_ended() override {
        ++ended;
        if (then) then();
    }
    void on_gone() override {
        ++gone;
        if (then) then();
    }
    std::atomic<int> writable = 0;
    std::atomic<int> ended = 0;
    std::atomic<int> gone = 0;
    std::function<void()> then;
};

bool eventually(const std::function<bool()>& state) {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (!state()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

/// A server whose `/stream` becomes a body that the test holds.
class response_body_of : public ::testing::Test {
protected:
    response_body_of() { head_.headers = {{"Content-Type", "text/event-stream"}}; }
    ~response_body_of() override {
        server_.on_loop([this] { body_.reset(); });
    }

    void open(test_client& c, std::string_view fields = {}, std::string_view version = "HTTP/1.1") {
        c.send("GET /stream " + std::string(version) + "\r\nHost: localhost\r\n" +
               std::string(fields) + "\r\n");
        EXPECT_TRUE(eventually([this] { return begun_.load(); }));
    }
    void on_loop(const std::function<void()>& task) { server_.on_loop(task); }

    /// For send buffers.
    static byte_budget& room() {
        static byte_budget none(0);
        return none;
    }
    static server_options options() {
        server_options o = test_server::defaults();
        o.access.cors_origins = {"http://page.example"};
        o.responses = &room();
        return o;
    }

    stream_head head_;
    std::unique_ptr<response_body> body_;
    listener told_;
    std::atomic<bool> begun_ = false;
    test_server server_{[this](router& routes) {
                            routes.add("GET", "/stream", [this](request&, responder r) {
                                body_ = r.begin_stream(head_);
                                ASSERT_TRUE(body_);
                                body_->listen(told_);
                                EXPECT_FALSE(r.begin_stream({})) << "only once";
                                r.send(text("ignored"));
                                begun_ = true;
                            });
                        },
                        options()};
};

TEST_F(response_body_of, begins_with_a_head_that_has_what_every_response_has) {
    test_client c(server_);
    open(c, "Origin: http://page.example\r\n");
    EXPECT_TRUE(server_.reaches_open(0)) << "the session has gone";
    on_loop([&] {
        body_->head()->headers.emplace_back("X-Late", "yes");
        EXPECT_EQ(write(*body_, "3\r\nabc\r\n"), 8);
        EXPECT_EQ(body_->head(), nullptr) << "it is on its way";
        body_->finish(after_body::close);
    });
    const auto answer = c.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
    EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(answer.header("X-Late"), "yes");
    EXPECT_EQ(answer.header("Vary"), "Origin");
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(answer.header("Date"), HasSubstr(" GMT"));
    EXPECT_EQ(c.read_to_end(), "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(server_.counters().responses_2xx, 1U);
}

/// Reads the head, then bytes up to the end of the last chunk.
std::string whole_body(test_client& c) {
    EXPECT_EQ(c.read().status, 200);
    std::string all;
    while (!all.ends_with("0\r\n\r\n")) {
        const std::string more = c.receive_text();
        if (more.empty()) break;
        all += more;
    }
    return all;
}

TEST_F(response_body_of, leaves_its_connection_to_the_next_request) {
    test_client c(server_);
    for (int i = 0; i < 3; ++i) {
        begun_ = false;
        open(c);
        EXPECT_TRUE(server_.reaches_open(0));
        on_loop([&] {
            write(*body_, "3\r\nabc\r\n");
            body_->finish(after_body::next_request);
            EXPECT_EQ(write(*body_, "more"), response_body::broken);
            if (i == 1) body_.reset();
        });
        EXPECT_EQ(whole_body(c), "3\r\nabc\r\n0\r\n\r\n");
        EXPECT_TRUE(server_.reaches_open(1));
    }
    EXPECT_EQ(c.send(get("/nothing-here")).read().status, 404);
    EXPECT_EQ(server_.counters().accepted, 1U);
    c.shut_down();
    EXPECT_TRUE(server_.reaches_open(0));
}

TEST_F(response_body_of, takes_its_connection_along_if_more_cannot_be_answered_on_it) {
    const auto ends_after = [&](std::string_view fields,
                                const std::function<void(test_client&)>& then,
                                after_body asked = after_body::next_request) {
        begun_ = false;
        test_client c(server_);
        open(c, fields);
        on_loop([&] { write(*body_, "3\r\nabc\r\n"); });
        then(c);
        on_loop([&] { body_->finish(asked); });
        const auto head = c.read();
        EXPECT_EQ(c.read_to_end(), "3\r\nabc\r\n0\r\n\r\n");
        EXPECT_TRUE(server_.reaches_open(0));
        return head.header("Connection");
    };
    EXPECT_EQ(ends_after("Connection: close\r\n", [](test_client&) {}), "close");
    EXPECT_EQ(ends_after({}, [](test_client&) {}, after_body::close), "keep-alive");
    // The body drops what comes while it lasts.
    const auto dropped = [&](test_client& c) {
        c.send(get("/stream"));
        on_loop([] {});
        on_loop([] {});
    };
    EXPECT_EQ(ends_after({}, dropped), "keep-alive");
    const auto shut_down = [&](test_client& c) {
        const int before = told_.ended;
        c.shut_down();
        EXPECT_TRUE(eventually([&] { return told_.ended == before + 1; }));
    };
    EXPECT_EQ(ends_after({}, shut_down), "keep-alive");
    const auto closing = [&](test_client&) {
        on_loop([&] { server_.server().close_when_idle(); });
    };
    EXPECT_EQ(ends_after({}, closing), "keep-alive");
}

TEST_F(response_body_of, promises_no_next_answer_if_more_came_with_its_request) {
    test_client c(server_);
    open(c, "\r\nGET /stream HTTP/1.1\r\nHost: localhost\r\n");
    on_loop([&] { body_->finish(after_body::next_request); });
    EXPECT_EQ(c.read().header("Connection"), "close");
    EXPECT_EQ(c.read_to_end(), "0\r\n\r\n");
}

TEST_F(response_body_of, is_raw_for_http_1_0) {
    test_client c(server_);
    open(c, {}, "HTTP/1.0");
    on_loop([&] {
        EXPECT_EQ(body_->layout(), body_layout::raw);
        write(*body_, "abc");
        body_->finish(after_body::close);
    });
    const auto answer = c.read();
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(answer.header("Transfer-Encoding"), "-");
    EXPECT_EQ(c.read_to_end(), "abc");
}

TEST_F(response_body_of, is_whole_though_nothing_was_written) {
    test_client c(server_);
    open(c);
    on_loop([&] { body_->finish(after_body::close); });
    EXPECT_EQ(c.read().status, 200);
    EXPECT_EQ(c.read_to_end(), "0\r\n\r\n");
}

TEST_F(response_body_of, breaks_off_if_it_is_destroyed_unfinished) {
    test_client c(server_);
    open(c);
    on_loop([&] {
        write(*body_, "3\r\nabc\r\n");
        body_.reset();
    });
    EXPECT_EQ(c.read().status, 200);
    EXPECT_EQ(c.read_to_end(), "3\r\nabc\r\n");
}

TEST_F(response_body_of, says_when_it_takes_bytes_again) {
    test_client c(server_, 4 << 10);
    open(c);
    const std::string much(4u << 20, 'x');
    std::ptrdiff_t taken = 0;
    on_loop([&] { taken = write(*body_, much); });
    EXPECT_GT(taken, 0);
    EXPECT_LT(taken, static_cast<std::ptrdiff_t>(much.size()));
    EXPECT_EQ(told_.writable, 0);
    ASSERT_EQ(c.read().status, 200);
    std::size_t got = 0;
    while (told_.writable == 0) got += c.receive_some();
    EXPECT_LE(got, static_cast<std::size_t>(taken));
    // What was not taken may never be offered again.
    on_loop([&] { body_.reset(); });
    EXPECT_EQ(got + c.read_to_end().size(), static_cast<std::size_t>(taken));
}

TEST_F(response_body_of, has_a_large_send_buffer_while_its_client_is_behind_and_reads) {
    room().limit(1u << 20);
    test_client c(server_, 4 << 10);
    open(c);
    const std::string much(1u << 20, 'x');
    const auto used = [&] {
        std::size_t bytes = 0;
        on_loop([&] { bytes = room().used(); });
        return bytes;
    };
    const auto write_on = [&] {
        on_loop([&] {
            while (write(*body_, much) > 0) {
            }
        });
    };
    write_on();
    ASSERT_EQ(c.read().status, 200);
    while (used() == 0) {
        c.receive_some();
        write_on();
    }
    EXPECT_EQ(used(), 256u << 10);
    const auto catch_up = [&] {
        std::ptrdiff_t taken = 0;
        on_loop([&] { taken = write(*body_, "x"); });
        return taken == 1;
    };
    while (!catch_up()) c.receive_some();
    EXPECT_EQ(used(), 0U);
    // It is given back by the end as well.
    write_on();
    while (used() == 0) {
        c.receive_some();
        write_on();
    }
    on_loop([&] {
        body_.reset();
        EXPECT_EQ(room().used(), 0);
        room().limit(0);
    });
}

TEST_F(response_body_of, holds_little_for_a_client_that_reads_nothing) {
    test_client c(server_, 4 << 10);
    open(c);
    std::ptrdiff_t taken = 0;
    on_loop([&] {
        const std::string much(1u << 20, 'x');
        for (std::ptrdiff_t now = 1; now > 0; taken += now) now = write(*body_, much);
    });
    EXPECT_LT(taken, 128 << 10) << "the sockets' own buffers";
}

TEST_F(response_body_of, breaks_off_if_the_last_write_was_not_taken_whole) {
    test_client c(server_, 4 << 10);
    open(c);
    on_loop([&] {
        write(*body_, std::string(4u << 20, 'x'));
        body_->finish(after_body::close);
        EXPECT_EQ(write(*body_, "more"), response_body::broken);
    });
    EXPECT_THAT(c.read_to_end(), Not(HasSubstr("\r\n0\r\n\r\n")));
}

TEST_F(response_body_of, sends_what_it_took_even_after_its_owner_has_gone) {
    // A head that no socket takes at once.
    for (int i = 0; i < 60; ++i) head_.headers.emplace_back("X-Long", std::string(60'000, 'x'));
    test_client c(server_, 4 << 10);
    open(c);
    on_loop([&] {
        EXPECT_EQ(body_->write({}), 0);
        body_->finish(after_body::close);
        body_.reset();
    });
    const std::string all = c.read_to_end();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(all.ends_with("\r\n\r\n0\r\n\r\n"));
    EXPECT_GT(all.size(), 3'600'000U);
}

TEST_F(response_body_of, sends_a_long_head_before_it_takes_bytes) {
    for (int i = 0; i < 60; ++i) head_.headers.emplace_back("X-Long", std::string(60'000, 'x'));
    test_client c(server_, 4 << 10);
    open(c);
    told_.then = [&] {
        write(*body_, "3\r\nabc\r\n");
        body_->finish(after_body::close);
    };
    on_loop([&] { EXPECT_EQ(write(*body_, "3\r\nabc\r\n"), 0); });
    EXPECT_TRUE(c.read_to_end().ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    EXPECT_EQ(told_.writable, 1);
}

TEST_F(response_body_of, drops_what_the_client_sends) {
    test_client c(server_);
    open(c);
    c.send(std::string(100'000, 'x') + "GET /stream HTTP/1.1\r\n\r\n");
    on_loop([&] {
        write(*body_, "3\r\nabc\r\n");
        EXPECT_FALSE(body_->peer_silent_for(1h));
        EXPECT_EQ(body_->peer().str(), "127.0.0.1");
    });
    EXPECT_EQ(c.read().status, 200);
    on_loop([&] { body_->finish(after_body::close); });
    EXPECT_EQ(c.read_to_end(), "3\r\nabc\r\n0\r\n\r\n");
}

TEST_F(response_body_of, says_that_the_client_sends_no_more_and_goes_on) {
    test_client c(server_);
    open(c);
    c.shut_down();
    EXPECT_TRUE(eventually([&] { return told_.ended == 1; }));
    on_loop([&] { EXPECT_EQ(write(*body_, "3\r\nabc\r\n"), 8); });
    EXPECT_EQ(c.read().status, 200);
    on_loop([&] { body_->finish(after_body::close); });
    EXPECT_EQ(c.read_to_end(), "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(told_.gone, 0);
}

TEST_F(response_body_of, says_that_the_client_has_gone) {
    test_client c(server_);
    open(c);
    on_loop([&] { write(*body_, "3\r\nabc\r\n"); });
    c.reset();
    EXPECT_TRUE(eventually([&] { return told_.gone == 1; }));
    on_loop([&] { EXPECT_EQ(write(*body_, "3\r\nabc\r\n"), response_body::broken); });
}

TEST_F(response_body_of, may_be_destroyed_by_whatever_it_tells) {
    for (int way = 0; way < 3; ++way) {
        begun_ = false;
        test_client c(server_, 4 << 10);
        open(c);
        on_loop([&] {
            told_.then = [&] { body_.reset(); };
            write(*body_, way == 2 ? std::string(4u << 20, 'x') : std::string("3\r\nabc\r\n"));
        });
        if (way == 0) c.reset();
        if (way == 1) c.shut_down();
        if (way == 2) c.read_to_end();
        EXPECT_TRUE(eventually([&] {
            bool gone = false;
            on_loop([&] { gone = body_ == nullptr; });
            return gone;
        })) << way;
    }
}

TEST(response_body, is_told_what_happened_before_it_began) {
    std::unique_ptr<response_body> body;
    std::unique_ptr<responder> held;
    listener told;
    test_server server([&](router& routes) {
        routes.add("GET", "/stream", [&](request&, responder r) {
            held = std::make_unique<responder>(std::move(r));
            // By then the end of the input was told to the session.
            held->loop().call_after(20ms, [&] {
                body = held->begin_stream({});
                ASSERT_TRUE(body);
                body->listen(told);
            });
        });
    });
    test_client c(server);
    c.send(get("/stream"));
    c.shut_down();
    EXPECT_TRUE(eventually([&] { return told.ended == 1; }));
    server.on_loop([&] { body.reset(); });
}

}  // namespace
}  // namespace carillon::http
