// A durable journal against a plain list of what it answered, over many openings: limits differ
// from one to the next, and each ends by a clean stop or by a kill at any write.
#include "journal/sqlite_fixture.hpp"
#include "support/faulty_disk.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

namespace carillon::testing {
namespace {

constexpr std::array<std::string_view, 10> topic_names{"kept", "few", "aging", "t/0", "t/1",
                                                       "t/2",  "t/3", "t/4",   "t/5", "t/6"};

struct answered {
    std::vector<std::string> topics;
    std::string data;
    std::string id = {};
    bool retain = false;
    bool erased = false;
    std::optional<system_clock::time_point> expires = {};
};

class life : public journal_user {
public:
    /// `exact`: no topic is ever forgotten, so that each loss is the topic's own.
    life(std::uint32_t seed, bool exact) : random_(seed), exact_(exact) { start(0); }

    void one_life() {
        const std::uint64_t dies_at = roll(2) == 0 ? 1 + roll(60) : 0;
        const std::uint32_t steps = 5 + roll(40);
        const std::uint32_t killed = roll(steps);
        for (std::uint32_t i = 0; i < steps; ++i) {
            if (i == killed) {
                check();
                disk_.fail_at(dies_at);
            }
            step();
        }
        close();
        disk_.fail_at(0);
        // A kill while it opens does no more harm.
        start(roll(3) == 0 ? 1 + roll(20) : 0);
        check();
    }

    std::uint64_t head() const { return events_.empty() ? 0 : events_.rbegin()->first; }
    std::size_t forgotten() const { return forgotten_; }
    std::size_t trimmed() const { return trimmed_; }
    std::string file() const { return file_.path(); }

private:
    std::uint32_t roll(std::uint32_t sides) {
        return static_cast<std::uint32_t>(random_() % sides);
    }
    template <class T>
    T any_of(std::initializer_list<T> all) {
        return *(all.begin() + roll(static_cast<std::uint32_t>(all.size())));
    }

    void start(std::uint64_t dies_at) {
        for (; dies_at != 0; dies_at = 0) {
            disk_.fail_at(dies_at);
            if (auto opened = open_sqlite_journal(options())) use(std::move(*opened));
            close();
            disk_.fail_at(0);
        }
        auto opened = open_sqlite_journal(options());
        ASSERT_TRUE(opened) << opened.error().detail;
        use(std::move(*opened));
    }

    sqlite_journal_options options() {
        sqlite_journal_options o;
        o.path = file_.path();
        o.vfs = faulty_disk::name;
        o.now = [this] { return now_.load(); };
        o.limits.max_empty_topics = exact_ ? 1000 : any_of<std::size_t>({1, 2, 4, 1000});
        o.index_batch = any_of<std::size_t>({1, 3, 8, 1000});
        o.recent_events = any_of<std::size_t>({1, 6, 1000});
        o.recent_bytes = any_of<std::size_t>({100, 8u << 20});
        const std::uint64_t most = any_of<std::uint64_t>({0, 1, 3, 100});
        const auto oldest = any_of<std::chrono::seconds>({5s, 100s});
        o.retention_of = [=](std::string_view t) {
            if (t == "kept") return retention{};
            if (t == "few") return retention{.max_events = std::max<std::uint64_t>(most, 1)};
            return retention{.max_events = most, .max_age = oldest};
        };
        return o;
    }

    void step() {
        switch (roll(8)) {
            case 0:
                now_ = now_.load() + std::chrono::seconds(roll(8));
                [[fallthrough]];
            case 1:
                return record().trim(now_.load());
            case 2:
                return erase_one();
            default:
                return append_some();
        }
    }

    std::shared_ptr<stored_event> made(answered& a) {
        std::set<std::string> topics;
        for (std::uint32_t i = 0; i <= roll(3); ++i)
            topics.emplace(topic_names[roll(topic_names.size())]);
        auto e = std::make_shared<stored_event>();
        for (const std::string& t : topics) e->content.topics.push_back(*topic::parse(t));
        a.topics.assign(topics.begin(), topics.end());
        a.data = "d" + std::to_string(++made_);
        if (roll(3) == 0) a.id = "own" + std::to_string(roll(12));
        a.retain = roll(4) == 0;
        if (a.retain && roll(3) == 0) a.data.clear();
        if (roll(6) == 0) a.expires = now_.load() + std::chrono::seconds(roll(10));
        e->content.data = a.data;
        if (!a.id.empty()) e->content.id = *wire::event_id::parse(a.id);
        e->content.retain = a.retain;
        e->content.expires = a.expires;
        return e;
    }

    void append_some() {
        std::vector<answered> all(1 + roll(3));
        journal::group group;
        for (answered& a : all) group.push_back(made(a));
        std::optional<idempotency_key> key;
        if (roll(5) == 0) key = idempotency_key{"k" + std::to_string(made_), {made_, 1}};
        if (const auto done = try_append(group, key); !done) return;
        for (std::size_t i = 0; i < all.size(); ++i) note(group[i]->pos.value, all[i]);
        if (key) keys_.emplace_back(*key, group.front()->pos.value);
        if (keys_.empty() || roll(3) != 0) return;
        const auto& [again, pos] = keys_[roll(static_cast<std::uint32_t>(keys_.size()))];
        answered ignored;
        const auto e = made(ignored);
        const auto repeated = try_append({e}, again);
        if (repeated) {
            EXPECT_EQ(*repeated, journal::appended::repeated);
            EXPECT_EQ(e->pos.value, pos);
        }
    }

