#include "http/server.hpp"
#include "http/test_server.hpp"

#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>
#include <unistd.h>

namespace carillon::http {
namespace {

using namespace std::chrono_literals;

/// What the uploads of a test did. On the loop's thread, but for the atomics.
struct record {
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::atomic<int> destroyed{0};
    std::atomic<std::size_t> bytes{0};
    std::optional<upload_control> control;
};

/// Counts bytes; answers at the end, or as the test's flags say.
class counting_upload : public upload {
public:
    counting_upload(record& r, responder&& answer) : record_(r), answer_(std::move(answer)) {
        ++record_.begun;
    }
    ~counting_upload() override { ++record_.destroyed; }
    flow on_data(std::string_view data) override {
        record_.bytes += data.size();
        return flow::more;
    }
    void on_end() override {
        ++record_.ended;
        answer_.send(json_response(200, std::to_string(record_.bytes)));
    }

protected:
    record& record_;
    responder answer_;
};

template <class Upload>
std::function<void(router&)> upload_route(record& r) {
    return [&r](router& routes) {
        routes.add(
            "POST", "/up",
            [](request& q, responder a) { a.send(json_response(200, "b" + q.body)); },
            [&r](request& q, responder& a, upload_control control) -> std::unique_ptr<upload> {
                if (q.query == "buffered") return nullptr;
                if (q.query == "refused") {
                    a.send(error{errc::unsupported_media_type, "no"});
                    return nullptr;
                }
                if (q.query == "throws") throw std::runtime_error("no");
                r.control = std::move(control);
                return std::make_unique<Upload>(r, std::move(a));
            });
        routes.add("GET", "/", [](request&, responder a) { a.send(json_response(200, "{}")); });
    };
}

constexpr const char* chunked_head =
    "POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr const char* get_root = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string sized_head(std::size_t size, std::string_view query = {}) {
    return "POST /up" + std::string(query) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

template <class Condition>
bool eventually(Condition&& holds) {
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

TEST(upload, gets_data_as_it_arrives) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
    c.send("2\r\nde");
    EXPECT_TRUE(eventually([&] { return r.bytes == 5; })) << "before the chunk is complete";
    EXPECT_EQ(r.ended, 0);
    EXPECT_EQ(c.send("\r\n0\r\n\r\n").read().body, "5");
    EXPECT_EQ(c.send(get_root).read().status, 200) << "the connection goes on";
    EXPECT_EQ(r.destroyed, 1);
}

TEST(upload, is_not_bound_by_the_limit_of_buffered_bodies) {
    record r;
    server_options options = test_server::defaults();
    options.limits.max_body_size = 1000;
    test_server server(upload_route<counting_upload>(r), options);
    test_client c(server);
    EXPECT_EQ(c.send(sized_head(3000000) + std::string(3000000, 'x')).read().body, "3000000");
    EXPECT_EQ(c.send(sized_head(1000, "?buffered") + std::string(1000, 'x')).read().body,
              "b" + std::string(1000, 'x'));
    EXPECT_EQ(c.send(sized_head(1001, "?buffered") + std::string(1001, 'x')).read().status, 413);
}

TEST(upload, is_pipelined_like_any_request) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    c.send(sized_head(4) + "abcd" + chunked_head + "1\r\nx\r\n0\r\n\r\n" + get_root);
    EXPECT_EQ(c.read().body, "4");
    EXPECT_EQ(c.read().body, "5");
    EXPECT_EQ(c.read().body, "{}");
    EXPECT_EQ(r.begun, 2);
}

TEST(upload, leaves_requests_without_a_body_to_the_handler) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    EXPECT_EQ(c.send(sized_head(0)).read().body, "b");
    EXPECT_EQ(r.begun, 0);
}

TEST(upload, may_be_refused_before_it_begins) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    c.send(sized_head(9, "?refused"));
    EXPECT_EQ(c.read().status, 415);
    EXPECT_TRUE(c.ended());
    test_client other(server);
    EXPECT_EQ(other.send(sized_head(9, "?throws")).read().status, 500);
    EXPECT_TRUE(other.ended());
}

TEST(upload, is_asked_for_when_it_waits) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    c.send(
        "POST /up HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
        "2\r\n\r\n");
    EXPECT_EQ(c.read().status, 100);
    EXPECT_EQ(c.send("ab").read().body, "2");
    test_client refused(server);
    refused.send(
        "POST /up?refused HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n");
    EXPECT_EQ(refused.read().status, 415);
}

/// Pauses after each piece.
class pausing_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    flow on_data(std::string_view data) override {
        counting_upload::on_data(data);
        return flow::pause;
    }
};

