#include <carillon/journal/open.hpp>
#include <carillon/services/finite_streams.hpp>

#include "support/fake_connection.hpp"
#include "support/faulty_disk.hpp"
#include "support/manual_executor.hpp"
#include "support/temporary_folder.hpp"

#include <future>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::services {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::fake_connection;
using ::testing::HasSubstr;
using testing::manual_executor;
using strings = std::vector<std::string>;
using clock = finite_streams::clock;

enum class kind { memory, sqlite };

/// A hub and its finite streams, which may be ended and begun again.
class house {
public:
    explicit house(kind k, finite_stream_options options = {}, retention keep = {},
                   std::string vfs = {})
        : kind_(k), options_(options), keep_(keep), vfs_(std::move(vfs)) {
        open();
    }

    void open() {
        hub_options limits;
        limits.max_batch = 3;
        limits.max_topic_length = 10;
        h_ = std::make_unique<hub>(limits, record());
        shard_ = &h_->add_shard(on_);
        streams_ = std::make_unique<finite_streams>(*h_, options_);
    }
    void restart() {
        streams_.reset();
        h_.reset();
        on_.run_until_idle();
        open();
    }

    template <class Answer, class Call>
    Answer wait_for(Call&& call) {
        auto answer = std::make_shared<std::promise<Answer>>();
        call([answer](Answer a) { answer->set_value(std::move(a)); });
        auto later = answer->get_future();
        if (later.wait_for(30s) != std::future_status::ready) {
            ADD_FAILURE() << "no answer";
            std::abort();
        }
        return later.get();
    }

    std::string begin() {
        return wait_for<result<std::string>>([&](auto done) { streams().begin(done); })
            .value_or("");
    }
    result<finite_streams::appended> append(const std::string& id, std::vector<event> events) {
        return wait_for<result<finite_streams::appended>>(
            [&](auto done) { streams().append(id, std::move(events), done); });
    }
    result<finite_streams::appended> append(const std::string& id, std::string data) {
        std::vector<event> one(1);
        one[0].data = std::move(data);
        return append(id, std::move(one));
    }
    errc why_not_appended(const std::string& id, const std::function<void(event&)>& change) {
        std::vector<event> one(1);
        change(one[0]);
        const auto done = append(id, std::move(one));
        return done ? errc::internal : done.error().code;
    }
    result<published> close(const std::string& id) {
        return wait_for<result<published>>([&](auto done) { streams().close(id, done); });
    }
    result<> request_stop(const std::string& id) {
        return wait_for<result<>>([&](auto done) { streams().request_stop(id, done); });
    }
    using place = result<std::optional<topic>>;
    place read(const std::string& id, const std::string& cursor = {}) {
        return wait_for<place>([&](auto done) { streams().read(id, cursor, done); });
    }

    /// What a reader gets: the data of its events, and the names of the hub's own.
    strings seen_by_reader(const std::string& id) {
        fake_connection out;
        stream_request asked;
        asked.out = &out;
        asked.profile = &profile_;
        asked.rooms = {**read(id)};
        asked.finite = true;
        asked.from = rewind_since{};
        asked.opening_event = false;
        EXPECT_TRUE(shard_->open(asked));
        const auto until = clock::now() + 10s;
        while (!out.closed && clock::now() < until) {
            on_.advance(10ms);  // replays have a rate
            std::this_thread::sleep_for(1ms);
        }
        EXPECT_EQ(out.closed, close_reason::finished);
        strings all;
        for (const auto& e : out.events) {
            if (e.type == "carillon.close") continue;
            all.push_back(e.type == "message" ? e.data : e.type + e.data);
        }
        return all;
    }

    finite_streams& streams() { return *streams_; }
    hub& events() { return *h_; }
    shard& home() { return *shard_; }
    manual_executor& on() { return on_; }
    stream_profile& profile() { return profile_; }

private:
    std::unique_ptr<journal> record() {
        if (kind_ == kind::memory) {
            memory_journal_options o;
            o.retention_of = [this](std::string_view) { return keep_; };
            return make_memory_journal(o);
        }
        sqlite_journal_options o;
        o.path = folder_.path_of("journal.db");
        o.retention_of = [this](std::string_view) { return keep_; };
        o.vfs = vfs_;
        return std::move(*open_sqlite_journal(o));
    }

