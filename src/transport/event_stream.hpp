// A socket that has become an event stream.
#pragma once

#include <carillon/hub/connection.hpp>
#include <carillon/hub/shard.hpp>

#include "net/address.hpp"
#include "net/loop.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace carillon::transport {

/// How many streams each address has. Synchronised inside; touched when streams come and go.
class address_counts {
public:
    /// One stream's, given back when it is destroyed. The counts outlive it.
    class place {
    public:
        place(place&& other) noexcept
            : counts_(std::exchange(other.counts_, nullptr)), address_(other.address_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (counts_ != nullptr) counts_->give_back(address_);
        }
        const net::ip_address& address() const noexcept { return address_; }

    private:
        friend class address_counts;
        place(address_counts& c, const net::ip_address& a) : counts_(&c), address_(a) {}
        address_counts* counts_;
        net::ip_address address_;
    };

    /// Nothing if the address has `most` already; 0: no limit.
    std::optional<place> take(const net::ip_address& a, std::size_t most);

private:
    void give_back(const net::ip_address& a);

    std::mutex mutex_;
    std::unordered_map<net::ip_address, std::size_t, net::ip_address_hash> counts_;
};

/// Owns itself from `start` on: it goes when the peer does or when the hub closes it. A peer that
/// has closed its sending half only keeps its stream. Confined to its loop's thread.
class event_stream final : public connection, public net::io_handler {
public:
    /// `fd` is watched by `l` already. `head` is the response head, which goes out with the first
    /// block.
    static event_stream* start(net::unique_fd fd, net::loop& l, shard& home,
                               address_counts::place client, framing layout, std::string head);
    /// The hub's answer to `shard::open`; null if the stream ended while it opened.
    void attach(subscriber* s);
    /// Writes what fits of the head and one last block and closes; for a stream that the hub did
    /// not take.
    void refuse(std::string_view last_block);

    framing layout() const noexcept override { return layout_; }
    void begin(const opening_facts& facts) override;
    std::ptrdiff_t write(std::span<const iovec> slices) override;
    void close(close_reason why) override;
    bool peer_silent_for(std::chrono::milliseconds limit) const override;
    std::string remote_address() const override;
    void on_io(std::uint32_t events) override;

private:
    event_stream(net::unique_fd fd, net::loop& l, shard& home, address_counts::place client,
                 framing layout, std::string head);
    ~event_stream() override = default;
    void handle(std::uint32_t events);
    std::ptrdiff_t send(std::span<const iovec> slices);
    std::ptrdiff_t send_after_head(std::span<const iovec> slices);
    bool drop_input();
    void end();
    void finish_call();

    net::loop& loop_;
    shard& home_;
    subscriber* subscriber_ = nullptr;
    net::unique_fd fd_;
    address_counts::place client_;
    std::unique_ptr<std::string> head_;  ///< what is not sent of it; null: all of it is
    const framing layout_;
    bool begun_ = false;
    bool whole_ = true;  ///< the last write was taken whole
    bool ended_ = false;
    bool peer_ended_ = false;  ///< sends no more; it may still read
    bool busy_ =
        true;  ///< a call of its own is under way, `start` to `attach` included: it goes afterwards
};

}  // namespace carillon::transport
