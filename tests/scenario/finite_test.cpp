// Streams that end: jobs, and the output of models.
#include "support/event_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

/// Its path.
std::string begin(const running_server& s) {
    const answer made = s.request("POST", "/events/streams");
    EXPECT_EQ(made.status, 201) << made.body;
    return "/events/streams/" + json_value(made.body, "stream");
}

answer append(const running_server& s, const std::string& path, std::string_view data) {
    return s.request("POST", path, "{\"data\":\"" + std::string(data) + "\"}", json_type);
}

/// The data of a stream's messages up to its end; its ids go into `cursor`.
strings read_to_the_end(const running_server& s, const std::string& path, std::string& cursor,
                        std::string_view fields = {}) {
    event_reader c(s, path, fields, {.whole_path = true});
    strings all;
    while (const auto e = c.poll()) {
        if (e->type == "message") all.push_back(e->data);
        cursor = e->id;
    }
    EXPECT_TRUE(c.ends_well());
    return all;
}

TEST(finite, readers_get_everything_from_the_start_then_the_end_then_204) {
    running_server s;
    const std::string path = begin(s);
    append(s, path, "one");
    event_reader early(s, path, {}, {.whole_path = true});
    append(s, path, "two");
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    strings live;
    while (const auto e = early.poll()) {
        if (e->type == "message") live.push_back(e->data);
    }
    EXPECT_TRUE(early.ends_well());
    EXPECT_EQ(live, (strings{"one", "two"}));
    for (const bool restarted : {false, true}) {
        if (restarted) {
            s.kill();
            s.restart();
        }
        std::string cursor;
        EXPECT_EQ(read_to_the_end(s, path, cursor), (strings{"one", "two"})) << "who joins late";
        EXPECT_EQ(s.request("GET", path, {}, after(cursor)).status, 204);
        EXPECT_EQ(append(s, path, "three").status, 409);
        EXPECT_EQ(s.request("POST", path + "/close").status, 409);
    }
}

TEST(finite, a_reader_that_drops_resumes_and_a_producer_goes_on_after_a_restart) {
    running_server s;
    const std::string path = begin(s);
    const std::string first = json_value(append(s, path, "one").body, "id");
    s.kill();
    s.restart();
    EXPECT_EQ(append(s, path, "two").status, 200);
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    std::string cursor;
    EXPECT_EQ(read_to_the_end(s, path, cursor, after(first)), strings{"two"});
}

TEST(finite, a_producer_learns_that_a_reader_asked_to_stop) {
    running_server s;
    const std::string path = begin(s);
    EXPECT_EQ(json_value(append(s, path, "one").body, "stopRequested"), "false");
    EXPECT_EQ(s.request("DELETE", path).status, 202);
    EXPECT_EQ(json_value(append(s, path, "two").body, "stopRequested"), "true");
}

TEST(finite, what_is_no_stream_is_not_found) {
    running_server s;
    s.publish("a", "1");
    for (const std::string id : {"a", "AAAAAAAAAAAAAAAAAAAAAA", "%2e%2e%2e"}) {
        const std::string path = "/events/streams/" + id;
        EXPECT_EQ(s.get(path).status, 404);
        EXPECT_EQ(append(s, path, "x").status, 404);
        EXPECT_EQ(s.request("POST", path + "/close").status, 404);
        EXPECT_EQ(s.request("DELETE", path).status, 404);
    }
}

}  // namespace
}  // namespace carillon::testing
