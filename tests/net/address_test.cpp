#include "net/address.hpp"

#include <unordered_set>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace carillon::net {
namespace {

ip_address address(std::string_view text) {
    const auto parsed = ip_address::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(ip_address());
}

ip_network network(std::string_view text) {
    const auto parsed = ip_network::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(ip_network());
}

TEST(ip_address, reads_and_writes_both_families) {
    EXPECT_EQ(address("192.0.2.1").str(), "192.0.2.1");
    EXPECT_EQ(address("2001:db8::1").str(), "2001:db8::1");
    EXPECT_EQ(address("[2001:DB8:0::1]").str(), "2001:db8::1");
    EXPECT_EQ(address("::ffff:192.0.2.1").str(), "192.0.2.1");
    EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    EXPECT_EQ(ip_address().str(), "unix");
}

TEST(ip_address, refuses_what_is_no_address_of_a_peer) {
    for (const char* text :
         {"", "unix", "::", "[::]", "192.0.2", "192.0.2.256", "192.0.2.1:80", "[192.0.2.1]", "[::1",
          "::1]", "fe80::1%eth0", "localhost", " 192.0.2.1", "192.0.2.1 ",
          "1111:2222:3333:4444:5555:6666:7777:8888:9999"}) {
        EXPECT_FALSE(ip_address::parse(text)) << text;
    }
    EXPECT_FALSE(ip_address::parse(std::string_view("192.0.2.1\0", 10)));
    EXPECT_FALSE(ip_address::parse(std::string(1000, '1')));
}

TEST(ip_address, knows_loopback) {
    for (const char* text : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(address(text).is_loopback()) << text;
    }
    EXPECT_TRUE(ip_address().is_loopback());
    for (const char* text : {"128.0.0.1", "126.255.255.255", "::2", "1::1", "0.0.0.0", "fe80::1"}) {
        EXPECT_FALSE(address(text).is_loopback()) << text;
    }
}

TEST(ip_address, comes_from_what_the_kernel_says) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, "203.0.113.9", &v4.sin_addr);
    EXPECT_EQ(ip_address::from(reinterpret_cast<const sockaddr&>(v4)), address("203.0.113.9"));

    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, "2001:db8::9", &v6.sin6_addr);
    EXPECT_EQ(ip_address::from(reinterpret_cast<const sockaddr&>(v6)), address("2001:db8::9"));

    sockaddr local{};
    local.sa_family = AF_UNIX;
    EXPECT_TRUE(ip_address::from(local).is_local_socket());
}

TEST(ip_address, hashes_neighbours_apart) {
    std::unordered_set<std::size_t> hashes;
    for (int i = 1; i <= 200; ++i)
        hashes.insert(ip_address_hash()(address("10.0.0." + std::to_string(i))));
    EXPECT_EQ(hashes.size(), 200U);
}

TEST(ip_network, holds_the_addresses_with_its_prefix) {
    EXPECT_TRUE(network("10.0.0.0/8").contains(address("10.255.1.2")));
    EXPECT_FALSE(network("10.0.0.0/8").contains(address("11.0.0.1")));
    EXPECT_TRUE(network("10.1.2.3/8").contains(address("10.9.9.9")));
    EXPECT_TRUE(network("192.0.2.128/25").contains(address("192.0.2.128")));
    EXPECT_FALSE(network("192.0.2.128/25").contains(address("192.0.2.127")));
    EXPECT_TRUE(network("192.0.2.7").contains(address("192.0.2.7")));
    EXPECT_FALSE(network("192.0.2.7").contains(address("192.0.2.6")));
    EXPECT_TRUE(network("0.0.0.0/0").contains(address("8.8.8.8")));
    EXPECT_FALSE(network("0.0.0.0/0").contains(address("2001:db8::1")));
    EXPECT_TRUE(network("2001:db8::/32").contains(address("2001:db8:ffff::1")));
    EXPECT_FALSE(network("2001:db8::/32").contains(address("2001:db9::1")));
    EXPECT_TRUE(network("[::1]/128").contains(address("::1")));
    EXPECT_TRUE(network("::/0").contains(address("192.0.2.1")));
}

TEST(ip_network, keeps_local_sockets_apart_from_addresses) {
    EXPECT_TRUE(network("unix").contains(ip_address()));
    EXPECT_FALSE(network("unix").contains(address("::1")));
    EXPECT_FALSE(network("::/0").contains(ip_address()));
    EXPECT_FALSE(network("::1").contains(ip_address()));
}

TEST(ip_network, refuses_malformed_ranges) {
    for (const char* text : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                             "10.0.0/8", "/8", "::", "unix/1", "10.0.0.0/8/8"}) {
        EXPECT_FALSE(ip_network::parse(text)) << text;
    }
    EXPECT_TRUE(ip_network::parse("10.0.0.0/32"));
    EXPECT_TRUE(ip_network::parse("2001:db8::/128"));
}

TEST(ip_address, of_a_network_of_ipv6_is_its_first_one) {
    const auto network = [](const char* text) { return ip_address::parse(text)->network().str(); };
    EXPECT_EQ(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(network("2001:db8:1:2::"), "2001:db8:1:2::");
    EXPECT_EQ(network("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(network("::1"), "::1");
    EXPECT_EQ(ip_address().network(), ip_address());
}

}  // namespace
}  // namespace carillon::net
