// Journal, hub and subscribers together, against a plain list of what was answered: the disk fails
// and heals, power goes, time passes, limits change, readers stall, leave and come back. Each may
// miss only what a gap told it, and no gap is told that is none.
#include <carillon/hub/hub.hpp>
#include <carillon/hub/shard.hpp>
#include <carillon/journal/open.hpp>

#include "hub/durable_client.hpp"
#include "hub/durable_record.hpp"
#include "support/fake_connection.hpp"
#include "support/faulty_disk.hpp"
#include "support/manual_executor.hpp"
#include "support/played_turn.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <future>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

constexpr std::array<const char*, 5> topic_names{"short", "aging", "kept", "state", "feed"};
constexpr const char* every_room = "room/*";

/// What a run is to have met.
struct met {
    std::size_t lives = 0;
    std::size_t refused = 0;
    std::size_t told = 0;
    std::size_t resets = 0;
    std::size_t values = 0;
    std::size_t sent = 0;
    std::size_t erased = 0;
};

class world {
public:
    explicit world(std::uint32_t seed, met& seen) : random_(seed), seen_(seen) {
        start();
        for (std::size_t i = 0; i < clients; ++i) {
            client& c = clients_[i];
            for (const char* t : topic_names)
                if (roll(2) == 0) c.topics.emplace_back(t);
            if (roll(3) == 0) c.topics.emplace_back(every_room);
            if (c.topics.empty()) c.topics.emplace_back("**");
            if (i == 0) c.topics = {"feed"};   // drops
            if (i == 1) c.topics = {"state"};  // conflates
            if (i % 2 == 0) c.token = "durable-client-number-" + std::to_string(i);
        }
    }
    ~world() { stop(); }

    void step() {
        switch (roll(24)) {
            case 0:
                return disk_.fail_at(1 + roll(12));
            case 1:
                return disk_.set_full(true);
            case 2:
            case 3:
                return heal();
            case 4:
                now_ = now_.load() + std::chrono::seconds(roll(40));
                hub_->record().trim(now_);
                return executor_->advance(std::chrono::seconds(roll(3)));
            case 5:
                if (roll(6) == 0) lose_power();
                return;
            case 6:
                if (roll(6) == 0) restart();
                return;
            case 7:
            case 8:
            case 9:
                return come_or_go(any_client());
            case 10:
            case 11:
            case 12:
                return stall_or_read(any_client());
            case 13:
                return send(any_client());
            case 14:
                if (roll(4) == 0) add_topic(any_client());
                return;
            case 15:
                if (roll(3) == 0) take_back();
                return;
            default:
                for (auto n = 1 + roll(3); n > 0; --n) publish(any_topics());
                look();
        }
    }

    /// The disk heals, all come back and read: everything is there or was told.
    void check() {
        heal();
        now_ = now_.load() + 2s;
        hub_->record().trim(now_);
        everybody_reads();
        for (const char* t : topic_names) publish_at_last(t);
        const auto head = record_.all().rbegin()->first;
        const auto until = std::chrono::steady_clock::now() + 10s;
        const auto behind = [&](const client& c) {
            return std::ranges::any_of(record_.all(), [&](const auto& e) {
                return e.first > c.reached && must_be_kept(c, e.first) && !is_excused(c, e.first);
            });
        };
        while (std::ranges::any_of(clients_, behind) && std::chrono::steady_clock::now() < until) {
            everybody_reads();
            std::this_thread::sleep_for(1ms);
        }
        for (const client& c : clients_) {
            SCOPED_TRACE(told(c));
            EXPECT_FALSE(behind(c)) << "reached " << c.reached << " of " << head;
            check(c, head);
        }
    }

private:
    static constexpr std::size_t clients = 6;

    std::uint32_t roll(std::uint32_t sides) {
        return static_cast<std::uint32_t>(random_() % sides);
    }
    client& any_client() { return clients_[roll(clients)]; }
    std::vector<std::string> any_topics() {
        const auto one = [&]() -> std::string {
            const auto n = roll(8);
            if (n < topic_names.size()) return topic_names[n];
            return n == 5 ? added_topic : "room/" + std::to_string(roll(40));
        };
        std::vector<std::string> some{one()};
        if (roll(5) != 0) return some;
        const std::string other = one();
        if (other != some.front()) some.push_back(other);
        return some;
    }

    std::string file() const { return folder_.path_of("journal.db"); }

