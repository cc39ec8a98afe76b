// The first promise, from the clients' side: the server is killed at random moments.
#include "support/event_reader.hpp"
#include "support/tokens.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

namespace carillon::testing {
namespace {

constexpr int publishers = 4;
constexpr int subscribers = 3;
constexpr int arrays_of = 3;
constexpr std::string_view last_word = "last";

int rounds() {
    const char* asked = std::getenv("CRASH_ROUNDS");
    return asked == nullptr ? 20 : std::atoi(asked);
}

/// Topics come and go: more of them are empty than may be remembered.
constexpr std::string_view passing_rooms = R"(
[journal]
max_empty_topics = 2
[[topics]]
pattern = "room/*"
retention.max_age = "1s"
[[topics]]
pattern = "state/*"
retention.max_events = 1
)";
constexpr std::string_view durable_token = "crash-test-durable-client";

/// Publishes its own numbers, sometimes several at once, until the server is gone. Some have an id
/// of its own, some are also in a room that is soon empty, some are its last value.
class publisher {
public:
    explicit publisher(int number) : number_(std::to_string(number)), topic_("t/" + number_) {}

    void run(const running_server& s) {
        raw_client c(s.port());
        for (;;) {
            const int count = next_ % 5 == 0 ? arrays_of : 1;
            std::string body;
            for (int i = 0; i < count; ++i) {
                body += body.empty() ? "[" : ",";
                body += one(next_ + i);
            }
            body += "]";
            c.send("POST /events/publish HTTP/1.1\r\nHost: localhost\r\n" + std::string(json_type) +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
            // What got no answer may have been stored or not; all of it or nothing.
            attempts_.emplace_back(next_, count);
            next_ += count;
            const answer got = c.read_answer();
            if (got.status != 200) {
                EXPECT_EQ(got.status, 0) << got.body;
                return;
            }
            for (int i = 0; i < count; ++i) answered_[name(next_ - count + i)] = true;
        }
    }

    std::string name(int n) const { return topic_ + ":" + std::to_string(n); }
    const std::string& state() const { return state_; }
    /// The number in what the topic `state` shows.
    int number_in(std::string_view value) const {
        int n = -1;
        value.remove_prefix(std::min(value.size(), topic_.size() + 1));
        std::from_chars(value.data(), value.data() + value.size(), n);
        return n;
    }
    /// Of the last value that was answered; -1: none.
    int last_value() const {
        int last = -1;
        for (const auto& [text, yes] : answered_)
            if (is_value(number_in(text))) last = std::max(last, number_in(text));
        return last;
    }
    const std::map<std::string, bool>& answered() const { return answered_; }
    const std::vector<std::pair<int, int>>& attempts() const { return attempts_; }

private:
    static bool is_value(int n) { return n % 7 == 3; }

    std::string one(int n) const {
        std::string topics = "\"" + topic_ + "\"";
        if (n % 4 == 1) topics += ",\"room/" + std::to_string(n % 500) + "-" + number_ + "\"";
        if (is_value(n)) topics += ",\"" + state_ + "\"";
        std::string all = "{\"topics\":[" + topics + "],\"data\":\"" + name(n) + "\"";
        if (n % 3 == 0) all += ",\"id\":\"own-" + number_ + "-" + std::to_string(n) + "\"";
        if (is_value(n)) all += ",\"retain\":true";
        return all + "}";
    }

    const std::string number_;
    const std::string topic_;
    const std::string state_ = "state/" + number_;
    int next_ = 0;
    std::map<std::string, bool> answered_;
    std::vector<std::pair<int, int>> attempts_;
};

/// A client that comes back with its cursor as an EventSource does, perhaps a durable one. It names
/// its topics: of others the server forgets, and says so to whoever may have asked for them.
class subscriber {
public:
    explicit subscriber(bool durable) {
        for (int i = 0; i < publishers; ++i) target_ += "topic=t/" + std::to_string(i) + "&";
        target_ += "topic=end";
        if (durable) target_ += "&client=" + std::string(durable_token);
    }

