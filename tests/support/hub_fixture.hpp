// A hub with one shard, without threads, sockets or a clock of its own.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include "support/fake_connection.hpp"
#include "support/manual_executor.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {

class hub_fixture : public ::testing::Test {
protected:
    hub_fixture() { rebuild({}, {}); }

    void rebuild(hub_options options, memory_journal_options kept) {
        events_ = std::make_unique<hub>(std::move(options), make_memory_journal(std::move(kept)));
        shard_ = &events_->add_shard(executor_);
    }

    std::vector<published> publish(std::string_view topic_name, std::string_view data,
                                   const std::function<void(event&)>& change = {}) {
        event e;
        e.topics.push_back(*topic::parse(topic_name));
        e.data = data;
        if (change) change(e);
        std::vector<event> batch;
        batch.push_back(std::move(e));
        std::vector<published> answers;
        events_->publish(std::move(batch), [&](result<std::vector<published>> done) {
            ASSERT_TRUE(done) << done.error().detail;
            answers = std::move(*done);
        });
        return answers;
    }

    stream_request asking(fake_connection& c, std::initializer_list<std::string_view> topics,
                          std::string cursor = {}) {
        stream_request r;
        r.out = &c;
        r.profile = &profile_;
        r.last_event_id = std::move(cursor);
        for (const std::string_view t : topics) r.topics.push_back(*topic_pattern::parse(t));
        return r;
    }
    subscriber* open(fake_connection& c, std::initializer_list<std::string_view> topics,
                     std::string cursor = {}) {
        auto opened = shard_->open(asking(c, topics, std::move(cursor)));
        EXPECT_TRUE(opened) << opened.error().detail;
        executor_.run_until_idle();
        return opened ? *opened : nullptr;
    }

    manual_executor executor_;
    stream_profile profile_;
    std::unique_ptr<hub> events_;
    shard* shard_ = nullptr;
};

using strings = std::vector<std::string>;

}  // namespace carillon::testing
