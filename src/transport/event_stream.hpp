// An HTTP response that has become an event stream.
#pragma once

#include <carillon/hub/connection.hpp>
#include <carillon/hub/shard.hpp>

#include "http/response_body.hpp"
#include "net/address.hpp"

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
class event_stream final : public connection, private http::body_listener {
public:
    static event_stream* start(std::unique_ptr<http::response_body> body, shard& home,
                               address_counts::place client);
    /// The hub's answer to `shard::open`; null if the stream ended while it opened.
    void attach(subscriber* s);
    /// Writes what fits of the head and one last block and closes; for a stream that the hub did
    /// not take.
    void refuse(std::string_view last_block);

    framing layout() const noexcept override;
    void begin(const opening_facts& facts) override;
    std::ptrdiff_t write(std::span<const iovec> slices) override;
    void close(close_reason why) override;
    bool peer_silent_for(std::chrono::milliseconds limit) const override;
    std::string remote_address() const override;

private:
    event_stream(std::unique_ptr<http::response_body> body, shard& home,
                 address_counts::place client);
    ~event_stream() = default;
    void on_writable() override;
    void on_peer_ended() override;
    void on_gone() override;
    template <class Call>
    void tell_hub(Call&& call);
    void finish_call();

    shard& home_;
    subscriber* subscriber_ = nullptr;
    std::unique_ptr<http::response_body> body_;  ///< null: ended
    address_counts::place client_;
    bool begun_ = false;
    bool busy_ =
        true;  ///< a call of its own is under way, `start` to `attach` included: it goes afterwards
};

}  // namespace carillon::transport
