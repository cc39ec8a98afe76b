// The parts of `carillon bench` that decide what its figures mean.
#include "bench/delivery.hpp"
#include "bench/payload.hpp"
#include "bench/publishers.hpp"
#include "bench/report.hpp"
#include "bench/socket.hpp"
#include "bench/statistics.hpp"
#include "bench/stream.hpp"

#include <string>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace carillon::bench {
namespace {

std::string text_of(const stamp& s) {
    const auto text = write_payload(s);
    return {text.data(), text.size()};
}

std::string chunked(const std::string& content) {
    return fmt::format("{:x}\r\n{}\r\n", content.size(), content);
}

const std::string head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: Chunked\r\n\r\n";
const std::string opening = "retry: 3000\nid: e.0\nevent: carillon.open\ndata: {}\n\n";

std::string event_block(std::uint32_t sequence) {
    return fmt::format("id: e.{}\ndata: {}\n\n", sequence, text_of({0, sequence, 7}));
}

struct seen_events final : wire::parser_listener {
    void on_event(const wire::message& m) override {
        seen.push_back(fmt::format("{}|{}", m.type, m.data));
    }
    std::vector<std::string> seen;
};

TEST(latency_histogram, gives_nothing_without_samples) {
    EXPECT_EQ(latency_histogram().percentile(99), 0u);
}

TEST(latency_histogram, is_exact_for_small_values) {
    latency_histogram h;
    for (std::uint64_t v = 1; v <= 1000; ++v) h.record(v);
    EXPECT_EQ(h.count(), 1000u);
    EXPECT_EQ(h.percentile(0), 1u);
    EXPECT_EQ(h.percentile(50), 500u);
    EXPECT_EQ(h.percentile(99), 990u);
    EXPECT_EQ(h.percentile(99.9), 999u);
    EXPECT_EQ(h.percentile(100), 1000u);
}

TEST(latency_histogram, stays_within_two_thousandths_of_any_value) {
    for (std::uint64_t v = 1; v < (1ull << 40); v = v * 3 / 2 + 1) {
        latency_histogram h;
        h.record(v);
        const auto got = static_cast<double>(h.percentile(50));
        EXPECT_NEAR(got, static_cast<double>(v), static_cast<double>(v) * 0.002) << v;
    }
}

TEST(latency_histogram, keeps_the_order_of_values_across_buckets) {
    std::uint64_t last = 0;
    for (std::uint64_t v = 1000; v < 5000; ++v) {
        latency_histogram h;
        h.record(v);
        EXPECT_GE(h.percentile(50), last);
        last = h.percentile(50);
    }
}

TEST(latency_histogram, holds_what_is_past_its_range_in_its_last_bucket) {
    latency_histogram h;
    h.record(~0ull);
    EXPECT_GT(h.percentile(50), (1ull << 41) - (1ull << 32));
    EXPECT_LT(h.percentile(50), 1ull << 41);
}

TEST(latency_histogram, merges_and_clears) {
    latency_histogram a;
    latency_histogram b;
    a.record(10);
    b.record(20);
    b.record(30);
    a.merge(b);
    EXPECT_EQ(a.count(), 3u);
    EXPECT_EQ(a.percentile(50), 20u);
    a.clear();
    EXPECT_EQ(a.count(), 0u);
    EXPECT_EQ(a.percentile(50), 0u);
}

TEST(median, is_the_middle_or_the_mean_of_both_middles) {
    EXPECT_EQ(median({}), 0);
    EXPECT_EQ(median({5, 1, 3}), 3);
    EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(payload, has_150_bytes_and_is_json) {
    const auto text = text_of({31, 12345678, 9'876'543'210'123'456'789u});
    EXPECT_EQ(text.size(), 150u);
    const auto parsed = boost::json::parse(text).as_object();
    EXPECT_EQ(parsed.at("p"), "31");
    EXPECT_EQ(parsed.at("s"), "12345678");
}

TEST(payload, comes_back_as_it_went_out) {
    const stamp s{7, 42, 1'234'567'890'123};
    EXPECT_EQ(read_payload(text_of(s)), s);
}

TEST(payload, is_refused_if_any_byte_is_wrong) {
    const auto right = text_of({7, 42, 99});
    for (std::size_t i = 0; i < right.size(); ++i) {
        auto wrong = right;
        wrong[i] = '!';
        EXPECT_FALSE(read_payload(wrong)) << i;
    }
    EXPECT_FALSE(read_payload(right + "x"));
    EXPECT_FALSE(read_payload(std::string_view(right).substr(1)));
    EXPECT_FALSE(read_payload(""));
}

TEST(payload, makes_the_body_of_a_publish) {
    std::string body;
    append_event(body, {0, 1, 2});
    const auto parsed = boost::json::parse(body).as_object();
    EXPECT_TRUE(parsed.at("data").is_object());
    EXPECT_EQ(parsed.size(), 1u);
}

TEST(delivery_ledger, finds_nothing_wrong_with_events_in_order) {
    delivery_ledger ledger(2, 2);
    for (std::uint32_t s = 0; s < 5; ++s)
        for (std::size_t subscriber = 0; subscriber < 2; ++subscriber)
            for (std::uint32_t lane = 0; lane < 2; ++lane) ledger.record(subscriber, lane, s);
    for (std::size_t subscriber = 0; subscriber < 2; ++subscriber)
        for (std::uint32_t lane = 0; lane < 2; ++lane) ledger.close(subscriber, lane, 5);
    EXPECT_TRUE(ledger.counts().clean());
    EXPECT_EQ(ledger.counts().delivered, 20u);
}

TEST(delivery_ledger, counts_a_hole_and_a_missing_end_as_lost) {
    delivery_ledger ledger(1, 1);
    ledger.record(0, 0, 0);
    ledger.record(0, 0, 3);
    ledger.close(0, 0, 6);
    EXPECT_EQ(ledger.counts(), (delivery_counts{2, 4, 0, 0, 0}));
    EXPECT_FALSE(ledger.counts().clean());
}

TEST(delivery_ledger, counts_a_repetition_as_doubled) {
    delivery_ledger ledger(1, 1);
    for (const std::uint32_t s : {0u, 1u, 1u, 0u}) ledger.record(0, 0, s);
    ledger.close(0, 0, 2);
    EXPECT_EQ(ledger.counts(), (delivery_counts{4, 0, 2, 0, 0}));
}

TEST(delivery_ledger, tells_a_late_event_from_a_lost_and_from_a_doubled_one) {
    delivery_ledger ledger(1, 1);
    for (const std::uint32_t s : {0u, 2u, 1u, 1u, 3u}) ledger.record(0, 0, s);
    ledger.close(0, 0, 4);
    EXPECT_EQ(ledger.counts(), (delivery_counts{5, 0, 1, 1, 0}));
}

TEST(delivery_ledger, keeps_subscribers_and_lanes_apart) {
    delivery_ledger ledger(2, 2);
    ledger.record(0, 1, 0);
    ledger.record(1, 0, 0);
    ledger.close(0, 1, 1);
    ledger.close(1, 0, 1);
    EXPECT_TRUE(ledger.counts().clean());
    ledger.close(0, 0, 1);
    EXPECT_EQ(ledger.counts().lost, 1u);
}

TEST(delivery_ledger, takes_an_unknown_lane_for_malformed) {
    delivery_ledger ledger(1, 2);
    ledger.record(0, 2, 0);
    EXPECT_EQ(ledger.counts().malformed, 1u);
}

TEST(stream_decoder, reads_events_that_were_cut_at_any_two_places) {
    // A heartbeat, a block in two chunks, two blocks in one chunk, a chunk extension.
    const auto two = event_block(0) + event_block(1);
    const auto third = event_block(2);
    const auto bytes = head + chunked(opening) + chunked(":\n") + chunked(two) +
                       chunked(third.substr(0, 9)) + chunked(third.substr(9)) + "1;x=y\r\n:\r\n" +
                       chunked("\n\n") + "0\r\n\r\n";
    seen_events whole;
    {
        stream_decoder decoder(whole);
        stream_state stream;
        ASSERT_TRUE(decoder.feed(stream, bytes));
        ASSERT_EQ(stream.at, stream_state::phase::ended);
        ASSERT_EQ(whole.seen.size(), 4u);
        ASSERT_EQ(whole.seen[0], "carillon.open|{}");
        ASSERT_EQ(whole.seen[3], "message|" + text_of({0, 2, 7}));
    }
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        for (auto second = first; second <= bytes.size(); second += 13) {
            seen_events cut;
            stream_decoder decoder(cut);
            stream_state stream;
            const std::string_view view = bytes;
            ASSERT_TRUE(decoder.feed(stream, view.substr(0, first)));
            ASSERT_TRUE(decoder.feed(stream, view.substr(first, second - first)));
            ASSERT_TRUE(decoder.feed(stream, view.substr(second)));
            ASSERT_EQ(cut.seen, whole.seen) << first << ' ' << second;
        }
    }
}

TEST(stream_decoder, keeps_streams_apart_though_it_has_one_parser) {
    seen_events seen;
    stream_decoder decoder(seen);
    stream_state a;
    stream_state b;
    const auto first = head + chunked(event_block(0));
    const auto second = head + chunked(event_block(1));
    for (std::size_t i = 0; i < first.size(); ++i) {
        ASSERT_TRUE(decoder.feed(a, std::string_view(first).substr(i, 1)));
        ASSERT_TRUE(decoder.feed(b, std::string_view(second).substr(i, 1)));
    }
    EXPECT_EQ(seen.seen, (std::vector<std::string>{"message|" + text_of({0, 0, 7}),
                                                   "message|" + text_of({0, 1, 7})}));
}

TEST(stream_decoder, refuses_what_is_no_event_stream) {
    for (const std::string wrong :
         {"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n"}) {
        seen_events seen;
        stream_decoder decoder(seen);
        stream_state stream;
        EXPECT_FALSE(decoder.feed(stream, wrong)) << wrong;
    }
}

TEST(first_chunk, waits_for_the_whole_chunk) {
    const std::string bytes = "3\r\nabc\r\n";
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto found = first_chunk(std::string_view(bytes).substr(0, size));
        ASSERT_TRUE(found);
        EXPECT_FALSE(*found) << size;
    }
    const std::string whole_bytes = bytes + "0\r\n";
    const auto found = first_chunk(whole_bytes);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->content, "abc");
    EXPECT_EQ((*found)->size, bytes.size());
}