    const kind kind_;
    const finite_stream_options options_;
    const retention keep_;
    const std::string vfs_;
    testing::temporary_folder folder_;
    manual_executor on_;
    stream_profile profile_;
    std::unique_ptr<hub> h_;
    shard* shard_ = nullptr;
    std::unique_ptr<finite_streams> streams_;
};

class finite_streams_test : public ::testing::TestWithParam<kind> {};
INSTANTIATE_TEST_SUITE_P(journals, finite_streams_test,
                         ::testing::Values(kind::memory, kind::sqlite), [](const auto& k) {
                             return k.param == kind::memory ? "memory" : "sqlite";
                         });

TEST_P(finite_streams_test, have_a_beginning_an_order_and_an_end) {
    house h(GetParam());
    const std::string id = h.begin();
    EXPECT_EQ(id.size(), 22u);
    EXPECT_EQ(h.streams().count().open, 1u);
    ASSERT_TRUE(h.append(id, "one"));
    EXPECT_FALSE(h.append(id, "two")->stop_requested);
    EXPECT_TRUE(h.request_stop(id));
    EXPECT_TRUE(h.append(id, "three")->stop_requested);
    const auto end = h.close(id);
    ASSERT_TRUE(end);
    EXPECT_EQ(h.streams().count().open, 0u);
    EXPECT_EQ(h.seen_by_reader(id), (strings{"carillon.begin{}", "one", "two", "three",
                                             R"(carillon.end{"reason":"closed"})"}));
    EXPECT_EQ(h.append(id, "late").error().code, errc::conflict);
    EXPECT_EQ(h.close(id).error().code, errc::conflict);
    EXPECT_EQ(h.request_stop(id).error().code, errc::conflict);
}

