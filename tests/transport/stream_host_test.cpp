#include "transport/stream_host.hpp"

#include "support/faulty_sockets.hpp"
#include "transport/stream_server.hpp"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::transport {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::raw_client;

std::string ask(std::string_view fields = {}, std::string_view version = "HTTP/1.1") {
    return "GET /subscribe/a " + std::string(version) + "\r\nHost: localhost\r\n" +
           std::string(fields) + "\r\n";
}

constexpr std::string_view as_event_source = "Accept: text/event-stream\r\n";

void publish(stream_server& s, std::string_view data) {
    event e;
    e.topics = {*topic::parse("a")};
    e.data = data;
    std::vector<event> batch;
    batch.push_back(std::move(e));
    s.events().publish(std::move(batch), [](const auto& done) { EXPECT_TRUE(done); });
}

TEST(address_counts, an_address_has_so_many_places_and_each_comes_back_once) {
    address_counts counts;
    const auto one = *net::ip_address::parse("192.0.2.1");
    const auto other = *net::ip_address::parse("2001:db8::1");
    auto first = counts.take(one, 2);
    {
        auto second = counts.take(one, 2);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->address().str(), "192.0.2.1");
        const address_counts::place moved = std::move(*second);
        EXPECT_FALSE(counts.take(one, 2));
        EXPECT_TRUE(counts.take(other, 2));
        EXPECT_TRUE(counts.take(one, 0)) << "no limit";
    }
    auto third = counts.take(one, 2);
    EXPECT_TRUE(third);
    EXPECT_FALSE(counts.take(one, 2));
}

TEST(address_counts, the_addresses_of_an_ipv6_network_share_their_places) {
    address_counts counts;
    const auto take = [&](const char* text) {
        return counts.take(*net::ip_address::parse(text), 2);
    };
    auto first = take("2001:db8::1");
    {
        const auto second = take("2001:db8::ffff:1");
        ASSERT_TRUE(second);
        EXPECT_EQ(second->address().str(), "2001:db8::ffff:1");
        EXPECT_FALSE(take("2001:db8::2"));
        EXPECT_FALSE(take("2001:db8::"));
        EXPECT_TRUE(take("2001:db8:0:1::1")) << "another network";
        EXPECT_TRUE(take("::1")) << "no network";
    }
    const auto itself = take("2001:db8::");
    EXPECT_TRUE(itself);
    EXPECT_FALSE(take("2001:db8::3"));
}

