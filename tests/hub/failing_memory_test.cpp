// Memory runs out, at whichever allocation: one request or one stream fails, and nobody is told
// anything untrue.
#include "support/scarce_memory.hpp"
#include "support/test_hub.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

/// The client's side, which has its own memory.
class other_side final : public connection {
public:
    fake_connection in;

    framing layout() const noexcept override { return in.layout(); }
    void begin(const opening_facts& facts) override {
        const scarce_memory::plenty theirs;
        in.begin(facts);
    }
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        const scarce_memory::plenty theirs;
        return in.write(slices);
    }
    void close(close_reason why) override { in.close(why); }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return "192.0.2.1:1"; }
};

/// A client that comes back with its cursor until it is level.
struct client {
    std::string token = {};
    std::vector<std::unique_ptr<other_side>> connections = {};
    subscriber* stream = nullptr;

    fake_connection& now() { return connections.back()->in; }
    std::string cursor() const {
        for (auto c = connections.rbegin(); c != connections.rend(); ++c) {
            if (!(*c)->in.last_event_id().empty()) return (*c)->in.last_event_id();
        }
        return {};
    }
    std::vector<std::string> data() const {
        std::vector<std::string> all;
        for (const auto& c : connections) {
            for (std::string& text : c->in.data()) all.push_back(std::move(text));
        }
        return all;
    }
};

class short_of_memory {
public:
    short_of_memory() : t_(options()) {
        for (int i = 0; i < 3; ++i) publish("a");
        event value = make_event({"b/value"}, "value");
        value.retain = true;
        t_.publish(std::move(value));
        come(witness_);
        newcomer_.token = "0123456789abcdefghijklmnopqrstuv";
        cursor_ = t_.id(1);
    }

    /// What is to be survived.
    void visit() {
        guarded([&] { come(newcomer_); });
        run();
        for (const char* topic : {"a", "b/1", "a"}) publish(topic);
        guarded([&] { t_.h.subscribe(newcomer_.token, *topic_pattern::parse("c"), [](auto) {}); });
        run();
        publish("c");
        // Its socket takes nothing for a while.
        witness_.now().room = 0;
        for (int i = 0; i < 3; ++i) publish("a");
        for (int i = 0; i < 3; ++i) guarded([&] { t_.on.advance(20s); });
        witness_.now().room = fake_connection::unlimited;
        guarded([&] {
            if (std::exchange(witness_.now().blocked, false) && !witness_.now().closed)
                t_.s.writable(*witness_.stream);
        });
        run();
        publish("b/2");
    }

    void check(std::uint64_t n) {
        for (client* c : {&witness_, &newcomer_}) {
            settle(*c);
            publish("a");
            settle(*c);
            std::vector<std::string> got = c->data();
            std::erase(got, "value");
            std::vector<std::string> expected;
            for (const std::string& data : answered_) {
                if (c == &newcomer_ || data.starts_with("a ")) expected.push_back(data);
            }
            if (c == &newcomer_) {
                // It begins behind the first one, and topic `c` may not have been added.
                std::erase_if(expected, [](const auto& d) { return d.starts_with("c "); });
                std::erase_if(got, [](const auto& d) { return d.starts_with("c "); });
                expected.erase(expected.begin());
            } else {
                expected.erase(expected.begin(), expected.begin() + 3);
            }
            std::erase_if(got, [&](const auto& d) { return unanswered_.contains(d); });
            EXPECT_EQ(got, expected) << n << (c == &witness_ ? " witness" : " newcomer");
            for (const auto& one : c->connections) EXPECT_FALSE(one->in.misused) << n;
        }
        EXPECT_EQ(t_.h.subscribers(), 2u) << n;
        EXPECT_EQ(t_.h.connections_of("ada"), 1u) << n;
        for (client* c : {&witness_, &newcomer_}) t_.s.remove(*c->stream);
        EXPECT_EQ(t_.h.subscribers(), 0u) << n;
        EXPECT_EQ(t_.h.connections_of("ada"), 0u) << n;
        EXPECT_EQ(t_.s.counters().topics, 0u) << n;
        EXPECT_EQ(t_.s.counters().behind, 0u) << n;
        t_.on.advance(10min);
        EXPECT_TRUE(t_.on.idle());
    }

private:
    static hub_options options() {
        hub_options o;
        o.options_of = [](std::string_view topic) {
            topic_options all;
            if (topic == "a") all.presence = presence_rule::everyone;
            return all;
        };
        return o;
    }

    template <class Call>
    static void guarded(Call&& call) {
        try {
            call();
        } catch (const std::bad_alloc&) {
        }
    }
    void run() {
        for (bool more = true; more;) {
            more = true;
            guarded([&] { more = t_.on.run_one(); });
        }
    }
    void publish(const char* topic) {
        std::string data;
        event e;
        {
            const scarce_memory::plenty ours;
            data = std::string(topic) + " " + std::to_string(++published_);
            unanswered_.insert(data);
            e = make_event({topic}, data);
        }
        published answer;
        guarded([&] { answer = t_.publish_only(std::move(e)); });
        run();
        const scarce_memory::plenty ours;
        if (answer.id.empty()) return;
        unanswered_.erase(data);
        answered_.push_back(data);
    }

    void come(client& c) {
        stream_request r;
        {
            const scarce_memory::plenty ours;
            c.connections.push_back(std::make_unique<other_side>());
            c.stream = nullptr;
            const std::string cursor = c.cursor();
            if (c.token.empty()) {
                r = t_.request(c.now(), {"a"}, cursor);
            } else {
                r = t_.request(c.now(), {"a", "b/*"}, cursor.empty() ? cursor_ : cursor);
                r.client = c.token;
                r.metadata = R"({"more":"than fits into a small string"})";
                auto who = std::make_shared<identity>();
                who->user = "ada";
                who->session = "a session of hers, with a long name";
                who->attributes = {{"team", "a team that has a long name as well"}};
                r.who = std::move(who);
                r.spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
            }
            r.out = c.connections.back().get();
        }
        auto opened = t_.s.open(std::move(r));
        c.stream = opened ? *opened : nullptr;
        EXPECT_TRUE(opened || opened.error().code == errc::unavailable);
        if (!opened && !c.now().closed) c.now().closed = close_reason::unavailable;
    }
    /// With memory again, until it has everything.
    void settle(client& c) {
        t_.on.advance(1s);
        if (c.connections.empty() || c.now().closed || c.stream == nullptr) {
            come(c);
            t_.on.advance(1s);
        }
        while (std::exchange(c.now().blocked, false)) {
            t_.s.writable(*c.stream);
            t_.on.advance(1s);
        }
    }

    test_hub t_;
    client witness_, newcomer_;
    std::string cursor_;
    int published_ = 0;
    std::vector<std::string> answered_;
    std::set<std::string> unanswered_;
};

TEST(failing_memory, ends_a_stream_or_fails_a_publish_at_whichever_allocation_it_fails) {
    if (!memory_can_be_scarce) GTEST_SKIP() << "the checker has the memory";
    scarce_memory memory(scarce_memory::threads::all);
    // All of them take some seconds more.
    for (std::uint64_t n = 1;; n += n < 200 ? 1 : 7) {
        short_of_memory scene;
        memory.fail_at(n);
        scene.visit();
        const bool through = memory.allocations() < n;
        memory.fail_at(0);
        scene.check(n);
        if (through) {
            EXPECT_GT(n, 100u);
            break;
        }
        if (::testing::Test::HasFailure()) break;
    }
}

}  // namespace
}  // namespace carillon::testing
