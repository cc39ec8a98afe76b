// The keys of an issuer that publishes them at a URL (JWKS, RFC 7517).
#pragma once

#include "auth/key_source.hpp"
#include "server/web_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

struct remote_keys_options {
    std::string url;
    std::chrono::seconds refresh = std::chrono::minutes(10);  ///< keys this old are fetched anew
    /// At most one fetch in this time, however many tokens name keys that are not known.
    std::chrono::seconds min_interval{30};
    std::chrono::seconds max_interval = std::chrono::minutes(10);  ///< back-off ends here
    /// Without a fetch that succeeds, keys are believed for so long.
    std::chrono::seconds max_age = std::chrono::hours(24);
    std::chrono::milliseconds timeout = std::chrono::seconds(5);
    std::size_t max_bytes = 256u << 10;
    bool plain_http = false;
};

/// Fetches at the first need and keeps what it got: when keys are due to be fetched again, tokens
/// are checked with those at hand meanwhile. A token that names a key that is not known causes a
/// fetch, which is how a rotation is noticed. While the URL fails, the interval doubles and the old
/// keys stay. Thread-safe.
class remote_keys final : public auth::key_source {
public:
    using clock = std::chrono::steady_clock;
    using fetch = std::function<void(web_request, web_client::callback)>;
    static constexpr std::size_t max_waiting = 10'000;  ///< checks that wait for the first keys

    /// `ask` is `web_client::ask`, and a test's own. `on_change` runs after keys were replaced, on
    /// the fetching thread: what was verified with the old ones is to be forgotten.
    remote_keys(remote_keys_options options, fetch ask, std::function<void()> on_change,
                std::function<clock::time_point()> now = clock::now);
    ~remote_keys() override;

    void find(std::string_view key_id, auth::algorithm alg, callback done) override;

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the fetch that is under way
};

}  // namespace carillon::server
