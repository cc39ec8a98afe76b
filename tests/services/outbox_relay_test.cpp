#include <carillon/services/outbox_relay.hpp>

#include "services/service_fixture.hpp"
#include "support/late_journal.hpp"

#include <filesystem>
#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace carillon::services {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

message to_user(std::string user, std::string data) {
    message m;
    m.to.users = {std::move(user)};
    m.what.kind = "custom";
    m.what.data = std::move(data);
    return m;
}

class outbox_test : public carillon::testing::service_fixture {
protected:
    result<outbox_relay::outcome> write(outbox_relay::work w) {
        return answer_of<outbox_relay::outcome>(
            [&](auto done) { relay->write(std::move(w), std::move(done)); });
    }
    std::size_t rows() {
        std::size_t count = 0;
        EXPECT_TRUE(answer_of<void>([&](auto done) {
            records->read(
                [&](store::records& r) -> result<> {
                    count = r.outbox().list(0, 1000).value().size();
                    return {};
                },
                std::move(done));
        }));
        return count;
    }
};

TEST_F(outbox_test, publishes_what_was_committed_and_nothing_else) {
    const auto done = write([](store::records&, std::vector<message>& out) -> result<> {
        out.push_back(to_user("alice", "one"));
        out.push_back(to_user("alice", "two"));
        return {};
    });
    ASSERT_TRUE(done);
    EXPECT_THAT(*done, SizeIs(2));
    EXPECT_FALSE(write([](store::records&, std::vector<message>& out) -> result<> {
        out.push_back(to_user("alice", "never"));
        return fail(errc::conflict, "no");
    }));
    EXPECT_THAT(inbox("alice"), ElementsAre("custom one", "custom two"));
}

TEST_F(outbox_test, publishes_after_a_crash_what_was_committed_before_it_and_nothing_twice) {
    // A crash between the commit and the publish: the row is there, the event is not.
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [](store::records& r) -> result<> {
                const auto id = r.outbox().add(outbox_relay::text_of(to_user("alice", "left")));
                return id ? result<>{} : std::unexpected(id.error());
            },
            std::move(done));
    }));
    open_records();
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    EXPECT_THAT(inbox("alice"), ElementsAre("custom left"));
    // A crash between the publish and the removal of the row.
    EXPECT_EQ(rows(), 1u);
    open_records();
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    EXPECT_THAT(inbox("alice"), ElementsAre("custom left"));
    relay->tick();
    settle();
    EXPECT_EQ(rows(), 0u);
}

TEST_F(outbox_test, publishes_what_comes_after_an_older_copy_of_the_file_was_put_back) {
    const auto say = [&](const char* data) {
        const auto done = write([data](store::records&, std::vector<message>& out) -> result<> {
            out.push_back(to_user("alice", data));
            return {};
        });
        EXPECT_TRUE(done && done->at(0));
    };
    const std::string path = folder.path_of("records.db");
    const std::string copy = folder.path_of("copy.db");
    records->close();
    std::filesystem::copy_file(path, copy);
    open_records();
    say("after the copy");
    relay.reset();
    records->close();
    records.reset();
    for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(path + beside);
    std::filesystem::copy_file(copy, path, std::filesystem::copy_options::overwrite_existing);
    open_records();
    say("after the way back");
    EXPECT_THAT(inbox("alice"), ElementsAre("custom after the copy", "custom after the way back"));
}

