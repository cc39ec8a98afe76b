// Journal, hub and subscribers together, against a plain list of what was answered: the disk fails
// and heals, power goes, time passes, readers stall, leave and come back. Each may miss only what
// a gap told it.
#include <carillon/hub/hub.hpp>
#include <carillon/hub/shard.hpp>
#include <carillon/journal/open.hpp>

#include "support/fake_connection.hpp"
#include "support/faulty_disk.hpp"
#include "support/manual_executor.hpp"
#include "support/played_turn.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <future>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

constexpr std::array<const char*, 3> topic_names{"short", "aging", "kept"};

/// The number in `epoch.number`; 0 if there is none.
std::uint64_t number_of(std::string_view id) {
    const auto parsed = cursor::parse(id);
    return parsed ? parsed->pos.value : 0;
}

std::string json_text(std::string_view json, const std::string& name) {
    const std::string start = "\"" + name + "\":\"";
    const auto at = json.find(start);
    if (at == std::string_view::npos) return {};
    const auto begin = at + start.size();
    return std::string(json.substr(begin, json.find('"', begin) - begin));
}

struct answered_event {
    std::string topic;
    std::string data;
};

/// One client over all its connections.
struct client {
    std::vector<std::string> topics;
    std::unique_ptr<fake_connection> out;
    subscriber* stream = nullptr;  ///< null: away
    std::string cursor;
    std::uint64_t first = 0;           ///< position of its very first opening
    std::map<std::uint64_t, int> got;  ///< by position
    std::vector<std::pair<std::uint64_t, std::uint64_t>> told;  ///< (from, to]
    std::uint64_t newest = 0;
    std::size_t read = 0;  ///< of the connection's events
};

class world {
public:
    explicit world(std::uint32_t seed) : random_(seed) {
        start();
        for (int i = 0; i < 5; ++i) {
            client& c = clients_.emplace_back();
            for (const char* t : topic_names)
                if (roll(2) == 0) c.topics.emplace_back(t);
            if (c.topics.empty()) c.topics.emplace_back("**");
        }
    }
    ~world() { stop(); }

    void step() {
        switch (roll(16)) {
            case 0:
                return disk_.fail_at(1 + roll(12));
            case 1:
                return disk_.set_full(true);
            case 2:
            case 3:
                disk_.fail_at(0);
                return disk_.set_full(false);
            case 4:
                now_ = now_.load() + std::chrono::seconds(roll(40));
                hub_->record().trim(now_);
                return executor_->advance(std::chrono::seconds(roll(3)));
            case 5:
                if (roll(4) == 0) lose_power();
                return;
            case 6:
            case 7:
                return come_or_go(clients_[roll(5)]);
            case 8:
            case 9:
                return stall_or_read(clients_[roll(5)]);
            default:
                publish(topic_names[roll(3)]);
                look();
        }
    }

    /// The disk heals, all come back and read: everything is there or was told.
    void check() {
        disk_.fail_at(0);
        disk_.set_full(false);
        now_ = now_.load() + 2s;
        hub_->record().trim(now_);
        for (client& c : clients_) {
            if (c.stream == nullptr) come_or_go(c);
            read_on(c);
        }
        const auto before = answered_.size();
        for (const char* t : topic_names) publish(t);
        ASSERT_EQ(answered_.size(), before + topic_names.size());
        const auto head = answered_.rbegin()->first;
        const auto until = std::chrono::steady_clock::now() + 10s;
        const auto behind = [&](const client& c) {
            return std::ranges::any_of(answered_, [&](const auto& e) {
                return e.first + topic_names.size() > head && e.first > c.newest &&
                       listens(c, e.second.topic);
            });
        };
        while (std::ranges::any_of(clients_, behind) && std::chrono::steady_clock::now() < until) {
            look();
            for (client& c : clients_) {
                if (c.stream == nullptr) come_or_go(c);
                read_on(c);
            }
            std::this_thread::sleep_for(1ms);
        }
        for (const client& c : clients_) check(c, head);
    }

