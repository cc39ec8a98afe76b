#include "server/line_publisher.hpp"

#include <deque>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

http_answer problem(long status, std::string_view code) {
    return {.status = status,
            .content_type = "application/problem+json",
            .body = R"({"code":")" + std::string(code) + R"(","detail":"why"})",
            .retry_after = 0ms};
}

/// A server that stores each event once for a key, refuses lines that say so, and fails as asked.
class fake_service {
public:
    result<http_answer> take(const publish_request& r) {
        requests.push_back(r);
        const bool lost = !failures.empty() && failures.front() == "lost";
        if (!failures.empty() && !lost) {
            const std::string why = failures.front();
            failures.pop_front();
            if (why == "down") return fail(errc::io_error, "refused");
            if (why == "FORBIDDEN") return problem(403, why);
            return problem(std::stol(why), "CODE");
        }
        auto answer = store(r);
        if (!lost) return answer;
        failures.pop_front();
        return fail(errc::io_error, "cut off");
    }

    std::vector<publish_request> requests;
    std::deque<std::string> failures;  ///< a status, "down", or "lost": stored without an answer
    std::vector<std::string> stored;
    std::size_t max_batch = 1000;

private:
    result<http_answer> store(const publish_request& r) {
        const auto body = boost::json::parse(r.body);
        const bool is_array = body.is_array();
        std::vector<boost::json::value> events;
        if (is_array) {
            for (const auto& e : body.as_array()) events.push_back(e);
        } else {
            events.push_back(body);
        }
        if (events.size() > max_batch) return problem(413, "PAYLOAD_TOO_LARGE");
        for (const auto& e : events) {
            if (e.at("data") == "foreign") return problem(403, "FORBIDDEN");
            if (e.at("data") == "bad") return problem(400, "INVALID_REQUEST");
            if (e.at("data") == "big") return problem(413, "EVENT_TOO_LARGE");
        }
        const bool known = !r.key.empty() && std::ranges::find(keys_, r.key) != keys_.end();
        std::string text;
        for (const auto& e : events) {
            if (!known) stored.emplace_back(e.at("data").as_string());
            text += (text.empty() ? "" : ",") + std::string(R"({"id":"e.)") +
                    std::to_string(stored.size()) + R"(","position":)" +
                    std::to_string(stored.size()) + R"(,"topic":"t"})";
        }
        keys_.push_back(r.key);
        return http_answer{.status = 200,
                           .content_type = "application/json",
                           .body = is_array ? "[" + text + "]" : text,
                           .retry_after = 0ms};
    }
    std::vector<std::string> keys_;
};

class line_publisher_test : public ::testing::Test {
protected:
    line_publisher make(line_publisher_options options = {}) {
        line_publisher_ports ports;
        ports.post = [this](const publish_request& r) { return service_.take(r); };
        ports.wait = [this](std::chrono::milliseconds time) {
            waits_.push_back(time);
            now_ += time;
            return waits_.size() < give_up_after_;
        };
        ports.report = [this](std::string text) { reports_.push_back(std::move(text)); };
        ports.now = [this] { return now_; };
        return {options, ports};
    }
    static line_event event(std::uint64_t number, const std::string& data) {
        return {number, R"({"topic":"t","data":")" + data + "\"}", false, false};
    }
    static void add(line_publisher& to, const std::vector<std::string>& lines) {
        for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_TRUE(to.add(event(i + 1, lines[i])));
    }
    fake_service service_;
    std::vector<std::chrono::milliseconds> waits_;
    std::size_t give_up_after_ = 1000;
    std::vector<std::string> reports_;
    std::chrono::steady_clock::time_point now_{};
};

