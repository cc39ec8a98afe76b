// A message and its event are one unit: the server is killed at random moments.
#include "support/event_reader.hpp"
#include "support/running_server.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

constexpr std::string_view token = "Ym9iOmJvYjpib2JAZXhhbXBsZS5jb206dXNlcg==";  // bob, user
constexpr int writers = 3;

int rounds() {
    const char* asked = std::getenv("CRASH_ROUNDS");
    return asked == nullptr ? 10 : std::atoi(asked);
}

std::string fields() { return fmt::format("Authorization: Bearer {}\r\n{}", token, json_type); }

/// Says its numbers until the server is gone.
class writer {
public:
    explicit writer(int number) : number_(number) {}

    void run(const running_server& s) {
        raw_client c(s.port());
        for (;;) {
            const std::string text = fmt::format("{}:{}", number_, next_++);
            const std::string body = fmt::format(R"({{"roomId":"r","message":"{}"}})", text);
            c.send(
                fmt::format("POST /chat/message HTTP/1.1\r\nHost: localhost\r\n{}"
                            "Content-Length: {}\r\n\r\n{}",
                            fields(), body.size(), body));
            const answer got = c.read_answer();
            if (got.status == 200 || got.status == 202) answered.push_back(text);
            if (got.status == 0) return;
        }
    }

    strings answered;

private:
    const int number_;
    int next_ = 0;
};

/// A member who comes back with a cursor as an EventSource does.
class reader {
public:
    void run(const running_server& s, std::string_view last = {}) {
        event_reader c(s.port(), fmt::format("/chat/stream?token={}", token),
                       cursor_.empty() ? "" : after(cursor_), {.whole_path = true});
        while (const auto e = c.poll()) {
            cursor_ = e->id;
            opened = true;
            if (e->type != "chat-message") continue;
            const std::string text = json_value(e->data, "message");
            if (text == last) return;
            heard.push_back(text);
        }
    }

    strings heard;
    std::atomic<bool> opened = false;

private:
    std::string cursor_;
};

/// All that is stored, oldest first.
strings stored(const running_server& s) {
    strings all;
    std::string before;
    do {
        const answer page = s.request(
            "GET", fmt::format("/chat/room/r/messages?limit=1000{}", before), {}, fields());
        EXPECT_EQ(page.status, 200) << page.body;
        strings some;
        std::string_view rest = page.body;
        constexpr std::string_view mark = R"("message":")";
        for (auto at = rest.find(mark); at != std::string_view::npos; at = rest.find(mark)) {
            rest.remove_prefix(at + mark.size());
            some.emplace_back(rest.substr(0, rest.find('"')));
        }
        all.insert(all.begin(), some.begin(), some.end());
        const std::string next = json_value(page.body, "before");
        before = next.empty() ? "" : "&before=" + next;
    } while (!before.empty());
    return all;
}

TEST(chat_crash, every_message_that_is_stored_is_told_once_after_kills_at_random_moments) {
    running_server s({"--chat.history", "0"});
    ASSERT_EQ(s.request("POST", "/chat/room/r/join", "", fields()).status, 200);
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    std::vector<std::unique_ptr<writer>> writing;
    for (int i = 0; i < writers; ++i) writing.push_back(std::make_unique<writer>(i));
    reader member;
    for (int round = 0; round < rounds(); ++round) {
        std::vector<std::thread> threads;
        threads.emplace_back([&] { member.run(s); });
        while (!member.opened) std::this_thread::yield();
        for (auto& w : writing) threads.emplace_back([&] { w->run(s); });
        ::poll(nullptr, 0, static_cast<int>(5 + random() % 80));
        s.kill();
        for (std::thread& t : threads) t.join();
        s.restart();
    }
    ASSERT_EQ(
        s.request("POST", "/chat/message", R"({"roomId":"r","message":"last"})", fields()).status,
        200);
    member.run(s, "last");

    strings kept = stored(s);
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.back(), "last");
    kept.pop_back();
    strings heard = member.heard;
    std::ranges::sort(kept);
    std::ranges::sort(heard);
    EXPECT_EQ(heard, kept) << "a message without its event, or an event twice";
    const std::set<std::string> there(kept.begin(), kept.end());
    std::size_t answered = 0;
    for (const auto& w : writing) {
        answered += w->answered.size();
        for (const std::string& text : w->answered) EXPECT_TRUE(there.contains(text)) << text;
    }
    EXPECT_GT(answered, 20u);
}

}  // namespace
}  // namespace carillon::testing