    void run(const running_server& s, bool to_the_end) {
        event_reader c(s, target_, cursor_.empty() ? "" : after(cursor_));
        while (const auto e = c.poll()) {
            cursor_ = e->id;
            if (e->type == "carillon.open") {
                const std::string told = verdict(*e);
                EXPECT_EQ(told, opened_++ == 0 ? "fresh" : "resumed") << e->data;
                continue;
            }
            if (e->type != "message") continue;
            if (!e->id.starts_with("own-")) {
                const std::uint64_t pos = position_of(e->id);
                EXPECT_GT(pos, last_position_) << "doubled or out of order: " << e->data;
                last_position_ = pos;
            }
            if (e->data == last_word) return;
            seen_.push_back(e->data);
        }
        EXPECT_FALSE(to_the_end) << "the last event does not come";
    }
    const strings& seen() const { return seen_; }
    bool has_opened() const { return opened_ != 0; }

private:
    static std::uint64_t position_of(std::string_view id) {
        std::uint64_t pos = 0;
        const std::string_view digits = id.substr(id.find('.') + 1);
        std::from_chars(digits.data(), digits.data() + digits.size(), pos);
        return pos;
    }
    std::string target_ = "?";
    std::string cursor_;
    std::uint64_t last_position_ = 0;
    std::atomic<int> opened_ = 0;
    strings seen_;
};

TEST(crash, every_answered_event_is_there_once_and_in_order_after_kills_at_random_moments) {
    const temporary_folder folder;
    running_server s({"--config", folder.write("carillon.toml", passing_rooms)});
    s.publish("end", "\"first\"");  // a topic that is known
    std::vector<std::unique_ptr<publisher>> writing;
    for (int i = 0; i < publishers; ++i) {
        writing.push_back(std::make_unique<publisher>(i));
        s.publish("t/" + std::to_string(i), "\"begin\"");
    }
    std::vector<std::unique_ptr<subscriber>> reading;
    for (int i = 0; i < subscribers; ++i) reading.push_back(std::make_unique<subscriber>(i == 0));
    // Everybody listens before the first event, so that everybody must see all.
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);

    for (int round = 0; round < rounds(); ++round) {
        std::vector<std::thread> threads;
        for (auto& r : reading) threads.emplace_back([&] { r->run(s, false); });
        if (round == 0) {
            for (auto& r : reading)
                while (!r->has_opened()) std::this_thread::yield();
        }
        for (auto& w : writing) threads.emplace_back([&] { w->run(s); });
        ::poll(nullptr, 0, static_cast<int>(5 + random() % 80));
        s.kill();
        for (std::thread& t : threads) t.join();
        s.restart();
    }
    s.publish("end", "\"last\"");
    for (auto& r : reading) r->run(s, true);

    std::size_t answered = 0;
    for (const auto& w : writing) answered += w->answered().size();
    EXPECT_GT(answered, 100u);
    for (const auto& r : reading) {
        std::map<std::string, std::size_t> at;
        for (std::size_t i = 0; i < r->seen().size(); ++i) {
            EXPECT_TRUE(at.emplace(r->seen()[i], i).second) << r->seen()[i] << " comes twice";
        }
        for (const auto& w : writing) {
            std::size_t before = 0;
            for (const auto& [first, count] : w->attempts()) {
                int there = 0;
                for (int i = 0; i < count; ++i) {
                    const auto found = at.find(w->name(first + i));
                    if (found == at.end()) {
                        EXPECT_FALSE(w->answered().contains(w->name(first + i)))
                            << w->name(first + i) << " was answered and is lost";
                        continue;
                    }
                    ++there;
                    EXPECT_GE(found->second + 1, before) << "out of order: " << found->first;
                    before = found->second + 1;
                }
                EXPECT_TRUE(there == 0 || there == count) << "a part of an array";
            }
        }
    }
    for (const auto& w : writing) {
        if (w->last_value() < 0) continue;
        event_reader late(s, "/" + w->state());
        late.open();
        const auto value = late.poll();
        ASSERT_TRUE(value);
        EXPECT_GE(w->number_in(value->data), w->last_value()) << value->data;
    }
    // All agree on what there is, also on what was stored and never answered.
    for (const auto& r : reading) EXPECT_EQ(r->seen(), reading.front()->seen());
}

TEST(backup, a_copy_made_under_load_is_sound_and_tells_who_has_seen_more) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    const std::string copy = folder.path_of("copy.db");
    running_server s({"--data-dir", data});
    const std::string early = s.publish("a", "1");
    publisher w(0);
    std::thread load([&] { w.run(s); });
    ::poll(nullptr, 0, 50);
    const finished made = run_carillon({"journal", "backup", copy, "--data-dir", data});
    EXPECT_EQ(made.status, 0) << made.output;
    EXPECT_EQ(run_carillon({"journal", "backup", copy, "--data-dir", data}).status, 1);
    EXPECT_EQ(run_carillon({"journal", "restore", copy, "--data-dir", data}).status, 1)
        << "the server has the journal";
    ::poll(nullptr, 0, 50);
    const std::string late = s.publish("a", "2");
    s.kill();
    load.join();

