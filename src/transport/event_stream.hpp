// An HTTP response that has become an event stream.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/connection.hpp>
#include <carillon/hub/shard.hpp>

#include "http/response_body.hpp"
#include "net/address.hpp"
#include "transport/stream_watcher.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace carillon::transport {

/// How many streams each address has; the addresses of one IPv6 network (/64) count together.
/// Synchronised inside; touched when streams come and go.
class address_counts {
    struct entry {
        address_counts* owner;
        std::size_t count = 0;
    };
    using entries = std::unordered_map<net::ip_address, entry, net::ip_address_hash>;

public:
    /// One stream's, given back when it is destroyed. The counts outlive it. As small as a pointer,
    /// since there is one in each stream.
    class place {
    public:
        place(place&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (at_ != nullptr) at_->second.owner->give_back(*at_);
        }
        const net::ip_address& address() const noexcept { return at_->first; }

    private:
        friend class address_counts;
        explicit place(entries::value_type& at) noexcept : at_(&at) {}
        entries::value_type* at_;  ///< stays where it is for as long as its count is not 0
    };

    /// Nothing if the address has `most` already; 0: no limit.
    std::optional<place> take(const net::ip_address& a, std::size_t most);

private:
    std::size_t streams_of(const net::ip_address& network) const;  ///< with the lock held
    void give_back(entries::value_type& at);

    std::mutex mutex_;  // guards all below
    entries entries_;
    /// Of the addresses that `ip_address::network` changes, by what it makes of them.
    std::unordered_map<net::ip_address, std::size_t, net::ip_address_hash> networks_;
};

/// Owns itself from `start` on: it goes when the peer does or when the hub closes it. A peer that
/// has closed its sending half only keeps its stream. Confined to its loop's thread.
class event_stream final : public connection, private http::body_listener {
public:
    static event_stream* start(std::unique_ptr<http::response_body> body, shard& home,
                               address_counts::place client);
    /// The hub's answer to `shard::open`; null if the stream ended while it opened.
    void attach(subscriber* s);
    /// Before `attach`: `w` is told when the stream is attached and when it ends, and outlives it.
    void watch(stream_watcher& w);
    /// Writes what fits of the head and one last block and closes; for a stream that the hub did
    /// not take.
    void refuse(std::string_view last_block);
    /// Instead of `attach`: something went wrong before the hub had the stream. It breaks off.
    void give_up() noexcept;

    framing layout() const noexcept override;
    void begin(const opening_facts& facts) override;
    std::ptrdiff_t write(std::span<const iovec> slices) override;
    void close(close_reason why) override;
    bool peer_silent_for(std::chrono::milliseconds limit) const override;
    std::string remote_address() const override;

private:
    event_stream(std::unique_ptr<http::response_body> body, shard& home,
                 address_counts::place client);
    ~event_stream() override = default;
    void on_writable() override;
    void on_peer_ended() override;
    void on_gone() override;
    template <class Call>
    void tell_hub(Call&& call);
    void finish_call();
    void write_last(std::string_view text);
    void answer_unbegun(const error& why);
    void tell_gone(std::optional<close_reason> why);

    /// The stream may go with it.
    struct finished_call {
        event_stream& stream;
        ~finished_call() { stream.finish_call(); }
    };
    struct watched {
        stream_watcher* by;
        gone_stream facts;
    };

    shard& home_;
    subscriber* subscriber_ = nullptr;
    std::unique_ptr<http::response_body> body_;  ///< null: ended
    address_counts::place client_;
    std::unique_ptr<watched> watched_;  ///< null: nobody is told
    bool begun_ = false;
    bool busy_ =
        true;  ///< a call of its own is under way, `start` to `attach` included: it goes afterwards
};

}  // namespace carillon::transport