TEST(first_chunk, refuses_a_first_line_that_does_not_end) {
    EXPECT_TRUE(first_chunk(std::string(256, '0')));
    EXPECT_FALSE(first_chunk(std::string(257, '0')));
}

TEST(sample_response, takes_the_response_apart_where_the_first_payload_stands) {
    const auto event = chunked(event_block(0));
    const auto sample = sample_response(head + chunked(opening) + event + event);
    EXPECT_EQ(sample.opening, head + chunked(opening));
    EXPECT_EQ(sample.before + text_of({0, 0, 7}) + sample.after, event);
}

TEST(sample_response, leaves_the_event_empty_if_it_did_not_come_alone) {
    const auto both = chunked(event_block(0) + event_block(1));
    const auto sample = sample_response(head + chunked(opening) + both);
    EXPECT_EQ(sample.opening, head + chunked(opening));
    EXPECT_EQ(sample.before, "");
    EXPECT_EQ(sample_response("HTTP/1.1 200 OK\r\n").opening, "");
}

TEST(response_size, is_known_when_the_head_is_complete) {
    const std::string answer = "HTTP/1.1 200 OK\r\ncontent-LENGTH:  12\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < answer.size(); ++size) {
        const auto found = response_size(std::string_view(answer).substr(0, size));
        ASSERT_TRUE(found);
        EXPECT_FALSE(*found) << size;
    }
    const auto found = response_size(answer);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ(**found, answer.size() + 12);
}