    // Each life has limits of its own, on what the one before left.
    void start() {
        ++seen_.lives;
        sqlite_journal_options options;
        options.path = file();
        options.vfs = faulty_disk::name;
        options.sync = journal_sync::full;
        options.index_batch = std::array{4, 16, 64}[roll(3)];
        options.recent_events = std::array{6, 24, 200}[roll(3)];
        options.limits.max_empty_topics = std::array{1, 3, 1000}[roll(3)];
        max_topics_ = std::array<std::size_t, 3>{12, 30, 1000}[roll(3)];
        options.limits.max_topics = max_topics_;
        options.now = [this] { return now_.load(); };
        options.retention_of = rule_of;
        auto opened = open_sqlite_journal(std::move(options));
        ASSERT_TRUE(opened) << opened.error().detail;
        executor_ = std::make_unique<manual_executor>();
        hub_options how;
        how.client_grace = 24h;
        how.max_replay_events = roll(3) == 0 ? 20 : 10'000;
        how.options_of = [](std::string_view topic) {
            topic_options o;
            if (topic == "state") o.slow = slow_policy::conflate;
            if (topic == "feed") o.slow = slow_policy::drop_oldest;
            o.max_lag.events = 4;
            return o;
        };
        hub_ = std::make_unique<hub>(std::move(how), std::move(*opened));
        shard_ = &hub_->add_shard(*executor_);
    }

    void stop() {
        if (executor_) executor_->run_until_idle();
        for (client& c : clients_) {
            leave(c);
            c.known = false;
            if (!c.added.empty() && c.added.back().upto == forever) c.added.back().upto = c.reached;
        }
        hub_.reset();
    }

    void heal() {
        disk_.fail_at(0);
        disk_.set_full(false);
    }

    void restart() {
        heal();
        stop();
        start();
    }

    void lose_power() {
        heal();
        disk_.cut_power();
        for (int i = 0; i < 3; ++i) publish(any_topics());
        stop();
        disk_.power_on(file());
        start();
    }

    event new_event(const std::vector<std::string>& topics) {
        event e;
        for (const std::string& t : topics) e.topics.push_back(*topic::parse(t));
        e.data = "e" + std::to_string(++made_);
        if (roll(4) == 0) e.id = wire::event_id::parse("own-" + e.data).value();
        if (topics.front() == "state") {
            e.key = "k" + std::to_string(roll(3));
            e.retain = true;
        }
        if (topics.front().starts_with("room/")) e.retain = roll(4) == 0;
        return e;
    }

    // Every tenth is sent again, perhaps after a power failure: the answer is the same.
    void publish(const std::vector<std::string>& topics) {
        const event e = new_event(topics);
        std::optional<idempotency_key> key;
        if (roll(10) == 0) key = idempotency_key{"k" + e.data, {made_, 0}};
        const auto stored = answer_to(e, key);
        if (!stored) return void(++seen_.refused);
        note(*stored, topics, e);
        if (key) repeatable_.emplace_back(*key, std::pair(e, *stored));
        if (!repeatable_.empty() && roll(4) == 0) {
            const auto& [known, was] =
                repeatable_[roll(static_cast<std::uint32_t>(repeatable_.size()))];
            const auto again = answer_to(was.first, known);
            EXPECT_EQ(again.value_or(was.second).pos, was.second.pos);
            EXPECT_EQ(again.value_or(was.second).id, was.second.id);
        }
    }

    /// What the disk refused is tried again in a while; until then appends may be refused too. A
    /// topic that is new finds no room while so many others have something that is kept.
    void publish_at_last(const std::string& t) {
        const auto healed_by = std::chrono::steady_clock::now() + 10s;
        for (const auto before = record_.all().size(); record_.all().size() == before;) {
            publish({t});
            if (!record_.must_be_known(t, now_.load()) &&
                record_.topics_left(now_.load()) >= max_topics_)
                return;
            ASSERT_LT(std::chrono::steady_clock::now(), healed_by) << t << ": " << refusal_;
            hub_->record().trim(now_);
        }
    }

    void note(const published& stored, std::vector<std::string> topics, const event& e) {
        EXPECT_EQ(stored.id,
                  e.id ? std::string(e.id->str()) : hub_->id_of(position{stored.pos.value}));
        EXPECT_TRUE(record_.add(stored.pos.value, {std::move(topics), e.data, stored.id, e.key,
                                                   e.retain, false, now_.load()}))
            << stored.pos.value;
    }

