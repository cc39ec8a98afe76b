// What lies between a client and a server and does not always work.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace carillon::testing {

/// Listens on a loopback port and passes bytes on to another, on a thread of its own. Its faults
/// are switched from the test's thread.
class relay {
public:
    explicit relay(std::uint16_t to);
    ~relay();
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// Connections so far.
    int connections() const noexcept { return connections_; }
    /// Connections that are open now pass nothing on any more, and stay open. New ones work.
    void stall() { stall_wanted_ = true; }
    /// From now on, or no longer: requests are passed on, and instead of the answer comes the end.
    void lose_answers(bool yes) { lose_answers_ = yes; }
    /// From now on, every byte takes so long, in either direction.
    void delay(std::chrono::milliseconds by) { delay_ms_ = by.count(); }

private:
    void run();

    const std::uint16_t to_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> ended_{false};
    std::atomic<bool> stall_wanted_{false};
    std::atomic<bool> lose_answers_{false};
    std::atomic<std::int64_t> delay_ms_{0};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

}  // namespace carillon::testing