TEST_F(outbox_test, holds_the_keys_of_rows_that_are_there_and_lets_go_of_the_others) {
    std::vector<std::uint64_t> hashes(1);  // of the rows' texts
    const auto is_held = [&](std::uint64_t row) {
        auto e = std::make_shared<stored_event>();
        e->content.topics = {*topic::parse("other")};
        const std::uint64_t hash = hashes.at(row);
        const auto key = fmt::format("outbox/{}/{:016x}/{:016x}", records->id(), row, hash);
        std::promise<result<journal::appended>> done;
        events.record().append({e}, idempotency_key{key, {row, hash}, true},
                               [&](const auto& stored, auto) { done.set_value(stored); });
        const bool held = done.get_future().get() == journal::appended::repeated;
        if (!held) events.record().forget_keys(key, key + '!');
        return held;
    };
    const auto say = [&] {
        auto said = write([](store::records&, std::vector<message>& out) -> result<> {
            out.push_back(to_user("alice", "one"));
            return {};
        });
        EXPECT_TRUE(answer_of<void>([&](auto done) {
            records->read(
                [&](store::records& of) -> result<> {
                    const auto row = of.outbox().list(hashes.size() - 1, 1).value().at(0);
                    hashes.push_back(XXH3_64bits(row.text.data(), row.text.size()));
                    return {};
                },
                std::move(done));
        }));
        return said;
    };
    ASSERT_TRUE(say());
    relay->tick();
    settle();
    EXPECT_TRUE(is_held(1)) << "nobody knows yet which rows an earlier life left";
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    ASSERT_TRUE(say());
    EXPECT_TRUE(is_held(2));
    relay->tick();
    EXPECT_FALSE(is_held(1));
    settle();
    relay->tick();
    EXPECT_FALSE(is_held(2));
}

TEST_F(outbox_test, reads_all_pages_that_were_left_in_order) {
    constexpr int count = 600;
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [](store::records& r) -> result<> {
                for (int i = 0; i < count; ++i)
                    EXPECT_TRUE(
                        r.outbox().add(outbox_relay::text_of(to_user("alice", std::to_string(i)))));
                return {};
            },
            std::move(done));
    }));
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    const auto last = inbox("alice");
    ASSERT_FALSE(last.empty());
    for (std::size_t i = 0; i < last.size(); ++i) EXPECT_EQ(last[i], "custom " + std::to_string(i));
    relay->tick();
    settle();
    EXPECT_EQ(rows(), 0u);
}