TEST(response_size, needs_a_length_and_an_end) {
    EXPECT_FALSE(response_size("HTTP/1.1 200 OK\r\n\r\n"));
    EXPECT_FALSE(response_size("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"));
    EXPECT_TRUE(response_size(std::string(64 << 10, 'x')));
    EXPECT_FALSE(response_size(std::string((64 << 10) + 1, 'x')));
}

TEST(target, is_read_from_a_url) {
    const auto t = target::parse_url("http://127.0.0.1:8765/");
    ASSERT_TRUE(t);
    EXPECT_EQ(t->port(), 8765);
    EXPECT_EQ(t->host, "127.0.0.1:8765");
    EXPECT_TRUE(t->is_ipv4_loopback());
    const auto v6 = target::parse_url("http://[::1]");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->port(), 80);
    EXPECT_FALSE(v6->is_ipv4_loopback());
    for (const auto* wrong : {"https://127.0.0.1", "127.0.0.1:80", "http://", "http://127.0.0.1/x"})
        EXPECT_FALSE(target::parse_url(wrong)) << wrong;
}

TEST(report, judges_the_median_of_the_ratios_against_the_target) {
    report r;
    r.add_ratio("fan", "CPU", "µs", 2.0, 2.0, 1.1);
    r.add_ratio("fan", "CPU", "µs", 2.2, 2.0, 1.1);
    r.add_ratio("fan", "CPU", "µs", 9.0, 2.0, 1.1);
    ASSERT_EQ(r.figures().size(), 1u);
    EXPECT_EQ(r.figures()[0].judged.size(), 3u);
    EXPECT_TRUE(r.figures()[0].reached());
    r.add_ratio("fan", "CPU", "µs", 9.0, 2.0, 1.1);
    EXPECT_FALSE(r.figures()[0].reached());
}

