// A journal whose calls wait for their answers, and a clock that stands still.
#pragma once

#include <carillon/journal/files.hpp>
#include <carillon/journal/open.hpp>

#include "support/temporary_folder.hpp"

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {

using namespace std::chrono_literals;
using std::chrono::system_clock;
using numbers = std::vector<std::uint64_t>;
using names = std::initializer_list<std::string_view>;

/// A file of a journal in a folder that goes with the test.
class journal_file {
public:
    std::string path() const { return folder_.path_of("journal.db"); }
    const std::filesystem::path& folder() const { return folder_.path(); }

private:
    temporary_folder folder_;
};

/// Calls on a journal, answered when they return.
class journal_user {
public:
    void use(std::unique_ptr<journal> j) { journal_ = std::move(j); }
    void close() { journal_.reset(); }
    journal& record() { return *journal_; }

    static std::shared_ptr<stored_event> make(names topics, std::string data = "x",
                                              std::string_view id = {}) {
        auto e = std::make_shared<stored_event>();
        for (const auto t : topics) e->content.topics.push_back(*topic::parse(t));
        e->content.data = std::move(data);
        if (!id.empty()) e->content.id = *wire::event_id::parse(id);
        return e;
    }
    result<journal::appended> try_append(journal::group events,
                                         std::optional<idempotency_key> key = std::nullopt) {
        std::promise<result<journal::appended>> promise;
        journal_->append(std::move(events), std::move(key),
                         [&](const auto& done, auto) { promise.set_value(done); });
        return promise.get_future().get();
    }
    std::uint64_t append(names topics, std::string data = "x", std::string_view id = {}) {
        const auto e = make(topics, std::move(data), id);
        const auto done = try_append({e});
        EXPECT_TRUE(done) << done.error().detail;
        return e->pos.value;
    }
    read_page read(names patterns, std::uint64_t after = 0, std::size_t most = 256) {
        return read(read_query{parse(patterns), position{after}, journal_->head(), most});
    }
    read_page read(const read_query& q) {
        std::promise<result<read_page>> promise;
        journal_->read(q, [&](result<read_page> done) { promise.set_value(std::move(done)); });
        auto page = promise.get_future().get();
        EXPECT_TRUE(page) << page.error().detail;
        return page ? std::move(*page) : read_page{};
    }
    start_point locate(names patterns, std::string_view id, rewind from = {},
                       std::uint64_t budget = ~std::uint64_t{0},
                       std::uint64_t upto = ~std::uint64_t{0}) {
        std::promise<result<start_point>> promise;
        journal_->locate({parse(patterns), std::string(id), from, budget, position{upto}},
                         [&](result<start_point> done) { promise.set_value(std::move(done)); });
        auto start = promise.get_future().get();
        EXPECT_TRUE(start) << start.error().detail;
        return start ? *start : start_point{};
    }
    snapshot_page snapshot(names patterns, std::uint64_t after = 0,
                           std::uint64_t upto = ~std::uint64_t{0}, std::size_t most = 256) {
        std::promise<result<snapshot_page>> promise;
        journal_->snapshot({parse(patterns), position{after}, position{upto}, most},
                           [&](result<snapshot_page> done) { promise.set_value(std::move(done)); });
        auto page = promise.get_future().get();
        EXPECT_TRUE(page) << page.error().detail;
        return page ? std::move(*page) : snapshot_page{};
    }
    result<std::uint64_t> schedule(event e, system_clock::time_point due,
                                   std::optional<idempotency_key> key = std::nullopt) {
        std::promise<result<std::uint64_t>> promise;
        journal_->schedule(std::move(e), due, std::move(key),
                           [&](const auto& id) { promise.set_value(id); });
        return promise.get_future().get();
    }
    bool cancel(std::uint64_t id) {
        std::promise<bool> promise;
        journal_->cancel(id, [&](const auto& done) { promise.set_value(done && *done); });
        return promise.get_future().get();
    }
    scheduled_page scheduled(const scheduled_query& q = {}) {
        std::promise<result<scheduled_page>> promise;
        journal_->list_scheduled(
            q, [&](result<scheduled_page> done) { promise.set_value(std::move(done)); });
        auto page = promise.get_future().get();
        EXPECT_TRUE(page) << page.error().detail;
        return page ? std::move(*page) : scheduled_page{};
    }
    std::string id_of(std::uint64_t pos) const { return journal_->id_of(position{pos}); }

    static numbers positions(const read_page& page) {
        numbers all;
        for (const auto& e : page.events) all.push_back(e->pos.value);
        return all;
    }
    static matcher_set parse(names patterns) {
        std::vector<topic_pattern> list;
        for (const auto p : patterns) list.push_back(*topic_pattern::parse(p));
        return make_matchers(std::move(list));
    }

    /// Lets the journal do its upkeep until this holds; false after ten seconds.
    template <class Condition>
    bool comes_true(Condition&& holds, system_clock::time_point now) {
        for (int i = 0; i < 2000; ++i) {
            if (holds()) return true;
            journal_->trim(now);
            std::this_thread::sleep_for(5ms);
        }
        return holds();
    }

private:
    std::unique_ptr<journal> journal_;
};

}  // namespace carillon::testing