TEST_F(outbox_test, makes_no_record_whose_event_the_hub_would_refuse) {
    const auto made = [&](message m) {
        return write([&m](store::records& r, std::vector<message>& out) -> result<> {
            EXPECT_TRUE(r.calls().keep("ann", "key", {"f", "made"}, {}, 10));
            out.push_back(std::move(m));
            return {};
        });
    };
    EXPECT_EQ(made(to_user("alice", std::string(2u << 20, 'x'))).error().code,
              errc::event_too_large);
    EXPECT_EQ(made(to_user(std::string(300, 'x'), "one")).error().code, errc::invalid_request);
    message many = to_user("alice", "one");
    for (int i = 0; i < 10'001; ++i) many.to.users.push_back(std::to_string(i));
    EXPECT_EQ(made(std::move(many)).error().code, errc::payload_too_large);
    EXPECT_EQ(rows(), 0u);
    EXPECT_TRUE(answer_of<void>([&](auto done) {
        records->read(
            [](store::records& r) -> result<> {
                EXPECT_FALSE(r.calls().find("ann", "key").value());
                return {};
            },
            std::move(done));
    }));
}

TEST_F(outbox_test, lets_no_event_overtake_an_earlier_one_of_its_user) {
    auto kept = std::make_unique<carillon::testing::late_journal>(make_memory_journal({}));
    auto& record = *kept;
    std::vector<std::string> stored;
    hub other({}, std::move(kept));
    record.on_stored([&](std::span<const event_ptr> all) {
        for (const event_ptr& e : all) stored.push_back(e->content.data);
    });
    relay = std::make_unique<outbox_relay>(other, *records);
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    const auto send = [&](std::vector<std::string> to, std::string data) {
        const auto done = write([&](store::records&, std::vector<message>& out) -> result<> {
            message m = to_user("x", data);
            m.to.users = to;
            out.push_back(std::move(m));
            return {};
        });
        EXPECT_TRUE(done);
        return done && done->front();
    };
    record.refuses = true;
    EXPECT_FALSE(send({"ann"}, "1"));
    EXPECT_FALSE(send({"bob"}, "2"));
    record.refuses = false;
    EXPECT_FALSE(send({"ann", "carol"}, "3")) << "ann has to get another first";
    EXPECT_FALSE(send({"carol"}, "4")) << "and so has carol now";
    EXPECT_TRUE(send({"dan"}, "5")) << "nothing of his waits";
    EXPECT_EQ(relay->unpublished(), 4u);
    settle();  // the store's thread is out of the journal, so that this one is answered at once
    record.refuses = true;
    relay->tick();
    EXPECT_EQ(relay->unpublished(), 4u);
    record.refuses = false;
    relay->tick();
    EXPECT_EQ(relay->unpublished(), 0u);
    EXPECT_THAT(stored, ElementsAre("5", "1", "2", "3", "3", "4"));
    EXPECT_TRUE(send({"ann"}, "6"));
    settle();
    relay->tick();
    settle();
    EXPECT_EQ(rows(), 0u);
    relay.reset();
}

class user_topics_test : public outbox_test {
protected:
    // The records' writer may still be within the hub when it has answered.
    ~user_topics_test() override {
        relay.reset();
        records.reset();
    }
    void limit(std::size_t max_topics, outbox_limits limits) {
        other = std::make_unique<hub>(hub_options{},
                                      make_memory_journal({.limits = {.max_topics = max_topics}}));
        relay = std::make_unique<outbox_relay>(*other, *records, limits);
    }
    result<outbox_relay::outcome> send(std::vector<std::string> to, std::string by) {
        return write([&](store::records& r, std::vector<message>& out) -> result<> {
            message m = to_user("x", "one");
            m.to.users = to;
            m.by = by;
            out.push_back(std::move(m));
            return r.calls().keep("ann", std::to_string(++number), {"f", "made"}, {}, 10);
        });
    }
    errc refusal(std::vector<std::string> to, std::string by) {
        const auto sent = send(std::move(to), std::move(by));
        return sent ? errc::internal : sent.error().code;
    }
    std::unique_ptr<hub> other;
    int number = 0;
};

TEST_F(user_topics_test, are_bounded_for_each_user) {
    limit(1000, {.new_topics_per_user = 3});
    ASSERT_TRUE(send({"a", "b"}, "mallory"));
    EXPECT_EQ(refusal({"c", "d"}, "mallory"), errc::rate_limited) << "all or nothing";
    ASSERT_TRUE(send({"a", "b", "c"}, "mallory")) << "two of them have events";
    EXPECT_EQ(refusal({"d"}, "mallory"), errc::rate_limited);
    EXPECT_TRUE(send({"a"}, "mallory"));
    EXPECT_TRUE(send({"d", "e", "f"}, "bob")) << "another user";
    EXPECT_TRUE(send({"g", "h", "i", "j"}, "")) << "a back end";
    EXPECT_EQ(relay->refused(), 2u);
    EXPECT_TRUE(answer_of<void>([&](auto done) {
        records->read(
            [](store::records& r) -> result<> {
                EXPECT_TRUE(r.calls().find("ann", "1").value());
                EXPECT_FALSE(r.calls().find("ann", "2").value())
                    << "what is refused leaves nothing";
                return {};
            },
            std::move(done));
    }));
}

TEST_F(user_topics_test, leave_a_share_to_back_ends) {
    limit(40, {.user_topic_share = 50});
    std::vector<std::string> twenty;
    for (int i = 0; i < 20; ++i) twenty.push_back("user " + std::to_string(i));
    ASSERT_TRUE(send(twenty, "mallory"));
    const auto beyond = send({"a"}, "ann");
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, errc::unavailable);
    EXPECT_THAT(beyond.error().detail, ::testing::HasSubstr("user_events.topic_share"));
    EXPECT_TRUE(send({"user 1"}, "ann")) << "it needs no further topic";
    const auto by_back_end = send({"a"}, "");
    ASSERT_TRUE(by_back_end);
    EXPECT_TRUE(by_back_end->front()) << "published";
}