TEST(upload, stops_reading_while_it_is_paused) {
    record r;
    test_server server(upload_route<pausing_upload>(r));
    test_client c(server);
    constexpr std::size_t size = 8u << 20;
    std::thread sender([&] { c.send(sized_head(size) + std::string(size, 'x') + get_root); });
    EXPECT_TRUE(eventually([&] { return r.bytes > 0; }));
    server.on_loop([] {});
    const std::size_t first = r.bytes;
    EXPECT_LE(first, 64u << 10);
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(r.bytes, first) << "paused";
    while (r.ended == 0) server.on_loop([&] { r.control->resume(); });
    sender.join();
    EXPECT_EQ(c.read().body, std::to_string(size));
    EXPECT_EQ(c.read().body, "{}");
}

TEST(upload, ends_only_after_its_last_pause) {
    record r;
    test_server server(upload_route<pausing_upload>(r));
    for (const std::string& body :
         {sized_head(3) + "abc", chunked_head + std::string("3\r\nabc\r\n0\r\n\r\n")}) {
        r.bytes = 0;
        r.ended = 0;
        test_client c(server);
        c.send(body + get_root);
        EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
        server.on_loop([] {});
        EXPECT_EQ(r.ended, 0);
        server.on_loop([&] { r.control->resume(); });
        EXPECT_EQ(c.read().body, "3");
        EXPECT_EQ(c.read().body, "{}");
    }
}

/// Resumes from within on_data, before the pause is asked for.
class hasty_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    flow on_data(std::string_view data) override {
        counting_upload::on_data(data);
        record_.control->resume();
        return flow::pause;
    }
};

TEST(upload, is_not_stuck_by_a_resume_that_comes_first) {
    record r;
    test_server server(upload_route<hasty_upload>(r));
    test_client c(server);
    EXPECT_EQ(c.send(sized_head(500000) + std::string(500000, 'x')).read().body, "500000");
}

TEST(upload, has_no_timeout_while_it_is_paused) {
    record r;
    server_options options = test_server::defaults();
    options.limits.body_timeout = 20ms;
    test_server server(upload_route<pausing_upload>(r), options);
    test_client c(server);
    c.send(sized_head(6) + "abc");
    EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
    std::this_thread::sleep_for(60ms);
    EXPECT_EQ(r.destroyed, 0);
    server.on_loop([&] { r.control->resume(); });
    EXPECT_EQ(c.read().status, 408) << "the rest did not come";
    EXPECT_TRUE(eventually([&] { return r.destroyed == 1; }));
    server.on_loop([&] { r.control->resume(); });
}

/// Has seen enough after the first piece.
class early_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    flow on_data(std::string_view data) override {
        EXPECT_EQ(record_.bytes, 0U) << "called after its answer";
        counting_upload::on_data(data);
        answer_.send(error{errc::event_too_large, "line 1"});
        return flow::more;
    }
    void on_end() override { ADD_FAILURE() << "called after its answer"; }
};

TEST(upload, ends_with_an_early_answer) {
    record r;
    test_server server(upload_route<early_upload>(r));
    test_client c(server);
    c.send(sized_head(4000000) + std::string(4000000, 'x'));
    const auto reply = c.read();
    EXPECT_EQ(reply.status, 413);
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(c.ended());
    EXPECT_EQ(r.ended, 0);
}

class failing_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    flow on_data(std::string_view) override { throw std::runtime_error("no"); }
};

TEST(upload, answers_500_when_it_throws) {
    record r;
    test_server server(upload_route<failing_upload>(r));
    test_client c(server);
    EXPECT_EQ(c.send(sized_head(5) + "ab").read().status, 500);
    EXPECT_TRUE(c.ended());
}

class late_failing_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    void on_end() override { throw std::runtime_error("no"); }
};

TEST(upload, answers_500_when_its_end_throws) {
    record r;
    test_server server(upload_route<late_failing_upload>(r));
    test_client c(server);
    EXPECT_EQ(c.send(sized_head(2) + "ab").read().status, 500);
    EXPECT_EQ(c.send(get_root).read().status, 200);
}

TEST(upload, is_destroyed_when_the_client_goes) {
    record r;
    test_server server(upload_route<counting_upload>(r));
    test_client c(server);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
    c.reset();
    EXPECT_TRUE(eventually([&] { return r.destroyed == 1; }));
    EXPECT_EQ(r.ended, 0);
    EXPECT_TRUE(server.reaches_open(0));
    server.on_loop([&] { r.control->resume(); });
}

TEST(upload, is_destroyed_when_a_paused_client_goes) {
    record r;
    test_server server(upload_route<pausing_upload>(r));
    test_client c(server);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
    c.reset();
    EXPECT_TRUE(eventually([&] { return r.destroyed == 1; }));
}

