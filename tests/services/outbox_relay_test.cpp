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