    std::size_t lives() const { return lives_; }
    std::size_t answered() const { return answered_.size(); }
    std::size_t refused() const { return refused_; }
    std::size_t told() const {
        std::size_t all = 0;
        for (const client& c : clients_) all += c.told.size();
        return all;
    }

private:
    std::uint32_t roll(std::uint32_t sides) {
        return static_cast<std::uint32_t>(random_() % sides);
    }

    std::string file() const { return folder_.path_of("journal.db"); }

    void start() {
        ++lives_;
        sqlite_journal_options options;
        options.path = file();
        options.vfs = faulty_disk::name;
        options.sync = journal_sync::full;
        options.index_batch = 16;
        options.recent_events = 24;
        options.now = [this] { return now_.load(); };
        options.retention_of = [](std::string_view t) {
            retention keep;
            if (t == "short") keep.max_events = 12;
            if (t == "aging") keep.max_age = 100s;
            return keep;
        };
        auto opened = open_sqlite_journal(std::move(options));
        ASSERT_TRUE(opened) << opened.error().detail;
        executor_ = std::make_unique<manual_executor>();
        hub_ = std::make_unique<hub>(hub_options{}, std::move(*opened));
        shard_ = &hub_->add_shard(*executor_);
    }

    void stop() {
        if (executor_) executor_->run_until_idle();
        for (client& c : clients_) leave(c);
        hub_.reset();
    }

    void lose_power() {
        disk_.fail_at(0);
        disk_.set_full(false);
        disk_.cut_power();
        for (int i = 0; i < 3; ++i) publish(topic_names[roll(3)]);
        stop();
        disk_.power_on(file());
        start();
    }

    // Every tenth is sent again, perhaps after a power failure: the answer is the same.
    void publish(const std::string& topic_name) {
        event e;
        e.topics.push_back(*topic::parse(topic_name));
        e.data = std::to_string(++made_);
        std::optional<idempotency_key> key;
        if (roll(10) == 0) key = idempotency_key{"k" + e.data, {made_, 0}};
        const std::string data = e.data;
        const auto pos = answer_to(e, key);
        if (!pos) return void(++refused_);
        EXPECT_TRUE(answered_.try_emplace(*pos, topic_name, data).second) << *pos;
        if (key) repeatable_.emplace_back(*key, std::pair(e, *pos));
        if (!repeatable_.empty() && roll(4) == 0) {
            const auto& [known, was] =
                repeatable_[roll(static_cast<std::uint32_t>(repeatable_.size()))];
            const auto again = answer_to(was.first, known);
            EXPECT_EQ(again.value_or(was.second), was.second);
        }
    }

    std::optional<std::uint64_t> answer_to(event e, std::optional<idempotency_key> key) {
        std::promise<result<std::vector<published>>> promise;
        std::vector<event> batch;
        batch.push_back(std::move(e));
        // In a loop's turn, which may store it itself, or in none.
        std::optional<played_turn> turn;
        if (roll(2) == 0) turn.emplace();
        hub_->publish(std::move(batch), std::move(key),
                      [&](auto done) { promise.set_value(std::move(done)); });
        if (turn) turn->end();
        const auto done = promise.get_future().get();
        return done ? std::optional(done->front().pos.value) : std::nullopt;
    }

    void come_or_go(client& c) {
        if (c.stream != nullptr) {
            shard_->remove(*c.stream);
            return leave(c);
        }
        c.out = std::make_unique<fake_connection>();
        c.read = 0;
        stream_request r;
        r.out = c.out.get();
        r.profile = &profile_;
        for (const std::string& t : c.topics) r.topics.push_back(*topic_pattern::parse(t));
        r.last_event_id = c.cursor;
        auto opened = shard_->open(std::move(r));
        ASSERT_TRUE(opened);
        c.stream = *opened;
        look();
    }

    void leave(client& c) {
        look(c);
        c.stream = nullptr;
        c.out.reset();
    }

    void stall_or_read(client& c) {
        if (c.stream == nullptr) return;
        if (c.out->per_write != fake_connection::unlimited) return read_on(c);
        c.out->per_write = 1 + roll(40);
    }

    void read_on(client& c) {
        if (c.stream == nullptr) return;
        c.out->per_write = fake_connection::unlimited;
        if (std::exchange(c.out->blocked, false)) shard_->writable(*c.stream);
        look();
    }