TEST_F(line_publisher_test, a_batch_is_one_request_and_one_line_no_array) {
    auto p = make();
    add(p, {"a", "b"});
    EXPECT_TRUE(p.flush());
    EXPECT_TRUE(p.flush()) << "nothing to do";
    add(p, {"c"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b", "c"));
    ASSERT_THAT(service_.requests, SizeIs(2));
    EXPECT_NE(service_.requests[0].key, service_.requests[1].key);
    EXPECT_TRUE(service_.requests[1].body.starts_with('{'));
    EXPECT_EQ(p.counts().published, 3u);
    EXPECT_EQ(p.counts().last_id, "e.3");
    EXPECT_EQ(p.counts().last_position, 3u);
}

TEST_F(line_publisher_test, batches_have_bounds_in_events_and_bytes) {
    auto p = make({.retry_for = {}, .max_batch_events = 3, .max_batch_bytes = 1000});
    add(p, {"1", "2", "3", "4"});
    EXPECT_THAT(service_.stored, ElementsAre("1", "2", "3"));
    add(p, {std::string(900, 'x'), std::string(2000, 'y'), "z"});
    EXPECT_TRUE(p.flush());
    ASSERT_THAT(service_.requests, SizeIs(4));
    EXPECT_THAT(service_.stored, SizeIs(7));
}

TEST_F(line_publisher_test, nothing_is_lost_or_doubled_whatever_fails_on_the_way) {
    auto p = make();
    service_.failures = {"down", "503", "lost", "lost", "429", "408", "502"};
    add(p, {"a", "b", "c"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b", "c"));
    EXPECT_EQ(p.counts().published, 3u);
    ASSERT_THAT(service_.requests, SizeIs(8));
    for (const auto& r : service_.requests) {
        EXPECT_EQ(r.key, service_.requests.front().key);
        EXPECT_EQ(r.body, service_.requests.front().body);
    }
    EXPECT_THAT(reports_, SizeIs(7));
    EXPECT_THAT(waits_, ::testing::Each(::testing::Le(30s)));
    EXPECT_GT(waits_.back(), waits_.front());
}

TEST_F(line_publisher_test, a_line_that_is_refused_is_named_and_skipped) {
    auto p = make();
    add(p, {"a", "b", "bad", "c", "d", "big", "e"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(reports_, ElementsAre(HasSubstr("line 3 is skipped: 400 (INVALID_REQUEST): why"),
                                      HasSubstr("line 6 is skipped: 413 (EVENT_TOO_LARGE)")));
    EXPECT_EQ(p.counts().refused, 2u);
    EXPECT_EQ(p.left(), 0u);
    EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(line_publisher_test, learns_that_the_server_takes_less_at_once) {
    service_.max_batch = 2;
    auto p = make();
    add(p, {"1", "2", "3", "4", "5", "6", "7", "8"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("1", "2", "3", "4", "5", "6", "7", "8"));
    service_.requests.clear();
    add(p, {"1", "2", "3", "4", "5", "6"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.requests, SizeIs(3));
}

TEST_F(line_publisher_test, a_first_refusal_of_the_caller_ends_it_and_a_later_one_does_not) {
    {
        auto p = make();
        service_.failures = {"401"};
        add(p, {"a"});
        EXPECT_FALSE(p.flush());
        EXPECT_EQ(p.left(), 1u);
        EXPECT_THAT(waits_, IsEmpty());
    }
    auto p = make();
    add(p, {"a"});
    EXPECT_TRUE(p.flush());
    service_.failures = {"404", "401"};
    add(p, {"b"});
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b"));
}

TEST_F(line_publisher_test,
       a_line_whose_other_topics_are_not_granted_is_skipped_and_the_rest_goes_on) {
    auto p = make();
    add(p, {"a"});
    EXPECT_TRUE(p.flush());
    auto foreign = event(2, "foreign");
    foreign.other_topics = true;
    EXPECT_TRUE(p.add(foreign));
    EXPECT_TRUE(p.add(event(3, "b")));
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b"));
    EXPECT_THAT(reports_, ElementsAre(HasSubstr("line 2 is skipped: 403 (FORBIDDEN)")));
    EXPECT_THAT(waits_, IsEmpty());
    // A caller whose right was taken away loses no line of the command's own topic.
    service_.failures = {"FORBIDDEN", "FORBIDDEN"};
    EXPECT_TRUE(p.add(event(4, "c")));
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b", "c"));
    EXPECT_EQ(waits_.size(), 2u);
}

TEST_F(line_publisher_test, gives_up_when_it_is_told_to_and_says_what_is_left) {
    auto p = make();
    give_up_after_ = 3;
    add(p, {"a", "b"});
    service_.failures.assign(100, "down");
    EXPECT_FALSE(p.flush());
    EXPECT_EQ(p.left(), 2u);
    EXPECT_THAT(waits_, SizeIs(3));
}

TEST_F(line_publisher_test, gives_up_after_the_time_that_a_batch_may_take) {
    auto p = make({.retry_for = 10s});
    service_.failures.assign(100, "503");
    add(p, {"a"});
    EXPECT_FALSE(p.flush());
    EXPECT_LE(now_.time_since_epoch(), 10s);
    EXPECT_GE(waits_.size(), 3u);
    auto once = make({.retry_for = 0s});
    service_.requests.clear();
    add(once, {"a"});
    EXPECT_FALSE(once.flush());
    EXPECT_THAT(service_.requests, SizeIs(1));
}

TEST_F(line_publisher_test, what_cannot_be_in_an_array_goes_alone_and_in_order) {
    auto p = make();
    add(p, {"a", "b"});
    auto own = event(3, "c");
    own.alone = own.has_key = true;
    EXPECT_TRUE(p.add(own));
    EXPECT_TRUE(p.add(event(4, "d")));
    EXPECT_TRUE(p.flush());
    EXPECT_THAT(service_.stored, ElementsAre("a", "b", "c", "d"));
    ASSERT_THAT(service_.requests, SizeIs(3));
    EXPECT_EQ(service_.requests[1].key, "") << "it has its own in the body";
}

TEST_F(line_publisher_test, an_answer_that_is_not_the_hubs_is_no_success) {
    auto p = make();
    line_publisher_ports ports;
    int asked = 0;
    ports.post = [&](const publish_request&) -> result<http_answer> {
        ++asked;
        return http_answer{
            .status = 200, .content_type = "text/html", .body = "<h1>Log in", .retry_after = 0ms};
    };
    ports.report = [this](std::string text) { reports_.push_back(std::move(text)); };
    line_publisher portal({}, ports);
    EXPECT_TRUE(portal.add(event(1, "a")));
    EXPECT_FALSE(portal.flush());
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(portal.counts().published, 0u);
}

}  // namespace
}  // namespace carillon::server