/// Answers some time after the end, from elsewhere.
class slow_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    void on_end() override {
        ++record_.ended;
        answer_.loop().call_after(5ms, [this] { counting_upload::on_end(); });
    }
};

TEST(upload, may_answer_later) {
    record r;
    test_server server(upload_route<slow_upload>(r));
    test_client c(server);
    c.send(sized_head(2) + "ab" + get_root);
    EXPECT_EQ(c.read().body, "2");
    EXPECT_EQ(c.read().body, "{}");
    EXPECT_TRUE(eventually([&] { return r.destroyed == 1; }));
}

/// Turns into a stream some time after its end, by a call of its own.
class stream_upload final : public counting_upload {
public:
    using counting_upload::counting_upload;
    void on_end() override {
        ++record_.ended;
        answer_.loop().call_after(5ms, [this] { become_stream(); });
    }

private:
    void become_stream() {
        const auto body = answer_.begin_stream({});
        ASSERT_TRUE(body);
        EXPECT_EQ(record_.destroyed, 0) << "still in one of its own calls";
        std::string chunk = "6\r\nstream\r\n";
        const iovec slice{chunk.data(), chunk.size()};
        EXPECT_EQ(body->write({&slice, 1}), static_cast<std::ptrdiff_t>(chunk.size()));
        body->finish(after_body::close);
        record_.bytes = 99;
    }
};

TEST(upload, outlives_a_stream_that_it_becomes) {
    record r;
    test_server server(upload_route<stream_upload>(r));
    test_client c(server);
    EXPECT_TRUE(c.send(sized_head(2) + "ab").read_to_end().ends_with("6\r\nstream\r\n0\r\n\r\n"));
    EXPECT_TRUE(eventually([&] { return r.destroyed == 1; }));
    EXPECT_EQ(r.bytes, 99U);
}

/// Answers a cut with what it has: at once, or when the test says so.
class counted_when_cut final : public counting_upload {
public:
    using counting_upload::counting_upload;
    bool on_cut(const error& why) override {
        cause = why.code;
        if (later) return true;
        answer();
        return true;
    }
    void answer() { answer_.send(json_response(409, std::to_string(record_.bytes))); }
    static inline std::atomic<bool> later{false};
    static inline std::atomic<errc> cause{};
    static inline counted_when_cut* latest = nullptr;
    counted_when_cut(record& r, responder&& a) : counting_upload(r, std::move(a)) { latest = this; }
};

class cut_upload_test : public ::testing::TestWithParam<bool> {
protected:
    cut_upload_test() {
        counted_when_cut::later = GetParam();
        counted_when_cut::cause = errc::internal;
    }
    static server_options impatient() {
        server_options options = test_server::defaults();
        options.limits.body_timeout = 100ms;
        return options;
    }
    void expect_an_answer(test_client& c, errc cause) {
        EXPECT_TRUE(eventually([&] { return counted_when_cut::cause == cause; }));
        if (GetParam()) server_.on_loop([] { counted_when_cut::latest->answer(); });
        const auto got = c.read();
        EXPECT_EQ(got.status, 409);
        EXPECT_EQ(got.body, "3");
        EXPECT_TRUE(c.ended());
        EXPECT_TRUE(eventually([&] { return r_.destroyed == 1; }));
    }
    record r_;
    test_server server_{upload_route<counted_when_cut>(r_), impatient()};
};

TEST_P(cut_upload_test, says_how_far_it_came_when_its_time_is_over) {
    test_client c(server_);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    expect_an_answer(c, errc::request_timeout);
}

TEST_P(cut_upload_test, says_how_far_it_came_when_the_client_stops_in_between) {
    test_client c(server_);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    c.shut_down();
    expect_an_answer(c, errc::invalid_request);
}

TEST_P(cut_upload_test, says_how_far_it_came_when_the_server_ends) {
    test_client c(server_);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    EXPECT_TRUE(eventually([&] { return r_.bytes == 3; }));
    server_.on_loop([this] { server_.server().close_when_idle(); });
    expect_an_answer(c, errc::unavailable);
}

INSTANTIATE_TEST_SUITE_P(, cut_upload_test, ::testing::Bool());

TEST(upload, that_says_nothing_when_it_is_cut_is_answered_with_the_reason) {
    record r;
    test_server server(upload_route<pausing_upload>(r));
    test_client c(server);
    c.send(std::string(chunked_head) + "3\r\nabc\r\n");
    EXPECT_TRUE(eventually([&] { return r.bytes == 3; }));
    server.on_loop([&] { server.server().close_when_idle(); });
    EXPECT_EQ(c.read().status, 503) << "though it was paused";
    EXPECT_TRUE(c.ended());
    EXPECT_EQ(r.ended, 0);
}

}  // namespace
}  // namespace carillon::http
