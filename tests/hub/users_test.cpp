// Users and their streams, over several shards.
#include "hub/shard_impl.hpp"
#include "support/strand_executor.hpp"
#include "support/test_hub.hpp"

#include <array>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<identity> user(std::string name) {
    auto who = std::make_shared<identity>();
    who->user = std::move(name);
    return who;
}

class users : public ::testing::Test {
protected:
    users() : second_(t_.h.add_shard(t_.on)) {}

    subscriber* open(shard& home, fake_connection& out, std::string name,
                     const stream_profile& profile) {
        stream_request r = t_.request(out, {"a"});
        r.profile = &profile;
        r.who = user(std::move(name));
        auto opened = home.open(std::move(r));
        return opened ? *opened : nullptr;
    }
    subscriber* open(fake_connection& out, std::string name) {
        return open(t_.s, out, std::move(name), t_.profile);
    }

    test_hub t_;
    shard& second_;
};

TEST_F(users, their_streams_are_counted_on_all_shards_and_profiles) {
    fake_connection a, b, c, nobody;
    stream_profile other;
    subscriber* first = open(a, "ann");
    open(second_, b, "ann", other);
    open(c, "bob");
    t_.open(nobody, {"a"});
    EXPECT_EQ(t_.h.connections_of("ann"), 2u);
    EXPECT_EQ(t_.h.connections_of("bob"), 1u);
    EXPECT_EQ(t_.h.connections_of("carl"), 0u);
    EXPECT_EQ(t_.h.connections_of(""), 0u);
    t_.s.remove(*first);
    EXPECT_EQ(t_.h.connections_of("ann"), 1u);
    t_.h.close([] {});
    t_.on.run_until_idle();
    EXPECT_EQ(t_.h.connections_of("ann"), 0u);
}

TEST_F(users, a_profile_says_how_many_streams_each_has_and_the_oldest_ends) {
    t_.profile.max_per_user = 2;
    stream_profile free;
    fake_connection a, b, c, d, other;
    open(a, "ann");
    open(second_, b, "ann", t_.profile);
    open(second_, d, "ann", free);
    open(other, "bob");
    EXPECT_FALSE(a.closed);
    open(second_, c, "ann", t_.profile);
    EXPECT_TRUE(c.begun);
    EXPECT_EQ(t_.h.connections_of("ann"), 3u) << "decided before the old one knows";
    t_.on.run_until_idle();
    EXPECT_EQ(a.closed, close_reason::replaced);
    EXPECT_EQ(a.own("carillon.close").at(0).data, R"({"reason":"replaced"})");
    EXPECT_FALSE(b.closed || c.closed || d.closed || other.closed);
    EXPECT_EQ(t_.h.connections_of("ann"), 3u);
}

TEST_F(users, the_stream_that_took_a_replaced_ones_slot_is_left_alone) {
    t_.profile.max_per_user = 1;
    fake_connection a, b, c;
    subscriber* first = open(a, "ann");
    open(second_, b, "ann", t_.profile);
    t_.s.remove(*first);  // by itself, before the word comes
    fake_connection other;
    open(other, "bob");
    t_.on.run_until_idle();
    EXPECT_FALSE(other.closed);
    EXPECT_FALSE(b.closed);
    EXPECT_EQ(t_.h.connections_of("ann"), 1u);
}

// The cursor of a stream that ends before its beginning is decided is its client's own.
struct cursor_in_close final : stream_dialect {
    void close(const closing_facts& facts, std::string& out) const override {
        out += "event: bye\ndata: [" + facts.id + "]\n\n";
    }
};

TEST_F(users, a_replaced_stream_is_told_up_to_where_it_has_everything) {
    t_.profile.max_per_user = 1;
    t_.profile.dialect = std::make_shared<cursor_in_close>();
    t_.publish("a", "1");
    fake_connection a, b;
    stream_request r = t_.request(a, {"a"}, t_.id(0));
    r.who = user("ann");
    ASSERT_TRUE(t_.s.open(std::move(r)));
    t_.on.run_until_idle();
    t_.publish("a", "2");
    t_.publish_only(make_event({"a"}, "3"));
    open(b, "ann");
    EXPECT_EQ(a.own("bye").at(0).data, "[" + t_.id(2) + "]");
}

// Many threads open and end streams of few users on several shards, each with a limit of one: in
// the end each user has one stream, which is one of those that were not told to go, and no stream
// was told so without a newer one.
class crowd {
public:
    crowd() : h_({}, make_memory_journal({})) {
        profile_.max_per_user = 1;
        for (strand_executor& on : executors_) shards_.push_back(&h_.add_shard(on));
    }
    ~crowd() {
        std::promise<void> closed;
        h_.close([&] { closed.set_value(); });
        closed.get_future().wait();
    }

    void come_and_go(unsigned thread) {
        for (unsigned i = 0; i < rounds; ++i) {
            shard& home = *shards_[(thread + i) % shards_.size()];
            auto out = std::make_shared<fake_connection>();
            {
                const std::lock_guard lock(mutex_);
                connections_.push_back(out);
            }
            home.inside().post([this, &home, out, i] {
                stream_request r;
                r.out = out.get();
                r.profile = &profile_;
                r.topics = patterns({"a"});
                r.who = user("u" + std::to_string(i % names));
                const auto opened = home.open(std::move(r));
                ASSERT_TRUE(opened);
                const std::string id = home.id_of(**opened);
                // Some leave by themselves, at about the time that they are replaced.
                if (i % 3 != 0 || i + names >= rounds) return;
                home.inside().post([&home, id] {
                    if (subscriber* s = home.inside().find(id)) home.remove(*s);
                });
            });
        }
    }

    void check() {
        for (std::size_t i = 0; i < 3; ++i) wait();  // opened, told to go, gone
        // A stream that leaves by itself may have come last, whichever was sent last.
        std::size_t open = 0;
        std::size_t counted = 0;
        for (unsigned n = 0; n < names; ++n) {
            const std::size_t streams = h_.connections_of("u" + std::to_string(n));
            EXPECT_LE(streams, 1u) << n;
            counted += streams;
        }
        std::promise<std::vector<client_info>> listed;
        h_.list_clients({.limit = 1000}, [&](result<client_page> page) {
            listed.set_value(page ? page->clients : std::vector<client_info>{});
        });
        std::set<std::string> there;
        for (const client_info& c : listed.get_future().get()) {
            ++open;
            there.insert(c.user);
        }
        EXPECT_EQ(open, counted);
        EXPECT_EQ(there.size(), counted);
        for (const auto& c : connections_) EXPECT_FALSE(c->misused);
    }

    static constexpr unsigned names = 5;
    static constexpr unsigned rounds = 300;

private:
    void wait() {
        for (shard* s : shards_) {
            std::promise<void> reached;
            s->inside().post([&] { reached.set_value(); });
            reached.get_future().wait();
        }
    }

    std::array<strand_executor, 3> executors_;
    stream_profile profile_;
    hub h_;
    std::vector<shard*> shards_;
    std::mutex mutex_;  // guards connections_
    std::vector<std::shared_ptr<fake_connection>> connections_;
};

TEST(users_of_a_crowd, have_one_stream_each_whichever_threads_they_come_on) {
    crowd c;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) threads.emplace_back([&c, t] { c.come_and_go(t); });
    for (std::thread& t : threads) t.join();
    c.check();
}

}  // namespace
}  // namespace carillon::testing