TEST_P(finite_streams_test, that_nobody_began_are_not_found) {
    house h(GetParam());
    for (const std::string id : {"", "a", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA/A"}) {
        EXPECT_EQ(h.append(id, "x").error().code, errc::not_found);
        EXPECT_EQ(h.close(id).error().code, errc::not_found);
        EXPECT_EQ(h.request_stop(id).error().code, errc::not_found);
        EXPECT_EQ(h.read(id).error().code, errc::not_found);
    }
}

TEST_P(finite_streams_test, take_events_of_their_producer_alone) {
    house h(GetParam());
    const std::string id = h.begin();
    EXPECT_EQ(h.why_not_appended(id, [](event& e) { e.topics = {*topic::parse("news")}; }),
              errc::invalid_request);
    EXPECT_EQ(h.why_not_appended(
                  id, [&](event& e) { e.topics = {*topic::parse("$stream/" + h.begin())}; }),
              errc::invalid_request);
    EXPECT_EQ(h.why_not_appended(id, [](event& e) { e.retain = true; }), errc::invalid_request);
    EXPECT_EQ(h.why_not_appended(id, [](event& e) { e.is_private = true; }), errc::invalid_request);
    EXPECT_EQ(
        h.why_not_appended(id, [](event& e) { e.name = *wire::event_name::parse("carillon.end"); }),
        errc::invalid_request);
    EXPECT_EQ(h.append(id, std::vector<event>(4)).error().code, errc::payload_too_large);
    EXPECT_TRUE(h.append(id, std::vector<event>(3)));
    // Nobody else has a door.
    std::vector<event> foreign(1);
    foreign[0].topics = {*topic::parse("$stream/" + id)};
    h.events().publish(std::move(foreign), [](const auto& done) { EXPECT_FALSE(done); });
}

TEST_P(finite_streams_test, are_reached_by_no_wildcard) {
    house h(GetParam());
    const std::string id = h.begin();
    h.append(id, "secret");
    fake_connection out;
    stream_request asked;
    asked.out = &out;
    asked.profile = &h.profile();
    for (const char* wild : {"**", "*/*", "*"}) asked.topics.push_back(*topic_pattern::parse(wild));
    asked.from = rewind_since{};
    asked.opening_event = false;
    ASSERT_TRUE(h.home().open(asked));
    h.append(id, "secret");
    h.close(id);
    h.on().run_until_idle();
    EXPECT_EQ(out.bytes, "");
}

TEST_P(finite_streams_test, end_once_and_nothing_follows_however_calls_race) {
    house h(GetParam());
    constexpr int rounds = 60;
    constexpr int producers = 3;
    for (const bool restarted : {false, true}) {
        std::vector<std::string> ids;
        for (int i = 0; i < rounds; ++i) ids.push_back(h.begin());
        if (restarted && GetParam() == kind::sqlite) h.restart();
        for (const std::string& id : ids) {
            std::atomic<int> stored{0};
            std::atomic<int> ended{0};
            std::vector<std::jthread> all;
            for (int p = 0; p < producers; ++p) {
                all.emplace_back([&] {
                    while (h.append(id, "x")) ++stored;
                });
            }
            for (int p = 0; p < 2; ++p) {
                all.emplace_back([&] {
                    if (h.close(id)) ++ended;
                });
            }
            all.clear();
            EXPECT_EQ(ended, 1);
            const strings seen = h.seen_by_reader(id);
            ASSERT_EQ(seen.size(), static_cast<std::size_t>(stored + 2));
            EXPECT_THAT(seen.back(), HasSubstr("carillon.end"));
            EXPECT_EQ(std::ranges::count(seen, "x"), stored);
            EXPECT_FALSE(h.append(id, "late"));
        }
    }
}

TEST(finite_streams, stay_what_they_are_through_a_restart) {
    house h(kind::sqlite);
    const std::string open = h.begin();
    const std::string closed = h.begin();
    h.append(open, "one");
    h.append(closed, "one");
    const published end = *h.close(closed);
    for (int i = 0; i < 2; ++i) {
        h.restart();
        EXPECT_EQ(h.streams().count().open, 1u);
        EXPECT_EQ(h.append(closed, "late").error().code, errc::conflict);
        EXPECT_EQ(h.close(closed).error().code, errc::conflict);
        EXPECT_TRUE(h.append(open, "more"));
        EXPECT_EQ(*h.read(closed, end.id), std::nullopt);
    }
    EXPECT_TRUE(h.close(open));
    h.restart();
    EXPECT_EQ(h.streams().count().open, 0u);
    EXPECT_EQ(h.seen_by_reader(open).size(), 5u);
}

TEST_P(finite_streams_test, stay_open_whatever_is_left_of_their_events) {
    retention little;
    little.max_age = 1s;
    house h(GetParam(), {}, little);
    const std::string id = h.begin();
    std::vector<event> fleeting(1);
    fleeting[0].data = "gone";
    fleeting[0].expires = std::chrono::system_clock::now() - 1s;
    ASSERT_TRUE(h.append(id, std::move(fleeting)));
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(h.read(id));
        EXPECT_TRUE(h.append(id, "goes on"));
        h.events().record().trim(std::chrono::system_clock::now() + 1h);
        if (GetParam() == kind::sqlite) {
            std::this_thread::sleep_for(300ms);  // the writer trims between two appends
            h.restart();
        }
    }
    EXPECT_TRUE(h.read(id));
    EXPECT_TRUE(h.append(id, "still"));
    EXPECT_TRUE(h.close(id));
    EXPECT_EQ(h.append(id, "late").error().code, errc::conflict);
}

