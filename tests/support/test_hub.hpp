// A hub on a manual executor, and short ways to publish into it and to listen.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include "support/fake_connection.hpp"
#include "support/manual_executor.hpp"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

inline event make_event(std::initializer_list<std::string_view> topics, std::string_view data) {
    event e;
    for (const std::string_view name : topics) e.topics.push_back(*topic::parse(name));
    e.data = data;
    return e;
}

inline std::vector<topic_pattern> patterns(std::initializer_list<std::string_view> names) {
    std::vector<topic_pattern> all;
    for (const std::string_view name : names) all.push_back(*topic_pattern::parse(name));
    return all;
}

class test_hub {
public:
    explicit test_hub(hub_options options = {}, memory_journal_options record = {})
        : h(std::move(options), make_memory_journal(clocked(std::move(record)))),
          s(h.add_shard(on)) {}

    /// Publishes and waits for nothing: `on` has yet to deliver.
    published publish_only(event e) {
        published answer;
        std::vector<event> batch;
        batch.push_back(std::move(e));
        h.publish(std::move(batch), [&](result<std::vector<published>> r) {
            if (r) answer = r->front();
        });
        return answer;
    }
    published publish(event e) {
        published answer = publish_only(std::move(e));
        on.run_until_idle();
        return answer;
    }
    published publish(std::string_view topic, std::string_view data) {
        return publish(make_event({topic}, data));
    }

    stream_request request(fake_connection& out, std::initializer_list<std::string_view> topics,
                           std::string_view cursor = {}) const {
        stream_request r;
        r.out = &out;
        r.profile = &profile;
        r.topics = patterns(topics);
        r.last_event_id = cursor;
        return r;
    }
    subscriber* open(fake_connection& out, std::initializer_list<std::string_view> topics,
                     std::string_view cursor = {}) {
        auto opened = s.open(request(out, topics, cursor));
        on.run_until_idle();
        return opened ? *opened : nullptr;
    }
    /// Lets the connection take what it can until it takes no more or has it all.
    void flush(subscriber& who, fake_connection& out) {
        on.run_until_idle();
        while (std::exchange(out.blocked, false) && !out.closed) {
            s.writable(who);
            on.run_until_idle();
        }
    }
    std::string id(std::uint64_t pos) const { return h.id_of(position{pos}); }

    manual_executor on;
    std::chrono::system_clock::time_point wall{std::chrono::hours(24 * 365 * 50)};
    stream_profile profile;
    hub h;
    shard& s;

private:
    memory_journal_options clocked(memory_journal_options record) {
        if (!record.now) record.now = [this] { return wall; };
        return record;
    }
};

}  // namespace carillon::testing
