// What one client may ask for at its worst on a server with many topics.
#include "support/event_reader.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::duration;

/// Four segments, so that patterns with three wildcards and the number name one.
std::string topic_of(int n) {
    return std::to_string(n % 10) + "/" + std::to_string(n / 10 % 100) + "/x/" + std::to_string(n);
}

/// Publishes to so many topics, 16 an event.
void make_topics(const running_server& s, int topics) {
    constexpr int topics_of_event = 16;
    std::string batch;
    for (int n = 0; n < topics;) {
        std::string names;
        for (int k = 0; k < topics_of_event && n < topics; ++k, ++n)
            names += (k == 0 ? "\"" : ",\"") + topic_of(n) + "\"";
        batch += (batch.empty() ? "[" : ",") + ("{\"data\":1,\"topics\":[" + names + "]}");
        if (n % (500 * topics_of_event) != 0 && n != topics) continue;
        const answer got = s.request("POST", "/events/publish", batch + "]", json_type);
        ASSERT_LT(got.status, 300) << got.body;
        batch.clear();
    }
}

/// Seconds that it takes when nothing comes between, most likely.
template <class Call>
double least_time(Call&& call) {
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
        const auto begin = clock::now();
        call();
        least = std::min(least, duration<double>(clock::now() - begin).count());
    }
    return least;
}

// A look at the names of all topics is what both take longest for. Held against each other, since a
// machine may be slow, or busy.
TEST(abuse, by_a_stream_of_many_wildcards_costs_one_look_at_all_topics) {
    running_server s;
    make_topics(s, 20'000);
    std::string hard;
    for (int n = 0; n < 100; ++n) hard += "&topic=*/*/*/" + std::to_string(n * 197);
    const double history =
        least_time([&] { EXPECT_EQ(s.get("/events/history?last=1000" + hard).status, 200); });
    const double stream = least_time([&] {
        event_reader c(s, "?last=1" + hard);
        EXPECT_EQ(c.open().type, "carillon.open");
        EXPECT_EQ(c.next().data, "1");
    });
    EXPECT_LE(stream, 4 * history + 0.01);
}

}  // namespace
}  // namespace carillon::testing