TEST(stream_host, what_a_client_sends_on_its_stream_is_dropped) {
    stream_server s;
    raw_client c(s.port());
    c.send(ask());
    ASSERT_TRUE(c.read_until("carillon.open"));
    c.send("GET / HTTP/1.1\r\n\r\n" + std::string(100'000, 'x'));
    publish(s, "still here");
    EXPECT_TRUE(c.read_until("data: still here\n\n"));
    EXPECT_THAT(c.seen(), Not(HasSubstr("HTTP/1.1 4")));
}

TEST(stream_host, a_stream_ends_with_its_connection_however_that_ends) {
    stream_server s;
    for (const bool resets : {false, true}) {
        raw_client c(s.port());
        c.send(ask());
        ASSERT_TRUE(c.read_until("carillon.open"));
        ASSERT_TRUE(s.reaches_streams(1));
        if (resets) {
            c.reset();
        } else {
            c.close();
        }
        EXPECT_TRUE(s.reaches_streams(0)) << resets;
    }
}

TEST(stream_host, a_client_that_ended_its_sending_half_keeps_its_stream) {
    stream_server s;
    for (const bool at_once : {true, false}) {
        raw_client c(s.port());
        c.send(ask());
        if (at_once) c.end_sending();
        ASSERT_TRUE(c.read_until("carillon.open"));
        if (!at_once) c.end_sending();
        EXPECT_TRUE(c.read_until("\n:\n")) << "a sign of life, to see whether it still reads";
        publish(s, "still here");
        EXPECT_TRUE(c.read_until("data: still here\n\n"));
        c.close();
        publish(s, "nobody is left");
        EXPECT_TRUE(s.reaches_streams(0));
    }
}

TEST(stream_host, a_client_that_sends_without_end_leaves_time_for_others) {
    stream_server s;
    raw_client c(s.port());
    c.send(ask());
    ASSERT_TRUE(c.read_until("carillon.open"));
    testing::faulty_sockets faults;
    faults.flood_reads(true);
    c.send("x");
    while (faults.reads() == 0) std::this_thread::yield();
    publish(s, "heard");
    EXPECT_TRUE(c.read_until("data: heard\n\n"));
    faults.flood_reads(false);
}

TEST(stream_host, a_stream_that_the_kernel_has_no_memory_for_goes_on_later) {
    stream_server s;
    raw_client c(s.port());
    c.send(ask());
    ASSERT_TRUE(c.read_until("carillon.open"));
    testing::faulty_sockets faults;
    for (const int cause : {ENOBUFS, ENOMEM}) {
        faults.fail_write(1, cause);
        publish(s, std::to_string(cause));
        EXPECT_TRUE(c.read_until("data: " + std::to_string(cause) + "\n\n"));
    }
}

/// The opening and three events; false if the stream ended before.
bool hears_all(stream_server& s, raw_client& c) {
    c.send(ask());
    if (!c.read_until("carillon.open")) return false;
    for (const char* data : {"one", "two", "three"}) {
        publish(s, data);
        if (!c.read_until("data: " + std::string(data) + "\n\n")) return false;
    }
    return true;
}

TEST(stream_host, a_write_that_fails_ends_its_stream_whichever_it_is) {
    stream_server s;
    testing::faulty_sockets faults;
    for (std::uint64_t n = 1;; ++n) {
        faults.fail_write(n, ECONNRESET);
        raw_client c(s.port());
        const bool all = hears_all(s, c);
        EXPECT_TRUE(s.reaches_streams(all ? 1 : 0)) << n;
        EXPECT_EQ(all, faults.writes() < n);
        c.close();
        ASSERT_TRUE(s.reaches_streams(0));
        if (all) break;
    }
}

TEST(stream_host, a_write_that_finds_no_memory_costs_nothing_whichever_it_is) {
    stream_server s;
    testing::faulty_sockets faults;
    for (std::uint64_t n = 1; n <= 5; ++n) {
        faults.fail_write(n, ENOBUFS);
        raw_client c(s.port());
        EXPECT_TRUE(hears_all(s, c)) << n;
    }
}

TEST(stream_host, the_head_goes_out_with_the_opening_event) {
    stream_server s;
    raw_client c(s.port());
    c.send(ask());
    ASSERT_TRUE(c.read_until("carillon.open"));
    EXPECT_TRUE(c.seen().starts_with("HTTP/1.1 200 OK\r\n"));
    for (const char* line :
         {"Content-Type: text/event-stream\r\n", "Cache-Control: no-cache, no-transform\r\n",
          "X-Accel-Buffering: no\r\n", "Transfer-Encoding: chunked\r\n"})
        EXPECT_THAT(c.seen(), HasSubstr(line));
    raw_client old(s.port());
    old.send(ask({}, "HTTP/1.0"));
    ASSERT_TRUE(old.read_until("carillon.open"));
    EXPECT_THAT(old.seen(), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(old.seen(), Not(HasSubstr("Transfer-Encoding")));
}

TEST(stream_host, who_is_refused_is_spread_over_the_time_that_he_is_told) {
    hub_options options;
    options.max_clients = 1;
    stream_server s(options, {.max_clients_per_address = 0, .overload_retry = 1000ms});
    raw_client first(s.port());
    first.send(ask());
    ASSERT_TRUE(first.read_until("carillon.open"));
    std::set<long> times;
    for (int i = 0; i < 20; ++i) {
        raw_client c(s.port());
        c.send(ask(as_event_source));
        const std::string told = c.read_all();
        EXPECT_TRUE(told.starts_with("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(told, HasSubstr("event: carillon.unavailable\ndata: {\"code\":\"MAX_CLIENTS"));
        const std::size_t at = told.find("\nretry: ");
        ASSERT_NE(at, std::string::npos) << told;
        times.insert(std::stol(told.substr(at + 8)));
    }
    EXPECT_GE(*times.begin(), 1000);
    EXPECT_LE(*times.rbegin(), 2000);
    EXPECT_GT(times.size(), 5u);
    EXPECT_EQ(s.refusals().full.load(), 20u);

    raw_client service(s.port());
    service.send(ask("Accept: */*\r\n"));
    const answer plain = service.read_answer();
    EXPECT_EQ(plain.status, 503);
    EXPECT_THAT(plain.header("Retry-After"), ::testing::AnyOf("1", "2"));
    // With a client library of ours nothing has to be kept alive by a lie.
    raw_client sdk(s.port());
    sdk.send(ask(std::string(as_event_source) + "Carillon-Sdk: 1\r\n"));
    EXPECT_EQ(sdk.read_answer().status, 503);
}

TEST(stream_host, an_address_gets_its_place_back_with_the_end_of_a_stream) {
    stream_server s({}, {.max_clients_per_address = 1, .overload_retry = 1s});
    for (std::uint64_t round = 1; round <= 3; ++round) {
        raw_client c(s.port());
        c.send(ask());
        ASSERT_TRUE(c.read_until("carillon.open"));
        raw_client second(s.port());
        second.send(ask());
        EXPECT_EQ(second.read_answer().status, 503);
        EXPECT_EQ(s.refusals().address.load(), round);
        c.close();
        ASSERT_TRUE(s.reaches_streams(0));
    }
}

}  // namespace
}  // namespace carillon::transport
