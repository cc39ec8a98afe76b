// A hub without loops, records in a temporary file, and what a user finds when they come.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include "support/temporary_folder.hpp"

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {

class service_fixture : public ::testing::Test {
protected:
    service_fixture() { open_records(); }

    void open_records() {
        relay.reset();
        records.reset();
        // One reader, so that what is read later is read after what is read now.
        records =
            store::open_record_store({.path = folder.path_of("records.db"), .readers = 1}).value();
        relay = std::make_unique<services::outbox_relay>(events, *records);
    }

    /// Calls `ask` with a callback and waits for its answer.
    template <class T>
    static result<T> answer_of(const std::function<void(std::function<void(result<T>)>)>& ask) {
        std::promise<result<T>> answer;
        ask([&](result<T> r) { answer.set_value(std::move(r)); });
        return answer.get_future().get();
    }

    /// Waits until what was begun is read and written.
    void settle() {
        ASSERT_TRUE(answer_of<void>([&](auto done) {
            records->read([](store::records&) -> result<> { return {}; }, std::move(done));
        }));
        ASSERT_TRUE(answer_of<void>([&](auto done) {
            records->write([](store::records&) -> result<> { return {}; }, std::move(done));
        }));
    }

    /// What the journal has for a user and for everyone, oldest first: "kind data".
    std::vector<std::string> inbox(std::string user, bool everyone = false) {
        identity who;
        who.user = std::move(user);
        history_query q;
        q.who = std::make_shared<const identity>(std::move(who));
        q.spaces = {.user = true, .everyone = everyone};
        q.from = rewind_since{};
        const auto page = answer_of<history_page>(
            [&](auto done) { events.history(std::move(q), std::move(done)); });
        std::vector<std::string> all;
        if (!page) {
            ADD_FAILURE() << page.error().detail;
            return all;
        }
        for (const event_ptr& e : page->events)
            all.push_back(e->content.kind + ' ' + e->content.data);
        return all;
    }

    temporary_folder folder;
    std::chrono::system_clock::time_point wall{std::chrono::hours(24 * 365 * 50)};
    hub events{{}, make_memory_journal({})};
    std::unique_ptr<store::record_store> records;
    std::unique_ptr<services::outbox_relay> relay;
};

}  // namespace carillon::testing
