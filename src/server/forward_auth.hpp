// The caller, as a back end with sessions of its own knows it.
#pragma once

#include "auth/authenticator.hpp"
#include "auth/token_claims.hpp"
#include "server/web_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::server {

struct forward_options {
    std::string url;
    /// Of the request, passed on. Without any of them a caller is nobody in particular, and the
    /// back end is not asked.
    std::vector<std::string> headers = {"Cookie", "Authorization"};
    std::chrono::milliseconds timeout = std::chrono::seconds(2);
    std::chrono::milliseconds kept = std::chrono::seconds(10);  ///< answers, refusals too
    std::size_t max_kept = 10'000;
    bool plain_http = false;
};

/// Asks a URL with the caller's headers. 2xx with a JSON object: its members are claims, as of a
/// token; without a body, the headers `Remote-User` and `Remote-Groups` say it (or
/// `X-Auth-Request-User` and `-Groups`); without a user, the caller is nobody in particular. 401
/// and 403: the caller is refused. Anything else, and silence: it cannot be told now. Calls with
/// the same headers that come together are one question. Thread-safe.
class forward_auth {
public:
    using clock = std::chrono::steady_clock;
    using fetch = std::function<void(web_request, web_client::callback)>;
    using callback = auth::authenticator::callback;

    /// `ask` is `web_client::ask`, and a test's own.
    forward_auth(forward_options options, auth::claim_rules rules, fetch ask,
                 std::function<clock::time_point()> now = clock::now);
    ~forward_auth();
    forward_auth(const forward_auth&) = delete;
    forward_auth& operator=(const forward_auth&) = delete;

    /// As `authenticator::check`.
    void check(const auth::credentials& given, callback done);

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the questions that are under way
};

}  // namespace carillon::server
