// Peers that vanish without a word, over a network that loses packets.
#include "support/event_reader.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace carillon::testing {
namespace {

/// Another machine, as far as TCP can tell: a network namespace behind a pair of virtual
/// interfaces, with two addresses. It belongs to a process that does not outlive the test, so that
/// it goes however the test ends.
class other_machine {
public:
    other_machine()
        : owner_({"/usr/bin/unshare", "--net", "/bin/sh", "-c", "echo made; exec sleep 1000"}) {
        // /29: eight addresses for each test, so that several may run at once.
        const int number = owner_.pid() % (1 << 13);
        net_ = "10.213." + std::to_string(number >> 5) + ".";
        first_ = (number & 31) << 3;
        const std::string owner = std::to_string(owner_.pid());
        link_ = "cv" + owner;
        ok_ = ::geteuid() == 0 && owner_.read_until("made") &&
              run("ip link add " + link_ + " type veth peer name eth0 netns " + owner) &&
              run("ip addr add " + here() + "/29 dev " + link_) &&
              run("ip link set " + link_ + " up") && inside("ip link set eth0 up") &&
              inside("ip addr add " + staying() + "/29 dev eth0") &&
              inside("ip addr add " + vanishing() + "/29 dev eth0");
    }

    /// The namespace itself goes when the kernel has given up the connections in it.
    ~other_machine() { run("ip link del " + link_); }
    other_machine(const other_machine&) = delete;
    other_machine& operator=(const other_machine&) = delete;

    bool ok() const noexcept { return ok_; }
    /// This machine's address on the network between them.
    std::string here() const { return address(1); }
    std::string staying() const { return address(2); }
    std::string vanishing() const { return address(3); }
    strings command(strings words) const {
        words.insert(words.begin(),
                     {"/usr/bin/nsenter", "--target", std::to_string(owner_.pid()), "--net"});
        return words;
    }
    bool inside(const std::string& command) const {
        return run("nsenter --target " + std::to_string(owner_.pid()) + " --net " + command);
    }

private:
    std::string address(int host) const { return net_ + std::to_string(first_ + host); }
    static bool run(const std::string& command) {
        return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT
    }

    process owner_;
    std::string link_;
    std::string net_;
    int first_ = 0;
    bool ok_ = false;
};

constexpr const char* why_not = "needs root, and network namespaces with virtual interfaces";

/// Streams of a server that listens to the other machine. A peer that acknowledges nothing for a
/// second is dead to it.
class peers : public ::testing::Test {
protected:
    void SetUp() override {
        if (!other_.ok()) GTEST_SKIP() << why_not;
        serve("1s");
    }

    void serve(const char* client_timeout) {
        server_ = std::make_unique<running_server>(
            strings{"--listen", other_.here() + ":0", "--auth.mode", "none", "--http.allowed_hosts",
                    "*", "--stream.client_timeout", client_timeout, "--stream.heartbeat_interval",
                    "300ms", "--http.send_buffer", "4MiB", "--log.level", "info"});
        const std::string host = other_.here() + ":";
        ASSERT_TRUE(server_->logs(host));
        const std::size_t at = server_->log().find(host) + host.size();
        port_ = server_->log().substr(at, server_->log().find_first_not_of("0123456789", at) - at);
    }

    std::unique_ptr<process> reader_at(const std::string& address) const {
        auto reader = std::make_unique<process>(
            other_.command({"/usr/bin/curl", "-sN", "--interface", address,
                            "http://" + other_.here() + ":" + port_ + "/events/subscribe/a"}));
        EXPECT_TRUE(reader->read_until("carillon.open")) << reader->output();
        return reader;
    }

    bool shows(std::string_view metric) const { return server_->shows("/metrics", metric); }

    const other_machine other_;
    std::unique_ptr<running_server> server_;
    std::string port_;
};

TEST_F(peers, one_that_is_quiet_stays_and_one_whose_packets_vanish_is_found) {
    const auto quiet = reader_at(other_.staying());
    const auto gone = reader_at(other_.vanishing());
    ::poll(nullptr, 0, 2000);
    EXPECT_TRUE(shows("carillon_subscribers 2\n"));
    // The machine answers nothing to an address that it no longer has, not even with a reset.
    ASSERT_TRUE(other_.inside("ip addr del " + other_.vanishing() + "/29 dev eth0"));
    server_->publish("a", "\"one\"");
    EXPECT_TRUE(shows("carillon_dead_peers_total 1\n"));
    EXPECT_TRUE(shows("carillon_subscribers 1\n"));
    server_->publish("a", "\"two\"");
    EXPECT_TRUE(quiet->read_until("two"));
    EXPECT_EQ(gone->output().find("one"), std::string::npos);
}

TEST_F(peers, one_that_gets_event_after_event_is_found_as_well) {
    const auto quiet = reader_at(other_.staying());
    const auto gone = reader_at(other_.vanishing());
    ASSERT_TRUE(other_.inside("ip addr del " + other_.vanishing() + "/29 dev eth0"));
    // More often than heartbeats, and less than the kernel keeps in the reader's stead.
    const std::string_view found = "carillon_dead_peers_total 1\n";
    int published = 0;
    for (; published < 50; ++published) {
        server_->publish("a", std::to_string(published));
        if (server_->get("/metrics").body.find(found) != std::string::npos) break;
        ::poll(nullptr, 0, 100);
    }
    EXPECT_LT(published, 50);
    EXPECT_TRUE(quiet->read_until("data: " + std::to_string(published) + "\n"));
    EXPECT_TRUE(shows("carillon_subscribers 1\n"));
}

TEST_F(peers, a_cable_that_is_pulled_for_less_than_the_timeout_ends_no_stream) {
    serve("60s");  // however slow this machine is at pulling it
    const auto reader = reader_at(other_.staying());
    ASSERT_TRUE(other_.inside("ip link set eth0 down"));
    server_->publish("a", "\"meanwhile\"");
    ::poll(nullptr, 0, 300);
    ASSERT_TRUE(other_.inside("ip link set eth0 up"));
    EXPECT_TRUE(reader->read_until("meanwhile"));
    EXPECT_TRUE(shows("carillon_dead_peers_total 0\n"));
    EXPECT_TRUE(shows("carillon_subscribers 1\n"));
}

TEST_F(peers, a_cable_that_stays_pulled_ends_its_streams) {
    const auto reader = reader_at(other_.staying());
    ASSERT_TRUE(other_.inside("ip link set eth0 down"));
    server_->publish("a", "\"one\"");
    EXPECT_TRUE(shows("carillon_dead_peers_total 1\n"));
    EXPECT_TRUE(shows("carillon_subscribers 0\n"));
}

}  // namespace
}  // namespace carillon::testing