    const finished sound = run_carillon({"journal", "verify", copy});
    EXPECT_EQ(sound.status, 0) << sound.output;
    EXPECT_EQ(run_carillon({"journal", "restore", copy, "--data-dir", data}).status, 1)
        << "a journal is there";
    EXPECT_EQ(run_carillon({"journal", "restore", copy, "--replace", "--data-dir", data}).status,
              0);
    s.restart();
    event_reader seen_more(s, "/a", after(late));
    const received gap = seen_more.open();
    EXPECT_EQ(verdict(gap), "gap");
    EXPECT_EQ(json_value(gap.data, "reason"), "lost");
    event_reader old(s, "/a", after(early));
    EXPECT_EQ(verdict(old.open()), "resumed");
    s.publish("a", "3");
    EXPECT_EQ(seen_more.next().data, "3");
    EXPECT_EQ(old.next().data, "3") << "what came after the copy is gone";
    EXPECT_EQ(run_carillon({"journal", "verify", "--data-dir", data}).status, 0);
}

TEST(backup, holds_each_record_with_its_event_and_no_event_alone) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    const std::string copy = folder.path_of("copy.db");
    running_server s({"--data-dir", data, "--auth.secret", std::string(test_secret)});
    const auto notify = [&](const std::string& id) {
        return s.request("POST", "/api/v1/sse/notifications",
                         R"({"notificationId":")" + id + R"(","type":"T","userId":"ann"})",
                         calls_as("back", R"(["publisher"])"));
    };
    std::atomic<bool> ends = false;
    std::thread load([&] {
        for (int i = 0; !ends; ++i) notify("n" + std::to_string(i));
    });
    ::poll(nullptr, 0, 100);
    const finished made = run_carillon({"journal", "backup", copy, "--data-dir", data});
    EXPECT_EQ(made.status, 0) << made.output;
    EXPECT_EQ(run_carillon({"journal", "backup", copy + "2", "--data-dir", data}).status, 0);
    ends = true;
    load.join();
    s.kill();
    std::filesystem::remove(copy + "2");
    EXPECT_EQ(run_carillon({"journal", "backup", copy + "2", "--data-dir", data}).status, 1)
        << "the copy of the records is there";
    EXPECT_EQ(run_carillon({"journal", "verify", copy}).status, 0);
    const finished restored =
        run_carillon({"journal", "restore", copy, "--replace", "--data-dir", data});
    ASSERT_EQ(restored.status, 0) << restored.output;
    s.restart();
    ASSERT_EQ(notify("last").status, 201);
    const std::string list =
        s.request("GET", "/api/v1/sse/notifications/inbox?limit=1000", {}, calls_as("ann")).body;
    std::size_t listed = 0;
    for (std::size_t at = 0; (at = list.find(R"("notificationId":)", at)) != std::string::npos;
         ++at)
        ++listed;
    EXPECT_GT(listed, 1u) << list;
    event_reader ann(s, "/api/v1/sse/notifications", calls_as("ann"), {.whole_path = true});
    ann.next();
    std::size_t told = 0;
    for (std::string id; id != "last"; ++told) id = json_value(ann.next().data, "notificationId");
    EXPECT_EQ(told, listed);
}

TEST(backup, a_journal_is_there_whenever_a_restore_is_killed) {
    const temporary_folder folder;
    const std::string data = folder.path_of("data");
    const std::string copy = folder.path_of("copy.db");
    running_server s({"--data-dir", data});
    for (int i = 0; i < 200; ++i) s.publish("a", "\"" + std::string(5000, 'x') + "\"");
    ASSERT_EQ(run_carillon({"journal", "backup", copy, "--data-dir", data}).status, 0);
    s.publish("a", "\"later\"");
    s.kill();
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    for (int round = 0; round < rounds(); ++round) {
        process restore(carillon({"journal", "restore", copy, "--replace", "--data-dir", data}));
        ::poll(nullptr, 0, static_cast<int>(random() % 60));
        restore.signal(SIGKILL);
        restore.wait();
        const finished sound = run_carillon({"journal", "verify", "--data-dir", data});
        ASSERT_EQ(sound.status, 0) << sound.output;
        const auto has = [&](const char* events) {
            return sound.output.find(events) != std::string::npos;
        };
        ASSERT_TRUE(has(": 201 events") || has(": 200 events")) << sound.output;
    }
    s.restart();
    EXPECT_EQ(s.get("/ready").status, 200);
}

}  // namespace
}  // namespace carillon::testing