TEST_P(finite_streams_test, are_read_until_the_end_lies_behind_the_cursor) {
    house h(GetParam());
    const std::string id = h.begin();
    const std::string first = h.append(id, "one")->events[0].id;
    const topic where = *topic::parse("$stream/" + id);
    EXPECT_EQ(*h.read(id, first), where);
    const std::string last = h.append(id, "two")->events[0].id;
    EXPECT_EQ(*h.read(id, last), where) << "open: the end is to come";
    const std::string end = h.close(id)->id;
    EXPECT_EQ(*h.read(id), where);
    EXPECT_EQ(*h.read(id, first), where);
    EXPECT_EQ(*h.read(id, last), where) << "the end itself is owed";
    EXPECT_EQ(*h.read(id, end), std::nullopt);
    EXPECT_EQ(*h.read(id, "00000000.1"), where) << "an unknown cursor";
    std::vector<event> other(1);
    other[0].topics = {*topic::parse("other")};
    const auto stored = h.wait_for<result<std::vector<published>>>(
        [&](auto done) { h.events().publish(std::move(other), done); });
    const std::string later = stored->front().id;
    EXPECT_EQ(*h.read(id, later), std::nullopt);
}

TEST_P(finite_streams_test, are_as_many_as_may_be_open_and_no_more) {
    house h(GetParam(), {.max_open = 2});
    const std::string first = h.begin();
    h.begin();
    const auto begin = [&] {
        return h.wait_for<result<std::string>>([&](auto done) { h.streams().begin(done); });
    };
    EXPECT_EQ(begin().error().code, errc::unavailable);
    h.close(first);
    EXPECT_TRUE(begin());
    h.streams().reload({.max_open = 3});
    EXPECT_TRUE(begin());
    EXPECT_FALSE(begin());
}

TEST_P(finite_streams_test, end_with_a_reason_when_their_producer_is_silent) {
    house h(GetParam(), {.idle_timeout = 10s});
    const std::string silent = h.begin();
    const std::string busy = h.begin();
    const auto begun = clock::now();
    h.streams().end_idle(begun + 9s);
    EXPECT_TRUE(h.append(silent, "x"));
    h.streams().end_idle(clock::now() + 11s);
    EXPECT_EQ(h.seen_by_reader(silent).back(), R"(carillon.end{"reason":"idle"})");
    EXPECT_EQ(h.seen_by_reader(busy).back(), R"(carillon.end{"reason":"idle"})");
    EXPECT_EQ(h.streams().count().ended_idle, 2u);
    EXPECT_EQ(h.append(silent, "late").error().code, errc::conflict);

    const std::string kept = h.begin();
    h.streams().reload({.idle_timeout = 0ms});
    h.streams().end_idle(clock::now() + 24h * 365);
    EXPECT_TRUE(h.append(kept, "x"));
}

TEST(finite_streams, that_are_silent_together_end_a_few_at_a_time) {
    house h(kind::memory);
    for (int i = 0; i < 100; ++i) h.begin();
    h.streams().end_idle(clock::now() + 2h);
    EXPECT_EQ(h.streams().count().open, 36u);
    h.streams().end_idle(clock::now() + 2h);
    EXPECT_EQ(h.streams().count().open, 0u);
}

TEST(finite_streams, whose_end_cannot_be_stored_are_open_as_before) {
    testing::faulty_disk disk;
    house h(kind::sqlite, {}, {}, testing::faulty_disk::name);
    const std::string id = h.begin();
    disk.set_full(true);
    EXPECT_EQ(h.close(id).error().code, errc::unavailable);
    EXPECT_TRUE(h.read(id));
    disk.set_full(false);
    EXPECT_TRUE(h.append(id, "more"));
    EXPECT_TRUE(h.close(id));
    EXPECT_EQ(h.seen_by_reader(id).size(), 3u);
}

TEST(finite_streams, may_go_while_they_store) {
    for (int i = 0; i < 20; ++i) {
        house h(kind::sqlite);
        const std::string id = h.begin();
        for (int n = 0; n < 10; ++n)
            h.streams().append(id, std::vector<event>(1), [](const auto&) {});
        h.streams().close(id, [](const auto&) {});
        h.streams().read(id, "x", [](const auto&) {});
        h.restart();
        // The end was stored or it was not; either is an answer.
        EXPECT_THAT(h.append(id, "x").has_value(), h.streams().count().open == 1);
    }
}

}  // namespace
}  // namespace carillon::services