    /// Nothing if it failed.
    std::optional<published> answer(const std::function<void(hub::publish_callback)>& call) {
        std::promise<result<std::vector<published>>> promise;
        // In a loop's turn, which may store it itself, or in none.
        std::optional<played_turn> turn;
        if (roll(2) == 0) turn.emplace();
        call([&](auto done) { promise.set_value(std::move(done)); });
        executor_->run_until_idle();
        if (turn) turn->end();
        const auto done = promise.get_future().get();
        if (!done) refusal_ = done.error().detail;
        return done ? std::optional(done->front()) : std::nullopt;
    }
    std::optional<published> answer_to(const event& e, std::optional<idempotency_key> key) {
        return answer([&](hub::publish_callback done) {
            hub_->publish({e}, std::move(key), std::move(done));
        });
    }

    void send(client& c) {
        if (!c.known) return;
        const event e = new_event({"private"});
        const auto stored =
            answer([&](hub::publish_callback done) { hub_->send(c.token, e, std::move(done)); });
        if (!stored) return void(++seen_.refused);
        note(*stored, {c.own_topic()}, e);
        ++seen_.sent;
        look();
    }

    void add_topic(client& c) {
        if (!c.known || c.listens(added_topic)) return;
        result<> added;
        const std::uint64_t head = hub_->record().head().value;
        hub_->subscribe(c.token, *topic_pattern::parse(added_topic),
                        [&](result<> done) { added = std::move(done); });
        executor_->run_until_idle();
        EXPECT_TRUE(added || c.out == nullptr) << added.error().detail;
        if (added) c.added.push_back({.after = head});
        look();
    }

    void take_back() {
        if (record_.all().empty()) return;
        auto at = record_.all().begin();
        std::advance(at, roll(static_cast<std::uint32_t>(record_.all().size())));
        const auto [pos, taken] = *at;
        if (taken.erased || taken.topics.front().starts_with('$') || taken.data.starts_with('{'))
            return;
        const auto stored = answer([&](hub::publish_callback done) {
            hub_->take_back({taken.id, *topic::parse(taken.topics.front()), nullptr},
                            std::move(done));
        });
        if (!stored) return void(++seen_.refused);
        record_.erase(pos);
        event word;
        word.data = R"({"id":")" + taken.id + R"("})";
        note(*stored, taken.topics, word);
        ++seen_.erased;
        look();
    }

