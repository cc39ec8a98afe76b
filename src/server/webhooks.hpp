// Tells a back end of clients that come and go.
#pragma once

#include <carillon/hub/clients.hpp>
#include <carillon/hub/stream_facts.hpp>

#include "server/web_client.hpp"
#include "transport/stream_watcher.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace carillon::server {

struct webhook_options {
    std::string url;
    std::string secret;  ///< `whsec_` and Base64, or any text; empty: nothing is signed
    std::chrono::milliseconds timeout = std::chrono::seconds(5);
    std::size_t max_queued = 10'000;  ///< not delivered yet; beyond: the new one is dropped
    unsigned attempts = 8;            ///< after so many that failed, it is dropped
    bool plain_http = false;
};

struct webhook_counts {
    std::size_t queued = 0;
    std::uint64_t delivered = 0, dropped = 0;
};

/// Posts `{"type": "client.connected" | "client.gone", "timestamp", "data"}`, in the form of
/// Standard Webhooks 1.0.0: `webhook-id` stays the same over all attempts, `webhook-signature` is
/// `v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`. 2xx is success, 410 drops it;
/// after anything else it is tried again, a second later and twice as long each time, up to five
/// minutes. So the order may change: `timestamp` tells. Thread-safe.
class webhooks final : public transport::stream_watcher {
public:
    using clock = std::chrono::steady_clock;
    using fetch = std::function<void(web_request, web_client::callback)>;
    static constexpr std::size_t max_under_way = 16;

    webhooks(webhook_options options, fetch ask,
             std::function<clock::time_point()> now = clock::now);
    ~webhooks() override;

    void connected(const client_info& c) override;
    void gone(const transport::gone_stream& s) override;

    /// Tries again what is due; call it now and then.
    void tick();
    webhook_counts counts() const;

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the requests that are under way
};

/// The value of `webhook-signature`.
std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view timestamp, std::string_view body);

}  // namespace carillon::server
