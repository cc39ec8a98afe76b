// What an idle stream costs the hub.
#include "support/manual_executor.hpp"
#include "support/test_hub.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CARILLON_OTHER_HEAP
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CARILLON_OTHER_HEAP
#endif
#endif

namespace carillon::testing {
namespace {

/// Takes everything and keeps nothing.
class silent_connection final : public connection {
public:
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::size_t all = 0;
        for (const iovec& s : slices) all += s.iov_len;
        return static_cast<std::ptrdiff_t>(all);
    }
    void close(close_reason) override {}
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return {}; }
};

/// Bytes that the C library's heap has given out, with its own few for each piece; 0 where it is
/// another heap that counts (a sanitizer's).
std::size_t heap_in_use() {
#if defined(CARILLON_OTHER_HEAP)
    return 0;
#else
    return mallinfo2().uordblks;
#endif
}

/// Of each of so many streams, when all are open and quiet.
std::size_t bytes_each(const std::function<void(stream_request&, std::size_t)>& ask) {
    constexpr std::size_t streams = 10'000;
    std::vector<silent_connection> out(streams);
    test_hub t;
    t.profile.heartbeat_interval = std::chrono::hours(1);
    const auto open = [&](std::size_t from, std::size_t upto) {
        for (std::size_t i = from; i < upto; ++i) {
            stream_request r;
            r.out = &out[i];
            r.profile = &t.profile;
            ask(r, i);
            EXPECT_TRUE(t.s.open(std::move(r)));
        }
        t.on.run_until_idle();
    };
    open(0, 10);  // what is made once
    const std::size_t before = heap_in_use();
    open(10, streams);
    const std::size_t used = heap_in_use() - before;
    return used / (streams - 10);
}

TEST(memory, an_idle_stream_of_nobody_costs_320_bytes) {
    const std::size_t each =
        bytes_each([](stream_request& r, std::size_t) { r.topics = patterns({"a"}); });
    EXPECT_LE(each, 320u);
}

TEST(memory, a_compressed_stream_costs_at_most_64_bytes_more) {
    constexpr std::size_t streams = 10'000;
    const auto bytes_each_with = [](content_coding c) {
        std::vector<silent_connection> out(streams);
        hub_options o;
        o.options_of = [](std::string_view) { return topic_options{.compress_from = 0}; };
        test_hub t(std::move(o));
        const auto open = [&](std::size_t from, std::size_t upto) {
            for (std::size_t i = from; i < upto; ++i) {
                stream_request r;
                r.out = &out[i];
                r.profile = &t.profile;
                r.topics = patterns({"a"});
                r.coding = c;
                EXPECT_TRUE(t.s.open(std::move(r)));
            }
            t.on.run_until_idle();
            t.publish("a", std::string(1000, 'x'));
        };
        open(0, 10);
        const std::size_t before = heap_in_use();
        open(10, streams);
        return (heap_in_use() - before) / (streams - 10);
    };
    const std::size_t plain = bytes_each_with(content_coding::identity);
    for (const auto c : {content_coding::gzip, content_coding::br, content_coding::zstd})
        EXPECT_LE(bytes_each_with(c), plain + 64) << to_string(c);
}

// With its identity, the entries of user and session in the index, and that of the user in the
// directory.
TEST(memory, one_with_user_session_and_three_attributes_costs_1000_bytes) {
    const std::size_t each = bytes_each([](stream_request& r, std::size_t i) {
        auto who = std::make_shared<identity>();
        who->user = "user-" + std::to_string(i);
        who->session = "session-" + std::to_string(i);
        who->attributes = {{"team", std::to_string(i % 7)}, {"site", "a"}, {"role", "b"}};
        r.who = std::move(who);
        r.spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
    });
    RecordProperty("bytes", std::to_string(each));
    EXPECT_LE(each, 1000u);
}

// Small events in many topics cost several times their own size.
TEST(memory, a_journal_takes_what_its_limit_says_whatever_the_events) {
    constexpr std::size_t limit = 16u << 20;
    const auto in_use = [] {
        const std::size_t heap = heap_in_use();
        return heap == 0 ? 0 : heap + mallinfo2().hblkhd;
    };
    const std::size_t before = in_use();
    memory_journal_options options;
    options.max_bytes = limit;
    options.retention_of = [](std::string_view) { return retention{.max_events = 1'000'000}; };
    const auto journal = make_memory_journal(std::move(options));
    for (int i = 0; i < 100'000; ++i) {
        auto e = std::make_shared<stored_event>();
        e->content = make_event({"t/" + std::to_string(i % 5'000)}, "7 bytes");
        journal->append({std::move(e)}, [](const auto& done, auto) { EXPECT_TRUE(done); });
    }
    EXPECT_LT(journal->stats().events, 100'000u) << "the limit was met";
    EXPECT_LE(journal->stats().memory_bytes, limit);
    EXPECT_LE(in_use() - before, limit + limit / 10);
}

}  // namespace
}  // namespace carillon::testing
