// Sockets that fail on demand: the test program's own send, sendmsg and recv stand in front of the
// system's.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace carillon::testing {

/// One at a time. Calls of the thread that made it never fail: that thread is the client.
class faulty_sockets {
public:
    faulty_sockets();
    ~faulty_sockets();
    faulty_sockets(const faulty_sockets&) = delete;
    faulty_sockets& operator=(const faulty_sockets&) = delete;

    /// The n-th write from now fails with `cause` (an errno); 0: none.
    void fail_write(std::uint64_t nth, int cause);
    /// The same for reads.
    void fail_read(std::uint64_t nth, int cause);
    /// While true, every read finds as many bytes as it asks for, as from a peer that sends faster
    /// than anybody reads.
    void flood_reads(bool floods) noexcept { floods_ = floods; }
    /// Since the last `fail_…`.
    std::uint64_t writes() const noexcept { return writes_.calls; }
    std::uint64_t reads() const noexcept { return reads_.calls; }

    // For the calls that stand in. The errno to fail with; 0: none.
    int before_write() noexcept { return before(writes_); }
    int before_read() noexcept { return before(reads_); }
    bool floods() const noexcept { return floods_ && std::this_thread::get_id() != client_; }

private:
    struct plan {
        std::atomic<std::uint64_t> calls = 0;
        std::atomic<std::uint64_t> fails_at = 0;
        std::atomic<int> cause = 0;
    };
    int before(plan& p) const noexcept;
    static void set(plan& p, std::uint64_t nth, int cause);

    std::thread::id client_ = std::this_thread::get_id();
    plan writes_;
    plan reads_;
    std::atomic<bool> floods_ = false;
};

}  // namespace carillon::testing