    void look() {
        executor_->run_until_idle();
        for (client& c : clients_) look(c);
    }

    void look(client& c) {
        if (!c.out) return;
        EXPECT_FALSE(c.out->misused);
        for (; c.read < c.out->events.size(); ++c.read) {
            const received& e = c.out->events[c.read];
            if (e.type == "carillon.open" || e.type == "carillon.gap") {
                const std::string from = json_text(e.data, "from");
                EXPECT_NE(json_text(e.data, "resume"), "reset") << e.data;
                EXPECT_NE(json_text(e.data, "reason"), "lost") << e.data;
                if (!from.empty())
                    c.told.emplace_back(number_of(from), number_of(json_text(e.data, "to")));
                if (c.first == 0 && c.cursor.empty()) c.first = number_of(e.id) + 1;
            } else if (!e.type.starts_with("carillon.")) {
                const auto pos = number_of(e.id);
                const auto known = answered_.find(pos);
                // It may be on its way before its publisher has looked at the answer, never wrong.
                if (known != answered_.end()) {
                    EXPECT_EQ(known->second.data, e.data);
                }
                EXPECT_GT(pos, c.newest) << "out of order or doubled";
                c.newest = std::max(c.newest, pos);
                ++c.got[pos];
            }
            if (!e.id.empty()) c.cursor = e.id;
        }
        if (c.stream != nullptr && c.out->closed) {
            c.stream = nullptr;
            c.out.reset();
        }
    }

    static bool listens(const client& c, const std::string& t) {
        return std::ranges::any_of(
            c.topics, [&](const std::string& p) { return topic_pattern::parse(p)->matches(t); });
    }

    void check(const client& c, std::uint64_t head) const {
        for (const auto& [pos, e] : answered_) {
            if (pos < c.first || pos > head || !listens(c, e.topic)) continue;
            const bool was_told = std::ranges::any_of(
                c.told, [&](const auto& gap) { return gap.first < pos && pos <= gap.second; });
            EXPECT_TRUE(c.got.contains(pos) || was_told)
                << "event " << pos << " of " << e.topic << " never came, head " << head;
            if (e.topic == "kept") {
                EXPECT_TRUE(c.got.contains(pos)) << "lost though kept: " << pos;
            }
        }
        for (const auto& [pos, times] : c.got) {
            EXPECT_EQ(times, 1);
            EXPECT_TRUE(answered_.contains(pos)) << "event " << pos << " was never answered";
        }
    }

    std::mt19937 random_;
    temporary_folder folder_;
    faulty_disk disk_;
    std::atomic<system_clock::time_point> now_{system_clock::time_point(24h * 365 * 50)};
    std::unique_ptr<manual_executor> executor_;  ///< a new one for each life of the hub
    stream_profile profile_;
    std::unique_ptr<hub> hub_;
    shard* shard_ = nullptr;
    std::vector<client> clients_;
    std::map<std::uint64_t, answered_event> answered_;
    std::vector<std::pair<idempotency_key, std::pair<event, std::uint64_t>>> repeatable_;
    std::uint64_t made_ = 0;
    std::size_t refused_ = 0;
    std::size_t lives_ = 0;
};

TEST(durable_model, nobody_misses_what_was_answered_without_being_told) {
    const char* const wanted = std::getenv("MODEL_ROUNDS");
    const std::uint32_t rounds =
        wanted != nullptr ? static_cast<std::uint32_t>(std::stoul(wanted)) : 8;
    std::size_t lives = 0;
    std::size_t refused = 0;
    std::size_t told = 0;
    for (std::uint32_t seed = 1; seed <= rounds; ++seed) {
        SCOPED_TRACE(seed);
        world w(seed);
        for (int i = 0; i < 500 && !::testing::Test::HasFailure(); ++i) w.step();
        w.check();
        lives += w.lives();
        refused += w.refused();
        told += w.told();
        if (::testing::Test::HasFailure()) return;
    }
    // What is to be proved has happened.
    EXPECT_GT(lives, rounds);
    EXPECT_GT(refused, 0u);
    EXPECT_GT(told, 0u);
}

}  // namespace
}  // namespace carillon::testing