    void come_or_go(client& c) {
        if (c.stream != nullptr) {
            shard_->remove(*c.stream);
            return leave(c);
        }
        c.out = std::make_unique<fake_connection>();
        c.read = 0;
        c.values_here.clear();
        c.came_with = c.cursor;
        stream_request r;
        r.out = c.out.get();
        r.profile = &profile_;
        for (const std::string& t : c.topics) r.topics.push_back(*topic_pattern::parse(t));
        r.last_event_id = c.cursor;
        r.client = c.token;
        auto opened = shard_->open(std::move(r));
        ASSERT_TRUE(opened);
        c.stream = *opened;
        c.known = !c.token.empty();
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

    void everybody_reads() {
        look();
        for (client& c : clients_) {
            if (c.stream == nullptr) come_or_go(c);
            read_on(c);
        }
    }

    void look() {
        executor_->run_until_idle();
        for (client& c : clients_) look(c);
    }

    /// All that the client's connection got, for whoever reads of a failure.
    std::string told(const client& c) const {
        std::string all = "a client of";
        for (const std::string& t : c.topics) all += " " + t;
        all += c.token + " that came with " + c.came_with;
        for (const received& e : c.out ? c.out->events : std::vector<received>{}) {
            all += "\n> " + e.id + " " + e.type + " " + e.data;
            const std::uint64_t pos = record_.of_data(e.data);
            if (pos == 0) continue;
            all += " " + std::to_string(pos);
            for (const std::string& t : record_.at(pos)->topics) all += " " + t;
        }
        return all;
    }

    void look(client& c) {
        if (!c.out) return;
        SCOPED_TRACE(told(c));
        EXPECT_FALSE(c.out->misused);
        for (; c.read < c.out->events.size(); ++c.read) {
            const received& e = c.out->events[c.read];
            if (e.type == "carillon.open") {
                look_at_opening(c, e);
            } else if (e.type == "carillon.gap") {
                look_at_gap(c, e);
            } else if (e.type == "message" || e.type == "carillon.deleted") {
                look_at_event(c, e);
            }
            if (e.id.empty()) continue;
            c.cursor = e.id;
            const std::uint64_t own = record_.of_id(e.id);
            EXPECT_GE(own != 0 ? own : number_of(e.id), c.reached) << e.type << ' ' << e.data;
            c.reached = own != 0 ? own : number_of(e.id);
        }
        if (c.stream != nullptr && c.out->closed) {
            c.stream = nullptr;
            c.out.reset();
        }
    }

    void look_at_opening(client& c, const received& e) {
        EXPECT_NE(json_text(e.data, "reason"), "lost") << e.data;
        c.reached = number_of(e.id);
        if (c.first == 0 && c.came_with.empty()) c.first = c.reached + 1;
        const std::string verdict = json_text(e.data, "resume");
        if (verdict == "gap") look_at_gap(c, e);
        if (verdict != "reset") return;
        ++seen_.resets;
        c.reset_at = hub_->record().head().value;
        // Only for a publisher's own id that is not kept of any topic that it listens to.
        const std::uint64_t pos = record_.of_id(c.came_with);
        ASSERT_NE(pos, 0u) << c.came_with;
        const answered_event& last = *record_.at(pos);
        EXPECT_EQ(number_of(last.id), 0u) << last.id;
        for (const std::string& t : last.topics) {
            EXPECT_TRUE(!c.listens(t) || record_.may_be_taken(t, pos, now_.load()))
                << c.came_with << " is known of " << t;
        }
    }

    /// A gap is not told for nothing.
    void look_at_gap(client& c, const received& e) {
        const told_gap told{number_of(json_text(e.data, "from")),
                            number_of(json_text(e.data, "to")), json_text(e.data, "reason")};
        ++seen_.told;
        c.told.push_back(told);
        EXPECT_LT(told.from, told.to);
        EXPECT_NE(told.reason, "lost") << e.data;
        const auto taken_at = [&](std::uint64_t pos) {
            const answered_event* const at = record_.at(pos);
            return at != nullptr && std::ranges::any_of(at->topics, [&](const std::string& t) {
                       if (!record_.may_be_taken(t, pos, now_.load())) return false;
                       return c.listens(t) || may_lack_a_topic(c, pos);
                   });
        };
        const bool drops = told.reason == "slow" && c.topics == std::vector<std::string>{"feed"};
        if (told.reason != "budget" && !drops) {
            // Exactly up to the newest event that retention took.
            EXPECT_TRUE(taken_at(told.to)) << e.data << "\n" << around(told.to);
            return;
        }
        const auto& all = record_.all();
        EXPECT_TRUE(std::any_of(all.upper_bound(told.from), all.upper_bound(told.to),
                                [&](const auto& one) {
                                    return c.may_be_shown(one.second) && !c.got.contains(one.first);
                                }))
            << e.data;
    }

    /// What was answered near the position, for whoever reads of a failure.
    std::string around(std::uint64_t pos) const {
        std::string all;
        for (const auto& [at, e] : record_.all()) {
            if (at + 4 < pos || at > pos + 4) continue;
            all += std::to_string(at) + " " + e.id + (e.erased ? " erased" : "") +
                   (e.retained ? " retained " : " ") + std::to_string((now_.load() - e.at) / 1s) +
                   " s ago";
            for (const std::string& t : e.topics) all += " " + t;
            all += "\n";
        }
        return all;
    }

    /// Topics that are not known any more share a mark, so that a client of any of them is told. A
    /// topic that is new may be one of them: it begins with the mark.
    bool may_lack_a_topic(const client& c, std::uint64_t mark) const {
        return c.has_wildcard() || !c.token.empty() ||
               std::ranges::any_of(c.topics, [&](const auto& t) {
                   return record_.may_be_forgotten(t, now_.load()) ||
                          record_.may_have_begun_anew(t, mark);
               });
    }

    void look_at_event(client& c, const received& e) {
        const std::uint64_t pos = record_.of_data(e.data);
        ASSERT_NE(pos, 0u) << "never answered: " << e.data;
        const answered_event& known = *record_.at(pos);
        EXPECT_TRUE(c.may_be_shown(known)) << e.data;
        if (e.id == known.id && pos > c.reached) {
            EXPECT_TRUE(c.got.insert(pos).second || pos <= c.reset_at) << "doubled: " << pos;
            return;
        }
        // What is true comes without an id of its own.
        ++seen_.values;
        c.values.insert(pos);
        c.values_here.insert(pos);
        EXPECT_TRUE(known.retained) << "without its id, or out of order: " << pos;
        EXPECT_LE(c.values_here.count(pos), 1 + c.added.size()) << "twice: " << pos;
    }

    /// Whether the client may do without the event, and nobody need have told it.
    bool is_excused(const client& c, std::uint64_t pos) {
        const answered_event& e = *record_.at(pos);
        const auto lists = [&](const std::string& t) { return c.had_to_see(t, pos); };
        if (pos < c.first || pos <= c.reset_at || e.erased) return true;
        if (std::ranges::none_of(e.topics, lists)) return true;
        const bool superseded = std::ranges::all_of(e.topics, [&](const std::string& t) {
            return !lists(t) ||
                   (t == "state" && c.topics.front() != "**" && record_.is_superseded(t, pos));
        });
        return superseded;
    }

    /// Whether the event is still there for the client.
    bool must_be_kept(const client& c, std::uint64_t pos) const {
        return std::ranges::any_of(record_.at(pos)->topics, [&](const std::string& t) {
            return c.had_to_see(t, pos) && !record_.may_be_taken(t, pos, now_.load());
        });
    }

    void check(const client& c, std::uint64_t head) {
        for (const auto& [pos, e] : record_.all()) {
            if (pos > head || c.got.contains(pos) || is_excused(c, pos)) continue;
            const auto covers = [&](const told_gap& gap) {
                return gap.from < pos && pos <= gap.to;
            };
            const auto told = std::ranges::find_if(c.told, covers);
            EXPECT_NE(told, c.told.end())
                << "event " << pos << " of " << e.topics.front() << " never came, head " << head;
            const bool kept = must_be_kept(c, pos);
            const bool left_out = std::ranges::any_of(c.told, [&](const told_gap& gap) {
                return covers(gap) && (gap.reason == "budget" || gap.reason == "slow");
            });
            EXPECT_TRUE(!kept || left_out) << "lost though kept: " << pos;
        }
        for (const auto& [t, positions] : record_.topics()) {
            const std::uint64_t value = record_.last_value_of(t);
            if (value == 0 || !c.has_asked_for(t)) continue;
            EXPECT_TRUE(c.got.contains(value) || c.values.contains(value))
                << "the last value of " << t << " never came: " << value;
        }
    }

    std::mt19937 random_;
    met& seen_;
    std::string refusal_;         ///< the last one's reason
    std::size_t max_topics_ = 0;  ///< of this life
    temporary_folder folder_;
    faulty_disk disk_;
    std::atomic<system_clock::time_point> now_{system_clock::time_point(24h * 365 * 50)};
    std::unique_ptr<manual_executor> executor_;  ///< a new one for each life of the hub
    stream_profile profile_;
    std::unique_ptr<hub> hub_;
    shard* shard_ = nullptr;
    std::array<client, clients> clients_;
    durable_record record_;
    std::vector<std::pair<idempotency_key, std::pair<event, published>>> repeatable_;
    std::uint64_t made_ = 0;
};

TEST(durable_model, nobody_misses_what_was_answered_without_being_told) {
    const auto number = [](const char* name, std::uint32_t otherwise) {
        const char* const wanted = std::getenv(name);
        return wanted != nullptr ? static_cast<std::uint32_t>(std::stoul(wanted)) : otherwise;
    };
    const std::uint32_t rounds = number("MODEL_ROUNDS", 6);
    const std::uint32_t first = number("MODEL_SEED", 1);
    met all;
    for (std::uint32_t seed = first; seed < first + rounds; ++seed) {
        SCOPED_TRACE(seed);
        world w(seed, all);
        for (int i = 0; i < 500 && !::testing::Test::HasFailure(); ++i) w.step();
        w.check();
        if (::testing::Test::HasFailure()) return;
    }
    // What is to be proved has happened.
    EXPECT_GT(all.lives, rounds);
    EXPECT_GT(all.refused, 0u);
    EXPECT_GT(all.told, 0u);
    EXPECT_GT(all.resets, 0u);
    EXPECT_GT(all.values, 0u);
    EXPECT_GT(all.sent, 0u);
    EXPECT_GT(all.erased, 0u);
}

}  // namespace
}  // namespace carillon::testing