TEST(report, never_takes_a_missing_floor_for_success) {
    report r;
    r.add_ratio("fan", "CPU", "µs", 2.0, 0, 1.1);
    EXPECT_FALSE(r.figures()[0].reached());
}

TEST(report, is_sound_only_without_wrong_deliveries_and_problems) {
    report r;
    r.add_value("idle", "memory", "B", 700, 640);
    r.add_deliveries({10, 0, 0, 0, 0});
    EXPECT_TRUE(r.sound());
    for (const auto& wrong : {delivery_counts{0, 1, 0, 0, 0}, delivery_counts{0, 0, 1, 0, 0},
                              delivery_counts{0, 0, 0, 1, 0}, delivery_counts{0, 0, 0, 0, 1}}) {
        auto bad = r;
        bad.add_deliveries(wrong);
        EXPECT_FALSE(bad.sound());
    }
    r.add_problem("stuck");
    EXPECT_FALSE(r.sound());
}

TEST(report, shows_figures_targets_and_deliveries_as_text_and_markdown) {
    report r;
    r.add_ratio("fanout-1000", "CPU per delivery", "µs", 2.6, 2.5, 1.15);
    r.add_value("idle", "memory", "B", 700, 640, 42);
    r.add_value("answer", "events", "/s", 20);
    r.add_deliveries({1'234'567, 1, 0, 0, 0});
    r.add_problem("topics: stuck");
    const auto text = r.text();
    EXPECT_NE(text.find("fanout-1000  CPU per delivery  2.6 µs  2.5 µs  1.04    ≤ 1.15    yes\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("failed: topics: stuck\n"), std::string::npos);
    const auto markdown = r.markdown();
    EXPECT_NE(markdown.find("| idle | memory | 700 B | 42 B | 700 B | ≤ 640 B | no |\n"),
              std::string::npos)
        << markdown;
    EXPECT_NE(markdown.find("| answer | events | 20 /s |  |  |  |  |\n"), std::string::npos);
    EXPECT_NE(markdown.find("1,234,567 deliveries: 1 lost"), std::string::npos);
}

TEST(report, shows_the_spread_of_several_runs) {
    report r;
    r.add_value("idle", "memory", "B", 700, 640);
    r.add_value("idle", "memory", "B", 600, 640);
    r.add_value("idle", "memory", "B", 620, 640);
    EXPECT_NE(r.markdown().find("| 620 B |  | 620 B (600–700) | ≤ 640 B | yes |"),
              std::string::npos)
        << r.markdown();
}

TEST(report, gives_every_run_as_json) {
    report r;
    r.add_ratio("fan", "CPU", "µs", 3.0, 2.0, 1.15);
    r.add_ratio("fan", "CPU", "µs", 5.0, 2.0, 1.15);
    r.add_deliveries({7, 0, 0, 0, 0});
    const auto parsed = boost::json::parse(r.json());
    const auto& f = parsed.at("figures").at(0);
    EXPECT_EQ(f.at("server").as_double(), 4.0);
    EXPECT_EQ(f.at("server_runs").as_array().size(), 2u);
    EXPECT_EQ(f.at("judged").as_double(), 2.0);
    EXPECT_FALSE(f.at("reached").as_bool());
    EXPECT_EQ(parsed.at("deliveries").at("delivered").to_number<int>(), 7);
}

TEST(readable, keeps_three_digits_and_groups_thousands) {
    EXPECT_EQ(readable(0), "0");
    EXPECT_EQ(readable(0.1234), "0.123");
    EXPECT_EQ(readable(1.5), "1.5");
    EXPECT_EQ(readable(3.824), "3.82");
    EXPECT_EQ(readable(12.34), "12.3");
    EXPECT_EQ(readable(100), "100");
    EXPECT_EQ(readable(1000), "1,000");
    EXPECT_EQ(readable(1234567), "1,234,567");
    EXPECT_EQ(readable(-123456), "-123,456");
}

}  // namespace
}  // namespace carillon::bench