    void erase_one() {
        if (events_.empty()) return;
        auto at = events_.begin();
        std::advance(at, roll(static_cast<std::uint32_t>(events_.size())));
        auto e = std::make_shared<stored_event>();
        answered a{at->second.topics, "erased"};
        for (const std::string& t : a.topics) e->content.topics.push_back(*topic::parse(t));
        e->content.data = a.data;
        e->erases = position{at->first};
        if (!try_append({e})) return;
        at->second.erased = true;
        for (const std::string& t : a.topics)
            if (values_[t] == at->first) values_[t] = 0;
        note(e->pos.value, a);
    }

    void note(std::uint64_t pos, const answered& a) {
        EXPECT_EQ(pos, head() + 1);
        events_.emplace(pos, a);
        for (const std::string& t : a.topics)
            if (a.retain) values_[t] = a.data.empty() ? 0 : pos;
    }

    bool is_shown(const answered& a) const {
        return !a.erased && (!a.expires || *a.expires > now_.load());
    }

    void check() {
        ASSERT_EQ(record().head().value, head());
        for (const std::string_view t : topic_names) {
            SCOPED_TRACE(t);
            check_topic(std::string(t));
        }
        check_ids();
    }

    void check_topic(const std::string& t) {
        const read_page page = read({t}, 0, 10'000);
        const std::uint64_t lost = page.lost ? page.lost->to.value : 0;
        numbers expected;
        for (const auto& [pos, a] : events_) {
            const bool in = std::ranges::find(a.topics, t) != a.topics.end();
            if (in && pos > lost && is_shown(a)) expected.push_back(pos);
        }
        // What a read had found on disk before retention overtook it may be there, told as lost.
        numbers newer = positions(page);
        std::erase_if(newer, [lost](std::uint64_t pos) { return pos <= lost; });
        ASSERT_EQ(newer, expected) << "lost up to " << lost;
        for (const auto& e : page.events)
            ASSERT_EQ(e->content.data, events_.at(e->pos.value).data) << e->pos.value;
        if (t == "kept") {
            EXPECT_EQ(lost, 0u);
        }
        if (lost != 0) {
            ++trimmed_;
            const auto at = events_.find(lost);
            ASSERT_NE(at, events_.end());
            const bool own = std::ranges::find(at->second.topics, t) != at->second.topics.end();
            forgotten_ += own ? 0 : 1;
            EXPECT_TRUE(own || !exact_) << "position " << lost << " is another topic's";
        }
        const auto values = snapshot({t}).values;
        const std::uint64_t value = values_[t];
        const bool there = value != 0 && is_shown(events_.at(value));
        ASSERT_EQ(values.size(), there ? 1u : 0u)
            << value << " is due, " << (values.empty() ? 0 : values.front()->pos.value) << " there";
        if (there) {
            ASSERT_EQ(values.front()->pos.value, value);
            ASSERT_EQ(values.front()->content.data, events_.at(value).data);
        }
    }

    std::uint64_t lost_of(std::string_view t) {
        const read_page page = read({t}, 0, 1);
        return page.lost ? page.lost->to.value : 0;
    }

    // A publisher's id stands for the earliest event with it that its topic still has.
    void check_ids() {
        for (int n = 0; n < 12; ++n) {
            const std::string id = "own" + std::to_string(n);
            for (const std::string_view t : {"kept", "few", "t/0"}) {
                std::uint64_t lost = 0;
                start_point start;
                do {  // until nothing is trimmed meanwhile
                    lost = lost_of(t);
                    start = locate({t}, id);
                } while (lost_of(t) != lost);
                numbers with;
                for (const auto& [pos, a] : events_) {
                    const bool in = std::ranges::find(a.topics, std::string(t)) != a.topics.end();
                    if (in && pos > lost && a.id == id) with.push_back(pos);
                }
                ASSERT_EQ(start.unknown, with.empty()) << id << " of " << t;
                if (with.empty()) continue;
                ASSERT_EQ(start.at.value, with.front()) << id << " of " << t;
                ASSERT_EQ(start.repeated, with.size() > 1) << id << " of " << t;
            }
        }
    }

    std::mt19937 random_;
    const bool exact_;
    journal_file file_;
    faulty_disk disk_;
    std::atomic<system_clock::time_point> now_{system_clock::time_point(1'000'000s)};
    std::map<std::uint64_t, answered> events_;     ///< by position
    std::map<std::string, std::uint64_t> values_;  ///< topic -> its last value's position; 0: none
    std::vector<std::pair<idempotency_key, std::uint64_t>> keys_;
    std::uint64_t made_ = 0;
    std::size_t forgotten_ = 0;
    std::size_t trimmed_ = 0;
};

TEST(sqlite_model, opens_with_all_that_was_answered_whatever_the_limits_were_and_are) {
    const char* const wanted = std::getenv("MODEL_ROUNDS");
    const std::uint32_t rounds =
        wanted != nullptr ? static_cast<std::uint32_t>(std::stoul(wanted)) : 6;
    std::size_t forgotten = 0;
    std::size_t trimmed = 0;
    for (std::uint32_t seed = 1; seed <= rounds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        life of(seed, seed % 2 == 0);
        for (int i = 0; i < 12 && !::testing::Test::HasFailure(); ++i) of.one_life();
        of.close();
        if (::testing::Test::HasFailure()) return;
        const auto sound = verify_sqlite_journal(of.file());
        ASSERT_TRUE(sound) << sound.error().detail;
        EXPECT_TRUE(sound->problems.empty()) << sound->problems.front();
        forgotten += of.forgotten();
        trimmed += of.trimmed();
    }
    // What is to be proved has happened.
    EXPECT_GT(forgotten, 0u);
    EXPECT_GT(trimmed, 0u);
}

}  // namespace
}  // namespace carillon::testing