TEST_F(user_topics_test, are_given_back_where_nothing_was_written) {
    limit(1000, {.new_topics_per_user = 1});
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(write([](store::records&, std::vector<message>& out) -> result<> {
                      message first = to_user("a", "one");
                      first.by = "ann";
                      out.push_back(first);
                      out.push_back(to_user(std::string(300, 'x'), "one"));
                      return {};
                  })
                      .error()
                      .code,
                  errc::invalid_request);
    }
    EXPECT_TRUE(send({"a"}, "ann"));
}

TEST_F(outbox_test, makes_no_record_whose_copies_are_too_many_bytes) {
    hub_options other_limits;
    other_limits.max_copied = 4 * to_user("", std::string(1000, 'x')).what.size();
    hub other(other_limits, make_memory_journal({}));
    relay = std::make_unique<outbox_relay>(other, *records);
    const auto send = [&](std::vector<std::string> to) {
        return write([&](store::records&, std::vector<message>& out) -> result<> {
            message m = to_user("x", std::string(1000, 'x'));
            m.to.users = to;
            out.push_back(std::move(m));
            return {};
        });
    };
    EXPECT_TRUE(send({"a", "b", "c", "d"}));
    const auto beyond = send({"a", "b", "c", "d", "e"});
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, errc::payload_too_large);
    EXPECT_THAT(beyond.error().detail, ::testing::HasSubstr("publish.max_copied"));
    relay.reset();
}

TEST_F(outbox_test, lets_what_the_journal_refuses_wait_in_the_file_beyond_a_limit) {
    constexpr int count = 600;
    auto kept = std::make_unique<carillon::testing::late_journal>(make_memory_journal({}));
    auto& record = *kept;
    hub other({}, std::move(kept));
    relay = std::make_unique<outbox_relay>(other, *records, outbox_limits{.max_waiting = 2});
    ASSERT_TRUE(answer_of<void>([&](auto done) { relay->start(std::move(done)); }));
    record.refuses = true;
    for (int i = 0; i < count; ++i) {
        const auto done = write([](store::records&, std::vector<message>& out) -> result<> {
            out.push_back(to_user("alice", "one"));
            return {};
        });
        ASSERT_TRUE(done);
        EXPECT_FALSE(done->front());
    }
    relay->tick();
    settle();
    EXPECT_EQ(relay->unpublished(), std::size_t{count});
    record.refuses = false;
    for (int i = 0; i < 20 && rows() != 0; ++i) {
        relay->tick();
        settle();
    }
    EXPECT_EQ(rows(), 0u);
    EXPECT_EQ(record.head().value, std::uint64_t{count});
    EXPECT_EQ(relay->unpublished(), 0u);
    relay.reset();
}

TEST_F(outbox_test, keeps_all_that_a_message_says) {
    message m = to_user("ålice \"a\"", "{\"x\":1}");
    m.to.all_of = {{"team", "red"}};
    m.what.payload = payload_kind::json;
    m.what.name = wire::event_name::parse("leave_request_approved").value();
    m.what.metadata = R"({"a":"b"})";
    m.what.is_private = true;
    const auto back = outbox_relay::parse(outbox_relay::text_of(m));
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->to.users, m.to.users);
    EXPECT_EQ(back->to.all_of.front().value, "red");
    EXPECT_EQ(back->what.data, m.what.data);
    EXPECT_EQ(back->what.payload, payload_kind::json);
    EXPECT_EQ(back->what.name->str(), "leave_request_approved");
    EXPECT_EQ(back->what.metadata, m.what.metadata);
    EXPECT_TRUE(back->what.is_private);
    EXPECT_FALSE(outbox_relay::parse("nonsense"));
    EXPECT_FALSE(outbox_relay::parse(R"({"topics":["a*b"]})"));
}

}  // namespace
}  // namespace carillon::services
